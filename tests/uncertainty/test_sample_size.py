import numpy as np
import pytest

import rareclass.metrics as m
from rareclass.errors import InputError
from rareclass.kernels.intervals import wilson


def test_published_numbers_of_events():
    assert m.events_needed(0.8, half_width=0.05).events == 246
    assert m.events_needed(0.8, half_width=0.10).events == 62
    assert m.events_without_miss(0.01).events == 299


def test_the_answer_gives_an_interval_of_the_wanted_width():
    n = m.events_needed(0.7, half_width=0.04).events
    low, high = wilson(0.7 * n, n)
    assert (high - low) / 2 == pytest.approx(0.04, rel=0.03)


def test_a_paired_test_with_that_many_events_finds_the_difference_as_often_as_said():
    # 2,000 simulations of McNemar's z test: nominal power 80 %, three Monte Carlo standard errors
    n = m.events_needed(0.8, difference=0.1, correlation=0.3).events
    p, q, r = 0.8, 0.7, 0.3
    both = p * q + r * np.sqrt(p * (1 - p) * q * (1 - q))
    cells = np.random.default_rng(0).multinomial(n, [both, p - both, q - both, 1 - p - q + both], 2000)
    b, c = cells[:, 1], cells[:, 2]
    error = np.sqrt(np.maximum(b + c - (b - c) ** 2 / n, 1))
    power = np.mean((b - c) / error > 1.96)
    assert power == pytest.approx(0.8, abs=3 * np.sqrt(0.16 / 2000) + 0.02)


def test_rows_follow_from_the_prevalence():
    size = m.events_needed(0.8, half_width=0.1, prevalence=0.001)
    assert size.rows == 62_000
    assert "62,000 rows" in size.sentence
    assert np.isnan(m.events_needed(0.8, half_width=0.1).rows)


def test_contradictory_questions_are_refused():
    for more in ({}, {"half_width": 0.1, "difference": 0.1}, {"difference": 0.9}, {"half_width": 0.0}):
        with pytest.raises(InputError):
            m.events_needed(0.8, **more)
