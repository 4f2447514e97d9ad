"""Prevalence from scores: it covers, it agrees with a grid, and it says when the negatives moved."""

import numpy as np
import pytest
from scipy.special import ndtri

from rareclass.artifact.bundle import score_reference
from rareclass.calibration.uncertainty import CalibrationUncertainty
from rareclass.errors import InputError
from rareclass.kernels.logits import sigmoid
from rareclass.monitoring.shifted_prior import _largest, label_shift

PRIOR = 0.02


def drawn(rng, n, prevalence, auc=0.97, shift=0.0):
    d = 2**0.5 * ndtri(auc)
    y = rng.random(n) < prevalence
    x = rng.normal(np.where(y, d, shift), 1)
    return y, d * x - d * d / 2 + np.log(PRIOR / (1 - PRIOR))


@pytest.fixture(scope="module")
def reference():
    y, z = drawn(np.random.default_rng(0), 40_000, PRIOR)
    return score_reference(z, y, calibration=CalibrationUncertainty.of(z, y))


@pytest.mark.parametrize("prevalence", [0.005, 0.02, 0.06])
def test_the_interval_covers_the_prevalence_over_references_and_windows(prevalence):
    covered, told = 0, 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        y, z = drawn(rng, 20_000, PRIOR)
        _new, logit = drawn(rng, 4000, prevalence)
        found = label_shift(score_reference(z, y, calibration=CalibrationUncertainty.of(z, y)), sigmoid(logit))
        told += found.prevalence is not None
        covered += found.prevalence is not None and prevalence in found.prevalence
    assert told >= 60 * 0.95 - 2 * np.sqrt(60 * 0.95 * 0.05)
    assert covered / told >= 0.95 - 2 * np.sqrt(0.95 * 0.05 / told)


def test_a_tenth_of_a_standard_deviation_in_the_negatives_is_no_prevalence(reference):
    for seed in range(20):
        _, z = drawn(np.random.default_rng(seed), 10_000, PRIOR, shift=0.1)
        found = label_shift(reference, sigmoid(z))
        assert found.negatives_moved
        assert found.prevalence is None
        assert "negatives moved" in found.sentence


def test_weeks_that_always_differed_widen_the_interval_and_are_no_move(reference):
    """Scores of each week move by 0.05 standard deviations (normal): without its like before, that is a move."""
    edges = np.asarray(reference["edges"])
    refused, told, covered, runs = {True: 0, False: 0}, 0, 0, 40
    for seed in range(runs):
        rng = np.random.default_rng(seed)

        def week(rows, prevalence=PRIOR, rng=rng):
            y, z = drawn(rng, rows, prevalence)
            return y, z + 2.66 * rng.normal(0, 0.05)  # the two classes lie 2.66 apart, and scores are so steep

        known = [week(8000) for _ in range(8)]
        y, z = (np.concatenate(v) for v in zip(*known, strict=True))
        own = score_reference(z, y, calibration=CalibrationUncertainty.of(z, y))
        weeks = [
            [np.histogram(np.clip(z[y == c], edges[0], edges[-1]), own["edges"])[0] for c in (0, 1)] for y, z in known
        ]
        new = sigmoid(week(8000, 0.04)[1])
        refused[False] += label_shift(own, new).prevalence is None
        found = label_shift(own, new, weeks=weeks).prevalence
        refused[True] += found is None
        told += found is not None
        covered += found is not None and 0.04 in found
    assert refused[False] > runs / 3
    assert refused[True] <= runs * 0.05 + 3 * np.sqrt(runs * 0.05 * 0.95)  # by chance in 1 of 700
    assert covered / told >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / told)


def test_a_move_beyond_what_weeks_differ_by_is_refused(reference):
    rng = np.random.default_rng(0)
    known = [drawn(rng, 8000, PRIOR) for _ in range(8)]
    weeks = [[np.histogram(z[y == c], reference["edges"])[0] for c in (0, 1)] for y, z in known]
    _, z = drawn(rng, 10_000, PRIOR, shift=0.2)
    assert label_shift(reference, sigmoid(z), weeks=weeks).negatives_moved


def test_newton_finds_the_largest_likelihood_of_a_fine_grid():
    rng = np.random.default_rng(3)
    ratio, rows = np.exp(rng.normal(-2, 2, 50)), rng.integers(1, 40, 50)
    grid = np.linspace(0, 1, 20_001)
    likelihood = np.log1p(grid[:, None] * (ratio - 1)) @ rows
    assert _largest(ratio[None], rows)[0] == pytest.approx(grid[np.argmax(likelihood)], abs=1e-4)


@pytest.mark.parametrize(("ratio", "expected"), [(0.1, 0.0), (5.0, 1.0)])
def test_one_class_alone_lies_on_an_end(ratio, expected):
    assert _largest(np.full((1, 3), ratio), np.array([5, 5, 5]))[0] == expected


def test_an_interval_at_zero_events_has_width(reference):
    _, z = drawn(np.random.default_rng(9), 1500, 0.0)
    found = label_shift(reference, sigmoid(z))
    assert found.prevalence.low == 0.0
    assert 0.0 < found.prevalence.high < 0.02


def test_probabilities_of_zero_and_one_and_missing_ones_are_taken(reference):
    _y, z = drawn(np.random.default_rng(5), 4000, PRIOR)
    p = sigmoid(z)
    p[:2], p[2:5] = [0.0, 1.0], np.nan
    found = label_shift(reference, p)
    assert found.rows == 3997
    assert found.prevalence is None or np.isfinite(found.prevalence.high)
    assert found.to_dict()["rows"] == 3997


@pytest.mark.parametrize("rows", [0, 5])
def test_empty_and_tiny_windows_say_so(reference, rows):
    found = label_shift(reference, np.full(rows, 0.1))
    assert found.prevalence is None
    assert not found.negatives_moved
    assert f"{rows} rows are too few" in found.sentence


def test_a_reference_without_calibration_takes_it_from_the_counts():
    y, z = drawn(np.random.default_rng(0), 40_000, PRIOR)
    _, new = drawn(np.random.default_rng(1), 4000, 0.05)
    assert 0.05 in label_shift(score_reference(z, y), sigmoid(new)).prevalence


def test_references_that_cannot_tell_are_named(reference):
    without = {k: v for k, v in reference.items() if k != "event_counts"}
    with pytest.raises(InputError, match="no counts of the scores of events"):
        label_shift(without, [0.1] * 20)
    few = score_reference(np.zeros(50), np.arange(50) < 4)
    with pytest.raises(InputError, match="4 events"):
        label_shift(few, [0.1] * 20)
    with pytest.raises(InputError, match=r"\[0, 1\]"):
        label_shift(reference, [0.1, 1.2] * 10)
