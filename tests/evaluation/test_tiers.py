"""Tiers and gates in words and rows of text, wherever a decision is shown."""

import io

import numpy as np
import pytest
from rich.console import Console

from rareclass.decisions import Tier, TierPolicy, tier_table
from rareclass.decisions.tier_rates import TierTable
from rareclass.evaluation import compare, tiers
from rareclass.evaluation.results import GateRecord, Results
from rareclass.kernels.logits import sigmoid
from rareclass.report.html import render_html
from rareclass.report.terminal import render_terminal

COSTS = {"fp": 30.0, "fn": 500.0}
POLICY = TierPolicy(
    [Tier("allow"), Tier("review", cost=5, prevents=0.9, capacity=4, per="day"), Tier("<b>block", cost_fp=30)]
)
GATE = {"threshold": -4.5, "recall": 0.944, "asked": 0.98, "confidence": 0.95, "passed": 0.02, "events": 52, "lost": 0,
        "independent": 52.0, "rest": -9.0, "judge": "fitted on 900 rows"}  # fmt: skip


@pytest.fixture(scope="module")
def compared():
    rng = np.random.default_rng(0)
    n = 3000
    X = {"a": rng.normal(size=n), "shop": np.array(["n", "s"])[rng.integers(0, 2, n)]}
    y = rng.random(n) < sigmoid(-4 + 2 * X["a"])
    days = np.datetime64("2026-01-01") + np.arange(n) // 100
    how = {"learners": ["logistic_regression"], "treatments": ["none"], "folds": 3, "n_jobs": 1}
    return compare(X, y, decision=POLICY, costs=COSTS, times=days, slices="shop", **how)


def test_a_comparison_decides_and_judges_by_the_tiers(compared):
    results = compared.record()
    best, design = compared[compared.champion], compared.design
    p = sigmoid(best.logit)
    seen = np.isfinite(p)
    cuts = compared.best_model_.model_.tiers
    assert cuts == POLICY.cut(p[seen], COSTS, rows_per_period=100)
    wanted = tier_table(design.y[seen], cuts.tier(p[seen]), POLICY, COSTS, rows_per_period=100, pos_label=True)
    assert results.tiers == wanted
    assert best.judgement.acted["expected_cost"].estimate == wanted.cost.estimate
    test = design.split.test
    own = cuts.tier(sigmoid(compared.best_model_.positive_logit(design.rows.table.take(test))))
    assert results.test.tiers == tier_table(
        design.rows.y[test], own, POLICY, COSTS, rows_per_period=100, pos_label=True
    )
    assert results.test.decision.rule == "tiers"
    assert [t.name for t in results.slices.slices[0].tiers] == POLICY.names
    again = Results.from_dict(results.to_dict())
    assert again.tiers.tiers[1].cost == results.tiers.tiers[1].cost


def test_page_and_terminal_show_them(compared):
    page = render_html(compared.to_dict())
    assert 'id="tiers"' in page
    assert "On the locked test part; the costs of the tiers add up to that of a row" in page
    assert "&lt;b&gt;block" in page
    assert "<b><b>" not in page
    assert "Tiers by slice, on the locked test part" in page
    assert 'id="gate"' not in page
    for width in (80, 200):
        file = io.StringIO()
        render_terminal(compared.to_dict(), Console(file=file, width=width))
        said = file.getvalue()
        assert "Tiers on the locked test part" in said
        assert "with all rows in allow it" in said
        shown = said.split("Tiers out of fold")[1].split("Slices by")[0]
        assert max(map(len, shown.splitlines())) <= width
        assert "…" not in shown


def test_rows_and_costs_are_told_with_their_intervals(compared):
    table = compared.record().tiers
    head, rows = tiers.told(table)
    assert head == ["Tier", "Rows", "A day", "Events", "Precision", "Recall", "Cost per row"]
    assert [row[0] for row in rows] == POLICY.names
    assert rows[1][1].startswith(f"{table.tiers[1].rows:,.0f} (")
    assert rows[1][-1].count("[") == 1
    assert tiers.told(TierTable.from_dict({}))[1] == []
    assert tiers.cost_said(TierTable.from_dict({})) == ""
    assert tiers.told_slices(None) == ([], [])
    names = {row[0] for row in tiers.told_slices(compared.record().slices, 1)[1]}
    assert len(names) == 1


def test_a_gate_says_what_it_promises_and_what_its_events_cannot_carry():
    said = " ".join(tiers.gate_said(GateRecord.from_dict(GATE)))
    assert "keeps at least 0.944 of the events with one-sided confidence 0.95" in said
    assert "0 of 52 events are let go. These events cannot carry the 0.98 that was asked for." in said
    assert "2.00% of the rows pass, and are all that the second stage sees: fitted on 900 rows." in said
    by_cost = " ".join(tiers.gate_said(GateRecord.from_dict(GATE | {"asked": None, "independent": 40.0})))
    assert "(worth 40 that are independent)" in by_cost
    assert "placed by costs, not by a recall" in by_cost
