"""Quantile features: normal scores and levels."""

import numpy as np
from scipy.special import ndtri

from rareclass.learners.quantile_features import QuantileFeatures


def test_normal_scores_are_mid_ranks_also_with_ties_and_monotone_transforms_change_nothing():
    x = np.array([5.0, 1.0, 1.0, 2.0, np.nan, 9.0])
    made = QuantileFeatures(knots=False).fit(x[:, None])
    # ranks of 1, 1, 2, 5, 9: mid-ranks 1, 1, 2.5, 3.5, 4.5 of 5
    np.testing.assert_allclose(
        np.interp([1.0, 2.0, 5.0, 9.0], made.quantiles_[0], made.scores_[0]), ndtri(np.array([1.0, 2.5, 3.5, 4.5]) / 5)
    )
    rng = np.random.default_rng(1)
    raw = rng.normal(size=(300, 1))  # each value is a knot; between knots the map is linear in the value
    one = QuantileFeatures(knots=False).fit_transform(raw)[:, 0]
    other = QuantileFeatures(knots=False).fit_transform(np.exp(20 * raw))[:, 0]
    np.testing.assert_allclose(one, other, atol=1e-12)


def test_rare_levels_share_the_base_and_frequent_ones_get_a_column():
    codes = np.repeat([0.0, 1.0, 2.0, np.nan], [500, 300, 5, 195])[:, None]
    made = QuantileFeatures(categorical_features=[0]).fit(codes)
    assert made.levels_[0].tolist() == [0.0, 1.0]
    assert made.transform(codes).shape == (1000, 2)
    many = np.random.default_rng(2).integers(0, 1000, size=(30_000, 1)).astype(float)
    assert QuantileFeatures(categorical_features=[0]).fit(many).n_out_ <= 150
