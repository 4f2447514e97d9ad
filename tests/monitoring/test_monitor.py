"""Alarms come when scores move or the labels disagree, and rarely otherwise."""

import numpy as np
import pytest

from rareclass.artifact.bundle import score_reference
from rareclass.calibration import CalibrationUncertainty, make_calibrator
from rareclass.errors import CalibrationWarning, InputError
from rareclass.kernels.logits import sigmoid
from rareclass.monitoring import RareClassMonitor


def reference(events: int) -> dict:
    """Of 500 rows for each event, all of one probability."""
    z, y = np.full(500 * events, np.log(1 / 499)), np.arange(500 * events) < events
    return score_reference(z, y, calibration=CalibrationUncertainty.of(z, y))


def test_equal_scores_do_not_alarm_and_moved_ones_do():
    rng = np.random.default_rng(2)
    monitor = RareClassMonitor(score_reference(rng.normal(-6, 1.5, 30_000)), threshold=0.2)
    assert monitor.scores(sigmoid(rng.normal(-6, 1.5, 10_000))) == []
    assert [a.code for a in monitor.scores(sigmoid(rng.normal(-4.5, 1.5, 10_000)))] == ["scores-moved"]


def test_too_many_events_raise_a_calibration_alarm():
    rng = np.random.default_rng(3)
    p = np.full(20_000, 0.002)
    monitor = RareClassMonitor(reference(400), threshold=0.2)
    assert monitor.labels(rng.random(p.size) < p, p) == []
    assert [a.code for a in monitor.labels(rng.random(p.size) < 3 * p, p)] == ["calibration"]


def test_bad_input_is_refused():
    with pytest.raises(InputError, match="no score counts"):
        RareClassMonitor({}, threshold=0.5)


def test_missed_events_raise_an_alarm_until_it_is_acknowledged():
    monitor = RareClassMonitor(reference(100), threshold=0.2, missed=20, events=100)
    y, p = np.ones(60, dtype=bool), np.full(60, 0.1)
    assert "recall-fell" in [a.code for a in monitor.labels(y, p)]
    assert not monitor.acknowledge().misses.alarm


@pytest.mark.parametrize("events", [50, 300])
def test_windows_alarm_by_chance_as_often_as_stated_whatever_the_calibration_rests_on(events):
    # Intercept and slope are fitted on so many events; windows of 500 events. Taking the sum of the probabilities as
    # exact, 0.55 and 0.19 of them alarm at this level.
    found = []
    for seed in range(250):
        rng = np.random.default_rng([seed, events])
        z, fresh = rng.normal(-4, 1, events * 34), rng.normal(-4, 1, 17_000)
        y = rng.random(z.size) < sigmoid(z)
        calibrator = make_calibrator("sigmoid").fit(2 * z, y)
        known = CalibrationUncertainty.of(calibrator.predict_logit(2 * z), y)
        monitor = RareClassMonitor(score_reference(z, y, calibration=known), threshold=0.5, level=0.95)
        p = calibrator.predict(2 * fresh)
        truth = sigmoid(fresh)
        found.append([bool(monitor.labels(rng.random(p.size) < k * truth, p)) for k in (1, 2)])
    alarms, power = np.mean(found, axis=0)
    assert alarms <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 250)
    assert power > 0.95


def test_a_reference_that_does_not_know_its_calibration_says_what_is_missing():
    monitor = RareClassMonitor(score_reference(np.full(10, -6.0)), threshold=0.2)
    with pytest.warns(CalibrationWarning, match="'calibration': its events and the errors of level and slope"):
        monitor.labels([True, False], [0.3, 0.1])
