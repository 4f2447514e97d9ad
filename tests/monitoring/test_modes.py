"""New kinds of events and features of events that move."""

import itertools

import numpy as np
import pytest
from scipy.stats import kstest
from tests.monitoring.helpers import cohort

from rareclass.monitoring.ledger import Ledger
from rareclass.monitoring.modes import EventFeatures, NewMode, counted, rank_bets


def test_ranks_among_reference_and_earlier_events_are_uniform_and_independent():
    rng, found = np.random.default_rng(1), []
    for k in range(40):
        detector, scores = NewMode(rng.random(40)), rng.random(25)
        for day in range(25):
            c = cohort(day + 1000 * k, [1], distance=scores[[day]])
            found.append(detector.p_values(c)[0])
            detector.learn(c)
    p = np.reshape(found, (40, 25))
    assert kstest(p.ravel(), "uniform").pvalue > 0.01
    assert abs(np.corrcoef(p[:, 1:].ravel(), p[:, :-1].ravel())[0, 1]) < 3 / np.sqrt(40 * 24)


def test_a_new_kind_of_event_is_found_within_days_and_dated():
    rng, detector, ledger = np.random.default_rng(1), NewMode(np.random.default_rng(9).gamma(9, size=300)), Ledger()
    detector.threshold = 1e4
    for day in range(60):
        distance = rng.gamma(9, size=20)
        if day >= 30:
            distance[:4] += 20
        if detector.update(cohort(day, np.ones(20), distance=distance)):
            break
    low, high = detector.since()
    assert 30 <= day <= 35
    assert low <= 30 <= high
    code, said, value, _ = detector.finding(detector.likely, ledger)
    assert code == "new-mode"
    assert value > 0.15
    assert "new kind" in said


def test_the_order_of_the_rows_of_a_day_does_not_matter():
    rng = np.random.default_rng(2)
    base, distance = rng.random(50), rng.random(6)
    c = cohort(0, np.ones(6), distance=distance)
    first = NewMode(base).p_values(c)
    assert ((first > 0) & (first < 1)).all()
    assert NewMode(base).p_values(c).tolist() == first.tolist()


def test_rank_bets_have_mean_at_most_one_over_all_ways_to_draw_the_day():
    values = np.array([0, 0, 0, 3, 3, 7, 9], dtype=np.uint8)
    found = []
    for chosen in itertools.combinations(range(7), 2):
        day = values[list(chosen)][:, None]
        pool = np.delete(values, list(chosen))[:, None]
        found.append(np.exp(rank_bets(day, counted(pool))[1].ravel()))
    assert (np.mean(found, axis=0) <= 1 + 1e-12).all()


@pytest.mark.parametrize("moved", [False, True])
def test_a_feature_that_moves_among_events_is_named(moved):
    rng = np.random.default_rng(3)

    def places(n, up=0):
        found = rng.integers(0, 40, (n, 5)).astype(np.uint8)
        found[:, 3] += up
        return found

    detector = EventFeatures(places(300), ["a", "b", "c", "d", "e"])
    detector.threshold = 1e5
    alarm = False
    for day in range(60):
        alarm = alarm or detector.update(cohort(day, np.ones(20), places=places(20, 12 * (moved and day >= 20))))
        if alarm:
            break
    assert alarm is moved
    if moved:
        low, high = detector.since()
        assert low <= 20 <= high
        assert "Events have moved in d" in detector.finding(low, Ledger())[1]


def test_without_features_they_are_off_and_say_what_is_needed():
    assert "40 reference events" in NewMode().why_off
    assert "log the features" in EventFeatures().why_off
