"""What gives log-odds of encoded rows: linear models, trees, and sums and blends of them, as plain numbers.

The table `KINDS` is closed: what a file says is looked up there, and nothing of the file runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import numpy as np

from rareclass._names import Names
from rareclass.errors import InputError
from rareclass.kernels.linear import combined, linear_scores, quantile_scores
from rareclass.kernels.logits import floored_logit
from rareclass.kernels.trees import FORMER_SCALE, FlatTrees
from rareclass.scoring.saved import UNFIT, number, numbered, numbered_part, positive, refuse, vector, why
from rareclass.scoring.votes import BalancedVotes

Spec = dict[str, Any]
Arrays = dict[str, np.ndarray]


@runtime_checkable
class Member(Protocol):
    """A fitted model as plain numbers."""

    kind: ClassVar[str]

    def logit(self, X: np.ndarray) -> np.ndarray:
        """Log-odds (n,) of encoded rows X (n, d), float64 in row order."""
        ...

    def spec(self) -> Spec:
        """What is not an array, as values that JSON can hold."""
        ...

    def arrays(self) -> Arrays:
        """The arrays, by name."""
        ...

    @property
    def columns_read(self) -> int: ...  # how many columns encoded rows need at least

    @classmethod
    def from_parts(cls, spec: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        """The member that `spec` and `arrays` describe, verified; `InputError` where they cannot be one."""
        ...


@dataclass(frozen=True)
class Linear:
    """A linear model of the columns themselves; it takes no missing values."""

    kind: ClassVar[str] = "linear"
    takes_missing: ClassVar[bool] = False
    weight: np.ndarray  # (d,)
    intercept: float
    typical: np.ndarray | None = None  # (d,) mean of weight * column over the training rows; for reasons

    def logit(self, X: np.ndarray) -> np.ndarray:
        out = np.empty(X.shape[0])
        linear_scores(X, self.weight, self.intercept, out)
        return out

    def spec(self) -> Spec:
        return {"intercept": self.intercept}

    def arrays(self) -> Arrays:
        return {"weight": self.weight, **_if_known(self.typical)}

    @property
    def columns_read(self) -> int:
        return self.weight.size

    @classmethod
    def from_parts(cls, spec: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        weight = vector(arrays, "weight")
        return cls(weight, number(spec, "intercept"), _typical(arrays, weight.size))


@dataclass(frozen=True, kw_only=True)
class QuantileLinear:
    """A linear model on quantile features; see `rareclass.kernels.linear.quantile_scores`."""

    kind: ClassVar[str] = "quantile_linear"
    numeric: tuple[np.ndarray, np.ndarray, np.ndarray]
    knots: tuple[np.ndarray, np.ndarray, np.ndarray]
    linear: tuple[np.ndarray, np.ndarray, np.ndarray]
    coded: tuple[np.ndarray, np.ndarray, np.ndarray]
    base: float
    typical: np.ndarray | None = None  # (k + c,) mean part of each column over the training rows; for reasons

    _NAMES: ClassVar[dict[str, str]] = {
        "numeric": "column centre scale",
        "knots": "begin quantile normal",
        "linear": "hinge weight mean",
        "coded": "code_column code_begin code_weight",
    }

    def logit(self, X: np.ndarray) -> np.ndarray:
        out = np.empty(X.shape[0])
        quantile_scores(X, self.numeric, self.knots, self.linear, self.coded, self.base, out)
        return out

    def spec(self) -> Spec:
        return {"base": self.base}

    def arrays(self) -> Arrays:
        named = {part: names.split() for part, names in self._NAMES.items()}
        found = {name: array for part, names in named.items() for name, array in zip(names, getattr(self, part))}
        return found | _if_known(self.typical)

    @classmethod
    def from_parts(cls, spec: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        whole = {"column", "begin", "code_column", "code_begin"}
        table = {"weight", "mean"}
        read = {
            name: vector(arrays, name, whole=name in whole, ndim=2 if name in table else 1)
            for names in cls._NAMES.values()
            for name in names.split()
        }
        k, h = read["column"].size, read["hinge"].size
        refuse(
            read["centre"].size == read["scale"].size == k
            and read["weight"].shape == read["mean"].shape == (3 + h, k)
            and read["normal"].size == read["quantile"].size,
            "linear members",
        )
        refuse(bool((np.r_[read["column"], read["code_column"]] >= 0).all()), "column numbers")
        check_begins(read["begin"], k, read["quantile"].size, least=1)
        check_begins(read["code_begin"], read["code_column"].size, read["code_weight"].size, least=0)
        parts: dict[str, Any] = {
            part: tuple(read[name] for name in names.split()) for part, names in cls._NAMES.items()
        }
        return cls(base=number(spec, "base"), typical=_typical(arrays, k + read["code_column"].size), **parts)

    @property
    def columns_read(self) -> int:
        return int(max(self.numeric[0].max(initial=-1), self.coded[0].max(initial=-1))) + 1


def _if_known(typical: np.ndarray | None) -> Arrays:
    return {} if typical is None else {"typical": typical}


def _typical(arrays: Mapping[str, np.ndarray], size: int) -> np.ndarray | None:
    found = vector(arrays, "typical") if "typical" in arrays else None
    refuse(found is None or found.size == size, "the typical parts of columns")
    return found


class _OfTrees:
    """What members made of trees share."""

    trees: FlatTrees

    def arrays(self) -> Arrays:
        return self.trees.arrays()

    @property
    def columns_read(self) -> int:
        return self.trees.n_features


@dataclass(frozen=True)
class Trees(_OfTrees):
    """Boosted trees: ``intercept + slope * score``."""

    kind: ClassVar[str] = "trees"
    trees: FlatTrees
    intercept: float
    slope: float

    def logit(self, X: np.ndarray) -> np.ndarray:
        return self.intercept + self.slope * self.trees.score(X)

    def spec(self) -> Spec:
        return {"intercept": self.intercept, "slope": self.slope}

    @classmethod
    def from_parts(cls, spec: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        return cls(FlatTrees.from_arrays(dict(arrays)), number(spec, "intercept"), number(spec, "slope"))


@dataclass(frozen=True)
class Votes(_OfTrees):
    """A forest: the log-odds of its mean vote with `floor` pseudo-votes on either side, then intercept and slope."""

    kind: ClassVar[str] = "votes"
    trees: FlatTrees
    floor: float
    intercept: float
    slope: float

    def logit(self, X: np.ndarray) -> np.ndarray:
        return self.of_votes(self.trees.score(X))

    def of_votes(self, share: np.ndarray) -> np.ndarray:
        """Log-odds of shares of votes in [0, 1]."""
        return self.intercept + self.slope * floored_logit(share, self.floor)

    def spec(self) -> Spec:
        return {"floor": self.floor, "intercept": self.intercept, "slope": self.slope}

    @classmethod
    def from_parts(cls, spec: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        numbers = (number(spec, name) for name in ("floor", "intercept", "slope"))
        return cls(FlatTrees.from_arrays(dict(arrays)), *numbers)


class OfMembers:
    """What members made of members share."""

    members: Sequence[Member]

    def arrays(self) -> Arrays:
        return numbered(member.arrays() for member in self.members)

    @property
    def columns_read(self) -> int:
        return max(member.columns_read for member in self.members)


@dataclass(frozen=True)
class Sum(OfMembers):
    """The weighted sum of the log-odds of members: a pilot with its correction, or the mean of a bag."""

    kind: ClassVar[str] = "sum"
    members: Sequence[Member]
    factors: Sequence[float]

    def logit(self, X: np.ndarray) -> np.ndarray:
        total = self.factors[0] * self.members[0].logit(X)
        for factor, member in zip(self.factors[1:], self.members[1:]):
            total += factor * member.logit(X)
        return total

    def spec(self) -> Spec:
        return {"factors": list(self.factors), **several_specs(self.members)}

    @classmethod
    def from_parts(cls, spec: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        members = read_several(spec, arrays)
        factors = vector(spec, "factors").tolist()
        refuse(0 < len(members) == len(factors), "members of a sum")
        return cls(members, factors)


@dataclass(frozen=True, kw_only=True)
class Blend(OfMembers):
    """The combination of the log-odds of members; see `rareclass.learners.combination`."""

    kind: ClassVar[str] = "blend"
    members: Sequence[Member]
    # shift is added to each member's log-odds, which are cut at +-limit; arrays (k,)
    shift: np.ndarray
    intercept: np.ndarray
    slope: np.ndarray
    weight: np.ndarray
    limit: float

    def logit(self, X: np.ndarray) -> np.ndarray:
        logits, out = np.empty((len(self.members), X.shape[0])), np.empty(X.shape[0])
        for j, member in enumerate(self.members):
            logits[j] = member.logit(X) + self.shift[j]
        combined(logits, self.intercept, self.slope, self.weight, self.limit, out)
        return out

    def spec(self) -> Spec:
        numbers = {name: getattr(self, name).tolist() for name in ("shift", "intercept", "slope", "weight")}
        return {"limit": self.limit, **numbers, **several_specs(self.members)}

    @classmethod
    def from_parts(cls, spec: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        members = read_several(spec, arrays)
        numbers = {n: vector(spec, n) for n in ("shift", "intercept", "slope", "weight")}
        refuse(len(members) > 0 and all(v.shape == (len(members),) for v in numbers.values()), "members of a blend")
        return cls(members=members, limit=positive(spec, "limit"), **numbers)


_JOINED: Names[Any] = Names(
    "member",
    {
        "staged": "rareclass.scoring.staged:Staged",
        "network": "rareclass.scoring.network:Network",
        "quantile_net": "rareclass.scoring.quantile_net:QuantileNet",
        "radial": "rareclass.scoring.radial:Radial",
    },
)
"""Kinds that stand in files of their own, read where a bundle holds one."""
KINDS: dict[str, Any] = {
    member.kind: member for member in (Linear, QuantileLinear, Trees, Votes, BalancedVotes, Sum, Blend)
}


def saved_member(member: Member) -> Spec:
    """The member without its arrays, as values that JSON can hold."""
    return {"kind": member.kind, **member.spec()}


def read_member(spec: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Member:
    """The member that `saved_member` and `Member.arrays` described.

    Raises
    ------
    InputError
        A kind that is not in the table, or parts that do not fit together.
    """
    if spec.get("kind") == "linked":
        raise InputError(FORMER_SCALE)
    try:
        kind = _JOINED[spec["kind"]] if spec["kind"] in _JOINED else KINDS[spec["kind"]]
        made: Member = kind.from_parts(spec, arrays)
    except UNFIT as error:
        raise InputError(f"The scorer is incomplete: {why(error)}.") from None
    return made


def several_specs(members: Sequence[Member]) -> Spec:
    """The members of a member, without their arrays."""
    return {"members": [saved_member(member) for member in members]}


def read_several(spec: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> list[Member]:
    """The members that `several_specs` and `numbered` arrays described."""
    return [read_member(saved, numbered_part(arrays, j)) for j, saved in enumerate(spec["members"])]


def check_begins(begin: np.ndarray, parts: int, total: int, *, least: int) -> None:
    """Raise where the beginnings (parts + 1,) of parts of an array do not divide its `total` numbers."""
    refuse(
        begin.size == parts + 1 and begin[0] == 0 and begin[-1] == total and bool((np.diff(begin) >= least).all()),
        "the beginnings of parts",
    )


def takes_missing(member: Any) -> bool:
    """Whether encoded rows may hold NaN."""
    return getattr(member, "takes_missing", True) and all(map(takes_missing, getattr(member, "members", ())))


def why_no_reasons(member: Any) -> str:
    """Why a member's log-odds have no parts by column; empty where they have."""
    parts = getattr(member, "members", ())
    return next(filter(None, (getattr(member, "why_no_reasons", ""), *map(why_no_reasons, parts))), "")


@dataclass(frozen=True)
class CompiledLearner:
    """A member in the place of the learner that it was compiled from; encoded rows (n, d) in, log-odds (n,) out."""

    gives_logit: ClassVar[bool] = True
    member: Member

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        return self.member.logit(np.ascontiguousarray(X, dtype=np.float64))
