"""Volume, precision, recall and cost of tiers, with the intervals of the same rates elsewhere."""

import numpy as np
import pytest

from rareclass.decisions import RowCosts, Tier, TierPolicy, tier_table
from rareclass.errors import InputError
from rareclass.uncertainty import confidence_interval

COSTS = {"fp": 30.0, "fn": 500.0}
POLICY = TierPolicy([Tier("allow"), Tier("review", cost=5, prevents=0.9), Tier("block", cost_fp=30)])


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    p = rng.beta(0.2, 4, 4000)
    return rng.random(4000) < p, p, POLICY.tier(p, COSTS)


def test_counts_and_rates_are_those_of_the_rows_in_the_tier(rows):
    y, _, names = rows
    table = tier_table(y, names, POLICY, COSTS, rows_per_period=400)
    assert sum(t.rows for t in table.tiers) == 4000
    assert sum(t.events for t in table.tiers) == y.sum()
    for place, t in enumerate(table.tiers):
        inside = names == t.name
        above = np.isin(names, POLICY.names[place:])
        assert (t.rows, t.events) == (inside.sum(), (inside & y).sum())
        assert t.precision == confidence_interval("precision", y, inside)
        assert t.recall == confidence_interval("recall", y, inside)
        assert t.recall_from_here.estimate == pytest.approx((above & y).sum() / y.sum())
        assert t.volume.estimate == pytest.approx(inside.mean() * 400)
        assert t.volume.low < t.volume.estimate < t.volume.high


def test_the_cost_is_what_each_row_costs_in_its_tier(rows):
    y, p, names = rows
    table = tier_table(y, names, POLICY, COSTS)
    review, block = names == "review", names == "block"
    spent = 500 * (y & (names == "allow")) + review * (5 + 50 * y) + 30 * (block & ~y)
    assert table.cost.estimate == pytest.approx(spent.mean())
    assert table.cost.low < spent.mean() < table.cost.high
    assert table.cost_first_tier == pytest.approx(500 * y.mean())
    for t in table.tiers:
        assert t.cost.estimate == pytest.approx((spent * (names == t.name)).mean())
        assert t.cost.low <= t.cost.estimate <= t.cost.high
    fn = np.random.default_rng(1).lognormal(5, 1, p.size)
    own = POLICY.tier(p, RowCosts(fp=30.0, fn=fn))
    spent = fn * (y & (own == "allow")) + (own == "review") * (5 + 0.1 * fn * y) + 30 * ((own == "block") & ~y)
    assert tier_table(y, own, POLICY, RowCosts(fp=30.0, fn=fn)).cost.estimate == pytest.approx(spent.mean())


def test_the_cost_interval_covers():
    """95 % nominal, 200 repetitions with about 40 events: at least 93 % less two standard errors."""
    rng = np.random.default_rng(2)
    p = rng.beta(0.1, 9, 4000)
    names = POLICY.tier(p, COSTS)
    each = POLICY.expected_costs(p, COSTS)
    truth = each.min(axis=0).mean()
    inside = [truth in tier_table(rng.random(4000) < p, names, POLICY, COSTS).cost for _ in range(200)]
    assert np.mean(inside) >= 0.93 - 2 * np.sqrt(0.93 * 0.07 / 200)


def test_weights_and_groups_reach_the_intervals(rows):
    y, _, names = rows
    weight = np.where(y, 1.0, 10.0)
    table = tier_table(y, names, POLICY, COSTS, sample_weight=weight)
    assert table.tiers[1].precision.estimate == pytest.approx(
        np.average(y[names == "review"], weights=weight[names == "review"])
    )
    grouped = tier_table(y, names, POLICY, COSTS, groups=np.arange(4000) // 200)
    assert grouped.tiers[1].recall.width >= tier_table(y, names, POLICY, COSTS).tiers[1].recall.width * 0.9


def test_a_tier_without_rows_has_no_precision(rows):
    y, _, names = rows
    table = tier_table(y, np.where(names == "block", "review", names), POLICY, COSTS)
    assert np.isnan(table.tiers[2].precision.estimate)
    assert table.tiers[2].recall.estimate == 0
    assert "block" in str(table)
    assert table.to_dict()["tiers"][2]["rows"] == 0


def test_rows_without_an_event_have_no_recall(rows):
    _, _, names = rows
    table = tier_table(np.zeros(4000, dtype=bool), names, POLICY, COSTS, pos_label=True)
    assert all(np.isnan(t.recall.estimate) for t in table.tiers)
    assert table.tiers[2].precision.estimate == 0
    assert table.tiers[1].cost.estimate == pytest.approx(5 * (names == "review").mean())


def test_a_tier_that_the_policy_lacks_is_refused():
    with pytest.raises(InputError, match="'hold' is none"):
        tier_table([0, 1], ["allow", "hold"], POLICY, COSTS)
