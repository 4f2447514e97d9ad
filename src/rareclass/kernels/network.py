"""Layers of feed-forward networks on blocks of rows, in float64.

Sums run in a fixed order, row by row, so that a row has the same score alone and among others, with any number of
threads. The innermost loops run over outputs, or along a line of an image, side by side in memory.
"""

import math

import numpy as np

from rareclass.kernels.compiled import compiled

ACTIVATIONS = ("relu", "gelu", "silu")
"""By number, as `activated` takes them."""


@compiled
def dense(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, out: np.ndarray) -> None:  # pragma: no cover - compiled
    """Write ``x @ weight + bias``, x (n, i) and weight (i, o), to `out` (n, o)."""
    for row in range(x.shape[0]):
        for o in range(weight.shape[1]):
            out[row, o] = bias[o]
        for i in range(weight.shape[0]):
            value = x[row, i]
            if value != 0.0:
                for o in range(weight.shape[1]):
                    out[row, o] += value * weight[i, o]


@compiled
def convolved(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray,
    stride: tuple[int, int],
    spread: tuple[int, int],
    groups: int,
    out: np.ndarray,
) -> None:  # pragma: no cover - compiled
    """Write the convolution of padded images x (n, c, h, w) with weight (o, c / groups, kh, kw) to `out` (n, o, y, x).

    `spread` is the dilation: how far the points of the kernel lie apart.
    """
    outputs, inputs, tall, wide = weight.shape
    each = outputs // groups
    for row in range(x.shape[0]):
        for o in range(outputs):
            first = (o // each) * inputs
            for y in range(out.shape[2]):
                line = out[row, o, y]
                line[:] = bias[o]
                for c in range(inputs):
                    for v in range(tall):
                        source = x[row, first + c, y * stride[0] + v * spread[0]]
                        for u in range(wide):
                            w, start = weight[o, c, v, u], u * spread[1]
                            if stride[1] == 1:
                                for k in range(line.shape[0]):
                                    line[k] += w * source[start + k]
                            else:
                                for k in range(line.shape[0]):
                                    line[k] += w * source[start + k * stride[1]]


@compiled
def pooled(
    x: np.ndarray, down: np.ndarray, across: np.ndarray, largest: bool, out: np.ndarray
) -> None:  # pragma: no cover - compiled
    """Write the largest value, or the mean, of windows of images x (n, c, h, w) to `out` (n, c, y, x).

    `down` and `across` (3, y) and (3, x) hold where each window begins, where it ends, and its size for the mean.
    """
    for row in range(x.shape[0]):
        for c in range(x.shape[1]):
            for y in range(out.shape[2]):
                for k in range(out.shape[3]):
                    found = -np.inf if largest else 0.0
                    for v in range(down[0, y], down[1, y]):
                        for u in range(across[0, k], across[1, k]):
                            value = x[row, c, v, u]
                            if not largest:
                                found += value
                            elif value > found or value != value:
                                found = value
                    out[row, c, y, k] = found if largest else found / (down[2, y] * across[2, k])


@compiled
def activated(values: np.ndarray, kind: int) -> None:  # pragma: no cover - compiled
    """Apply an activation, by its number in `ACTIVATIONS`, to values (n,) in place."""
    for i in range(values.shape[0]):
        z = values[i]
        if kind == 0:
            values[i] = z if z > 0.0 or z != z else 0.0
        elif kind == 1:
            values[i] = 0.5 * z * (1.0 + math.erf(z / math.sqrt(2.0)))
        elif z >= 0.0:
            values[i] = z / (1.0 + math.exp(-z))
        else:
            e = math.exp(z)
            values[i] = z * e / (1.0 + e)


@compiled
def scaled(x: np.ndarray, factor: np.ndarray, added: np.ndarray) -> None:  # pragma: no cover - compiled
    """Multiply and add, channel by channel, x (n, c, k) in place."""
    for row in range(x.shape[0]):
        for c in range(x.shape[1]):
            for k in range(x.shape[2]):
                x[row, c, k] = x[row, c, k] * factor[c] + added[c]
