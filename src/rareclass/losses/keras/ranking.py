"""Pairwise losses and their gradients by sorted running sums in `keras.ops`, O(n log n) and the same when compiled.

The kernels of `losses.pairwise` and `losses.average_precision` move their sums from row to row along the sorted scores.
Moved by the gap to the next score, sums of w, w d and w d^2 are three running totals of non-negative terms, so nothing
cancels. Their gradients are in closed form too: automatic differentiation of the totals would subtract large sums.
"""

from keras import ops

from rareclass.losses.keras.inputs import Tensor, ratio


def _before(totals: Tensor) -> Tensor:
    return ops.concatenate([ops.zeros_like(totals[:1]), totals[:-1]])


def sums_below(at: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """For each of the ascending places `at` (m,): sums of w d and w d^2 over those before it, d their distance."""
    gap = at - ops.concatenate([at[:1], at[:-1]])
    mass = _before(ops.cumsum(weight))
    first = ops.cumsum(gap * mass)
    second = ops.cumsum(gap * (2.0 * _before(first) + gap * mass))
    return first, second


def sums_above(at: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """The same over those after it."""
    first, second = sums_below(ops.flip(-at), ops.flip(weight))
    return ops.flip(first), ops.flip(second)


def with_gradient(value: Tensor, gradient: Tensor, z: Tensor) -> Tensor:
    """`value`, whose gradient by `z` is `gradient`, on every back end."""
    fixed = ops.stop_gradient
    return fixed(value) + ops.sum(fixed(gradient) * (z - fixed(z)))


def square(z: Tensor, positive: Tensor, negative: Tensor, margin: float) -> Tensor:
    """Mean of (m - (z_i - z_j))^2 over pairs; `positive` and `negative` are the weights of rows of each class."""
    total_1, total_0 = ops.sum(positive), ops.sum(negative)
    mean_1 = ratio(ops.sum(positive * z), total_1)
    mean_0 = ratio(ops.sum(negative * z), total_0)
    spread_1 = ratio(ops.sum(positive * ops.square(z - mean_1)), total_1)
    spread_0 = ratio(ops.sum(negative * ops.square(z - mean_0)), total_0)
    value = ops.square(margin - mean_1 + mean_0) + spread_1 + spread_0
    return ops.where(ops.equal(total_1 * total_0, 0), 0.0, value)


def squared_hinge(z: Tensor, positive: Tensor, negative: Tensor, margin: float) -> Tensor:
    """Mean of max(0, m - (z_i - z_j))^2 over pairs."""
    v = ops.where(positive > 0, z, z + margin)
    order = ops.argsort(v)
    v, positive, negative = (ops.take(a, order) for a in (v, positive, negative))
    pairs = ops.sum(positive) * ops.sum(negative)
    first, second = sums_below(v, positive)
    gradient = 2.0 * (negative * first - positive * sums_above(v, negative)[0])
    value = ratio(ops.sum(negative * second), pairs)
    return with_gradient(value, ops.take(ratio(gradient, pairs), ops.argsort(order)), z)


def average_precision(z: Tensor, positive: Tensor, negative: Tensor, margin: float) -> Tensor:
    """1 - mean soft precision of the positives, ranks counted by squared hinges."""
    scaled = z / margin
    n = ops.shape(z)[0]
    # every row asks from one margin below its score; answers of negatives have no weight
    merged = ops.concatenate([scaled - 1.0, scaled])
    order = ops.argsort(merged)
    back = ops.argsort(order)
    at, none = ops.take(merged, order), ops.zeros_like(z)

    def asked(weight: Tensor) -> tuple[Tensor, Tensor]:
        sums = sums_above(at, ops.take(ops.concatenate([none, weight]), order))
        return ops.take(sums[0], back)[:n], ops.take(sums[1], back)[:n]

    def given(pull: Tensor) -> Tensor:
        return ops.take(sums_below(at, ops.take(ops.concatenate([pull, none]), order))[0], back)[n:]

    first_0, others = asked(negative)
    first_1, same = asked(positive)
    total = others + same
    share = ratio(positive, ops.sum(positive))
    wrong = share * ratio(others, total)
    pull_0 = ratio(share * ratio(same, total), total)
    pull_1 = ratio(wrong, total)
    gradient = negative * given(pull_0) - positive * given(pull_1) - (pull_0 * first_0 - pull_1 * first_1)
    value = with_gradient(ops.sum(wrong), 2.0 / margin * gradient, z)
    return ops.where(ops.equal(ops.sum(positive) * ops.sum(negative), 0), 0.0, value)
