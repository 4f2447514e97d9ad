"""Alert tiers: cut where expected costs cross, full to their capacity, equal to brute force on small cases."""

import json
import warnings
from itertools import product

import numpy as np
import pytest

from rareclass.decisions import CostMatrix, RowCosts, Tier, TierCuts, TierPolicy
from rareclass.errors import CostError, InputError, NoOpWarning

COSTS = {"fp": 30.0, "fn": 500.0}
POLICY = TierPolicy([Tier("allow"), Tier("review", cost=5, prevents=0.9), Tier("block", cost_fp=30)])


def limited(review=None, block=None, per="day"):
    return TierPolicy(
        [
            Tier("allow"),
            Tier("review", cost=5, prevents=0.9, capacity=review, per=per if review else "run"),
            Tier("block", cost_fp=30, capacity=block, per=per if block else "run"),
        ]
    )


def expected(policy, p, fn, fp):
    """Expected cost of each tier, written from the issue's formula: (tiers,)."""
    out = [p * fn]
    for t in policy.tiers[1:]:
        alarm = t.cost_fp if t.cost_fp is not None else fp if t.cost is None else 0.0
        out.append((t.cost or 0.0) + (1 - p) * alarm + p * (1 - t.prevents) * fn)
    return np.array(out)


def random_policy(rng, capacities=False):
    """Three or four tiers, each dearer where nothing happens and cheaper where an event does."""
    number = int(rng.integers(2, 4))
    cost, prevents = np.sort(rng.uniform(1, 40, number)), np.sort(rng.uniform(0.3, 1, number))
    rooms = rng.integers(1, 4, number) if capacities else [None] * number
    drop = rng.random(number) < 0.3
    tiers = [
        Tier(f"t{k}", cost=float(cost[k]), prevents=float(prevents[k]), capacity=None if drop[k] else rooms[k])
        for k in range(number)
    ]
    return TierPolicy([Tier("allow"), *tiers])


def test_cuts_are_where_lines_cross():
    # review: 500 p = 5 + 50 p; block: 5 + 50 p = 30 (1 - p)
    assert POLICY.cuts(COSTS) == pytest.approx([5 / 450, 25 / 80])


def test_one_tier_without_a_price_is_the_decision_of_least_cost():
    costs = CostMatrix(fp=10, fn=200, tp=-5, tn=-1)
    assert TierPolicy([Tier("allow"), Tier("alert")]).cuts(costs) == pytest.approx([costs.threshold])


def test_every_row_is_in_the_cheapest_tier():
    rng = np.random.default_rng(0)
    tried = 0
    for _ in range(300):
        policy, p = random_policy(rng), np.r_[rng.random(40), rng.beta(0.1, 5, 40)]
        try:
            names = policy.tier(p, COSTS)
        except CostError:
            continue
        tried += 1
        each = np.array([expected(policy, v, 500.0, 30.0) for v in p])
        assert pytest.approx(each) == policy.expected_costs(p, COSTS).T
        taken = each[np.arange(p.size), [policy.names.index(n) for n in names]]
        assert taken == pytest.approx(each.min(axis=1))
        cuts = policy.cuts(COSTS)
        assert [policy.names[i] for i in np.searchsorted(cuts, p, side="right")] == names.tolist()
    assert tried > 100


def test_costs_by_row_cut_each_row_by_its_own():
    rng = np.random.default_rng(1)
    p, fn = rng.beta(0.3, 2, 400), rng.lognormal(4, 1.5, 400)
    costs = RowCosts(fp=30.0, fn=fn)
    names = POLICY.tier(p, costs)
    each = np.array([expected(POLICY, v, own, 30.0) for v, own in zip(p, fn)])
    assert names.tolist() == [POLICY.names[i] for i in each.argmin(axis=1)]
    cuts = POLICY.cuts(costs)
    assert cuts.shape == (2, 400)
    for place, name in enumerate(POLICY.names[1:]):
        assert ((p >= cuts[place]) == np.isin(names, POLICY.names[place + 1 :])).all(), name


