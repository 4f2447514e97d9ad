"""Tiers as a rule: chosen, applied, priced and saved like any other."""

import numpy as np
import pytest

from rareclass.decisions import CostMatrix, Decision, MinimumCost, RowCosts, Tier, TierPolicy, best_threshold
from rareclass.decisions.ranking import Grouping
from rareclass.decisions.tier_rule import ByTiers, as_rule
from rareclass.errors import CostError, InputError

COSTS = CostMatrix(fp=30.0, fn=500.0)
POLICY = TierPolicy([Tier("allow"), Tier("review", cost=5, prevents=0.9), Tier("block", cost_fp=30)])
DAILY = TierPolicy([Tier("allow"), Tier("review", cost=5, prevents=0.9, capacity=3, per="day")])


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    p = rng.beta(0.3, 4, 3000)
    return rng.random(3000) < p, p, rng.uniform(0.5, 3, 3000)


def spent(y, tier, fn=500.0):
    return fn * (y & (tier == "allow")) + (tier == "review") * (5 + 0.1 * fn * y) + 30 * ((tier == "block") & ~y)


def test_the_decision_flags_every_tier_but_the_first_and_says_what_that_brings(rows):
    y, p, weight = rows
    decision = ByTiers(POLICY).decided_on(y, p, weight, COSTS)
    tier = POLICY.tier(p, COSTS)
    assert np.array_equal(decision.apply(p), tier != "allow")
    assert decision.threshold == POLICY.cuts(COSTS).min()
    assert decision.expected_cost == pytest.approx(np.average(spent(y, tier), weights=weight))
    assert decision.recall == pytest.approx(np.average(tier[y] != "allow", weights=weight[y]))
    for part in ("allow, review from a probability of 0.01111 on", "block from a probability of 0.3125 on"):
        assert part in decision.why
    again = Decision.from_dict(decision.to_dict())
    assert again == decision
    assert again.rule.cuts.tier(p).tolist() == tier.tolist()


def test_costs_by_row_decide_each_row_and_are_asked_for_again(rows):
    y, p, _ = rows
    own = RowCosts(fp=30.0, fn=np.random.default_rng(1).lognormal(5, 1, p.size))
    decision = ByTiers(POLICY).decided_on(y, p, None, own)
    tier = POLICY.tier(p, own)
    assert decision.per_row
    assert np.isnan(decision.threshold)
    assert np.array_equal(decision.apply(p, own), tier != "allow")
    assert decision.expected_cost == pytest.approx(spent(y, tier, own.fn).mean())
    with pytest.raises(CostError, match="its own costs"):
        decision.apply(p)
    saved = Decision.from_dict(decision.to_dict())
    assert saved.per_row
    with pytest.raises(CostError, match="its own costs"):
        saved.rule.decided_on(y, p, None, None)


def test_outcomes_are_priced_by_the_tier_of_each_row(rows):
    y, p, _ = rows
    decision = ByTiers(POLICY).decided_on(y, p, None, COSTS)
    costs, flagged = decision.priced(p, COSTS), decision.apply(p)
    each = np.where(flagged, np.where(y, costs["tp"], costs["fp"]), np.where(y, costs["fn"], costs["tn"]))
    assert each == pytest.approx(spent(y, POLICY.tier(p, COSTS)))


def test_periods_are_kept_exactly_and_stored_costs_cut_anew(rows):
    y, p, _ = rows
    day = np.datetime64("2026-01-01") + np.arange(3000) // 100
    rule = ByTiers(DAILY).with_costs(COSTS).with_times(day)
    assert rule.rows_per_period == 100
    decision = rule.decided_on(y, p, None, COSTS)
    assert 60 <= decision.apply(p).sum() <= 90
    assert np.bincount(np.arange(3000) // 100, decision.apply(p, periods=day)).max() == 3
    assert decision.rule.flag(p, 0.0, Grouping(periods=day)).sum() == decision.apply(p, periods=day).sum()
    kept = decision.rule.with_costs(None).with_times(None)  # as a replay asks
    assert kept.decided_on(y, p, None, None) == decision


@pytest.mark.parametrize(
    ("ask", "kind", "said"),
    [
        (lambda: ByTiers(POLICY).with_costs(None), CostError, "--cost-fp"),
        (lambda: ByTiers(DAILY).with_times(None), InputError, "how many rows share a day"),
        (lambda: ByTiers(DAILY).with_times(np.arange(5)), InputError, "needs dates"),
        (lambda: as_rule("review"), InputError, "or a TierPolicy; got str"),
        (lambda: best_threshold([0, 1], [0.1, 0.9], ByTiers(POLICY)), InputError, "no curve of one threshold"),
        (
            lambda: ByTiers(TierPolicy([Tier("allow"), Tier("review", cost=900)])).with_costs(COSTS),
            CostError,
            "'review'",
        ),
    ],
)
def test_what_tiers_need_is_said(ask, kind, said):
    with pytest.raises(kind, match=said):
        ask()


def test_a_prevalence_that_moved_moves_probabilities_not_tiers(rows):
    y, p, _ = rows
    with pytest.raises(InputError, match="prior_shift"):
        ByTiers(POLICY).decided_on(y, p, None, COSTS).at_prevalence(0.2)


@pytest.mark.parametrize("rule", [ByTiers(POLICY), MinimumCost()])
def test_a_row_without_a_choice_is_decided_alone_as_beside_others(rows, rule):
    y, p, _ = rows
    costs = {"fp": np.where(np.arange(p.size) % 3, 30.0, 0.0), "fn": np.where(np.arange(p.size) % 2, 200.0, 0.0)}
    decision = rule.decided_on(y, p, None, RowCosts(**costs))
    together = decision.apply(p, costs)
    alone = [decision.apply(p[[i]], {k: v[[i]] for k, v in costs.items()})[0] for i in range(60)]
    assert together[:60].tolist() == alone
    assert not together[::6].any()  # nothing is at stake
    if isinstance(rule, MinimumCost):
        assert together[3::6].all()  # a false alarm costs nothing, a missed event 200
    else:
        assert alone == [POLICY.tier(p[[i]], {k: v[[i]] for k, v in costs.items()})[0] != "allow" for i in range(60)]
