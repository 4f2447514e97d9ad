"""Estimating the prevalence of unlabelled rows: right on average, intervals that cover."""

import json

import numpy as np
import pytest

from rareclass.calibration import (
    CalibrationUncertainty,
    estimate_prevalence,
    estimate_prevalence_from_rates,
    make_calibrator,
)
from rareclass.errors import InputError, TooFewEventsError
from rareclass.kernels.logits import logit, sigmoid

SEPARATION = 2.5


def draw(n, prevalence, seed):
    rng = np.random.default_rng(seed)
    y = rng.random(n) < prevalence
    return y, rng.normal(size=n) + SEPARATION * y


def log_odds(score, prevalence):
    return SEPARATION * score - SEPARATION**2 / 2 + logit(prevalence)


def test_estimate_is_the_limit_of_saerens_steps():
    _, score = draw(5000, 0.03, 0)
    z, old = log_odds(score, 0.1), 0.1
    share = old
    for _ in range(3000):
        share = float(sigmoid(z - logit(old) + logit(share)).mean())
    assert estimate_prevalence(z, train_prevalence=old).estimate == pytest.approx(share, rel=1e-7)


def test_likelihood_interval_covers():
    held = 0
    for seed in range(200):
        _, score = draw(8000, 0.005, seed)
        found = estimate_prevalence(log_odds(score, 0.05), train_prevalence=0.05)
        held += found.low <= 0.005 <= found.high
    assert held >= 0.95 * 200 - 2 * np.sqrt(200 * 0.95 * 0.05)


def test_interval_of_rates_covers_with_a_small_reference():
    for threshold in (None, 1.5):
        held = 0
        for seed in range(200):
            y, reference = draw(1500, 0.1, 1000 + seed)
            _, score = draw(8000, 0.01, seed)
            sample = (
                [sigmoid(log_odds(s, 0.1)) for s in (score, reference)] if threshold is None else [score, reference]
            )
            found = estimate_prevalence_from_rates(sample[0], y, sample[1], threshold=threshold)
            held += found.low <= 0.01 <= found.high
        assert held >= 0.95 * 200 - 2 * np.sqrt(200 * 0.95 * 0.05) - 2


def test_calibration_with_few_events_widens_the_interval():
    _, score = draw(20_000, 0.01, 0)
    z = log_odds(score, 0.05)
    plain = estimate_prevalence(z, train_prevalence=0.05)
    wide = estimate_prevalence(z, train_prevalence=0.05, calibration_events=50)
    assert wide.low < plain.low < plain.estimate == wide.estimate < plain.high < wide.high
    assert np.log(wide.high / wide.estimate) > 1.96 / np.sqrt(50)


@pytest.mark.parametrize("separation", [1.0, 2.5])
def test_interval_covers_whatever_the_calibration_rests_on(separation):
    # As if the scores were exactly calibrated it covers 0.5 and 0.4 here; the error is carried on, not one to one.
    held = np.zeros(3)
    for seed in range(60):
        rng = np.random.default_rng([seed, 7])

        def ratio(n, prevalence, rng=rng):
            y = rng.random(n) < prevalence
            return y, separation * (rng.normal(size=n) + separation * y) - separation**2 / 2

        y, known = ratio(2000, 0.05)
        calibrator = make_calibrator("sigmoid").fit(2 * known, y)
        how = CalibrationUncertainty.of(calibrator.predict_logit(2 * known), y)
        z = calibrator.predict_logit(2 * ratio(6000, 0.1)[1])
        for j, given in enumerate(
            (
                {"calibration": how},
                {"calibration": how, "train_prevalence": 0.05},
                {"calibration_events": y.sum(), "train_prevalence": 0.05},
            )
        ):
            found = estimate_prevalence(z, **given)
            held[j] += found.low <= 0.1 <= found.high
    assert (held >= 0.95 * 60 - 2 * np.sqrt(60 * 0.95 * 0.05)).all()


