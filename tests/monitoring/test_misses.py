"""The detector of misses: rare false alarms, short delays, the recursion of the paper."""

import numpy as np
import pytest

from rareclass.errors import InputError
from rareclass.monitoring import MissRateDetector


def test_false_alarms_are_as_rare_as_promised():
    # Average run length >= 2,000 events, so P(alarm within 200) <= 200 / 2,000 = 0.1 (Markov on the e-detector).
    rng = np.random.default_rng(0)
    detector = MissRateDetector(missed=200, events=1000, events_between_alarms=2000)
    alarms = 0
    for _ in range(300):
        detector.reset().update(rng.random(200) < 0.2)
        alarms += detector.alarm
    assert alarms / 300 <= 0.1 + 2 * np.sqrt(0.1 * 0.9 / 300)


def test_a_fall_of_recall_from_80_to_60_percent_is_found_within_days():
    # 20 events a day; measured delays of such detectors lie around 4 to 6 days.
    rng = np.random.default_rng(1)
    delays = []
    for _ in range(60):
        detector = MissRateDetector(missed=120, events=600, events_between_alarms=3650 * 20)
        detector.update(rng.random(1200) < 0.2)
        if detector.alarm:
            continue
        before = detector.seen
        detector.update(rng.random(2000) < 0.4)
        delays.append((detector.seen - before) / 20)
    assert len(delays) > 50
    assert np.median(delays) < 10


def test_the_statistic_equals_the_recursion_of_the_paper():
    detector = MissRateDetector(missed=10, events=50)
    state = np.zeros(detector.alternatives.size)
    for miss in [True, False, True, True]:
        ratio = detector.alternatives / detector.rate if miss else (1 - detector.alternatives) / (1 - detector.rate)
        state = (1 + state) * ratio
    assert detector.update([True, False, True, True]).statistic == pytest.approx(state.mean())


def test_more_misses_than_events_are_refused():
    with pytest.raises(InputError, match="missed"):
        MissRateDetector(missed=5, events=3)


@pytest.mark.parametrize("events", [30, 300])
def test_chance_of_a_short_reference_raises_no_more_false_alarms_than_promised(events):
    # The reference is drawn anew each time: within 200 events at most 200 / 2,000 of the detectors alarm.
    rng = np.random.default_rng(4)
    alarms = [
        MissRateDetector(missed=rng.binomial(events, 0.3), events=events, events_between_alarms=2000)
        .update(rng.random(200) < 0.3)
        .alarm
        for _ in range(200)
    ]
    assert np.mean(alarms) <= 0.1
