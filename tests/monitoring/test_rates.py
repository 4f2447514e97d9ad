"""Misses, false alarms and slices: what counts, what is usual, when the change came."""

import numpy as np
import pytest
from tests.monitoring.helpers import cohort

from rareclass.monitoring.ledger import Ledger
from rareclass.monitoring.pools import Pool
from rareclass.monitoring.rates import Precision, Recall, SliceRecall, bets, capped


def days(rng, recall, first=0, count=10, events=20):
    for day in range(first, first + count):
        y = np.arange(60) < events
        yield cohort(day, y, alert=np.where(y, rng.random(60) < recall, False))


def test_the_pool_takes_days_back_exactly():
    pool = Pool(np.array([3.0, 10.0]))
    for day in range(500):
        pool.add(day, np.array([1.0, 2.0]))
    assert pool.total.tolist() == [503.0, 1010.0]
    assert len(pool.days) == 400
    assert pool.without(450).tolist() == [453.0, 910.0]
    assert Pool.from_dict(pool.to_dict()).without(0).tolist() == [103.0, 210.0]


def test_the_reference_counts_for_at_most_600_trials():
    assert capped(200, 1000).tolist() == [120.0, 600.0]
    assert capped(20, 100).tolist() == [20.0, 100.0]
    assert capped(0, 0).tolist() == [0.0, 0.0]


def test_misses_are_events_without_alert():
    recall = Recall(120, 600)
    recall.update(cohort(0, [1, 1, 0, -1], alert=[True, False, False, False]))
    assert recall.pool.total.tolist() == [121.0, 602.0]
    precision = Precision(60, 600)
    precision.update(cohort(0, [1, 0, 0, -1], alert=[True, True, False, True]))
    assert precision.pool.total.tolist() == [61.0, 602.0]


@pytest.mark.parametrize("weighted", [False, True])
def test_a_rise_of_misses_is_found_and_a_fall_is_not(weighted):
    for recall, found in ((0.5, True), (0.99, False)):
        rng, detector = np.random.default_rng(0), Recall(120, 600)
        detector.threshold = 1e4
        alarms = []
        for day in days(rng, recall, count=25):
            if weighted:
                day = cohort(day.day, day.y, alert=day.alert, weight=np.where(day.alert, 1.0, 1.2))
            alarms.append(detector.update(day))
        assert any(alarms) is found


def test_weights_of_an_audit_keep_the_mean_of_each_bet():
    # alerts are all labelled, of the others a fifth: without weights the misses would look rare. Mean over audits <= 1.
    rng, total = np.random.default_rng(3), 0.0
    runs = 400
    for _ in range(runs):
        y, alert = np.arange(200) < 40, np.zeros(200, dtype=bool)
        alert[:32] = True
        seen = alert | (rng.random(200) < 0.2)
        detector = Recall(120, 600)
        detector.spread.tempered = lambda day, scores, log_e: log_e  # the bets as they are for independent rows
        weight = np.where(alert, 1.0, 5.0)
        found = detector.evidence(cohort(0, np.where(seen, y, -1), alert=alert, weight=weight))
        total += np.exp(found[0])
    assert (total / runs <= 1.05).all()


def test_slices_are_called_by_their_own_change():
    rng, detector = np.random.default_rng(1), SliceRecall()
    detector.threshold = 1e4
    names = np.array(["a", "b", "c", "d"] * 20)
    for day in range(80):
        y = np.ones(80, dtype=int)
        usual = np.where((names == "b") & (day >= 50), 0.3, 0.8)
        if detector.update(cohort(day, y, alert=rng.random(80) < usual, slices=names)):
            break
    assert 50 <= day < 70
    low, high = detector.since()
    assert detector.called == ["b"]
    assert low <= 50 <= high
    code, said, value, _ = detector.finding(low, Ledger())
    assert code == "recall-fell"
    assert "b from" in said
    assert value < 0.5


def test_the_number_of_slices_is_bounded():
    detector = SliceRecall(most=3)
    for day in range(5):
        detector.update(cohort(day, np.ones(4), slices=[f"s{day}{k}" for k in range(4)]))
    assert len(detector.parts) == 3


def test_a_day_bets_the_more_the_more_it_knows_up_to_a_bound():
    assert bets(2.0, 1).shape == bets(2.0, 1e6).shape
    assert np.allclose(bets(2.0, 1e6), 4.0 * 2.0 - 8.0)


def test_saying_precision_tells_ordinary_rows_from_events():
    def ledger(detector, false, right):
        found = Ledger()
        for day in range(40):
            y = np.arange(400) < 20
            alert = np.zeros(400, dtype=bool)
            alert[: 16 if day < 30 else right] = True
            alert[100 : 100 + (10 if day < 30 else false)] = True
            c = cohort(day, y, alert=alert)
            found.matured(c)
            detector.learn(c)
        return found

    detector = Precision(230, 600)
    assert detector.finding(30, ledger(detector, false=20, right=16))[0] == "scores-moved"
    detector = Precision(230, 600)
    assert detector.finding(30, ledger(detector, false=10, right=6))[0] == "precision-fell"
