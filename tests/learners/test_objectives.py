"""One loss object inside LightGBM, XGBoost and CatBoost."""

import copy
import json
import pickle
from dataclasses import dataclass

import lightgbm
import numpy as np
import pytest
from sklearn.metrics import average_precision_score, log_loss

from rareclass.errors import InputError, TooFewEventsError
from rareclass.kernels.logits import logit, sigmoid
from rareclass.learners.objectives import (
    BoosterObjective,
    CatBoostMetric,
    LightGBMMetric,
    XGBoostMetric,
    average_precision,
    booster_objective,
)
from rareclass.losses import (
    AsymmetricLoss,
    ClassBalancedLoss,
    CrossEntropy,
    FocalLoss,
    LDAMLoss,
    LogitAdjustedLoss,
    PairwiseSquaredHingeLoss,
    PairwiseSquareLoss,
    PolyLoss,
    SmoothAveragePrecisionLoss,
    TverskyLoss,
    VectorScalingLoss,
    WeightedCrossEntropy,
)

xgboost = pytest.importorskip("xgboost", reason="xgboost is an optional extra and is not installed")
catboost = pytest.importorskip("catboost", reason="catboost is an optional extra and is not installed")

ROW_LOSSES = [
    CrossEntropy(),
    WeightedCrossEntropy(5.0),
    FocalLoss(2.0),
    FocalLoss(0.5, 0.75),
    ClassBalancedLoss((5700, 300), 0.999, FocalLoss(1.0)),
    LDAMLoss((5700, 300)),
    LogitAdjustedLoss(0.05),
    VectorScalingLoss((1.0, 4.0), (0.3, -0.2), (0.8, 1.2)),
    PolyLoss(1.0),
    AsymmetricLoss(0.0, 2.0, 0.0),
]
BATCH_LOSSES = [TverskyLoss(), PairwiseSquareLoss(), PairwiseSquaredHingeLoss(), SmoothAveragePrecisionLoss()]
LIBRARIES = ["lightgbm", "xgboost", "catboost"]


def make(n=6000, seed=0, shift=3.5):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    truth = sigmoid(1.3 * X[:, 0] + X[:, 1] - shift)
    return X, rng.random(n) < truth, truth


def raw_scores(library, objective, X, y, *, weight=None, offset=None, rounds=25, at=None, **more):
    """Train with the objective through the scikit-learn class and return raw scores without the start."""
    start = objective.initial_scores(len(y), offset)
    at = X if at is None else at
    if library == "lightgbm":
        common = {"n_estimators": rounds, "num_leaves": 7, "verbose": -1, "n_jobs": 1}
        model = lightgbm.LGBMClassifier(**common, **objective.lightgbm_parameters(), **more)
        model.fit(X, y, sample_weight=weight, init_score=start)
        return np.asarray(model.predict(at, raw_score=True))
    if library == "xgboost":
        common = {"n_estimators": rounds, "max_depth": 3, "n_jobs": 1, "learning_rate": 0.1}
        model = xgboost.XGBClassifier(**common, **objective.xgboost_parameters(), **more)
        model.fit(X, y, sample_weight=weight, base_margin=start)
        return model.predict(at, output_margin=True)
    common = {"iterations": rounds, "depth": 3, "thread_count": 1, "learning_rate": 0.2, "verbose": False}
    model = catboost.CatBoostClassifier(**common, allow_writing_files=False, **objective.catboost_parameters(), **more)
    model.fit(catboost.Pool(X, y.astype(int), weight=weight, baseline=start[:, None]))
    return model.predict(at, prediction_type="RawFormulaVal")


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("loss", ROW_LOSSES, ids=repr)
def test_linked_scores_of_every_loss_are_calibrated_and_rank_well(library, loss):
    X, y, _ = make(12_000)
    new, _, p_new = make(seed=1)
    objective = booster_objective(loss, y)
    probability = objective.probability(raw_scores(library, objective, X, y, at=new))
    assert ((probability > 0) & (probability < 1)).all()
    # the noise of 900 events is 3 %; the rest is for what boosting itself over- or underfits
    assert probability.mean() / p_new.mean() == pytest.approx(1.0, abs=0.15)
    assert np.corrcoef(logit(probability), logit(p_new))[0, 1] > 0.85


