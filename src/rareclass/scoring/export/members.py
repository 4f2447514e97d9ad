"""Members of the compiled scorer as parts of an ONNX graph."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rareclass.errors import InputError
from rareclass.scoring.export import trees
from rareclass.scoring.export.graph import (
    Value,
    arcsinh,
    exp,
    floor,
    interpolated,
    larger,
    log,
    logit,
    sigmoid,
    smaller,
    where,
)
from rareclass.scoring.export.maps import calibrated
from rareclass.scoring.members import Blend, Linear, QuantileLinear, Sum, Trees, Votes
from rareclass.scoring.radial import Radial
from rareclass.scoring.staged import Staged
from rareclass.scoring.votes import SMALLEST, BalancedVotes


@dataclass(frozen=True)
class Rows:
    """Encoded rows in a graph.

    Attributes
    ----------
    X : Value (n, d)
    codes : mapping
        How many codes each column of categories has, by its number.
    refused : Value (n, 1) or None
        Where the scorer refuses a row because of a Boolean column that is neither 0 nor 1; None without such columns.
    """

    X: Value
    codes: Mapping[int, int]
    refused: Value | None = None

    def score(self, flat: Any) -> Value:
        """Scores (n, 1) of flat trees."""
        return trees.score(flat, self.X, self.codes)


def member_logit(member: Any, rows: Rows) -> Value:
    """Log-odds (n, 1) of a member, before the way back."""
    made = _KINDS.get(type(member))
    if made is None:
        raise InputError(
            f"A {type(member).__name__} is not written as an ONNX graph. Serve the bundle itself (`rareclass serve`, "
            "`Scorer.load`), or export a network by torch.onnx."
        )
    return made(member, rows)


def _linear(member: Linear, rows: Rows) -> Value:
    return rows.X @ member.weight[:, None] + member.intercept


def _quantile_linear(member: QuantileLinear, rows: Rows) -> Value:
    (column, centre, scale), (begin, quantile, normal) = member.numeric, member.knots
    hinge, weight, mean = member.linear
    parts = []
    if column.size:
        x = rows.X.at(column)
        gone = x.is_missing()
        known = where(gone, 0.0, x)
        rank = where(gone, 0.0, interpolated(known, quantile, normal, begin))
        magnitude = where(gone, 0.0, arcsinh(known / scale[None, :] - (centre / scale)[None, :]))
        hinges = [larger(rank - float(h), 0.0) for h in hinge]
        features = [rank, magnitude, gone.as_kind(float), *hinges]
        parts = [(f - mean[i][None, :]) * weight[i][None, :] for i, f in enumerate(features)]
    total = rows.X.graph.side_by_side(parts).total() + member.base if parts else None
    codes = _code_weights(member, rows)
    if total is None or codes is None:
        return codes + member.base if total is None else total
    return total + codes


def _code_weights(member: QuantileLinear, rows: Rows) -> Any:
    """The sum (n, 1) of the weights of a row's codes; those that training did not see weigh nothing."""
    column, begin, weight = member.coded
    if not column.size:
        return None
    x = rows.X.at(column)
    known = (x >= 0.0) & (x < np.diff(begin).astype(np.float64)[None, :]) & floor(x).equals(x)
    at = where(known, where(known, x, 0.0).as_kind(np.int64) + begin[None, :-1].astype(np.int64), np.int64(weight.size))
    return x.graph.node("Gather", np.append(weight, 0.0), at).total()


def _radial(member: Radial, rows: Rows) -> Value:
    """Squared distances (n, m) to all landmarks at once, by products of matrices; three kernels of them, weighed."""
    numeric, coded, lacking, coef, rate, intercept = member.parts
    parts: list[Any] = []
    if numeric.column.size:
        x = rows.X.at(numeric.column)
        gone = x.is_missing()
        rank = interpolated(where(gone, 0.0, x), numeric.quantile, numeric.normal, numeric.begin)
        own, place = where(gone, 0.0, rank / numeric.scale[None, :]), numeric.place
        apart = (own * own).total() + np.square(place).sum(axis=0)[None, :] - own @ (2 * place)
        parts.append(larger(apart, 0.0))  # what rounding leaves of a distance of zero may be negative
    counted = coded.only_missing == 1
    if counted.any():
        more = coded.weight[counted, None] * (1 - 2 * coded.code[counted])
        parts.append(rows.X.at(coded.column[counted]).is_missing().as_kind(float) @ more)
    for c in np.flatnonzero(~counted):
        same = _code(rows.X.at(coded.column[[c]])).equals(coded.code[c][None, :].astype(np.float64))
        parts.append(where(same, 0.0, coded.weight[c]))
    distance: Any = lacking[None, :]
    for part in parts:
        distance = part + distance
    e = exp(distance * -rate)
    four = _fourth(e)
    return (e + four + _fourth(four)) @ coef[:, None] + intercept


def _code(x: Value) -> Value:
    """The code that a value stands for, as `rareclass.kernels.radial.code_of` has it."""
    return where((x >= 0.0) & (x < 1e9) & floor(x).equals(x), x, -1.0)


def _fourth(x: Value) -> Value:
    square = x * x
    return square * square


def _trees(member: Trees, rows: Rows) -> Value:
    return rows.score(member.trees) * member.slope + member.intercept


def _votes(member: Votes, rows: Rows) -> Value:
    share = (rows.score(member.trees) + member.floor) / (1 + 2 * member.floor)
    return logit(share) * member.slope + member.intercept


def _balanced_votes(member: BalancedVotes, rows: Rows) -> Value:
    scores = [rows.score(flat) for flat in member.trees]
    share = scores[0]
    if member.logistic:
        share = rows.X.graph.side_by_side([sigmoid(score) for score in scores]).total() / float(len(scores))
    both = rows.X.graph.side_by_side([1.0 - share, share])
    smoothed = larger((both + member.pseudo / 2) / (1 + member.pseudo), SMALLEST)
    score = log(smoothed) * member.slope + member.shift[None, :]
    e = exp(score - larger(score.at([0]), score.at([1])))
    if member.pseudo == 0:
        e = where(both > 0.0, e, 0.0)
    final = log(smaller(larger(e / e.total(), SMALLEST), 1.0))
    return final.at([1]) - final.at([0])


def _sum(member: Sum, rows: Rows) -> Value:
    logits = [member_logit(one, rows) for one in member.members]
    return (rows.X.graph.side_by_side(logits) * np.array([member.factors])).total()


def _blend(member: Blend, rows: Rows) -> Value:
    logits = rows.X.graph.side_by_side([member_logit(one, rows) for one in member.members]) + member.shift[None, :]
    cut = smaller(larger(logits, -member.limit), member.limit)
    return ((cut * member.slope[None, :] + member.intercept[None, :]) * member.weight[None, :]).total()


def _staged(member: Staged, rows: Rows) -> Value:
    """Both stages for every row: a graph has no way round the second."""
    gate, judge = (member_logit(one, rows) + added for one, added in zip(member.members, member.added, strict=True))
    return where(gate >= member.threshold, calibrated(member.calibrate, judge), member.rest)


_KINDS: dict[type, Callable[[Any, Rows], Value]] = {
    Linear: _linear,
    QuantileLinear: _quantile_linear,
    Radial: _radial,
    Trees: _trees,
    Votes: _votes,
    BalancedVotes: _balanced_votes,
    Sum: _sum,
    Blend: _blend,
    Staged: _staged,
}
