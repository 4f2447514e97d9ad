"""Parts carried over a map: exact sums, zeros that stay, signs, and no jumps where the map has none."""

import numpy as np
import pytest

from rareclass.kernels.bridging import STEEPEST, bridged

MAPS = {
    "line": (lambda z: 0.7 * z - 1, 0.7),
    "curve": (lambda z: np.arcsinh(3 * z), 3 / np.sqrt(1 + 9 * 0.04)),
    "flat": (lambda z: 0 * z + 2.0, 0.0),
    "sunken": (lambda z: np.maximum(z, 0.5), 0.0),
    "cut": (lambda z: np.clip(z, -1, 1), 1.0),
    "steps": (lambda z: np.floor(2 * z) / 2, 1.0),
    "cliff": (lambda z: 30.0 * (z > 0.21), 1.0),
    "falling": (lambda z: -z, 1.0),
}
BASE = 0.2


def parts(seed=0, n=500, d=5):
    rng = np.random.default_rng(seed)
    made = rng.normal(size=(n, d)) * 10.0 ** rng.uniform(-6, 2, size=(n, 1))
    made[rng.random((n, d)) < 0.3] = 0.0
    made[:, 2] = 0.0
    made[: n // 4, 1] -= made[: n // 4].sum(axis=1)  # parts that cancel, but for rounding
    return made


@pytest.mark.parametrize("name", MAPS)
def test_rows_sum_to_the_gain_and_columns_without_a_part_stay_at_zero(name):
    function, slope = MAPS[name]
    given = parts()
    outer, base = function(BASE + given.sum(axis=1)), float(function(np.array(BASE)))
    found = bridged(given, outer, base, slope)
    some = (given != 0).any(axis=1)
    size = 1 + np.abs(found).sum(axis=1)
    assert (np.abs(found.sum(axis=1) + base - outer)[some] <= 1e-14 * size[some]).all()
    assert (found[given == 0] == 0).all()
    assert np.isfinite(found).all()


@pytest.mark.parametrize("name", ["line", "curve", "cut", "steps", "sunken"])
def test_signs_stay_where_the_secant_is_within_its_bounds(name):
    function, slope = MAPS[name]
    given = parts(1)
    change = given.sum(axis=1)
    gain = function(BASE + change) - function(np.array(BASE))
    with np.errstate(divide="ignore", invalid="ignore"):
        within = (gain / change >= 0) & (gain / change <= STEEPEST * max(slope, 1))
    found = bridged(given, gain, 0.0, slope)
    assert within.mean() > 0.5
    assert (found * given >= 0)[within].all()


def test_a_line_multiplies_all_parts_by_its_slope():
    given = parts(2)
    np.testing.assert_allclose(bridged(given, 3 * given.sum(axis=1), 0.0, 3.0), 3 * given, rtol=1e-9, atol=1e-13)


def test_a_smooth_map_gives_parts_without_jumps_through_a_tie():
    function, slope = MAPS["curve"]
    z = np.linspace(-0.01, 0.01, 20_001)
    given = np.column_stack([np.full(z.size, 2.0), z - 2.0])
    found = bridged(given, function(BASE + z), float(function(np.array(BASE))), slope)
    assert np.abs(np.diff(found, axis=0)).max() < 1e-4
    np.testing.assert_allclose(found, slope * given, rtol=0.02)


def test_a_cliff_is_spread_and_huge_parts_stay_finite():
    given = np.array([[0.02, -0.01, 0.0], [1e308, 1e308, -1e300], [1e308, -1e308, 1.0]])
    found = bridged(given, np.array([30.0, 40.0, 1.0]), 0.0)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[:2].sum(axis=1), [30.0, 40.0])
    np.testing.assert_allclose(found[0], [0.2 + 29.9 * 2 / 3, -0.1 + 29.9 / 3, 0.0])


def test_rows_without_parts_stay_without():
    assert bridged(np.zeros((2, 3)), np.array([1.0, 0.0]), 0.0).tolist() == [[0.0] * 3] * 2
    assert bridged(np.zeros((0, 3)), np.zeros(0), 0.0).shape == (0, 3)