@pytest.mark.parametrize("library", LIBRARIES)
def test_cross_entropy_gives_the_library_own_trees(library):
    X, y, _ = make(2000)
    objective = booster_objective(CrossEntropy(), y)
    ours = raw_scores(library, objective, X, y)
    start = objective.initial_scores(len(y))
    if library == "lightgbm":
        model = lightgbm.LGBMClassifier(n_estimators=25, num_leaves=7, verbose=-1, n_jobs=1)
        theirs = model.fit(X, y, init_score=start).predict(X, raw_score=True)
    elif library == "xgboost":
        model = xgboost.XGBClassifier(n_estimators=25, max_depth=3, n_jobs=1, learning_rate=0.1, base_score=0.5)
        theirs = model.fit(X, y, base_margin=start).predict(X, output_margin=True)
    else:
        model = catboost.CatBoostClassifier(
            iterations=25, depth=3, thread_count=1, learning_rate=0.2, verbose=False, boost_from_average=False,
            leaf_estimation_method="Newton", leaf_estimation_iterations=1, allow_writing_files=False,
        )  # fmt: skip
        pool = catboost.Pool(X, y.astype(int), baseline=start[:, None])
        theirs = model.fit(pool).predict(X, prediction_type="RawFormulaVal")
    np.testing.assert_allclose(ours, theirs, atol=2e-4)


@pytest.mark.parametrize("library", LIBRARIES)
def test_training_starts_at_the_prevalence(library):
    # trap 33: before any tree, the mean probability is the prevalence, whatever the loss
    X, y, _ = make(2000)
    for loss in ROW_LOSSES:
        objective = booster_objective(loss, y)
        assert float(objective.probability(np.zeros(1))[0]) == pytest.approx(y.mean(), rel=1e-6)
    objective = booster_objective(FocalLoss(2.0), y)
    raw = raw_scores(library, objective, X, y, rounds=1)
    assert objective.probability(raw).mean() == pytest.approx(y.mean(), rel=0.15)


@pytest.mark.parametrize("library", LIBRARIES)
def test_weights_count_as_repeated_rows(library):
    X, y, _ = make(1500)
    times = np.random.default_rng(2).integers(1, 4, 1500)
    more = {"lightgbm": {"min_child_samples": 1, "max_bin": 63}, "xgboost": {}, "catboost": {"random_strength": 0}}
    if library == "catboost":
        more["catboost"] |= {"bootstrap_type": "No", "l2_leaf_reg": 1e-9}
        X = np.round(X, 1)  # its borders depend on counts otherwise
    X = np.round(X)  # few values: the same bins with and without repetition
    found = []
    for repeat in (False, True):
        rows = np.repeat(np.arange(1500), times) if repeat else np.arange(1500)
        weight = None if repeat else times.astype(float)
        objective = booster_objective(FocalLoss(2.0), y[rows], sample_weight=weight)
        found.append(raw_scores(library, objective, X[rows], y[rows], weight=weight, rounds=5, at=X, **more[library]))
        found[-1] = found[-1] + objective.start
    np.testing.assert_allclose(found[0], found[1], atol=1e-3)


@pytest.mark.parametrize("library", LIBRARIES)
def test_offsets_undo_negative_sampling(library):
    rng = np.random.default_rng(3)
    cell = rng.integers(0, 4, 80_000)
    y = rng.random(80_000) < np.array([0.002, 0.005, 0.02, 0.1])[cell]
    # keep probabilities differ within and between the cells: no shift could repair that afterwards
    keep = np.where(rng.random(80_000) < 0.5, 0.3, 0.1) * np.array([0.3, 0.6, 1.0, 1.0])[cell]
    kept = y | (rng.random(80_000) < keep)
    X, offset = cell[:, None].astype(float), -np.log(keep[kept])  # for positives too: what a negative there had
    plain = {
        "lightgbm": {"reg_lambda": 0.0, "learning_rate": 0.3},
        "xgboost": {"reg_lambda": 0.0, "gamma": 0.0},
        "catboost": {"l2_leaf_reg": 1e-9},
    }[library]

    def found(objective, offset):
        at = np.arange(4.0)[:, None]
        raw = raw_scores(library, objective, X[kept], y[kept], offset=offset, at=at, rounds=200, **plain)
        return objective.probability(raw) / np.array([y[cell == c].mean() for c in range(4)])

    # one leaf a cell: the fit is saturated, so only the draw of the kept negatives is left (1 % to 2 %)
    right = found(booster_objective(CrossEntropy(), y[kept], offset=offset), offset)
    np.testing.assert_allclose(right, 1.0, atol=0.06)
    assert (found(booster_objective(CrossEntropy(), y[kept]), None) > 3).all()


