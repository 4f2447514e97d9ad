"""A loss of one's own inside the guard: its scale, its way back, early stopping, and what is refused."""

import functools

import numpy as np
import pytest
from tests.learners.problems import WITH_OFFSETS, bumps, make

from rareclass.errors import BundleError, InputError
from rareclass.kernels.logits import log_loss_from_logits, sigmoid
from rareclass.learners import RareCatBoostClassifier, RareHistGradientBoostingClassifier, RareLGBMClassifier
from rareclass.learners._context import Rows
from rareclass.learners._own_loss import own_loss, scaled_objective
from rareclass.losses import (
    AsymmetricLoss,
    ClassBalancedLoss,
    CrossEntropy,
    FocalLoss,
    LDAMLoss,
    LogitAdjustedLoss,
    PolyLoss,
    TverskyLoss,
    VectorScalingLoss,
    WeightedCrossEntropy,
    registry,
)
from rareclass.scoring.compiling import as_member
from rareclass.scoring.learner import checked_types
from rareclass.scoring.members import Trees, read_member

LOSSES = [
    CrossEntropy(), FocalLoss(2.0), WeightedCrossEntropy(99.0), ClassBalancedLoss((9_900, 100), base=FocalLoss(1.0)),
    LDAMLoss((9_900, 100), scale=5.0), LogitAdjustedLoss(0.01), AsymmetricLoss(), PolyLoss(1.0, 2.0),
    VectorScalingLoss((1.0, 9.0), (0.4, 0.2), (0.7, 0.9)),
]  # fmt: skip
SHORT = {"calibrate": False, "guard": "steady"}


def trees(kind, count):
    return {"iterations" if kind is RareCatBoostClassifier else "n_estimators": count}


def scaled(loss, prevalence=0.01, n=10_000, **given):
    y = np.arange(n) < round(prevalence * n)
    start = float(np.log(prevalence / (1 - prevalence)))
    return scaled_objective(loss, Rows(np.zeros((n, 1)), y), start, **{"share": 1.0, "moved": 0.0, **given}), y


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
def test_at_the_start_a_loss_looks_like_cross_entropy(loss):
    objective, y = scaled(loss)
    gradient, curvature = objective._newton(y, np.full(y.size, objective.start), None, np.float64)
    np.testing.assert_allclose(gradient, 0.01 - y, rtol=1e-6)
    assert (curvature >= 0.01 * 0.99 * (1 - 1e-6)).all()
    assert curvature.mean() < 2 * 0.01 * 0.99


@pytest.mark.parametrize("loss", [*LOSSES, TverskyLoss()], ids=lambda loss: type(loss).__name__)
def test_catboost_is_told_the_opposite_of_what_the_others_minimise(loss):
    objective, y = scaled(loss, moved=0.0 if isinstance(loss, TverskyLoss) else 0.7)
    scores, weight = np.random.default_rng(0).normal(-4, 2, y.size), np.random.default_rng(1).uniform(0.5, 2, y.size)
    for given in (None, weight):
        found = objective.calc_ders_range(scores, y.astype(np.float32), given)
        np.testing.assert_array_equal(-found.T, objective._newton(y, scores, given, np.float64))


def test_scores_are_log_odds():
    scores = np.linspace(-9, 5, 20)
    for loss in (*LOSSES[:2], TverskyLoss()):
        np.testing.assert_array_equal(scaled(loss)[0].log_odds(scores), scores)


def test_losses_by_name_take_the_counts_of_the_rows():
    rows = Rows(np.zeros((10, 1)), np.arange(10) < 2)
    assert own_loss("LDAMLoss", rows) == LDAMLoss((8, 2))
    assert own_loss("FocalLoss", rows) == FocalLoss()
    with pytest.raises(InputError, match="FocalLoss"):
        own_loss("focal_loss", rows)


def expected_log_loss(score, truth):
    p, expected = sigmoid(score), sigmoid(truth)
    assert expected.sum() / p.sum() == pytest.approx(1, abs=0.12)
    return float(np.mean(expected * -np.log(p) - (1 - expected) * np.log1p(-p)))


@functools.cache
def score_of_unseen(kind, loss=None):
    X, y, _ = bumps(12_000)
    return (
        make(kind, guard="steady", loss=loss, **trees(kind, 60)).fit(X, y).decision_function(bumps(40_000, seed=1)[0])
    )


