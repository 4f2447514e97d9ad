"""What cannot be told yet, and after how many events a fall of recall is expected to show."""

import numpy as np
import pytest
from tests.monitoring.helpers import cohort

from rareclass.monitoring.monitor import RareClassMonitor
from rareclass.monitoring.outlook import events_to_see, outlook
from rareclass.monitoring.rates import Recall


@pytest.mark.parametrize("calm", [0, 14, 60])
@pytest.mark.parametrize(("usual", "fallen"), [(0.8, 0.6), (0.9, 0.7)])
def test_a_fall_shows_after_about_as_many_events_as_said(usual, fallen, calm):
    rng, taken = np.random.default_rng(0), []
    for run in range(80):  # their mean is off by 5 % (one standard error)
        ids = {"first": run * 10**8}  # chance is dealt by ids: the same ones would be the same luck in all runs
        detector, n = Recall(round(600 * (1 - usual)), 600), calm
        detector.threshold = 14_610.0
        for day in range(calm):
            assert not detector.update(cohort(day, np.ones(10), alert=rng.random(10) < usual, **ids))
        while not detector.update(cohort(n, np.ones(10), alert=rng.random(10) < fallen, **ids)):
            n += 1
        taken.append(10 * (n - calm + 1))
    assert 0.7 * np.mean(taken) < events_to_see(usual, fallen, 14_610.0, days=calm) < 1.3 * np.mean(taken)


def test_what_is_missing_is_said():
    known = {"decided": {"events": 300, "missed": 60}}
    said = outlook(RareClassMonitor(reference=known, threshold=0.5))
    assert said[0].startswith("Cannot tell yet: no day has all its labels")
    assert "from 80% to 60%" in said[1]