def test_start_beside_offsets_is_the_best_constant():
    _, y, _ = make(3000)
    offset = np.random.default_rng(5).normal(size=3000) * 2 + 1
    weight = np.random.default_rng(6).random(3000)
    for loss in (CrossEntropy(), WeightedCrossEntropy(5.0), LogitAdjustedLoss(0.05)):
        start = booster_objective(loss, y, offset=offset, sample_weight=weight).start
        around = [loss.mean(y, start + d + offset, sample_weight=weight) for d in (-1e-3, 0.0, 1e-3)]
        assert around[1] == min(around)


@pytest.mark.parametrize("library", ["lightgbm", "xgboost"])
@pytest.mark.parametrize("loss", BATCH_LOSSES, ids=repr)
def test_batch_losses_train_and_refuse_probabilities(library, loss):
    X, y, _ = make(3000)
    new, y_new, _ = make(3000, seed=1)
    objective = booster_objective(loss, y)
    raw = raw_scores(library, objective, X, y, at=new)
    assert average_precision(y_new, np.asarray(raw, dtype=float)) > 4 * y_new.mean()
    assert objective.needs_calibration
    with pytest.raises(InputError, match="Fit a calibration"):
        objective.probability(raw)
    with pytest.raises(InputError, match="Fit a calibration"):
        objective.logit(raw)


@pytest.mark.parametrize("library", ["lightgbm", "xgboost"])
@pytest.mark.parametrize("loss", [CrossEntropy(), FocalLoss(2.0), LDAMLoss((5000, 800, 200)), PolyLoss(1.0)], ids=repr)
def test_several_classes_are_calibrated(library, loss):
    X, _, _ = make(6000)
    rng = np.random.default_rng(7)
    scores = np.column_stack([np.zeros(6000), X[:, 0] - 2, X[:, 1] - 3.5])
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    y = (rng.random(6000)[:, None] > p.cumsum(axis=1)).sum(axis=1)
    objective = booster_objective(loss, y)
    raw = raw_scores(library, objective, X, y, rounds=15)
    probability = objective.probability(raw)
    assert probability.shape == (6000, 3)
    np.testing.assert_allclose(probability.sum(axis=1), 1.0)
    np.testing.assert_allclose(probability.mean(axis=0) / p.mean(axis=0), 1.0, atol=0.2)
    assert log_loss(y, probability) < log_loss(y, np.tile(np.bincount(y) / 6000, (6000, 1)))
    for metric in (LightGBMMetric("log_loss", objective), LightGBMMetric("loss", objective)):
        assert np.isfinite(metric(y, raw + objective.start, None)[1])


def test_the_same_object_serves_the_train_functions():
    X, y, _ = make(2000)
    objective = booster_objective(FocalLoss(2.0), y)
    start = objective.initial_scores(len(y))
    parameters = objective.lightgbm_parameters() | {"num_leaves": 7, "verbose": -1, "num_threads": 1}
    data = lightgbm.Dataset(X, y, init_score=start)
    raw = lightgbm.train(parameters, data, 25).predict(X, raw_score=True)
    np.testing.assert_allclose(raw, raw_scores("lightgbm", objective, X, y), rtol=1e-12)

    parameters = objective.xgboost_parameters(native=True) | {"max_depth": 3, "nthread": 1, "learning_rate": 0.1}
    data = xgboost.DMatrix(X, y, base_margin=start)
    booster = xgboost.train(parameters, data, 25, obj=objective)
    raw = booster.predict(xgboost.DMatrix(X), output_margin=True)
    np.testing.assert_allclose(raw, raw_scores("xgboost", objective, X, y), atol=1e-5)


def test_average_precision_is_exact_with_ties_and_weights():
    rng = np.random.default_rng(8)
    for _ in range(50):
        n = int(rng.integers(2, 60))
        y = rng.random(n) < 0.3
        y[0] = True
        z = np.round(rng.normal(size=n), 1)
        weight = rng.random(n) + 0.1
        assert average_precision(y, z) == pytest.approx(average_precision_score(y, z), rel=1e-12)
        wanted = average_precision_score(y, z, sample_weight=weight)
        assert average_precision(y, z, weight) == pytest.approx(wanted, rel=1e-12)
    # trap 14: a constant score has the prevalence as average precision
    assert average_precision(np.arange(1000) < 10, np.zeros(1000)) == 0.01


