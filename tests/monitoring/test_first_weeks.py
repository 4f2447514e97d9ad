"""Bundles that were off from their first day, and those that were not."""

import numpy as np
import pytest

from rareclass.monitoring import RareClassMonitor
from rareclass.monitoring.first_weeks import off_from_start

DECIDED = {"events": 80.0, "missed": 16.0, "alerts": 90.0, "alert_events": 64.0}


def monitor(recall=0.8, days=21, seed=0, burst=1, start=None, times=1.0, **options):
    """Twenty events a day among 200 rows of probability 0.1, a burst of events found or missed together."""
    rng = np.random.default_rng(seed)
    sums = [2000.0, 200.0, 0.0, 180.0, 144.0, 0.0, 0.0, 0.0]
    made = RareClassMonitor(
        reference={"decided": DECIDED, "residuals": sums}, threshold=0.5, mature_after=1.0, **options
    )
    for day in range(days):
        y = np.arange(200) < 20 * times
        found = np.repeat(rng.random(-(-200 // burst)) < recall, burst)[:200]
        p = np.where(y, 0.1, 0.1)
        moment = np.full(200, day + 0.5)
        if start is not None:
            moment = start + (moment * 86_400e6).astype("timedelta64[us]")
        made.predictions(np.arange(200) + 200 * day, moment, p, alerts=(y & found) | (np.arange(200) >= 193))
        made.labels(np.arange(200) + 200 * day, y)
    end = days + 2.0
    made.check(end if start is None else start + np.timedelta64(int(end), "D"))
    return made


@pytest.mark.parametrize("start", [None, np.datetime64("2026-01-01", "us")])
def test_a_recall_that_never_was_as_in_training_is_said(start):
    said = off_from_start(monitor(recall=0.5, start=start))
    assert [s.split(":")[0] for s in said] == ["Recall"]
    assert "0.8 of 80" in said[0]


def test_nothing_is_said_of_bundles_that_are_as_their_evidence():
    assert [s for seed in range(8) for s in off_from_start(monitor(seed=seed, days=14))] == []


def test_events_in_bursts_prove_less():
    # of twenty events a day ten at a time are found or missed together: 28 bursts are 280 events, of little evidence
    said = [off_from_start(monitor(recall=0.5, seed=seed, days=14, burst=10)) for seed in range(6)]
    assert sum(map(bool, said)) <= 2
    assert sum(bool(off_from_start(monitor(recall=0.4, seed=seed, days=14))) for seed in range(6)) >= 5


def test_prevalence_and_calibration_are_compared_too():
    assert {s.split(":")[0] for s in off_from_start(monitor(times=2.0))} >= {
        "Prevalence",
        "Events observed for those expected",
    }


def test_it_is_said_for_sixteen_weeks_and_only_of_what_labels_tell():
    assert off_from_start(monitor(recall=0.5, days=111))
    assert off_from_start(monitor(recall=0.5, days=116)) == []
    assert off_from_start(monitor(recall=0.5, labels_from="alerts")) == []


def test_a_fall_within_the_first_weeks_is_an_alarm_and_nothing_that_never_was_as_in_training():
    # 500 of 560 events were found before the fall, as in training; 0.3 after it
    rng, made = (
        np.random.default_rng(1),
        RareClassMonitor(
            reference={"decided": DECIDED | {"events": 800.0, "missed": 160.0}}, threshold=0.5, mature_after=1.0
        ),
    )
    for day in range(50):
        y = np.arange(200) < 20
        p = np.where(y & (rng.random(200) < (0.8 if day < 28 else 0.3)), 0.9, 0.1)
        ids = np.arange(200) + 200 * day
        made.predictions(ids, np.full(200, day + 0.5), p).labels(ids, y)
    assert off_from_start(made.predictions([], [], [])) == []
    assert "recall-fell" in {a.code for a in made.check(52.0)}
    assert [s for s in off_from_start(made) if s.startswith("Recall")] == []
