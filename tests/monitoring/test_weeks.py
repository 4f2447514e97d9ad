"""What scores say of a week: the estimates of `expected_rates` and `label_shift`, whatever the days were cut into."""

import numpy as np
import pytest
from tests.monitoring.helpers import cohort

from rareclass.artifact.bundle import score_reference
from rareclass.monitoring.expected import expected_rates
from rareclass.monitoring.weeks import Weeks


def test_a_week_is_estimated_as_its_rows_are():
    rng = np.random.default_rng(0)
    y = rng.random(20_000) < 0.05
    z = rng.normal(np.where(y, 3.0, -3.0), 6**0.5) + np.log(0.05 / 0.95)
    weeks, p = Weeks(score_reference(z, y)), 1 / (1 + np.exp(-z[:7000]))
    for day in range(9):
        part = p[day * 1000 : (day + 1) * 1000] if day < 7 else p[:10]
        weeks.add(cohort(day, np.full(part.size, -1), probability=part, alert=part > 0.5))
    first, second = weeks.estimates()
    assert (first["day"], second["day"]) == (0, 7)
    direct = expected_rates(p, p > 0.5).to_dict()
    for rate in ("precision", "recall"):
        assert first["expected"][rate]["estimate"] == pytest.approx(direct[rate]["estimate"], abs=1e-3)
    shift = first["label_shift"]["prevalence"]
    assert shift["low"] < 0.05 < shift["high"]
    assert Weeks.from_dict(weeks.to_dict(), weeks.reference).estimates() == weeks.estimates()


def test_without_counts_of_events_there_is_no_label_shift_and_it_says_why():
    weeks = Weeks({})
    weeks.add(cohort(0, [-1] * 30, probability=np.full(30, 0.2)))
    assert weeks.estimates()[0]["label_shift"] is None
    assert "no counts of the scores of events" in weeks.why_off


def test_a_model_that_scores_otherwise_than_out_of_fold_is_compared_with_its_own_first_weeks():
    # the deployed model is fitted on more rows: ordinary rows score lower than those of training did, events as before
    rng = np.random.default_rng(1)

    def drawn(n, share, moved=0.0):
        y = rng.random(n) < share
        return y, rng.normal(np.where(y, 3.0, -3.0 + moved), 6**0.5) + np.log(0.05 / 0.95)

    y, z = drawn(20_000, 0.05)
    weeks = Weeks(score_reference(z, y))
    for day in range(56):
        y, z = drawn(1_000, 0.1 if day >= 42 else 0.05, moved=-0.4)
        day_of = {"probability": 1 / (1 + np.exp(-z)), "alert": z > 0}
        weeks.add(cohort(day, np.full(y.size, -1), **day_of))
        if day < 28:
            weeks.learn(cohort(day, y, **day_of))
    shifts = [week["label_shift"] for week in weeks.estimates()]
    assert shifts[0]["negatives_moved"]
    assert not any(shift["negatives_moved"] for shift in shifts[2:])
    assert shifts[4]["prevalence"]["low"] < 0.06
    assert shifts[7]["prevalence"]["low"] > 0.06
    assert Weeks.from_dict(weeks.to_dict(), weeks.reference).estimates() == weeks.estimates()