def cheapest_assignment(policy, p, fn, *, raise_rows):
    """Least expected cost by trying every assignment of a few rows that keeps the capacities."""
    each = np.array([expected(policy, v, f, 30.0) for v, f in zip(p, np.broadcast_to(fn, p.shape))])
    own = each.argmin(axis=1)
    best = np.inf
    for places in product(range(len(policy.tiers)), repeat=p.size):
        place = np.array(places)
        if not raise_rows and (place > own).any():
            continue
        if any(t.capacity is not None and (place == k).sum() > t.capacity for k, t in enumerate(policy.tiers)):
            continue
        best = min(best, each[np.arange(p.size), place].sum())
    return best


def assigned_cost(policy, p, fn, names):
    fn = np.broadcast_to(fn, p.shape)
    return sum(expected(policy, v, f, 30.0)[policy.names.index(n)] for v, f, n in zip(p, fn, names))


def test_overflow_falls_so_that_no_assignment_that_raises_no_row_is_cheaper():
    rng = np.random.default_rng(2)
    tried, over = 0, []
    while tried < 120:
        policy, p = random_policy(rng, capacities=True), rng.random(6)
        try:
            names = policy.tier(p, COSTS, periods="one")
        except (CostError, InputError):
            continue
        tried += 1
        cost = assigned_cost(policy, p, 500.0, names)
        assert cost == pytest.approx(cheapest_assignment(policy, p, 500.0, raise_rows=False))
        over.append(cost / cheapest_assignment(policy, p, 500.0, raise_rows=True) - 1)
    assert max(over) > 0  # raising rows where a milder tier is full would be cheaper at times: it is not done
    assert np.median(over) == pytest.approx(0)


def test_with_costs_by_row_one_capacity_is_filled_at_the_least_cost_and_several_nearly():
    rng = np.random.default_rng(3)
    one, several = limited(review=2, per="run"), limited(review=2, block=2, per="run")
    over = []
    for _ in range(60):
        p, fn = rng.random(6), rng.lognormal(5, 1, 6)
        for policy in (one, several):
            names = policy.tier(p, RowCosts(fp=30.0, fn=fn), periods="one")
            cost, least = assigned_cost(policy, p, fn, names), cheapest_assignment(policy, p, fn, raise_rows=False)
            assert cost >= least - 1e-9
            if policy is several:
                over.append(cost / least - 1)
            else:
                assert cost == pytest.approx(least)
    assert np.mean(over) < 0.02


@pytest.fixture(scope="module")
def days():
    rng = np.random.default_rng(4)
    n = 3000
    return rng.beta(0.2, 3, n).round(3), rng.integers(0, 15, n), rng.permutation(n), rng.integers(0, 200, n)


def test_each_period_gives_exactly_the_best_rows(days):
    p, day, key, _ = days
    policy = limited(review=20, block=4)
    low, high = policy.cuts(COSTS)
    names = policy.tier(p, COSTS, periods=day, keys=key)
    for d in np.unique(day):
        rows = np.flatnonzero(day == d)
        order = sorted(rows, key=lambda i: (-p[i], key[i]))
        block = [i for i in order if p[i] >= high][:4]
        review = [i for i in order if p[i] >= low and i not in block][:20]
        assert set(rows[names[rows] == "block"]) == set(block)
        assert set(rows[names[rows] == "review"]) == set(review)
    mixed = np.random.default_rng(5).permutation(p.size)
    again = policy.tier(p[mixed], COSTS, periods=day[mixed], keys=key[mixed])
    assert again.tolist() == names[mixed].tolist()


def test_an_entity_takes_one_place_and_all_its_rows_go_with_the_best(days):
    p, day, key, card = days
    names = limited(review=5).tier(p, COSTS, periods=day, keys=key, entities=card)
    low, high = POLICY.cuts(COSTS)
    for d in np.unique(day):
        rows = np.flatnonzero((day == d) & (p >= low) & (p < high))
        best = sorted(set(card[rows]), key=lambda c: min((-p[i], key[i]) for i in rows if card[i] == c))[:5]
        assert set(rows[names[rows] == "review"]) == set(rows[np.isin(card[rows], best)])
        blocked = (day == d) & (p >= high)
        assert (names[blocked] == "block").all()