@pytest.mark.parametrize("kind", ["average_precision", "log_loss", "loss"])
def test_early_stopping_sees_the_same_number_in_every_library(kind):
    X, y, _ = make(3000)
    new, y_new, _ = make(3000, seed=1)
    objective = booster_objective(FocalLoss(2.0), y)
    start, start_new = objective.initial_scores(3000), objective.initial_scores(3000)

    def wanted(raw):
        p = objective.probability(raw)
        if kind == "average_precision":
            return average_precision_score(y_new, raw)
        return log_loss(y_new, p) if kind == "log_loss" else FocalLoss(2.0).mean(y_new, raw + objective.start)

    model = lightgbm.LGBMClassifier(n_estimators=12, verbose=-1, n_jobs=1, **objective.lightgbm_parameters())
    model.fit(
        X, y, init_score=start, eval_X=new, eval_y=y_new, eval_init_score=[start_new],
        eval_metric=LightGBMMetric(kind, objective), callbacks=[lightgbm.record_evaluation({})],
    )  # fmt: skip
    seen = next(iter(model.evals_result_.values()))
    assert list(seen) == [kind]
    assert seen[kind][-1] == pytest.approx(wanted(model.predict(new, raw_score=True)), rel=1e-9)

    metric = XGBoostMetric(kind, objective)
    model = xgboost.XGBClassifier(n_estimators=12, n_jobs=1, eval_metric=metric, **objective.xgboost_parameters())
    model.fit(X, y, base_margin=start, eval_set=[(new, y_new)], base_margin_eval_set=[start_new], verbose=False)
    (seen,) = model.evals_result()["validation_0"].values()
    assert seen[-1] == pytest.approx(wanted(model.predict(new, output_margin=True)), rel=1e-5)

    parameters = objective.catboost_parameters() | {"eval_metric": CatBoostMetric(kind, objective)}
    model = catboost.CatBoostClassifier(
        iterations=12, thread_count=2, verbose=False, allow_writing_files=False, use_best_model=False, **parameters
    )
    pool = catboost.Pool(new, y_new.astype(int), baseline=start_new[:, None])
    model.fit(catboost.Pool(X, y.astype(int), baseline=start[:, None]), eval_set=pool)
    (seen,) = model.get_evals_result()["validation"].values()
    assert seen[-1] == pytest.approx(wanted(model.predict(new, prediction_type="RawFormulaVal")), rel=1e-6)


def test_early_stopping_picks_the_best_round_in_every_library():
    X, y, _ = make(1500)
    new, y_new, _ = make(1500, seed=1)
    objective = booster_objective(FocalLoss(2.0), y)
    start = objective.initial_scores(1500)
    model = lightgbm.LGBMClassifier(n_estimators=200, verbose=-1, n_jobs=1, **objective.lightgbm_parameters())
    model.fit(
        X, y, init_score=start, eval_X=new, eval_y=y_new, eval_init_score=[start], eval_metric=LightGBMMetric(),
        callbacks=[lightgbm.early_stopping(20, verbose=False)],
    )  # fmt: skip
    (history,) = next(iter(model.evals_result_.values())).values()
    assert model.best_iteration_ == int(np.argmax(history)) + 1 < 200

    model = xgboost.XGBClassifier(
        n_estimators=200, n_jobs=1, early_stopping_rounds=20, eval_metric=XGBoostMetric(),
        **objective.xgboost_parameters(),
    )  # fmt: skip
    model.fit(X, y, base_margin=start, eval_set=[(new, y_new)], base_margin_eval_set=[start], verbose=False)
    assert model.best_iteration == int(np.argmax(model.evals_result()["validation_0"]["aucpr_exact"])) < 180

    model = catboost.CatBoostClassifier(
        iterations=200, thread_count=1, verbose=False, allow_writing_files=False, early_stopping_rounds=20,
        learning_rate=0.3, **(objective.catboost_parameters() | {"eval_metric": CatBoostMetric()}),
    )  # fmt: skip
    pool = catboost.Pool(new, y_new.astype(int), baseline=start[:, None])
    model.fit(catboost.Pool(X, y.astype(int), baseline=start[:, None]), eval_set=pool)
    (history,) = model.get_evals_result()["validation"].values()
    assert model.get_best_iteration() == int(np.argmax(history)) < 180


def test_sampled_early_stopping_rows_with_weights_speak_for_the_real_prevalence():
    rng = np.random.default_rng(9)
    _, y, truth = make(60_000)
    score = logit(truth) + 0.5 * rng.normal(size=y.size)
    keep = np.where(y, 1.0, 0.2)
    kept = rng.random(y.size) < keep
    sampled = average_precision(y[kept], score[kept], 1 / keep[kept])
    assert sampled == pytest.approx(average_precision(y, score), rel=0.03)
    assert average_precision(y[kept], score[kept]) > 1.3 * sampled


