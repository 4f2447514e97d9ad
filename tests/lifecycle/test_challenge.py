"""A challenger takes over only when it surely costs less, no slice surely costs more, and no guard fails."""

import numpy as np
import pytest
from sklearn.base import clone
from tests.treatments.known import line

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.decisions import RecallAtLeast, Tier, TierPolicy
from rareclass.errors import InputError, TooFewEventsError
from rareclass.learners import FewEventsLogisticRegression
from rareclass.lifecycle import challenge_champion
from rareclass.uncertainty import paired_difference
from rareclass.uncertainty.paired import paired_loss_difference


def table(X):
    return {"a": X[:, 0], "b": X[:, 1]}


@pytest.fixture(scope="module")
def champion():
    X, y, _ = line(8000)
    model = RareClassifier("logistic_regression", treatment="class_weight", decision=RecallAtLeast(0.7), cv=3)
    return Bundle(model.fit(table(X), y))


def test_a_challenger_takes_over_only_when_it_is_surely_better(champion):
    X, y, _ = line(6000, seed=2)
    worse = Bundle(RareClassifier("logistic_regression", cv=2).fit(table(np.c_[X[:, 0] * 0, X[:, 1]]), y))
    fresh, labels, _ = line(40_000, seed=3)
    refused = challenge_champion(champion, worse, table(fresh), labels)
    assert not refused.promote
    assert "is refused" in refused.sentence
    assert refused.metric == "average precision"
    assert "without costs decisions cannot be judged" in refused.sentence
    assert challenge_champion(worse, champion, table(fresh), labels).promote
    equal = challenge_champion(champion, champion, table(fresh), labels)
    assert equal.verdict == "refuse"
    assert equal.difference.estimate == 0


def test_labels_of_the_champion_are_compared_and_both_classes_are_needed(champion):
    X, y, _ = line(2000, seed=4)
    with pytest.raises(TooFewEventsError, match="both classes are needed"):
        challenge_champion(champion, champion, table(X), np.zeros(2000, dtype=bool))
    with pytest.raises(InputError, match="`accept`"):
        challenge_champion(champion, champion, table(X), y, accept=["lables"])
    X, y, _ = line(3000)
    words = np.where(y, "yes", "no")
    bundle = Bundle(RareClassifier("logistic_regression", cv=2).fit(table(X), words))
    found = challenge_champion(bundle, bundle, table(X), words)
    assert found.difference.estimate == 0
    assert f"{y.sum()} events" in found.sentence


def test_among_many_challengers_one_has_to_be_surer_and_the_sentence_says_so(champion):
    fresh, labels, _ = line(40_000, seed=3)
    X, y, _ = line(6000, seed=2)
    blurred = X + np.random.default_rng(1).normal(size=X.shape)
    rival = Bundle(RareClassifier("logistic_regression", cv=2).fit(table(blurred), y))
    alone = challenge_champion(rival, champion, table(fresh), labels)
    many = challenge_champion(rival, champion, table(fresh), labels, challengers=20)
    new, old = (b.model.positive_logit(table(fresh)) for b in (champion, rival))
    by_hand = paired_difference("average_precision", labels, new, old, level=1 - 0.05 / 20)
    assert (many.difference.low, many.difference.high) == (by_hand.low, by_hand.high)
    assert many.difference.low < alone.difference.low
    assert "Judged at 0.9975, as one of 20 challengers." in many.sentence
    fourth = challenge_champion(rival, champion, table(fresh), labels, attempt=4)
    assert (fourth.difference.low, fourth.difference.high) == (by_hand.low, by_hand.high)
    assert "Judged at 0.9975, as challenger 4 of this champion" in fourth.sentence
    with pytest.raises(InputError, match="not both"):
        challenge_champion(rival, champion, table(fresh), labels, challengers=2, attempt=4)
    assert "challengers" not in alone.sentence
    with pytest.raises(InputError, match="`challengers`"):
        challenge_champion(rival, champion, table(fresh), labels, challengers=0)


