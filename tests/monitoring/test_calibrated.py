"""Events against expected ones: who is called when prevalence, probabilities or ordinary rows move."""

import numpy as np
import pytest
from tests.monitoring.helpers import cohort

from rareclass.kernels.logits import sigmoid
from rareclass.kernels.residuals import residual_sums
from rareclass.monitoring.calibrated import Calibration, Prevalence
from rareclass.monitoring.ledger import Ledger

MEAN, WEIGHT = 4.0, np.log(0.05 / 0.95) - 8.0


def rows(rng, n=400, prevalence=0.05, moved=0.0, meant=1.0):
    """Probabilities and labels: a score is normal around 4 for events and around `moved` for others."""
    y = rng.random(n) < prevalence
    score = rng.normal(np.where(y, MEAN, moved), 1.0)
    return sigmoid(meant * (MEAN * score + WEIGHT)), y


def run(detector, change, **after):
    rng, ledger = np.random.default_rng(5), Ledger()
    detector.threshold = 1e4
    for day in range(change + 60):
        p, y = rows(rng, **(after if day >= change else {}))
        c = cohort(day, y, probability=p)
        ledger.matured(c)
        if detector.update(c):
            low, high = detector.since()
            return day, (low, high), detector.finding(detector.likely, ledger)
    return None


def reference():
    p, y = rows(np.random.default_rng(6), n=8000)
    return residual_sums(p, y.astype(float))


def test_a_doubled_prevalence_is_called_within_days():
    day, (low, high), (code, said, value, _) = run(Prevalence(reference()), 30, prevalence=0.1)
    assert code == "prevalence"
    assert day < 40
    assert low <= 30 <= high
    assert 1.5 < value < 2.6
    assert "times as frequent" in said


@pytest.mark.parametrize("kind", [Prevalence, Calibration])
def test_nothing_is_called_where_nothing_moves(kind):
    assert run(kind(reference()), 200) is None


def test_ordinary_rows_that_move_do_not_make_a_prevalence_nor_a_calibration():
    assert run(Prevalence(reference()), 30, moved=0.5) is None
    _, _, (code, *_) = run(Calibration(reference()), 30, moved=0.7)
    assert code == "scores-moved"


def test_ordinary_rows_that_stay_moved_are_still_no_calibration_when_they_are_called_again():
    rng, ledger, detector = np.random.default_rng(7), Ledger(), Calibration(reference())
    detector.threshold, codes = 1e4, []
    for day in range(130):
        p, y = rows(rng, moved=0.3 if day >= 30 else 0.0)
        c = cohort(day, y, probability=p)
        ledger.matured(c)
        if detector.update(c):
            low, _ = detector.since()
            codes.append(detector.finding(detector.likely, ledger)[0])
            detector.rest(day + 20, low)
    assert len(codes) >= 3
    assert set(codes) == {"scores-moved"}


def test_probabilities_that_grow_too_sure_are_called():
    found = run(Calibration(reference()), 30, meant=0.5)
    assert found is not None
    assert found[2][0] == "calibration"


def test_days_that_always_differ_make_no_alarm():
    # the prevalence is 2 % and 8 % on alternate days: far beyond chance, and nothing new
    rng, detector = np.random.default_rng(8), Prevalence()
    detector.threshold = 1e5
    for day in range(300):
        p, y = rows(rng, prevalence=0.02 if day % 2 else 0.08)
        assert not detector.update(cohort(day, y, probability=p))


def test_it_waits_for_a_hundred_events_where_there_is_no_reference():
    detector = Prevalence()
    rng = np.random.default_rng(0)
    seen = 0
    for day in range(10):
        p, y = rows(rng)
        detector.update(cohort(day, y, probability=p))
        assert ("100 labelled events" in detector.why_off) is (seen < 100)
        seen += int(y.sum())
    assert detector.why_off == ""


def test_a_week_whose_days_differ_is_seldom_called_in_its_first_month():
    called = set()
    for seed in range(12):
        rng, detector = np.random.default_rng(seed), Prevalence()
        detector.threshold = 365.25 / 0.003
        for day in range(40):
            p, y = rows(rng, prevalence=0.1 if day % 7 >= 5 else 0.04)
            if detector.update(cohort(day, y, probability=p)):
                called.add(seed)
    assert len(called) <= 2  # 7 where the spread of the first weeks was not looked at
