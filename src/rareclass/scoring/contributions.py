"""What each column gives the log-odds of a member: exact where the member is a sum, by `bridged` where it maps a sum.

Trees share out their score as path-dependent Shapley values, linear models as the part of each column less its mean
over the training rows, kernel machines as Shapley values against one typical row. Where a function follows the sum
(the log-odds of a vote, the link of a loss, the limit of a blend) the parts are carried over it; sums of members are
sums of their contributions.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from rareclass.errors import InputError
from rareclass.kernels.bridging import bridged
from rareclass.kernels.linear import quantile_parts
from rareclass.kernels.logits import sigmoid
from rareclass.kernels.trees import WITHOUT_REASONS, FlatTrees
from rareclass.scoring.members import Blend, Linear, QuantileLinear, Sum, Trees, Votes, why_no_reasons
from rareclass.scoring.staged import Staged
from rareclass.scoring.votes import BalancedVotes

Function = Callable[[np.ndarray], np.ndarray]
Parts = tuple[np.ndarray, float]
"""What each column gives (n, d), and the baseline."""
_FARTHEST = 1e300
"""A part that is larger is as good as this: infinite ones would have no share in anything."""


def contributions(member: Any, X: np.ndarray) -> np.ndarray:
    """What each column of encoded rows gives a member's log-odds.

    Parameters
    ----------
    member : Member
    X : array (n, width), float64 in row order

    Returns
    -------
    ndarray (n, width + 1)
        One number a column, 0 where the member does not read it, and last the member's baseline, the same for all
        rows: each row sums to ``member.logit(X)`` but for rounding.

    Raises
    ------
    InputError
        The member is not compiled, or was saved before reasons existed.
    """
    parts, base = _above(member, X)
    out = np.empty((X.shape[0], X.shape[1] + 1))
    out[:, :-1], out[:, -1] = parts, base
    return out


def _above(member: Any, X: np.ndarray) -> Parts:
    made = _MADE.get(getattr(member, "kind", ""))
    if made is None and why_no_reasons(member):
        raise InputError(f"There are no reasons: {why_no_reasons(member)}.")
    if made is None:
        raise InputError("This model keeps the slow path, which gives no reasons; `Scorer.why_not` says why.")
    return made(member, X)


def _of_linear(member: Linear, X: np.ndarray) -> Parts:
    typical = _known(member.typical)
    with np.errstate(over="ignore"):
        parts = X * member.weight - typical
    return np.clip(parts, -_FARTHEST, _FARTHEST), member.intercept + float(typical.sum())


def _of_quantile_linear(member: QuantileLinear, X: np.ndarray) -> Parts:
    typical, out = _known(member.typical), np.zeros(X.shape)
    quantile_parts(X, member.numeric, member.knots, member.linear, member.coded, typical, out)
    return np.clip(out, -_FARTHEST, _FARTHEST), member.base + float(typical.sum())


def _of_radial(member: Any, X: np.ndarray) -> Parts:
    from rareclass.kernels.radial_reasons import radial_reasons  # as its member, read where a bundle holds one

    parts, base = radial_reasons(X, member.parts, member.typical)
    return bridged(parts, member.logit(X), base), base  # what rounding left over is shared out


def _of_trees(member: Trees, X: np.ndarray) -> Parts:
    parts, base = member.trees.contributions(X), member.trees.baseline
    if member.trees.single:  # sums are rounded to float32 on the way
        parts = bridged(parts, member.trees.score(X), base)
    return member.slope * parts, member.intercept + member.slope * base


def _of_votes(member: Votes, X: np.ndarray) -> Parts:
    return _mapped(member.trees, X, member.of_votes)


def _of_balanced_votes(member: BalancedVotes, X: np.ndarray) -> Parts:
    if not member.logistic:
        return _mapped(member.trees[0], X, member.of_votes)
    each = [_mapped(trees, X, sigmoid, (-np.inf, np.inf)) for trees in member.trees]
    base = sum(b for _, b in each) / len(each)
    return _carried(np.asarray(sum(p for p, _ in each)) / len(each), member.votes(X), base, member.of_votes)


def _of_sum(member: Sum, X: np.ndarray) -> Parts:
    each = [_above(part, X) for part in member.members]
    parts = sum(factor * p for factor, (p, _) in zip(member.factors, each, strict=True))
    return np.asarray(parts), sum(factor * base for factor, (_, base) in zip(member.factors, each, strict=True))


def _of_blend(member: Blend, X: np.ndarray) -> Parts:
    total, total_base = np.zeros(X.shape), 0.0
    for j, part in enumerate(member.members):
        parts, base = _above(part, X)
        base += float(member.shift[j])
        logit, cut = base + parts.sum(axis=1), min(max(base, -member.limit), member.limit)
        far = (np.abs(logit) > member.limit) | (cut != base)
        if far.any():
            parts[far] = bridged(parts[far], np.clip(logit[far], -member.limit, member.limit), cut)
        total += member.weight[j] * member.slope[j] * parts
        total_base += member.weight[j] * (member.slope[j] * cut + member.intercept[j])
    return total, float(total_base)


def _of_staged(member: Staged, X: np.ndarray) -> Parts:
    """The judge's parts of rows that pass, the gate's of all others, above the judge's baseline."""
    through, out = member.passes(X), np.empty(X.shape)
    gate, _ = _above(member.members[0], X[~through])
    judge, base = _above(member.members[1], X[through])
    base += member.added[1]
    out[through], base = _carried(judge, base + judge.sum(axis=1), base, member.calibrated, (-np.inf, np.inf))
    out[~through] = bridged(gate, np.full(gate.shape[0], member.rest), base)
    return out, base


def _mapped(trees: FlatTrees, X: np.ndarray, function: Function, bounds: tuple[float, float] = (0.0, 1.0)) -> Parts:
    """Parts of a function of the trees' score, which lies within `bounds`."""
    return _carried(trees.contributions(X), trees.score(X), trees.baseline, function, bounds)


def _carried(
    parts: np.ndarray, score: np.ndarray, base: float, function: Function, bounds: tuple[float, float] = (0.0, 1.0)
) -> Parts:
    """Parts (n, d) of scores above a baseline as parts of a function of these scores."""
    step = 1e-4 * abs(base) + 1e-9
    around = np.array([min(max(at, bounds[0]), bounds[1]) for at in (base - step, base, base + step)])
    low, outer_base, high = function(around).tolist()
    slope = (high - low) / (around[2] - around[0])
    return bridged(parts, function(score), outer_base, max(slope, 0.0)), outer_base


def _known(typical: np.ndarray | None) -> np.ndarray:
    if typical is None:
        raise InputError(WITHOUT_REASONS)
    return typical


_MADE: dict[str, Callable[[Any, np.ndarray], Parts]] = {
    Linear.kind: _of_linear,
    QuantileLinear.kind: _of_quantile_linear,
    "radial": _of_radial,
    Trees.kind: _of_trees,
    Votes.kind: _of_votes,
    BalancedVotes.kind: _of_balanced_votes,
    Sum.kind: _of_sum,
    Blend.kind: _of_blend,
    Staged.kind: _of_staged,
}