def test_stored_thresholds_keep_capacities_on_average(days):
    p, day, _, card = days
    policy = limited(review=20, block=4)
    cuts = policy.cut(p, COSTS, periods=day)
    names = cuts.tier(p)
    for place, (name, room) in enumerate((("review", 20), ("block", 4))):
        mine = names == name
        assert mine.sum() <= room * 15
        # the next lower score would be too many
        below = p[(p < cuts.thresholds[place]) & (names == "allow")] if name == "review" else p[~mine]
        assert mine.sum() + (p == below.max()).sum() > room * 15
    assert cuts.tier(p[:7]).tolist() == names[:7].tolist()
    assert policy.cut(p, COSTS, rows_per_period=200).thresholds == cuts.thresholds
    entities = limited(review=5).cut(p, COSTS, periods=day, entities=card)
    taken = entities.tier(p) == "review"
    assert len(set(zip(day[taken], card[taken]))) <= 5 * 15 < taken.sum()


def test_weights_equal_repeated_rows_in_stored_thresholds(days):
    p, repeat = days[0][:800], np.random.default_rng(6).integers(1, 4, 800)
    policy = limited(review=30, block=6)
    weighted = policy.cut(p, COSTS, sample_weight=repeat, rows_per_period=100)
    assert weighted.thresholds == policy.cut(np.repeat(p, repeat), COSTS, rows_per_period=100).thresholds


def test_stored_thresholds_by_row_ask_for_a_saving(days):
    p, day, _, _ = days
    fn = np.random.default_rng(7).lognormal(5, 1, p.size)
    policy = limited(review=20)
    cuts = policy.cut(p, RowCosts(fp=30.0, fn=fn), periods=day)
    names = cuts.tier(p, RowCosts(fp=30.0, fn=fn))
    each = np.array([expected(policy, v, f, 30.0) for v, f in zip(p, fn)])
    reviewed, saved = names == "review", each[:, 0] - each[:, 1]
    wanted = each.argmin(axis=1) == 1
    assert 0 < reviewed.sum() <= 20 * 15
    assert saved[reviewed].min() > saved[wanted & ~reviewed].max()
    with pytest.raises(CostError, match="its own costs"):
        cuts.tier(p)


def test_a_saved_policy_decides_alike(days):
    p, day, key, _ = days
    policy = limited(review=20, block=4)
    cuts = policy.cut(p, COSTS, periods=day)
    again = TierCuts.from_dict(json.loads(json.dumps(cuts.to_dict())))
    assert again == cuts
    assert again.tier(p, periods=day, keys=key).tolist() == policy.tier(p, COSTS, periods=day, keys=key).tolist()
    never = TierCuts(policy, (0.1, np.inf), CostMatrix(**COSTS))
    assert TierCuts.from_dict(json.loads(json.dumps(never.to_dict()))) == never


@pytest.mark.parametrize(
    "change",
    [
        {"more": 1},
        {"thresholds": [0.1]},
        {"thresholds": ["often", 0.2]},
        {"thresholds": None},
        {"tiers": "allow"},
        {"tiers": [{"name": "allow"}, {"name": "review", "price": 1}]},
        {"tiers": [{"name": "allow"}, {"cost": 1}]},
        {"costs": {"fp": 1}},
        {"rows_per_period": -1},
    ],
)
def test_saved_tiers_hold_what_they_hold_and_nothing_else(change):
    saved = POLICY.cut([0.001, 0.1, 0.9], COSTS).to_dict()
    with pytest.raises(InputError):
        TierCuts.from_dict(saved | change)
    lacking = {k: v for k, v in saved.items() if k not in change}
    if lacking != saved:
        with pytest.raises(InputError, match="lacks"):
            TierCuts.from_dict(lacking)


def test_a_tier_that_no_row_reaches_is_named_with_what_to_change():
    tiers = [Tier("allow"), Tier("review", cost=40, prevents=0.9), Tier("block", cost_fp=30)]
    with pytest.raises(CostError, match=r"No row reaches tier 'review'.*costs ([0-9.]+) less") as caught:
        TierPolicy(tiers).cuts(COSTS)
    gap = float(str(caught.value).split("once it costs ")[1].split()[0])
    # where allow meets block, 500 p = 30 (1 - p)
    meet = 30 / 530
    assert gap == pytest.approx(40 + meet * 50 - 500 * meet, rel=1e-3)
    for less, reached in ((gap * 0.999, False), (gap * 1.001, True)):
        tiers[1] = Tier("review", cost=40 - less, prevents=0.9)
        if reached:
            assert np.diff(TierPolicy(tiers).cuts(COSTS)) > 0
        else:
            with pytest.raises(CostError):
                TierPolicy(tiers).cuts(COSTS)


