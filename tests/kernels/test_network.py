"""Layers of networks against brute force, one output at a time."""

import math

import numpy as np
import pytest

from rareclass.kernels.network import ACTIVATIONS, activated, convolved, dense, pooled, scaled

RNG = np.random.default_rng(0)


def test_a_dense_layer_is_a_product():
    x, weight, bias = RNG.normal(size=(5, 7)), RNG.normal(size=(7, 3)), RNG.normal(size=3)
    x[0, :4] = 0.0
    out = np.empty((5, 3))
    dense(x, weight, bias, out)
    np.testing.assert_allclose(out, x @ weight + bias, atol=1e-13)


def test_a_row_has_the_same_score_alone():
    x, weight, bias = RNG.normal(size=(40, 33)), RNG.normal(size=(33, 5)), RNG.normal(size=5)
    together, alone = np.empty((40, 5)), np.empty((1, 5))
    dense(x, weight, bias, together)
    for i in range(40):
        dense(x[i : i + 1], weight, bias, alone)
        np.testing.assert_array_equal(alone[0], together[i])


@pytest.mark.parametrize(
    ("stride", "spread", "groups"), [((1, 1), (1, 1), 1), ((2, 3), (1, 1), 2), ((1, 2), (2, 1), 4)]
)
def test_a_convolution_sums_over_its_window(stride, spread, groups):
    x, weight, bias = RNG.normal(size=(2, 4, 9, 11)), RNG.normal(size=(8, 4 // groups, 3, 2)), RNG.normal(size=8)
    tall = (9 - 2 * spread[0] - 1) // stride[0] + 1
    wide = (11 - spread[1] - 1) // stride[1] + 1
    out, wanted = np.empty((2, 8, tall, wide)), np.empty((2, 8, tall, wide))
    convolved(x, weight, bias, stride, spread, groups, out)
    for n, o, i, j in np.ndindex(*wanted.shape):
        wanted[n, o, i, j] = bias[o] + sum(
            weight[o, c, v, u]
            * x[n, o // (8 // groups) * (4 // groups) + c, i * stride[0] + v * spread[0], j * stride[1] + u * spread[1]]
            for c, v, u in np.ndindex(4 // groups, 3, 2)
        )
    np.testing.assert_allclose(out, wanted, atol=1e-13)


@pytest.mark.parametrize("largest", [True, False])
def test_windows_are_pooled(largest):
    x = RNG.normal(size=(2, 3, 5, 6))
    down, across = np.array([[0, 2], [2, 5], [2, 3]]), np.array([[0, 3], [4, 6], [4, 3]])
    out = np.empty((2, 3, 2, 2))
    pooled(x, down, across, largest, out)
    for i, j in np.ndindex(2, 2):
        window = x[:, :, down[0, i] : down[1, i], across[0, j] : across[1, j]]
        wanted = window.max(axis=(2, 3)) if largest else window.mean(axis=(2, 3))
        np.testing.assert_allclose(out[:, :, i, j], wanted, atol=1e-14)


def test_activations_are_their_formulas():
    z = np.concatenate([RNG.normal(size=20) * 3, [0.0, 800.0, -800.0, 1e30, -1e30]])
    wanted = {
        "relu": [max(v, 0.0) for v in z],
        "gelu": [0.5 * v * (1 + math.erf(v / math.sqrt(2))) for v in z],
        "silu": [v * (0.0 if v < -700 else 1 / (1 + math.exp(-v))) for v in z],
    }
    for kind, name in enumerate(ACTIVATIONS):
        found = z.copy()
        activated(found, kind)
        np.testing.assert_allclose(found, wanted[name], rtol=1e-13, atol=1e-300)


def test_channels_are_scaled_in_place():
    x, factor, added = RNG.normal(size=(4, 3, 5)), RNG.normal(size=3), RNG.normal(size=3)
    wanted = x * factor[None, :, None] + added[None, :, None]
    scaled(x, factor, added)
    np.testing.assert_array_equal(x, wanted)