def test_objectives_copy_pickle_and_survive_a_dictionary():
    _, y, _ = make(500)
    for loss in (FocalLoss(2.0), TverskyLoss(), ClassBalancedLoss((475, 25), base=PolyLoss(0.5))):
        objective = booster_objective(loss, y)
        z = np.linspace(-4, 4, 500)
        rebuilt = BoosterObjective.from_dict(json.loads(json.dumps(objective.to_dict())))
        for other in (rebuilt, copy.deepcopy(objective), pickle.loads(pickle.dumps(objective))):
            assert other.loss == objective.loss
            assert (other(y, z)[0] == objective(y, z)[0]).all()
    several = booster_objective(FocalLoss(2.0), np.arange(60) % 3)
    np.testing.assert_array_equal(BoosterObjective.from_dict(several.to_dict()).start, several.start)
    assert "FocalLoss" in repr(several)


def test_minimum_hessian_follows_the_loss():
    _, y, _ = make(4000)
    weighted = booster_objective(WeightedCrossEntropy((0.001, 0.001)), y)
    assert weighted.lightgbm_parameters()["min_sum_hessian_in_leaf"] == pytest.approx(1e-6)
    assert weighted.xgboost_parameters()["min_child_weight"] == pytest.approx(1e-3)


class Handmade:
    """A foreign loss: squared error on the logistic scale (Brier), with its link."""

    def value(self, y, z):
        return (sigmoid(z) - y) ** 2

    def gradient(self, y, z):
        p = sigmoid(z)
        return 2 * (p - y) * p * (1 - p)

    def hessian(self, y, z):
        p = sigmoid(z)
        return 2 * p * (1 - p) * (p * (1 - p) + (p - y) * (1 - 2 * p))

    def link(self, z):
        return sigmoid(z)


def test_a_foreign_loss_with_a_link_works_and_one_without_is_refused():
    X, y, _ = make(3000)
    objective = booster_objective(Handmade(), y)
    assert objective.start == pytest.approx(float(logit(y.mean())), abs=1e-6)
    assert objective.probability(raw_scores("lightgbm", objective, X, y)).mean() == pytest.approx(y.mean(), rel=0.2)

    @dataclass
    class Linkless:
        def value(self, y, z): ...
        def gradient(self, y, z): ...
        def hessian(self, y, z): ...

    for bad, missing in ((Linkless(), "link"), (lambda y, z: (y, z), "value, gradient, hessian, link")):
        with pytest.raises(InputError, match=f"lacks {missing}"):
            booster_objective(bad, y)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda y: booster_objective(FocalLoss(), y, offset=np.zeros(y.size)), "has another link"),
        (lambda y: booster_objective(TverskyLoss(), y, offset=np.zeros(y.size)), "has another link"),
        (lambda y: booster_objective(CrossEntropy(), y, offset=np.zeros(3)), "same number of rows"),
        (lambda y: booster_objective(CrossEntropy(), y, sample_weight=np.zeros(y.size)), "sums to zero"),
        (lambda y: booster_objective(CrossEntropy(), y, sample_weight=-np.ones(y.size)), "must not be negative"),
        (lambda y: booster_objective(CrossEntropy(), y + 0.5), "0 and 1 only|class codes"),
        (lambda y: booster_objective(TverskyLoss(), np.arange(6) % 3), "More than two classes"),
        (lambda y: booster_objective(TverskyLoss(), y).catboost_parameters(), "binary row losses only"),
        (lambda y: booster_objective(CrossEntropy(), np.arange(6) % 3).catboost_parameters(), "binary row losses"),
        (lambda y: LightGBMMetric("auc"), "`kind` must be one of"),
        (lambda y: XGBoostMetric("log_loss"), "needs the objective"),
        (lambda y: CatBoostMetric("log_loss", booster_objective(TverskyLoss(), y)), "has no link"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(build, message):
    with pytest.raises(InputError, match=message):
        build(np.arange(40) % 4 == 0)


def test_parts_without_events_are_refused():
    with pytest.raises(TooFewEventsError, match="one class only"):
        booster_objective(CrossEntropy(), np.zeros(5))
    with pytest.raises(TooFewEventsError, match="no row of positive weight"):
        booster_objective(CrossEntropy(), np.array([0, 2, 2]))
    with pytest.raises(TooFewEventsError, match="hold no positive"):
        average_precision(np.zeros(5, dtype=bool), np.arange(5.0))