def test_eight_challengers_of_equal_merit_seldom_bring_one_that_takes_over():
    rng = np.random.default_rng(0)
    truth = -3 + 1.5 * rng.normal(size=3000)
    X, y = truth[:, None] + rng.normal(size=(3000, 9)), rng.random(3000) < 1 / (1 + np.exp(-truth))
    learner = RareClassifier(FewEventsLogisticRegression(), treatment="none", cv=2)
    # each ranks by a column of its own, and the columns are exchangeable
    models = [Bundle(clone(learner).fit({f"x{k}": X[:, k]}, y)) for k in range(9)]
    taken = {1: 0, 8: 0}
    for _ in range(24):
        truth = -3 + 1.5 * rng.normal(size=1000)
        X, y = truth[:, None] + rng.normal(size=(1000, 9)), rng.random(1000) < 1 / (1 + np.exp(-truth))
        fresh = {f"x{k}": X[:, k] for k in range(9)}
        for count in taken:
            found = (challenge_champion(models[0], m, fresh, y, challengers=count).promote for m in models[1:])
            taken[count] += any(found)
    assert taken[8] <= 2  # 2.5 % at most; three of 24 would be one chance in 43
    assert taken[1] > taken[8]


COSTS = {"fp": 1.0, "fn": 60.0}


@pytest.fixture(scope="module")
def priced():
    """(one that sees both columns, one that sees the weaker alone), deciding by cost."""
    X, y, _ = line(12_000, seed=5)
    learner = RareClassifier("logistic_regression", treatment="none", cv=2, calibration="intercept")
    blind = np.c_[np.random.default_rng(0).normal(size=len(X)), X[:, 1]]
    return tuple(
        Bundle(clone(learner).fit(table(Z), y, costs=COSTS), recipe={"arm": str(k)}) for k, Z in enumerate((X, blind))
    )


def test_the_decisions_of_each_bundle_are_priced_by_hand(priced):
    seeing, blind = priced
    X, y, _ = line(30_000, seed=6)
    found = challenge_champion(blind, seeing, table(X), y)
    cost = {}
    for name, bundle in (("old", blind), ("new", seeing)):
        flagged = bundle.model.predict(table(X)).astype(bool)
        cost[name] = np.where(flagged, 1.0 * ~y, 60.0 * y).mean()
    assert found.metric == "cost"
    assert found.difference.estimate == pytest.approx(cost["new"] - cost["old"])
    assert found.promote
    assert not challenge_champion(seeing, blind, table(X), y).promote
    dear = challenge_champion(blind, seeing, table(X), y, costs={"fp": 2.0, "fn": 120.0})
    assert dear.difference.estimate == pytest.approx(2 * found.difference.estimate)
    weight = np.where(np.arange(y.size) < 20_000, 1.0, 0.0)
    some = challenge_champion(blind, seeing, table(X), y, sample_weight=weight)
    part = challenge_champion(blind, seeing, table(X[:20_000]), y[:20_000])
    assert (some.difference.low, some.difference.high) == (part.difference.low, part.difference.high)
    twice = [np.repeat(v, 2, axis=0) for v in (X, y)]
    groups = np.repeat(np.arange(y.size), 2)
    grouped = challenge_champion(blind, seeing, table(twice[0]), twice[1], groups=groups)
    assert grouped.difference.width >= 0.95 * found.difference.width  # equal rows of an entity tell nothing new


def test_tiers_are_priced_by_what_each_tier_costs():
    X, y, _ = line(8000, seed=7)
    policy = TierPolicy([Tier("allow"), Tier("review", cost=0.5, prevents=0.8), Tier("block", cost_fp=4.0)])
    learner = RareClassifier("logistic_regression", treatment="none", cv=2, decision=policy)
    good, poor = (
        Bundle(clone(learner).fit(table(Z), y, costs={"fp": 4.0, "fn": 60.0}))
        for Z in (X, np.c_[np.zeros(len(X)), X[:, 1]])
    )
    fresh, labels, _ = line(20_000, seed=8)
    found = challenge_champion(poor, good, table(fresh), labels)
    mean = []
    for bundle in (good, poor):
        tier = bundle.model.tier(table(fresh))
        review = np.where(labels, 0.5 + 0.2 * 60.0, 0.5)
        block = np.where(labels, 0.0, 4.0)
        mean.append(np.select([tier == "review", tier == "block"], [review, block], 60.0 * labels).mean())
    assert found.difference.estimate == pytest.approx(mean[0] - mean[1])


