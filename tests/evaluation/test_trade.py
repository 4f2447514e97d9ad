"""The trade-off: what arms bring and cost, read from one comparison; timings decide nothing but the picture."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.cascade import CascadeClassifier, TwoStageLearner
from rareclass.decisions import AlertBudget, RecallAtLeast, Tier, TierPolicy
from rareclass.errors import InputError
from rareclass.evaluation import TradeOff, compare, trade, trade_off
from rareclass.evaluation.results import Results
from rareclass.evaluation.trade import preset, preset_options, trade_off_of
from rareclass.evaluation.trade_records import TradeOffRecord, TradeRecord
from rareclass.kernels.logits import sigmoid
from rareclass.report.html import render_html
from rareclass.report.html_trade import drawing
from rareclass.report.terminal import render_terminal
from rareclass.scoring import Scorer, speed
from rareclass.uncertainty import confidence_interval, paired_difference
from rareclass.uncertainty.estimate import Interval

COSTS = {"fp": 5.0, "fn": 200.0}
LR = "logistic_regression"


def all_but_first(X):
    return X[:, 1:]


@pytest.fixture(scope="module")
def weighed():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 3))
    y = rng.random(3000) < sigmoid(-4 + 2 * X[:, 0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trade, "TIMED", 20)
        return trade_off(
            X,
            y,
            costs=COSTS,
            learner=LR,
            treatments=["class_weight", "random_under(negatives_per_event=2)"],
            arms={"noise": make_pipeline(FunctionTransformer(all_but_first), LogisticRegression())},
            folds=3,
            n_jobs=1,
        )


def by_name(weighed):
    return {a.name: a for a in weighed.record.arms}


def test_the_arms_are_those_that_were_asked_for_cheapest_first(weighed):
    names = {f"{LR}+none", f"{LR}+class_weight", f"{LR}+random_under(negatives_per_event=2)", "noise"}
    assert set(by_name(weighed)) == names
    costs = [a.expected_cost.estimate for a in weighed.record.arms]
    assert costs == sorted(costs)
    assert weighed.record.plain == f"{LR}+none"
    assert list(weighed.to_frame()["arm"]) == [a.name for a in weighed.record.arms]


def test_numbers_are_read_from_the_scores_out_of_fold(weighed):
    comparison = weighed.comparison
    for name, arm in by_name(weighed).items():
        result = comparison[name]
        tested = np.flatnonzero(result.scores.oof.tested)
        y, p = comparison.design.y[tested], sigmoid(result.logit[tested])
        flagged = p >= 5 / 205
        assert arm.expected_cost.estimate == pytest.approx(np.where(y, 200 * ~flagged, 5 * flagged).mean())
        top = np.argsort(-p, kind="stable")[: int(np.ceil(0.01 * p.size))]
        assert arm.calibration_top.estimate == pytest.approx(y[top].sum() / p[top].sum())
        assert arm.recall.estimate == pytest.approx(y[top[: int(0.01 * p.size)]].sum() / y.sum())
        assert arm.average_precision == result.average_precision


def test_savings_are_paired_at_a_level_for_all_arms(weighed):
    plain, other = (weighed.comparison[n] for n in (f"{LR}+none", "noise"))
    tested = np.flatnonzero(plain.scores.oof.tested)
    flags = [(sigmoid(r.logit[tested]) >= 5 / 205).astype(float) for r in (plain, other)]
    saving = by_name(weighed)["noise"].saving
    y = weighed.comparison.design.y[tested]
    assert saving.level == pytest.approx(1 - 0.05 / 3)
    wanted = paired_difference("expected_cost", y, *flags, threshold=0.5, costs=COSTS, level=saving.level)
    assert (saving.estimate, saving.low) == pytest.approx((wanted.estimate, wanted.low))
    assert saving.high < 0  # columns that mean nothing are surely dearer
    assert by_name(weighed)[f"{LR}+none"].saving is None


def test_speed_and_size_are_those_of_the_deployed_model(weighed):
    arms = by_name(weighed)
    own = arms[f"{LR}+none"]
    assert 0 < own.p50 <= own.p99
    assert own.size > 0
    assert own.fit_rows == weighed.comparison.design.split.dev.size
    assert arms[f"{LR}+random_under(negatives_per_event=2)"].fit_rows < own.fit_rows
    assert arms["noise"].size is None
    assert "Pipeline" in arms["noise"].why_not


def test_another_budget_changes_recall_only(weighed):
    again = trade_off_of(weighed.comparison, alerts=AlertBudget(600)).record
    assert again.budget == "the best 600 rows of each run"
    for a in again.arms:
        assert a.expected_cost == by_name(weighed)[a.name].expected_cost
        assert a.recall.estimate >= by_name(weighed)[a.name].recall.estimate


def arm(name, cost, p50, saving=None):
    interval = Interval(cost, cost - 0.1, cost + 0.1)
    return TradeRecord(
        name=name,
        average_precision=interval,
        recall=Interval(0.5, 0.4, 0.6),
        expected_cost=interval,
        calibration_top=interval,
        saving=saving,
        fit_seconds=1.0,
        p50=p50,
        p99=2 * p50,
    )


def test_the_front_holds_what_no_arm_beats_in_both():
    arms = [arm("a", 1, 100), arm("b", 2, 10), arm("c", 2, 50), arm("d", 3, 5), arm("e", 3, 5), arm("f", 4, 400)]
    front = [a.name for a in arms if not any(trade._beats(b, a) for b in arms)]
    assert front == ["a", "b", "d", "e"]


def chosen(monkeypatch, savings, times):
    """Champion of made-up arms with these savings against plain."""
    made = {
        name: arm(name, 2 - s.estimate if s else 2.0, t, s) for (name, s), t in zip(savings.items(), times, strict=True)
    }
    monkeypatch.setattr(trade, "_judged", lambda r, *_: made[r.name])
    monkeypatch.setattr(trade, "_measured", lambda comparison, r, timed: {})
    return made


def test_the_choice_never_rests_on_timings(monkeypatch, weighed):
    names = list(by_name(weighed))
    plain = f"{LR}+none"
    others = [n for n in names if n != plain]
    sure, unsure = Interval(0.5, 0.2, 0.8), Interval(0.6, -0.1, 1.3)
    savings = {plain: None, others[0]: sure, others[1]: unsure, others[2]: Interval(0.3, 0.1, 0.5)}
    for times in ([1, 1000, 1, 1], [1000, 1, 2, 3]):
        chosen(monkeypatch, savings, times)
        assert trade_off_of(weighed.comparison).champion == others[0]
    chosen(monkeypatch, dict.fromkeys(savings, unsure) | {plain: None}, [1, 1, 1, 1])
    found = trade_off_of(weighed.comparison)
    assert found.champion == plain
    assert "may be chance" in found.paragraph


def test_under_tiers_an_arm_costs_what_its_rows_cost_there():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 2))
    y = rng.random(3000) < sigmoid(-4 + 2 * X[:, 0])
    policy = TierPolicy([Tier("allow"), Tier("review", cost=3, prevents=0.8), Tier("block", cost_fp=40)])
    blind = make_pipeline(FunctionTransformer(all_but_first), LogisticRegression())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trade, "TIMED", 20)
        patch.setattr(speed, "CALLS", 50)
        found = trade_off(X, y, costs=COSTS, learner=LR, treatments=[], arms={"noise": blind}, folds=2, decision=policy)
    spent = {}
    for a in found.record.arms:
        result = found.comparison[a.name]
        tested = np.flatnonzero(result.scores.oof.tested)
        p, event = sigmoid(result.logit[tested]), found.comparison.design.y[tested]
        # by hand: 200 p, 3 + 0.2 * 200 p, 40 (1 - p)
        tier = np.argmin([200 * p, 3 + 40 * p, 40 * (1 - p)], axis=0)
        spent[a.name] = np.choose(tier, [200.0 * event, 3 + 40.0 * event, 40.0 * ~event])
        assert a.expected_cost.estimate == pytest.approx(spent[a.name].mean())
        assert [t.name for t in a.tiers.tiers] == ["allow", "review", "block"]
        assert a.tiers.cost.estimate == pytest.approx(a.expected_cost.estimate)
    saving = by_name(found)["noise"].saving
    assert saving.estimate == pytest.approx((spent[f"{LR}+none"] - spent["noise"]).mean())
    assert saving.low <= saving.estimate <= saving.high < 0
    assert "Rows are put into the tiers allow, review, block, and cost what they cost there." in found.paragraph
    again = Results.from_dict(replace(found.comparison, trade_off=found.record).to_dict())
    assert "Under noise, out of fold" not in render_html(again)  # only plain and the choice
    assert f"Under {LR}+none, out of fold" in render_html(again).replace("<wbr>", "")


def test_the_paragraph_says_what_each_millisecond_buys(monkeypatch, weighed):
    names = [f"{LR}+none", *(n for n in by_name(weighed) if n != f"{LR}+none")]
    savings = {names[0]: None} | dict.fromkeys(names[1:], Interval(0.5, 0.2, 0.8))
    chosen(monkeypatch, savings, [100, 2100, 2100, 2100])
    said = trade_off_of(weighed.comparison).paragraph
    assert "A missed event costs 200 and a false alarm 5." in said
    assert f"Per 1,000 rows {names[0]} costs 2,000 [1,900, 2,100]." in said
    assert f"That is 2 ms more than {names[0]} takes: each ms more is worth 250 per 1,000 rows." in said


def test_it_is_written_read_and_drawn(weighed):
    comparison = replace(weighed.comparison, trade_off=weighed.record)
    results = Results.from_dict(comparison.to_dict())
    assert isinstance(results.trade_off, TradeOffRecord)
    assert [a.name for a in results.trade_off.arms] == [a.name for a in weighed.record.arms]
    page = render_html(results)
    assert 'id="trade-off"' in page
    assert "Cost against latency" in page
    assert page.count("<circle") >= len(weighed.record.arms)
    assert 'id="trade-off"' not in render_html(weighed.comparison.to_dict())
    assert drawing(weighed.record).rows[0][0] == weighed.record.arms[0].name


def test_the_terminal_shows_costs_and_the_choice(weighed, capsys):
    render_terminal(replace(weighed.comparison, trade_off=weighed.record).to_dict())
    out = " ".join(capsys.readouterr().out.split())
    assert "Trade-off arm cost of 1,000 rows one row, p50" in out
    assert weighed.record.reason in out


def test_plot_draws_all_arms(weighed):
    pytest.importorskip("matplotlib").use("Agg")
    ax = weighed.plot()
    assert {t.get_text() for t in ax.texts} == set(by_name(weighed))
    assert isinstance(weighed, TradeOff)


def test_the_cascade_is_compiled_like_any_other_arm_and_says_what_its_gate_keeps():
    """One decision of the deployed scorer is timed, not the slow path; what the gate cannot guarantee is said."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 2))
    y = rng.random(3000) < sigmoid(-4 + 2 * X[:, 0])
    simple = {"gate": LR, "judge": LR, "judge_treatment": "none"}
    decided = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trade, "TIMED", 20)
        patch.setattr(speed, "CALLS", 50)
        whole = Scorer.decide
        patch.setattr(Scorer, "decide", lambda self, row, **how: decided.append(row) or whole(self, row, **how))
        found = trade_off(
            X,
            y,
            costs={"fp": 5.0, "fn": np.where(X[:, 1] > 0, 200.0, 100.0)},  # each row is decided by its own
            learner=LR,
            treatments=[],
            arms={"cascade": CascadeClassifier(**simple, gate_recall=0.999), "ours": RareClassifier(LR)},
            folds=2,
            n_jobs=1,
        )
    arms = by_name(found)
    assert len(decided) == 3 * 55  # with the warm-up
    assert arms["cascade"].why_not == arms["ours"].why_not == ""
    assert arms["cascade"].size > 0
    assert arms["ours"].expected_cost.estimate == pytest.approx(arms[f"{LR}+none"].expected_cost.estimate)
    events = found.comparison.design.y.sum()
    assert any(f"cascade: {events} events cannot guarantee a gate recall of 0.999" in w for w in found.record.warnings)


