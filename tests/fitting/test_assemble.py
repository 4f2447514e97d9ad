"""From a design to the deployed model: what is fitted, calibrated and decided on which rows, and what is told."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from tests.fitting.small import Failing, Talkative, design_of, points, worth

from rareclass.calibration import choose_calibration
from rareclass.decisions import CostMatrix, MinimumCost, RecallAtLeast
from rareclass.errors import CalibrationWarning, DroppedWarning
from rareclass.fitting import assemble as road
from rareclass.fitting.arm import Arm
from rareclass.fitting.assemble import Held, Wanted, assemble, fit_model
from rareclass.fitting.calibrate import cross_calibrated
from rareclass.fitting.level import level_of_whole
from rareclass.fitting.model import calibration_evidence
from rareclass.fitting.out_of_fold import fit_side_by_side, folds_of, score_arms
from rareclass.fitting.part import Known
from rareclass.kernels.logits import sigmoid
from rareclass.metrics.curve import ThresholdCurve
from rareclass.treatments import ClassWeights, RandomUnderSampling

LOGISTIC = Arm(LogisticRegression())


@pytest.fixture(scope="module")
def design():
    X, y = points(1000)
    weight = np.random.default_rng(1).uniform(0.5, 2, y.size)
    return design_of(X, y, 3, sample_weight=weight)


@pytest.fixture(scope="module")
def model(design):
    return fit_model(design, Wanted(arm=LOGISTIC, calibration="sigmoid", rule=RecallAtLeast(0.7)))


def test_the_model_is_fitted_on_all_rows_and_calibrated_by_the_scores_out_of_fold(design, model):
    (scores,) = score_arms(design, [LOGISTIC])
    raw, y, weight = scores.oof.score, design.y, design.weight
    whole = design.whole().fit(LOGISTIC)
    calibrator = choose_calibration(raw, y, method="sigmoid", sample_weight=worth(weight, y))
    table = design.rows.features
    part = design.whole()
    level = level_of_whole(part.known(whole), Known(raw, y, weight), scores.known, calibrator, share=2 / 3)
    by_hand = calibrator.predict_logit(whole.logit(part.X) + level)
    np.testing.assert_allclose(model.logit(table)[0], by_hand, rtol=1e-9)
    held = cross_calibrated(raw, y, folds_of(design, scores), method="sigmoid", sample_weight=weight)
    np.testing.assert_array_equal(model.oof_logit, held)
    np.testing.assert_array_equal(model.oof_y, y)
    weighed = {"weight": pytest.approx(weight.sum()), "prevalence": pytest.approx(np.average(y, weights=weight))}
    assert model.evidence == calibration_evidence(y, held, weight) | weighed
    curve = ThresholdCurve.from_predictions(y, sigmoid(held), sample_weight=weight)
    assert model.decision.threshold == RecallAtLeast(0.7).choose(curve).threshold
    assert model.arm.rows == y.size


def whole(design):
    """All rows, and the arm fitted on them."""
    part = design.whole()
    return part, fit_side_by_side(part, [LOGISTIC])


def test_the_model_is_the_same_for_any_number_of_threads():
    X, y = points()
    design = design_of(X, y, 3, fit_rows=300)
    arm = Arm(RandomForestClassifier(5), RandomUnderSampling(2))
    one, two = (fit_model(design, Wanted(arm=arm, n_jobs=n)) for n in (1, 2))
    table = design.rows.features
    np.testing.assert_array_equal(one.logit(table)[0], two.logit(table)[0])
    np.testing.assert_array_equal(one.oof_logit, two.oof_logit)
    assert one.decision.threshold == two.decision.threshold


def test_rows_that_were_not_held_out_do_not_calibrate(design):
    (scores,) = score_arms(design, [LOGISTIC])
    seen = np.arange(design.y.size) >= 300
    raw = np.where(seen, scores.oof.score, np.nan)
    made = assemble(
        design,
        Wanted(arm=LOGISTIC, calibration="sigmoid"),
        *whole(design),
        Held(raw=raw, logit=raw, members=raw[:, None]),
    )
    by_hand = choose_calibration(
        raw[seen], design.y[seen], method="sigmoid", sample_weight=worth(design.weight[seen], design.y[seen])
    )
    assert made.calibrator.to_dict() == by_hand.to_dict()
    assert (made.evidence["rows"], made.evidence["events"]) == (700, design.y[seen].sum())
    np.testing.assert_array_equal(np.isnan(made.oof_logit), ~seen)


def test_in_order_of_time_scores_by_the_deployed_calibration_are_kept_beside(design, model):
    assert model.oof_deployed.size == 0
    X, y = points(1000)
    design = design_of(X, y, 4, times=np.arange(y.size))
    (scores,) = score_arms(design, [LOGISTIC])
    made = fit_model(design, Wanted(arm=LOGISTIC, calibration="sigmoid"))
    raw = scores.oof.score
    seen = np.isfinite(raw)
    np.testing.assert_array_equal(made.oof_deployed[seen], made.calibrator.predict_logit(raw[seen]))
    assert np.isnan(made.oof_deployed[~seen]).all()


def test_a_decision_that_was_taken_on_the_same_scores_stands(design, model):
    raw = model.oof_logit
    held = Held(raw=raw, logit=raw, members=raw[:, None], decision=replace(model.decision, threshold=0.123))
    made = assemble(design, Wanted(arm=LOGISTIC, rule=RecallAtLeast(0.7)), *whole(design), held, {"tried": ["this"]})
    assert made.decision is held.decision
    assert made.evidence["tried"] == ["this"]


def test_costs_decide_where_no_rule_is_given_and_equal_costs_without_any():
    X, y = points()
    wanted = Wanted(arm=LOGISTIC, calibration="none")
    costed = fit_model(design_of(X, y, 3, costs={"fp": 1, "fn": 9}), wanted)
    assert costed.rule == MinimumCost(CostMatrix(fp=1, fn=9))
    assert costed.decision.threshold == pytest.approx(0.1)
    plain = fit_model(design_of(X, y, 3), wanted)
    assert (plain.rule, plain.decision.threshold) == (None, 0.5)
    by_row = fit_model(design_of(X, y, 3, costs={"fp": 1.0, "fn": np.linspace(2, 20, y.size)}), wanted)
    assert by_row.decision.per_row
    ruled = fit_model(design_of(X, y, 3, costs={"fp": 1, "fn": 9}), replace(wanted, rule=RecallAtLeast(0.7)))
    assert ruled.rule == RecallAtLeast(0.7)


def test_too_few_events_to_hold_any_out_are_warned_of_and_nothing_is_calibrated():
    X, _ = points(60)
    design = design_of(X, np.arange(60) == 7, 3)
    with pytest.warns(CalibrationWarning, match=r"1 event\(s\) are too few to hold any out"):
        made = fit_model(design, Wanted(arm=LOGISTIC, challenged=True))
    assert np.isnan(made.oof_logit).all()
    assert made.evidence["rows"] == 0
    assert "too few" in made.evidence["not_tried"]
    np.testing.assert_array_equal(made.logit(design.rows.features)[0], made.arm.logit(design.whole().X))


def test_a_blend_is_made_of_its_members_and_their_scores(monkeypatch):
    X, y = points(1000)
    design = design_of(X, y, 3, fit_rows=800)
    monkeypatch.setattr(
        road, "blend_members", lambda treatment: tuple(Arm(m, treatment) for m in (LogisticRegression(), GaussianNB()))
    )
    made = fit_model(design, Wanted(arm=Arm("blend", ClassWeights(3.0)), calibration="none"))
    assert made.arm.name == "blend+class_weight(weight=3.0)"
    assert [type(m).__name__ for m in made.arm.learner.members] == ["LogisticRegression", "GaussianNB"]
    assert sum(made.arm.learner.weight) == pytest.approx(1)
    assert "of the negatives drawn; events weighted by 3" in made.arm.note
    p = sigmoid(made.logit(design.rows.features)[0])
    # both sides are counts of events: three standard errors of their log-ratio
    assert abs(np.log(p.sum() / y.sum())) < 3 * np.sqrt(2 / y.sum())
    assert np.isfinite(made.oof_logit).all()


class Picky(GaussianNB):
    """Cannot be fitted on the rows of the first fold, or on all rows."""

    def __init__(self, refuses=(400,)):
        super().__init__()
        self.refuses = refuses

    def fit(self, X, y, sample_weight=None):
        if len(y) in self.refuses:
            raise ArithmeticError(f"not on {len(y)} rows")
        return super().fit(X, y, sample_weight)


@pytest.mark.parametrize("refuses", [401, 600])
@pytest.mark.parametrize("challenged", [False, True])
def test_a_member_that_cannot_be_fitted_is_left_out_of_the_blend_and_told(monkeypatch, refuses, challenged):
    X, y = points(600)
    parts = [(np.arange(199, 600), np.arange(199)), (np.arange(400), np.arange(400, 600))]
    design, arms = design_of(X, y, parts), [Arm(LogisticRegression()), Arm(Picky((refuses,))), Arm(GaussianNB())]
    if challenged:
        monkeypatch.setattr(
            road, "challengers", lambda arms, y: ([(a, replace(a, treatment=ClassWeights(2.0))) for a in arms], "")
        )
    wanted = Wanted(arm=Arm("blend"), challenged=challenged)
    monkeypatch.setattr(road, "blend_members", lambda treatment: arms)
    said = rf"^Picky\+none is left out, since its fit failed \(ArithmeticError: not on {refuses} rows\)\.$"
    with pytest.warns(DroppedWarning, match=said) as caught:
        made = fit_model(design, wanted)
    assert [w.category for w in caught].count(DroppedWarning) == 1
    arms.pop(1)
    without = fit_model(design, wanted)
    np.testing.assert_array_equal(made.oof_logit, without.oof_logit)
    np.testing.assert_array_equal(made.logit(design.rows.features)[0], without.logit(design.rows.features)[0])
    arms[:] = [Arm(Picky((refuses,))), Arm(Failing())]
    with pytest.raises(ArithmeticError, match="not on"):
        fit_model(design, wanted)


def test_a_blend_without_parts_goes_without_a_member_that_fails(monkeypatch):
    X, _ = points(60)
    design = design_of(X, np.arange(60) == 7, 3)
    monkeypatch.setattr(road, "blend_members", lambda treatment: (Arm(Failing()), LOGISTIC))
    with pytest.warns(DroppedWarning, match="^Failing.none is left out"), pytest.warns(CalibrationWarning):
        made = fit_model(design, Wanted(arm=Arm("blend")))
    assert [type(m).__name__ for m in made.arm.learner.members] == ["LogisticRegression"]


def test_a_challenger_that_cannot_be_fitted_is_not_tried(monkeypatch):
    X, y = points(600)
    own = Arm(LogisticRegression())
    monkeypatch.setattr(road, "challengers", lambda arms, y: ([(own, Arm(Failing()))], ""))
    with pytest.warns(DroppedWarning, match="^Failing.none is left out"):
        made = fit_model(design_of(X, y, 3), Wanted(arm=own, challenged=True))
    assert made.evidence["tried"] == []


def test_a_challenger_is_scored_beside_the_arm_and_told():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(6000, 2))
    y = rng.random(6000) < sigmoid(1.5 * X[:, 0] - 5.5)
    made = fit_model(design_of(X, y, 3), Wanted(arm=LOGISTIC, challenged=True))
    (tried,) = made.evidence["tried"]
    assert (tried["learner"], tried["treatment"]) == ("LogisticRegression", "random_under")
    assert made.arm.arm.treatment == (RandomUnderSampling() if tried["taken"] else LOGISTIC.treatment)
    assert made.evidence["not_tried"] == ""
    alone = fit_model(design_of(X, y, 3), Wanted(arm=LOGISTIC))
    assert "tried" not in alone.evidence


def test_what_a_learner_says_in_every_fold_reaches_the_caller_of_a_fit_that_has_no_report():
    X, y = points()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit_model(design_of(X, y, 3), Wanted(arm=Arm(Talkative())))
    # once for the three folds, once for the fit on all rows
    assert [str(w.message) for w in caught] == [Talkative.said] * 2