@pytest.mark.parametrize("kind", WITH_OFFSETS)
@pytest.mark.parametrize(
    "loss", [FocalLoss(2.0), WeightedCrossEntropy(200.0), AsymmetricLoss()], ids=lambda loss: type(loss).__name__
)
def test_probabilities_are_right_and_no_worse_than_those_of_cross_entropy(kind, loss):
    truth = bumps(40_000, seed=1)[2]
    own, built_in = (expected_log_loss(score_of_unseen(kind, given), truth) for given in (loss, None))
    assert own < 1.02 * built_in


def test_a_batch_loss_becomes_log_odds_by_recalibration_alone():
    X, y, _ = bumps(12_000)
    unseen, _, truth = bumps(40_000, seed=1)
    model = make(RareLGBMClassifier, guard="steady", loss=TverskyLoss(), n_estimators=60).fit(X, y)
    assert sigmoid(truth).sum() / model.predict_proba(unseen)[:, 1].sum() == pytest.approx(1, abs=0.12)


@pytest.mark.parametrize("kind", WITH_OFFSETS)
def test_rows_to_stop_on_are_judged_by_the_linked_probability(kind):
    X, y, _ = bumps(4_000)
    stop, y_stop, _ = bumps(4_000, seed=1)
    rounds = {**SHORT, **trees(kind, 200), "learning_rate": 0.3, "loss": FocalLoss(2.0)}
    if kind is RareLGBMClassifier:
        import lightgbm

        callbacks = [lightgbm.early_stopping(5, verbose=False)]
        model = make(kind, **rounds).fit(X, y, eval_set=[(stop, y_stop)], callbacks=callbacks)
        best = model.model_.best_score_["valid_0"]["log_loss"]
    else:
        model = make(kind, early_stopping_rounds=5, **rounds).fit(X, y, eval_set=[(stop, y_stop)])
        best = model.model_.best_score if hasattr(model.model_, "best_score") else None
    assert model._all_trees(model.model_)[0] < 200
    if best is not None:
        score = model.decision_function(stop)
        assert best == pytest.approx(log_loss_from_logits(y_stop, score), rel=1e-4)


def test_early_stopping_may_go_by_average_precision_and_not_by_the_librarys_log_loss():
    X, y, _ = bumps(3_000)
    model = make(RareLGBMClassifier, loss="FocalLoss", n_estimators=5, **SHORT)
    model.fit(X, y, eval_set=[(X, y)], eval_metric="average_precision")
    assert list(model.model_.evals_result_["valid_0"]) == ["average_precision"]
    with pytest.raises(InputError, match="'log_loss'"):
        model.fit(X, y, eval_set=[(X, y)], eval_metric="binary_logloss")


def test_what_a_loss_cannot_have_is_refused_in_a_sentence():
    X, y, _ = bumps(2_000)
    focal = {"loss": FocalLoss(2.0), "n_estimators": 5, **SHORT}
    tversky = {**focal, "loss": TverskyLoss()}
    with pytest.raises(InputError, match="takes no offsets"):
        make(RareLGBMClassifier, **tversky).fit(X, y, offset=np.zeros(y.size))
    for loss in (CrossEntropy(), TverskyLoss()):  # LightGBM draws rows alike then, without a word
        with pytest.raises(InputError, match="Bagging by class"):
            make(RareLGBMClassifier, pos_bagging_fraction=0.5, subsample_freq=1, **{**focal, "loss": loss}).fit(X, y)
    for wrong in (0.0, 1.5):
        with pytest.raises(InputError, match="loss_share"):
            make(RareLGBMClassifier, loss_share=wrong, **focal).fit(X, y)
    with pytest.raises(InputError, match="`loss` and `objective`"):
        make(RareLGBMClassifier, objective="binary", **focal).fit(X, y)
    with pytest.raises(InputError, match="take others"):
        make(RareHistGradientBoostingClassifier, loss=FocalLoss(2.0)).fit(X, y)
    with pytest.raises(InputError, match="CatBoost takes binary row losses only"):
        make(RareCatBoostClassifier, loss=TverskyLoss(), iterations=5, **SHORT).fit(X, y)