def test_a_cascade_that_wins_is_deployed_as_one(tmp_path):
    """The champion's bundle, summary and report know the gate, whichever road fitted it."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(3000, 2))
    y = rng.random(3000) < sigmoid(-4 + 2 * X[:, 0])
    arm = preset(LR, [], {"cascade": CascadeClassifier(LR, LR, judge_treatment="none", gate_recall=0.9)})[-1]
    found = compare(X, y, learners=[arm], costs=COSTS, folds=2, n_jobs=1)
    assert found.champion == "cascade"
    assert type(found.best_model_) is CascadeClassifier
    assert found.best_model_.gate_recall_ >= 0.9
    Bundle(found.best_model_, rows=X[:500]).save(tmp_path / "b")
    assert "Gate: a row passes from" in Bundle.load(tmp_path / "b").model.summary()
    assert "## Gate" in (tmp_path / "b" / "card.md").read_text()
    page = render_html(found.to_dict())
    assert 'id="gate"' in page
    assert f"It keeps at least {found.best_model_.gate_recall_:.3f} of the events" in page


def test_the_preset_holds_plain_first_and_the_cascade_last():
    names = [a.name for a in preset()]
    assert names[0] == "lightgbm+none"
    assert names[-1] == "cascade"
    assert len(names) == len(set(names)) == 9
    assert isinstance(preset()[-1].learner, TwoStageLearner)
    assert [a.name for a in preset(LR, ["smote"], {})] == [f"{LR}+none", f"{LR}+smote"]


def test_options_of_the_command_line():
    options, alerts = preset_options({"decision": AlertBudget(5), "learners": LR, "treatments": "smote,none"}, COSTS)
    assert (alerts, options["decision"], options["treatments"]) == (AlertBudget(5), None, "auto")
    assert [a.name for a in options["learners"]] == [f"{LR}+none", f"{LR}+smote", "cascade"]
    policy = TierPolicy([Tier("allow"), Tier("review", cost=3)])
    options, alerts = preset_options({"decision": policy}, COSTS)
    assert (alerts, options["decision"]) == (None, policy)


@pytest.mark.parametrize(
    ("options", "costs", "said"),
    [
        ({}, None, "--cost-fn"),
        ({"decision": RecallAtLeast(0.9)}, COSTS, "Only alert tiers"),
        ({"learners": "lightgbm,xgboost"}, COSTS, "one learner"),
    ],
)
def test_what_it_cannot_weigh_is_refused_before_any_fit(options, costs, said):
    with pytest.raises(InputError, match=said):
        preset_options(options, costs)


@pytest.mark.parametrize(("rule", "said"), [(RecallAtLeast(0.9), "Only alert tiers"), (AlertBudget(5), "`alerts`")])
def test_a_rule_that_is_no_cost_is_refused_before_any_fit(rule, said):
    with pytest.raises(InputError, match=said):
        trade_off(np.zeros((10, 1)), np.arange(10) < 2, costs=COSTS, decision=rule)


def test_a_comparison_without_costs_cannot_be_weighed():
    with pytest.raises(InputError, match="weighs money"):
        trade_off_of(SimpleNamespace(design=SimpleNamespace(rows=SimpleNamespace(costs=None))))


def test_intervals_of_recall_are_those_of_the_rows(weighed):
    name = f"{LR}+none"
    result = weighed.comparison[name]
    tested = np.flatnonzero(result.scores.oof.tested)
    y, p = weighed.comparison.design.y[tested], sigmoid(result.logit[tested])
    best = p >= np.sort(p)[-int(0.01 * p.size)]
    wanted = confidence_interval("recall", y, best.astype(float), threshold=0.5)
    assert by_name(weighed)[name].recall.low == pytest.approx(wanted.low, abs=0.02)
