"""The champion is the default unless another arm is surely better; exhibits are never deployed."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from tests.fitting.small import design_of, points

from rareclass.crossfit import OutOfFold
from rareclass.data.split import make_splits
from rareclass.decisions import MinimumCost, RecallAtLeast
from rareclass.evaluation.champion import choose_champion, fit_champion, judge_test
from rareclass.evaluation.judge import ArmResult, Judged, Verdict, decide, judge
from rareclass.fitting.arm import Arm, make_arm
from rareclass.fitting.assemble import Wanted
from rareclass.fitting.calibrate import cross_calibrated
from rareclass.fitting.design import Design, Split, SplitOptions, make_design
from rareclass.fitting.out_of_fold import ArmScores, folds_of, score_arms
from rareclass.fitting.rows import Beside
from rareclass.uncertainty.paired import paired_difference

RULE = RecallAtLeast(0.7)


def result_of(arm: Arm, y: np.ndarray, logit: np.ndarray, tested: np.ndarray) -> ArmResult:
    """An arm judged by scores that are given."""
    oof = OutOfFold(logit, np.where(np.isfinite(logit), 0, -1))
    scores = ArmScores(arm=arm, oof=oof, seconds=0.0, rows=y.size, exact=True, note="", restoration="")
    rows, z = Judged(y=y[tested]), logit[tested]
    return ArmResult(
        scores=scores,
        logit=logit,
        ranking=logit,
        judgement=judge(rows, z, decide(RULE, rows, z)),
        verdict=Verdict(None, "", ""),
    )


@pytest.fixture(scope="module")
def field():
    """Events, the truth, and a function that makes results of arms whose scores are the truth under noise."""
    X, y = points(1500)
    truth, tested = 1.5 * X[:, 0] - X[:, 1] - 3, np.arange(100, 1500)

    def results(**noise):
        made = []
        for number, (name, amount) in enumerate(noise.items()):
            logit = truth + amount * np.random.default_rng(number).normal(size=y.size)
            logit[:100] = np.nan  # rows that no part tested
            made.append(result_of(make_arm(name), y, logit, tested))
        return made

    return Judged(y=y[tested]), tested, results


def choose(field, noise, *, ranked=True):
    rows, tested, results = field
    return choose_champion(results(**noise), rows, tested, "lightgbm+none", ranked=ranked)[:2]


def test_the_default_stays_where_no_other_is_surely_better(field):
    near = {"blend+none": 1.0, "lightgbm+none": 0.98, "random_forest+none": 1.02}
    champion, reason = choose(field, near)
    assert champion.name == "blend+none"
    assert reason == (
        f"The default; no other arm ranks surely better (average precision {champion.average_precision.estimate:.3f})."
    )


def test_a_surely_better_arm_is_deployed_and_the_reason_says_by_how_much(field):
    rows, tested, results = field
    noise = {"blend+none": 4.0, "lightgbm+none": 3.0, "random_forest+none": 0.0}
    champion, reason = choose(field, noise)
    assert champion.name == "random_forest+none"
    default = results(**noise)[0]
    # with two rivals each is asked at half of the error
    d = paired_difference("average_precision", rows.y, champion.logit[tested], default.logit[tested], level=0.975)
    assert d.low > 0
    assert reason == (f"It ranks better than the default blend+none by {d.estimate:.3f} [{d.low:.3f}, {d.high:.3f}].")


def test_many_rivals_have_to_be_surer(field):
    rows, tested, results = field
    pair = results(**{"blend+none": 1.6, "random_forest+none": 1.0})
    default, rival = (r.logit[tested] for r in pair)
    levels = np.linspace(0.5, 0.9999, 200)
    sure = [paired_difference("average_precision", rows.y, rival, default, level=v).low > 0 for v in levels]
    asked = Judged(y=rows.y, level=levels[np.argmin(sure) - 1])  # just sure enough for one rival
    assert choose_champion(pair, asked, tested, "", ranked=True)[0] is pair[1]
    (idle,) = results(**{"lightgbm+none": 50.0})
    assert choose_champion([*pair, idle], asked, tested, "", ranked=True)[0] is pair[0]


def test_the_luck_of_the_choice_counts_rivals_and_vanishes_where_one_is_surely_better(field):
    rows, tested, results = field

    def luck(noise, **how):
        return choose_champion(results(**noise), rows, tested, "", **{"ranked": True, **how}).luck

    near = {"blend+none": 1.0, "random_forest+none": 0.9, "lightgbm+none": 1.1, "lightgbm_library_default+none": 0.0}
    assert luck(near).arms == 3  # the exhibit is no candidate
    assert 0 <= luck(near).luck < 0.02
    assert luck({"blend+none": 4.0, "random_forest+none": 0.0}).luck < 0.005
    assert luck({"blend+none": 1.0}) is None
    assert luck(near, ranked=False) is None
    assert luck(near) == luck(near)


def test_an_exhibit_is_never_deployed_however_good_it_looks(field):
    noise = {"blend+none": 3.0, "lightgbm_library_default+none": 0.0, "lightgbm+none": 3.0}
    assert choose(field, noise)[0].name == "blend+none"


def test_without_a_blend_the_baseline_is_the_default(field):
    assert choose(field, {"lightgbm+none": 1.0, "random_forest+none": 1.0})[0].name == "lightgbm+none"
    assert choose(field, {"lightgbm+none": 4.0, "random_forest+none": 0.0})[0].name == "random_forest+none"
    assert choose(field, {"lightgbm+none": 4.0})[0].name == "lightgbm+none"


def test_only_what_was_asked_for_is_deployed_however_good_the_baseline_is(field):
    rows, tested, results = field
    shown = {"lightgbm+none": 0.0, "blend+none": 0.0, "logistic_regression+none": 4.0, "random_forest+none": 4.0}

    def chosen(*asked, noise=shown):
        return choose_champion(results(**noise), rows, tested, "lightgbm+none", ranked=True, asked=asked)[:2]

    champion, reason = chosen("logistic_regression+none")
    assert champion.name == "logistic_regression+none"
    assert reason.startswith("The only arm that was asked for (average precision")
    assert chosen("logistic_regression+none", "random_forest+none")[0].name == "logistic_regression+none"
    better = chosen("logistic_regression+none", "random_forest+none", noise={**shown, "random_forest+none": 0.0})
    assert better[0].name == "random_forest+none"
    assert "than the first that was asked for, logistic_regression+none by" in better[1]
    exhibit = {"lightgbm+none": 0.0, "lightgbm_library_default+none": 4.0}
    assert chosen("lightgbm_library_default+none", noise=exhibit)[0].name == "lightgbm_library_default+none"


def test_with_too_few_events_to_rank_the_default_is_deployed(field):
    champion, reason = choose(field, {"blend+none": 4.0, "lightgbm+none": 0.0}, ranked=False)
    assert champion.name == "blend+none"
    assert reason == "Too few events to rank: cannot tell; blend+none is deployed by default."


@pytest.fixture(scope="module")
def deployed():
    """A champion that was judged out of fold and fitted, with a locked test part and costs by row."""
    X, y = points(1500)
    missed = np.random.default_rng(1).uniform(2, 40, y.size)
    design = make_design(X, y, Beside(costs={"fp": 1.0, "fn": missed}), split=SplitOptions(folds=3), seed=4)
    arm = Arm(LogisticRegression())
    (scores,) = score_arms(design, [arm])
    dev = Judged.out_of_fold(design, level=0.9, folds=folds_of(design, scores))
    logit = cross_calibrated(scores.oof.score, dev.y, dev.folds, method="sigmoid")
    rule = MinimumCost(dev.costs)
    champion = ArmResult(
        scores=scores,
        logit=logit,
        ranking=logit,
        judgement=judge(dev, logit, decide(rule, dev, logit)),
        verdict=Verdict(None, "", ""),
    )
    model = fit_champion(design, champion, [scores], Wanted(arm=arm, calibration="sigmoid", rule=rule))
    return X, y, missed, design, champion, model


def test_the_champion_is_fitted_on_the_development_rows_and_keeps_decision_and_scores(deployed):
    X, _, _, design, champion, model = deployed
    dev = design.split.dev
    assert model.decision_ is champion.judgement.decision
    np.testing.assert_array_equal(model.model_.oof_logit, champion.logit)
    by_hand = LogisticRegression().fit(X[dev], design.y)
    raw = by_hand.decision_function(X) + model.model_.arm.level
    np.testing.assert_allclose(model.positive_logit(X), model.model_.calibrator.predict_logit(raw), rtol=1e-6)
    assert (model.calibration, model.cv, model.fit_rows, model.random_state) == ("sigmoid", 3, None, 4)


def test_the_locked_part_is_judged_by_the_decision_as_it_stands(deployed):
    X, y, missed, design, _, model = deployed
    rows, logit, judged = judge_test(design, model, level=0.9)
    test = design.split.test
    np.testing.assert_array_equal(rows.y, y[test])
    np.testing.assert_array_equal(rows.costs.fn, missed[test])
    np.testing.assert_array_equal(logit, model.positive_logit(X[test]))
    assert judged.decision is model.decision_
    flagged = model.flag(1 / (1 + np.exp(-logit)), costs={"fp": 1.0, "fn": missed[test]})
    assert judged.acted["confusion"]["tp"] == (flagged & rows.y).sum()
    assert judged.acted["confusion"]["fp"] == (flagged & ~rows.y).sum()
    assert judged.metrics["roc_auc"].level == 0.9
    assert "brier_skill_ceiling" not in judged.calibration  # nothing was cross-fitted there


def test_nothing_is_judged_where_no_event_is_locked_away(deployed):
    *_, model = deployed
    X, y = points(300)
    whole = design_of(X, y, 2)
    assert judge_test(whole, model, level=0.95) is None
    without = np.flatnonzero(~y)[:50]
    dev = np.setdiff1d(np.arange(300), without)
    split = Split.of(dev, without, make_splits(y[dev], folds=2))
    assert judge_test(Design(rows=whole.rows, split=split, sampling=whole.sampling), model, level=0.95) is None


def test_a_blend_is_deployed_with_its_members():
    X, y = points(900)
    design = make_design(X, y, Beside(), split=SplitOptions(folds=3))
    members = score_arms(design, [Arm(LogisticRegression()), Arm(GaussianNB())])
    blend = Arm("blend")
    logit = members[0].oof.score
    champion = result_of(blend, design.y, logit, np.arange(logit.size))
    model = fit_champion(design, champion, members, Wanted(arm=blend, calibration="none"))
    assert [type(m).__name__ for m in model.model_.arm.learner.members] == ["LogisticRegression", "GaussianNB"]
    assert model.model_.arm.rows == design.split.dev.size
