"""Alarms come when scores move or the labels disagree, and rarely otherwise."""

import numpy as np
import pytest

from rareclass.artifact.bundle import score_reference
from rareclass.errors import InputError
from rareclass.kernels.logits import sigmoid
from rareclass.monitoring import RareClassMonitor


def test_equal_scores_do_not_alarm_and_moved_ones_do():
    rng = np.random.default_rng(2)
    monitor = RareClassMonitor(score_reference(rng.normal(-6, 1.5, 30_000)), threshold=0.2)
    assert monitor.scores(sigmoid(rng.normal(-6, 1.5, 10_000))) == []
    assert [a.code for a in monitor.scores(sigmoid(rng.normal(-4.5, 1.5, 10_000)))] == ["scores-moved"]


def test_too_many_events_raise_a_calibration_alarm():
    rng = np.random.default_rng(3)
    p = np.full(20_000, 0.002)
    monitor = RareClassMonitor(score_reference(np.full(10, -6.0)), threshold=0.2)
    assert monitor.labels(rng.random(p.size) < p, p) == []
    assert [a.code for a in monitor.labels(rng.random(p.size) < 3 * p, p)] == ["calibration"]


def test_bad_input_is_refused():
    with pytest.raises(InputError, match="no score counts"):
        RareClassMonitor({}, threshold=0.5)


def test_missed_events_raise_an_alarm_until_it_is_acknowledged():
    monitor = RareClassMonitor(score_reference(np.full(10, -6.0)), threshold=0.2, missed=20, events=100)
    y, p = np.ones(60, dtype=bool), np.full(60, 0.1)
    assert "recall-fell" in [a.code for a in monitor.labels(y, p)]
    assert not monitor.acknowledge().misses.alarm
