"""Layers of feed-forward networks on blocks of rows, in float64.

Sums run in a fixed order, row by row, so that a row has the same score alone and among others, with any number of
threads. The innermost loops run over outputs, or along a line of an image, side by side in memory.
"""

import math

import numpy as np

from rareclass.kernels.compiled import compiled
from rareclass.kernels.linear import HINGES, MAGNITUDE, MISSING, RANK, interpolated

Three = tuple[np.ndarray, np.ndarray, np.ndarray]
NetParts = tuple[Three, Three, np.ndarray, np.ndarray, Three, np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Arguments of `quantile_layer` after the rows, then those of `mean_of_nets` after the hidden layer."""
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


@compiled
def quantile_layer(
    X: np.ndarray,
    numeric: tuple[np.ndarray, np.ndarray, np.ndarray],
    knots: tuple[np.ndarray, np.ndarray, np.ndarray],
    hinge: np.ndarray,
    weight: np.ndarray,
    coded: tuple[np.ndarray, np.ndarray, np.ndarray],
    bias: np.ndarray,
    out: np.ndarray,
) -> None:  # pragma: no cover - compiled
    """Write the first layer (n, o) on the quantile features of rows X (n, d) to `out`, before its activation.

    As `rareclass.kernels.linear.quantile_scores`, with weights (3 + h, k, o), those of codes (l, o), and the means of
    the features in `bias` (o,); values below the first quantile and above the last one count as these.
    """
    columns, centre, scale = numeric
    begin, quantile, normal = knots
    code_columns, code_begin, code_weight = coded
    for row in range(X.shape[0]):
        line = out[row]
        line[:] = bias
        for k in range(columns.shape[0]):
            x = X[row, columns[k]]
            rank = 0.0
            if x != x:
                for o in range(line.shape[0]):
                    line[o] += weight[MISSING, k, o]
            else:
                rank = interpolated(x, quantile[begin[k] : begin[k + 1]], normal[begin[k] : begin[k + 1]])
                # beyond what was seen a net would run on along its last slope, to certainty
                x = min(max(x, quantile[begin[k]]), quantile[begin[k + 1] - 1])
                magnitude = np.arcsinh(x / scale[k] - centre[k] / scale[k])
                for o in range(line.shape[0]):
                    line[o] += rank * weight[RANK, k, o] + magnitude * weight[MAGNITUDE, k, o]
            for h in range(hinge.shape[0]):
                over = rank - hinge[h]
                if over > 0.0:
                    for o in range(line.shape[0]):
                        line[o] += over * weight[HINGES + h, k, o]
        for c in range(code_columns.shape[0]):
            x = X[row, code_columns[c]]
            if x >= 0.0 and x < code_begin[c + 1] - code_begin[c]:
                code = np.int64(x)
                if code == x:
                    at = code_begin[c] + code
                    for o in range(line.shape[0]):
                        line[o] += code_weight[at, o]


@compiled
def mean_of_nets(
    hidden: np.ndarray, sizes: np.ndarray, weight: np.ndarray, bias: np.ndarray, out: np.ndarray
) -> None:  # pragma: no cover - compiled
    """Write the mean output (n,) of several nets of one shape to `out`.

    Parameters
    ----------
    hidden : array (n, nets * sizes[0])
        Their first layers side by side, before the activation (ReLU, as between all layers).
    sizes : array (l,)
        Of the layers from the first hidden one to the output, 1.
    weight, bias : arrays
        Of all layers but the first, net by net: (i, o) in row order, and (o,).
    """
    nets, widest = hidden.shape[1] // sizes[0], sizes.max()
    now, then = np.empty(widest), np.empty(widest)
    for row in range(hidden.shape[0]):
        total, w, b = 0.0, 0, 0
        for net in range(nets):
            for i in range(sizes[0]):
                now[i] = max(hidden[row, net * sizes[0] + i], 0.0)
            for layer in range(1, sizes.shape[0]):
                inputs, outputs = sizes[layer - 1], sizes[layer]
                for o in range(outputs):
                    then[o] = bias[b + o]
                for i in range(inputs):
                    value = now[i]
                    if value > 0.0:
                        start = w + i * outputs
                        for o in range(outputs):
                            then[o] += value * weight[start + o]
                w, b = w + inputs * outputs, b + outputs
                for o in range(outputs):
                    now[o] = then[o] if layer == sizes.shape[0] - 1 else max(then[o], 0.0)
            total += now[0]
        out[row] = total / nets


def net_scores(X: np.ndarray, parts: NetParts) -> np.ndarray:
    """Log-odds (n,) of encoded rows X (n, d): the mean of nets on quantile features."""
    numeric, knots, hinge, weight, coded, bias, sizes, later_weight, later_bias = parts
    hidden, out = np.empty((X.shape[0], bias.size)), np.empty(X.shape[0])
    quantile_layer(np.ascontiguousarray(X), numeric, knots, hinge, weight, coded, bias, hidden)
    mean_of_nets(hidden, sizes, later_weight, later_bias, out)
    return out