def test_interval_covers_with_a_calibration_on_a_sample_of_the_negatives():
    # Counted as all the negatives that they stand for it covers 0.6 here, its low end above the truth.
    held = 0
    for seed in range(60):
        rng = np.random.default_rng([seed, 8])
        y = rng.random(16_000) < 0.005
        score = 0.7 * (rng.normal(size=y.size) + 0.7 * y)
        kept = y | (rng.random(y.size) < 0.05)
        y, score, weight = y[kept], score[kept], np.where(y[kept], 1.0, 20.0)
        calibrator = make_calibrator("intercept").fit(score, y, sample_weight=weight)
        how = CalibrationUncertainty.of(calibrator.predict_logit(score), y, sample_weight=weight)
        moved = rng.random(10_000) < 0.005
        new = 0.7 * (rng.normal(size=moved.size) + 0.7 * moved)
        found = estimate_prevalence(calibrator.predict_logit(new), calibration=how)
        held += found.low <= 0.005 <= found.high
    assert held >= 0.95 * 60 - 2 * np.sqrt(60 * 0.95 * 0.05)


def test_weak_scorers_carry_more_of_the_error():
    rng = np.random.default_rng(0)
    y = rng.random(20_000) < 0.05
    width = {}
    for d in (1.0, 3.0):
        z = d * (rng.normal(size=y.size) + d * y) - d**2 / 2 + logit(0.05)
        found = estimate_prevalence(z, train_prevalence=0.05, calibration_events=300)
        width[d] = logit(found.high) - logit(found.low)
    # level errors are multiplied by (1 - r) / r, r the share of variance that the probabilities explain: 10.3 and 0.5
    assert width[1.0] > 6 * width[3.0]


def test_no_positive_among_the_rows_gives_zero_with_an_upper_bound():
    z = log_odds(np.random.default_rng(0).normal(-3, 0.3, 2000), 0.05)
    found = estimate_prevalence(z, train_prevalence=0.05, calibration_events=100)
    assert found.estimate == found.low == 0.0
    assert 0 < found.high < 0.01
    upper = estimate_prevalence(-z, train_prevalence=0.95)
    assert upper.estimate == upper.high == 1.0


def test_weights_are_repeated_rows():
    _, score = draw(500, 0.1, 0)
    z = log_odds(score, 0.3)
    w = np.random.default_rng(0).integers(0, 4, 500)
    weighted = estimate_prevalence(z, train_prevalence=0.3, sample_weight=w)
    repeated = estimate_prevalence(np.repeat(z, w), train_prevalence=0.3)
    assert weighted.to_dict() == pytest.approx(repeated.to_dict())
    json.dumps(weighted.to_dict(), allow_nan=False)


def test_same_prevalence_is_found_again():
    _, score = draw(100_000, 0.02, 3)
    found = estimate_prevalence(log_odds(score, 0.02), train_prevalence=0.02)
    assert found.low < 0.02 < found.high


def test_unusable_input_raises():
    with pytest.raises(InputError, match="train_prevalence"):
        estimate_prevalence([0.0], train_prevalence=0.0)
    with pytest.raises(InputError, match="missing"):
        estimate_prevalence([np.nan], train_prevalence=0.1)
    with pytest.raises(InputError, match="empty"):
        estimate_prevalence([], train_prevalence=0.1)
    with pytest.raises(InputError, match="calibration_events"):
        estimate_prevalence([0.0, 1.0], train_prevalence=0.1, calibration_events=0)
    with pytest.raises(InputError, match="`train_prevalence` is missing"):
        estimate_prevalence([0.0, 1.0])
    known = CalibrationUncertainty.of([0.0, 1.0], [0, 1])
    with pytest.raises(InputError, match="leave `calibration_events` out"):
        estimate_prevalence([0.0, 1.0], calibration=known, calibration_events=3)
    with pytest.raises(InputError, match="score no higher"):
        estimate_prevalence_from_rates([0.5], [0, 1], [0.9, 0.1])
    with pytest.raises(TooFewEventsError):
        estimate_prevalence_from_rates([0.5], [1, 1], [0.9, 0.1])
