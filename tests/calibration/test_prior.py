"""Moving probabilities between prevalences: exact, ranking kept."""

import numpy as np
import pytest

from rareclass.calibration import keep_rate_shift, prior_shift, prior_shift_logit
from rareclass.errors import InputError
from rareclass.metrics.ranking import average_precision_score


def test_elkans_base_rate_example():
    assert prior_shift([0.8], 0.5, 0.01)[0] == pytest.approx(0.0388349514563, rel=1e-11)


def test_under_sampling_example():
    assert keep_rate_shift([0.5], 0.01)[0] == pytest.approx(0.00990099009901, rel=1e-11)
    p, b = np.linspace(0, 1, 11), 0.05
    assert keep_rate_shift(p, b) == pytest.approx(b * p / (b * p - p + 1))


def test_scale_pos_weight_is_undone():
    # s = 50: the weighted prevalence of a balanced table is 50 / 51
    assert prior_shift([0.3], 50 / 51, 0.5)[0] == pytest.approx(0.00849858356941, rel=1e-11)


def test_king_and_zengs_intercept():
    assert prior_shift_logit([0.0], 0.1, 0.001)[0] == pytest.approx(-4.70953020131, rel=1e-11)


def test_elkans_formula_equals_the_logit_shift():
    p, b, new = np.linspace(0.001, 0.999, 50), 0.2, 0.003
    formula = new * (p - p * b) / (b - p * b + new * p - b * new)
    assert prior_shift(p, b, new) == pytest.approx(formula, rel=1e-12)


def test_ends_stay_and_there_and_back_is_the_identity():
    p = np.array([0.0, 1e-12, 0.3, 1.0])
    assert prior_shift(p, 0.2, 0.01)[[0, 3]].tolist() == [0.0, 1.0]
    assert prior_shift(prior_shift(p, 0.2, 0.01), 0.01, 0.2) == pytest.approx(p, rel=1e-9)


def test_ranking_is_kept():
    rng = np.random.default_rng(0)
    p = rng.random(2000)
    y = rng.random(2000) < p**3
    moved = prior_shift(p, y.mean(), 1e-4)
    assert average_precision_score(y, moved) == average_precision_score(y, p)


def test_two_columns_equal_one():
    p = np.linspace(0.01, 0.99, 20)
    both = prior_shift(np.column_stack([1 - p, p]), 0.3, 0.02)
    assert both[:, 1] == pytest.approx(prior_shift(p, 0.3, 0.02))
    assert prior_shift(np.column_stack([1 - p, p]), [0.7, 0.3], [0.98, 0.02]) == pytest.approx(both)


def test_several_classes_equal_bayes():
    rng = np.random.default_rng(0)
    old, new = np.array([0.6, 0.3, 0.1]), np.array([0.9, 0.09, 0.01])
    density = rng.random((30, 3))
    posterior = density * old / (density * old).sum(axis=1, keepdims=True)
    expected = density * new / (density * new).sum(axis=1, keepdims=True)
    assert prior_shift(posterior, old, new) == pytest.approx(expected)


def test_shifted_probabilities_equal_the_posterior_of_a_simulator():
    from rareclass.data.binormal import simulate_scores

    s = simulate_scores(20_000, 0.01, seed=0)
    moved = prior_shift(s.probability, 0.01, 0.2)
    ratio = np.exp(2.5 * s.score - 2.5**2 / 2)
    assert moved == pytest.approx(0.2 * ratio / (0.2 * ratio + 0.8), rel=1e-9)


@pytest.mark.parametrize(
    ("p", "old", "new", "match"),
    [
        ([1.2], 0.5, 0.1, "lie in"),
        ([-0.1], 0.5, 0.1, "lie in"),
        ([np.nan], 0.5, 0.1, "missing"),
        ([0.5], 0.0, 0.1, "train_prevalence"),
        ([0.5], 0.5, 1.0, "true_prevalence"),
        ([[0.2, 0.3, 0.5]], [0.5, 0.5], [0.2, 0.3, 0.5], "one share for each"),
        ([[0.2, 0.3, 0.5]], [0.5, 0.3, 0.1], [0.2, 0.3, 0.5], "sum to 1"),
        ([[[0.2]]], 0.5, 0.1, "shape"),
    ],
)
def test_unusable_input_raises(p, old, new, match):
    with pytest.raises(InputError, match=match):
        prior_shift(p, old, new)


def test_keep_rate_outside_its_range_raises():
    with pytest.raises(InputError, match="keep_rate"):
        keep_rate_shift([0.5], 0.0)