def test_a_first_tier_that_no_row_reaches_is_named():
    with pytest.raises(CostError, match=r"'allow'.*'review' costs no more"):
        TierPolicy([Tier("allow"), Tier("review", cost=0, prevents=0.9)]).cuts(COSTS)


def test_tiers_out_of_order_are_named():
    with pytest.raises(CostError, match="out of order: 'review' costs less than 'block'"):
        TierPolicy([Tier("allow"), Tier("block", cost_fp=30), Tier("review", cost=5, prevents=0.9)]).cuts(COSTS)
    tiers = [Tier("allow"), Tier("block", cost_fp=30, prevents=0.5), Tier("review", cost=5, prevents=0.9)]
    with pytest.raises(CostError, match=r"out of order in 1 row\(s\)"):  # where 5 + 0.1 fn > 0.5 fn
        TierPolicy(tiers).cuts(RowCosts(fp=30.0, fn=[500.0, 10.0, 400.0]))


@pytest.mark.parametrize(
    ("tiers", "said"),
    [
        ([Tier("allow")], "two tiers at least"),
        (["allow", "review"], "two tiers at least"),
        ([Tier("a"), Tier("a")], "named 'a'"),
        ([Tier("allow", cost=1), Tier("review", cost=5)], "leaves rows alone"),
        (
            [Tier("a"), Tier("b", cost=1, capacity=3, per="day"), Tier("c", capacity=3, per="hour")],
            "per day and per hour",
        ),
    ],
)
def test_a_policy_that_is_none_is_refused(tiers, said):
    with pytest.raises(InputError, match=said):
        TierPolicy(tiers)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"cost": np.nan},
        {"cost_fp": "much"},
        {"prevents": 1.5},
        {"capacity": 0},
        {"capacity": 2.5},
        {"per": 3},
    ],
)
def test_a_tier_that_is_none_is_refused(wrong):
    with pytest.raises(InputError):
        Tier(**{"name": "review"} | wrong)


def test_wrong_rows_and_options_are_refused():
    with pytest.raises(InputError, match="calibrated probabilities"):
        POLICY.tier([0.1, 2.0], COSTS)
    with pytest.raises(InputError, match="no tier has one"):
        POLICY.tier([0.1], COSTS, periods=["mon"])
    with pytest.raises(InputError, match="capacity per day"):
        limited(review=2).tier([0.1], COSTS)
    with pytest.raises(InputError, match="rows share a day"):
        limited(review=2).cut([0.1], COSTS)
    with pytest.raises(InputError, match="settle ties"):
        POLICY.cut([0.001, 0.1, 0.9], COSTS).tier([0.1], keys=[1])
    with pytest.raises(CostError, match="no effect"):
        POLICY.cut([0.001, 0.1, 0.9], COSTS).tier([0.1], COSTS)


def test_tiers_that_never_fire_or_never_fill_are_said():
    with pytest.warns(NoOpWarning, match="'block': the highest probability is 0.1"):
        POLICY.cut([0.001, 0.1], COSTS)
    with pytest.warns(NoOpWarning, match="'review' has room for 9 a day, which holds 3 rows"):
        limited(review=9).cut([0.001, 0.1, 0.9], COSTS, periods=["mon"] * 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        POLICY.cut([0.001, 0.1, 0.9], COSTS)


def test_equal_scores_beyond_the_capacity_are_said_to_be_the_reason():
    policy = TierPolicy([Tier("allow"), Tier("review", cost=1, prevents=0.9, capacity=10, per="day")])
    with pytest.warns(NoOpWarning, match="more rows share the highest score than its capacity of 10 a day"):
        policy.cut(np.full(1_000, 0.05), CostMatrix(fp=1, fn=100), rows_per_period=100)
