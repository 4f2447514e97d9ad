"""What cost cannot see: planted faults are found where the judged rows share them, and honest changes pass."""

import numpy as np
import pytest
from benchmarks.lifecycle_challengers import KINDS, bad, better, fitted, spoilt, world, year

from rareclass.lifecycle import challenge_champion
from rareclass.lifecycle.guards import GUARDS

GUARD_OF = {
    "labels lost in a block": "labels",
    "half of the labels lost": None,  # changes the level alone: the cost hardly differs
    "a block labelled as events": "labels",
    "leaked column": "leak",
    "new leaked column": "leak",
    "other unit": "features",
    "dropped category": "features",
    "stale window": "fresh",
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_challenger_of_spoilt_rows_does_not_take_over_though_the_judged_rows_are_spoilt_too(kind):
    found = bad(kind, True, seed=3)
    assert not found.promote
    if GUARD_OF[kind] is not None:
        assert GUARD_OF[kind] in [g.name for g in found.failed]
    assert [g.name for g in found.guards] == list(GUARDS)


def test_a_better_challenger_takes_over_within_the_labels_that_were_asked_for():
    verdict, saving, _ = better(seed=1)
    assert saving > 0.1
    assert verdict == "promote"


def test_a_failure_that_somebody_accepts_refuses_no_more():
    rng = np.random.default_rng(0)
    champion = fitted(world(8000, rng), period=[0, 1])
    train, judged = (spoilt("other unit", world(8000, rng), rng) for _ in range(2))
    challenger = fitted(train, period=[1, 2])
    found = challenge_champion(champion, challenger, *judged)
    assert "Column 'a' spreads 1" in found.sentence
    assert "another unit" in found.sentence
    assert found.verdict == "refuse"
    names = [g.name for g in found.failed]
    assert challenge_champion(champion, challenger, *judged, accept=names).promote


def test_judged_rows_that_the_challenger_was_trained_on_are_told():
    rng = np.random.default_rng(1)
    champion, rows = fitted(world(6000, rng)), world(6000, rng)
    found = challenge_champion(champion, fitted(rows), *rows)
    assert "untouched" in [g.name for g in found.failed]
    same = challenge_champion(champion, champion, *world(4000, rng))
    assert "fresh" in [g.name for g in same.failed]


def test_a_year_with_drift_costs_less_with_retraining():
    spent, left, taken = year(1.0, seed=0)
    assert spent < left
    assert taken >= 1