def test_a_slice_that_surely_gets_worse_refuses(priced):
    seeing, blind = priced
    X, y, _ = line(60_000, seed=9)
    shop = np.where(X[:, 1] < -1.6, "small", "large")
    # in the small shop the strong column lies: there, the blind champion does better
    lied = X.copy()
    lied[shop == "small", 0] *= -1
    whole = challenge_champion(blind, seeing, table(lied), y)
    found = challenge_champion(blind, seeing, table(lied), y, slices=shop)
    assert [s.name for s in found.slices] == ["large", "small"]
    worse = next(s for s in found.slices if s.name == "small")
    assert worse.difference.low > 0
    assert worse.worse
    assert worse.difference.level == pytest.approx(0.975)
    assert found.verdict == "refuse"
    assert "'small'" in found.sentence
    assert whole.slices == ()
    assert challenge_champion(blind, seeing, table(X), y, slices=np.full(y.size, None)).slices[0].name == "(no value)"


def test_few_events_ask_for_more_labels_and_say_how_many(priced):
    seeing, blind = priced
    X, y, _ = line(60_000, seed=10)
    events = np.flatnonzero(y)[:12]
    few = np.union1d(events, np.flatnonzero(~y)[:2500])
    found = challenge_champion(blind, seeing, table(X[few]), y[few])
    assert found.verdict == "more labels"
    assert found.labels_needed == found.events_needed - 12 > 0
    assert f"{found.labels_needed:,} more events" in found.sentence
    assert found.to_dict()["events"] == 12


def test_bundles_of_another_event_costs_of_another_length_and_strange_slices_are_refused(priced):
    seeing, blind = priced
    X, y, _ = line(2000, seed=11)
    other = Bundle(RareClassifier("logistic_regression", cv=2).fit(table(X), np.where(y, "fraud", "fine")))
    with pytest.raises(InputError, match="event is"):
        challenge_champion(blind, other, table(X), y)
    named = [Bundle(b.model, target=t) for b, t in zip(priced, ("fraud", "churn"))]
    with pytest.raises(InputError, match="foretells 'fraud'"):
        challenge_champion(*named, table(X), y)
    with pytest.raises(InputError, match="rows"):
        challenge_champion(blind, seeing, table(X), y, costs={"fp": 1.0, "fn": np.ones(7)})
    with pytest.raises(InputError, match="no column 'shop'"):
        challenge_champion(blind, seeing, table(X), y, slices="shop")
    with pytest.raises(InputError, match="`slices` has 3 rows"):
        challenge_champion(blind, seeing, table(X), y, slices=["a", "b", "c"])
    with pytest.raises(InputError, match="'b'"):
        challenge_champion(blind, seeing, {"a": X[:, 0]}, y)


@pytest.mark.parametrize("events", [20, 200])
def test_the_interval_of_a_difference_of_costs_covers(events):
    """Two scorers that err on different rows: the truth lies inside at least as often as it says."""
    rng = np.random.default_rng(events)
    rows, inside = 40 * events, 0
    caught, false = (0.75, 0.65), (0.02, 0.03)
    truth = (0.1 * 50 / 40) * -1 + 5 * (0.02 - 0.03) * 39 / 40
    for _ in range(200):
        y = rng.random(rows) < 1 / 40
        flags = [rng.random(rows) < np.where(y, c, f) for c, f in zip(caught, false)]
        loss = [np.where(flag, 5.0 * ~y, 50.0 * y) for flag in flags]
        inside += truth in paired_loss_difference(y, *loss)
    assert inside >= 200 * (0.95 - 2 * np.sqrt(0.95 * 0.05 / 200))