@pytest.mark.parametrize("loss", [FocalLoss(2.0), LDAMLoss((9_900, 100), scale=5.0)], ids=lambda x: type(x).__name__)
def test_every_row_loss_takes_offsets(loss):
    X, y, _ = bumps(12_000)
    given = {"loss": loss, "n_estimators": 60, **SHORT}
    plain = make(RareLGBMClassifier, **given).fit(X, y)
    moved = make(RareLGBMClassifier, **given).fit(X, y, offset=np.full(y.size, 2.0))
    moved = moved.decision_function(X) - plain.decision_function(X)
    assert moved.mean() == pytest.approx(-2.0, abs=0.15)  # how rows weigh follows the log-odds that are predicted
    assert moved.std() < 0.4


def test_class_weights_beside_a_loss_are_undone_and_several_classes_take_it():
    X, y, _ = bumps(8_000)
    plain = make(RareLGBMClassifier, loss=FocalLoss(1.0), n_estimators=40, **SHORT)
    weighted = make(RareLGBMClassifier, loss=FocalLoss(1.0), n_estimators=40, scale_pos_weight=20.0, **SHORT)
    rates = [model.fit(X, y).predict_proba(X)[:, 1].mean() / y.mean() for model in (plain, weighted)]
    np.testing.assert_allclose(rates, 1, atol=0.25)
    labels = np.where(X[:, 2] > 1.5, 2, y.astype(int))
    assert plain.fit(X, labels).predict_proba(X).shape == (8_000, 3)


def test_a_bundle_with_the_former_class_says_what_to_do(monkeypatch, tmp_path):
    import skops.io

    former = "rareclass.learners.loss_booster.LossBoosterClassifier"
    monkeypatch.setattr(skops.io, "get_untrusted_types", lambda data: [former])
    with pytest.raises(BundleError, match=r"Fit the model anew: guarded boosters take the loss"):
        checked_types(b"", tmp_path / "learner.skops")


@pytest.mark.parametrize(
    "loss", [FocalLoss(2.0), AsymmetricLoss(), TverskyLoss()], ids=lambda loss: type(loss).__name__
)
def test_a_compiled_scorer_gives_the_same_log_odds(loss):
    X, y, _ = bumps(4_000)
    learner = make(RareLGBMClassifier, loss=loss, guard="steady", n_estimators=20).fit(X, y)
    member = as_member(learner)
    again = Trees.from_parts(member.spec(), member.arrays())
    np.testing.assert_allclose(again.logit(X), learner.decision_function(X), rtol=0, atol=1e-9)


def test_a_learner_that_was_saved_with_the_scores_of_its_loss_is_refused_with_a_way_out():
    X, y, _ = bumps(2_000)
    learner = make(RareLGBMClassifier, loss=FocalLoss(2.0), guard="steady", n_estimators=5).fit(X, y)
    learner.scale_ = {"loss": FocalLoss(2.0).to_dict(), "zero": 0.1, "unit": 0.5, "floor": None}
    for call in (learner.predict_proba, lambda _: as_member(learner)):
        with pytest.raises(InputError, match=r"no longer read. Train it anew"):
            call(X)
    with pytest.raises(InputError, match=r"no longer read. Train it anew"):
        read_member({"kind": "linked"}, {})


def test_short_names_stand_for_the_losses_that_treatments_name_so():
    y = np.arange(40) < 5
    rows = Rows(np.zeros((40, 1)), y)
    for name in registry.LOSSES:
        assert registry.full_name(registry.short_name(name)) == name
    for short, name in (("focal", "FocalLoss"), ("ldam", "LDAMLoss"), ("cross_entropy", "CrossEntropy")):
        assert repr(own_loss(short, rows)) == repr(own_loss(name, rows))
    assert repr(own_loss({"loss": "focal", "gamma": 1.0}, rows)) == repr(FocalLoss(1.0))
    with pytest.raises(InputError, match="FocalLoss"):
        own_loss("fokal", rows)


def test_a_class_or_a_dictionary_without_a_name_is_refused_with_a_way_out():
    X, y, _ = bumps(300, base=-2.0)
    with pytest.raises(InputError, match=r"the class FocalLoss; give an instance, such as FocalLoss\(\)"):
        make(RareLGBMClassifier, loss=FocalLoss).fit(X, y)
    with pytest.raises(InputError, match=r"under the key \"loss\".*got the keys \['gamma'\]"):
        make(RareLGBMClassifier, loss={"gamma": 2.0}).fit(X, y)


def test_the_former_class_says_what_takes_its_place():
    with pytest.raises(ImportError, match=r"LossBoosterClassifier is gone.*RareLGBMClassifier\(loss="):
        from rareclass.learners import LossBoosterClassifier  # noqa: F401 - it is gone
