"""Trees of any library as plain arrays, checked before they are used and scored by `tree_program`."""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from rareclass.errors import InputError
from rareclass.kernels.compiled import compiled
from rareclass.kernels.threads import in_blocks
from rareclass.kernels.tree_layout import lay_out, order_of
from rareclass.kernels.tree_program import BLOCK, Program, score_block, score_rows
from rareclass.kernels.tree_reasons import Covers, explain_rows, lay_out_covers

WITHOUT_REASONS = (
    "This model was written before reasons existed: it lacks what they are counted from. Train it anew, or `replay` it."
)
FORMER_SCALE = (
    "This model was saved when trees with a loss of their own gave the loss's scores, which are no longer read. Train "
    "it anew, or `replay` it."
)
_COVER_ROUNDING = 1e-6  # of covers that a library adds up in float32
FEW = 24
"""Rows up to which walking beats bit masks."""
_EXPLAINED = 12
_THREAD_ROWS = 2_048
_KINDS = {
    "root": np.int32,
    "feature": np.int32,
    "threshold": np.float64,
    "left": np.int32,
    "right": np.int32,
    "missing_left": np.bool_,
    "category": np.int32,
    "value": np.float64,
    "bit_start": np.int32,
    "bits": np.uint32,
    "outside_left": np.bool_,
    "gap": np.float64,
    "cover": np.float64,
}


@dataclass(frozen=True, kw_only=True, eq=False)
class FlatTrees:
    """T trees with m nodes in all, whose leaf values are summed in the order of the trees.

    A split sends a row left where ``x <= threshold``, or where its category is in the set of the split. Comparisons in
    float32, or on bins, are those of float64 numbers with the right thresholds: the readers find them, so that no value
    has to be rounded here.

    Parameters
    ----------
    n_features : int
        Columns d of a matrix to score.
    root : int32 (T,)
        Node at which each tree begins.
    feature, threshold, left, right : int32, float64, int32, int32 (m,)
        Of each split; -1, 0, -1, -1 at leaves. No threshold is NaN.
    missing_left : bool (m,)
        Whether NaN goes left.
    value : float64 (m,)
        Leaf values, finite; 0 at splits.
    category : int32 (m,)
        -1, or the number of the set that goes left. Codes are cut to whole numbers.
    bit_start, bits, outside_left : int32 (S + 1,), uint32, bool (S, 2)
        Words of each of the S sets: bit ``code % 32`` of word ``code // 32``. `outside_left` says where codes below
        0, and codes that the words do not reach, go.
    bias, divisor : float
        The score is ``(bias + sum of leaves) / divisor``.
    single : bool
        Whether each sum is rounded to float32, as XGBoost does.
    gap : float64 (d, 2) or (0, 2)
        Values of a feature from the first to the second number count as missing; (inf, -inf) for none.
    cover : float64 (m,) or (0,)
        Weight of the training rows in each node, for explanations.

    Raises
    ------
    InputError
        The arrays are no trees; the sentence says why.

    Examples
    --------
    >>> trees = FlatTrees.stump(feature=0, threshold=1.5, left=-1.0, right=2.0, n_features=1)
    >>> trees.score(np.array([[1.0], [1.5], [1.6], [np.nan]])).tolist()
    [-1.0, -1.0, 2.0, 2.0]
    """

    n_features: int
    root: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    missing_left: np.ndarray
    value: np.ndarray
    category: np.ndarray
    bit_start: np.ndarray
    bits: np.ndarray
    outside_left: np.ndarray
    gap: np.ndarray
    cover: np.ndarray
    bias: float = 0.0
    divisor: float = 1.0
    single: bool = False

    def __post_init__(self) -> None:
        _check(self)

    @classmethod
    def stump(cls, *, feature: int, threshold: float, left: float, right: float, n_features: int) -> "FlatTrees":
        """One split with two leaves; missing values go right."""
        return cls.from_arrays(
            {
                "n_features": np.asarray(n_features),
                "root": np.zeros(1, np.int32),
                "feature": np.array([feature, -1, -1], np.int32),
                "threshold": np.array([threshold, 0.0, 0.0]),
                "left": np.array([1, -1, -1], np.int32),
                "right": np.array([2, -1, -1], np.int32),
                "missing_left": np.zeros(3, np.bool_),
                "value": np.array([0.0, left, right]),
            }
        )

    @property
    def n_trees(self) -> int:
        """Number of trees."""
        return int(self.root.size)

    @cached_property
    def program(self) -> Program:
        """The trees as the compiled functions of `tree_program` read them."""
        return lay_out({f.name: getattr(self, f.name) for f in fields(self)})

    @cached_property
    def covers(self) -> Covers:
        """What reasons need beside `program`; `InputError` where the trees were written without covers."""
        if self.cover.size != self.feature.size:
            raise InputError(WITHOUT_REASONS)
        order, _ = order_of(self.root, self.left, self.right)
        return lay_out_covers(self.program, self.cover[order])

    @property
    def baseline(self) -> float:
        """The score of a row of which nothing is known: the mean leaf of each tree by cover, summed as scores are."""
        return self.covers.base

    def contributions(self, X: np.ndarray, threads: int = 1) -> np.ndarray:
        """What each column adds to the score of each row, (n, d): with `baseline` they sum to `score` of `X` (n, d).

        Exact path-dependent Shapley values (TreeSHAP), see `tree_reasons`; sums differ from `score` by rounding alone.
        """
        X = self._rows(X)
        out = np.empty(X.shape)
        in_blocks(
            explain_rows,
            X.shape[0],
            X,
            self.program,
            self.covers,
            out,
            block=_EXPLAINED,
            small=_EXPLAINED,
            threads=threads,
        )
        return out

    def score(self, X: np.ndarray, threads: int = 1) -> np.ndarray:
        """Scores (n,) of the rows of `X` (n, d), float64, NaN = missing; the same for any number of threads."""
        X = self._rows(X)
        n = X.shape[0]
        out = np.empty(n)
        if n <= FEW:
            score_rows(0, n, X, self.program, out)
        else:
            block = _THREAD_ROWS if threads > 1 else max(n, BLOCK)
            in_blocks(score_block, n, X, self.program, out, block=block, small=_THREAD_ROWS, threads=threads)
        return out

    def _rows(self, X: np.ndarray) -> np.ndarray:
        if X.ndim != 2 or X.shape[1] != self.n_features:
            raise InputError(f"The trees read a matrix with {self.n_features} columns; got shape {X.shape}.")
        if X.dtype != np.float64 or not X.flags.c_contiguous:
            X = np.ascontiguousarray(X, dtype=np.float64)
        return X

    def arrays(self) -> dict[str, np.ndarray]:
        """All that `from_arrays` needs; empty optional parts are left out."""
        found = {f.name: np.asarray(getattr(self, f.name)) for f in fields(self)}
        return {name: part for name, part in found.items() if part.size or name not in _OPTIONAL}

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> "FlatTrees":
        """The trees that `arrays` described, verified.

        Raises
        ------
        InputError
            A part is missing, of another type or shape, or the nodes do not form trees.
        """
        known = {f.name for f in fields(cls)}
        unknown = sorted(set(arrays) - known)
        if unknown:
            raise InputError(f"Trees have no part {unknown[0]!r}; the file is damaged or from a newer version.")
        size = np.asarray(arrays.get("feature", ())).size
        given: dict[str, np.ndarray] = {**_absent(size), **arrays}
        missing = sorted(known - set(given) - {"bias", "divisor", "single"})
        if "outside_left" in arrays and "category" not in arrays:  # sets of categories that no split would use
            missing = ["category"]
        if missing:
            raise InputError(f"Trees need the part {missing[0]!r}, which is missing; the file is damaged.")
        scalars: dict[str, Any] = {}
        for name, kind, kinds in (
            ("n_features", int, "iu"),
            ("bias", float, "iuf"),
            ("divisor", float, "iuf"),
            ("single", bool, "b"),
        ):
            if name in given:
                value = np.asarray(given[name])
                if value.shape != () or value.dtype.kind not in kinds:
                    raise InputError(f"{name!r} of the trees must be one number; got {value.dtype} {value.shape}.")
                scalars[name] = kind(value)
        parts: dict[str, Any] = {name: np.ascontiguousarray(given[name]) for name in _KINDS}
        return cls(**parts, **scalars)


def _absent(size: int) -> dict[str, np.ndarray]:
    """The optional parts where trees have none of them."""
    return {
        "category": np.full(size, -1, np.int32),
        "bit_start": np.zeros(1, np.int32),
        "bits": np.zeros(0, np.uint32),
        "outside_left": np.zeros((0, 2), np.bool_),
        "gap": np.zeros((0, 2)),
        "cover": np.zeros(0),
    }


_OPTIONAL = frozenset({"bits", "outside_left", "gap", "cover"})
_FAULTS = (
    "",
    "a root outside the nodes",
    "a child outside the nodes",
    "a node that is reached twice (a cycle, or trees that share nodes)",
    "a split on a column outside the matrix",
    "a split on a set of categories that does not exist",
    "a threshold that is no number",
    "a leaf value that is not finite",
    "a node that no root leads to",
    "a leaf with one child",
    "a cover that is negative or not finite",
    "a split whose sides have more cover than the split",
)


def _check(trees: FlatTrees) -> None:
    for name, kind in _KINDS.items():
        part = getattr(trees, name)
        wanted = 2 if name in ("gap", "outside_left") else 1
        if part.dtype != kind or part.ndim != wanted:
            raise InputError(
                f"{name!r} of the trees must be {np.dtype(kind)} with {wanted} dimension(s); "
                f"got {part.dtype} with {part.ndim}."
            )
    m, sets = trees.feature.size, trees.outside_left.shape[0]
    shapes: dict[str, tuple[int, ...]] = {"bit_start": (sets + 1,), "outside_left": (sets, 2)}
    shapes |= dict.fromkeys(("threshold", "left", "right", "missing_left", "value", "category"), (m,))
    shapes |= {"gap": (trees.n_features, 2)} if trees.gap.size else {}
    shapes |= {"cover": (m,)} if trees.cover.size else {}
    for name, shape in shapes.items():
        if getattr(trees, name).shape != shape:
            raise InputError(f"{name!r} of the trees must have shape {shape}; got {getattr(trees, name).shape}.")
    start = trees.bit_start
    if start[0] != 0 or (np.diff(start) < 0).any() or start[-1] != trees.bits.size:
        raise InputError("The trees hold sets of categories that reach outside their bits; the file is damaged.")
    if not (np.isfinite(trees.bias) and np.isfinite(trees.divisor) and trees.divisor != 0) or trees.n_features < 1:
        raise InputError("The trees need a finite start, a divisor that is not zero and at least one column.")
    children, limits = (trees.left, trees.right), (trees.n_features, sets)
    numbers = (trees.threshold, trees.value, trees.cover)
    fault = _fault(trees.root, trees.feature, children, trees.category, numbers, limits)
    if fault:
        raise InputError(f"The trees cannot be used: they hold {_FAULTS[fault]}; the file is damaged.")


@compiled
def _fault(
    root: np.ndarray,
    feature: np.ndarray,
    children: tuple[np.ndarray, np.ndarray],
    category: np.ndarray,
    numbers: tuple[np.ndarray, np.ndarray, np.ndarray],
    limits: tuple[int, int],
) -> int:
    """Number of the first fault among `_FAULTS`, 0 where the nodes form trees.

    `numbers` are thresholds, values and covers (or none); `limits` columns and sets.
    """
    left, right = children
    threshold, value, cover = numbers
    m = feature.size
    seen, stack = np.zeros(m, dtype=np.bool_), np.empty(m + 1, dtype=np.int64)
    for t in range(root.size):
        stack[0], high = root[t], 1
        if not 0 <= root[t] < m:
            return 1
        while high > 0:
            high -= 1
            node = stack[high]
            if seen[node]:
                return 3
            seen[node] = True
            if left[node] < 0 or right[node] < 0:
                if left[node] != right[node] or feature[node] >= 0:
                    return 9
                if not np.isfinite(value[node]):
                    return 7
                continue
            if left[node] >= m or right[node] >= m:
                return 2
            if not 0 <= feature[node] < limits[0]:
                return 4
            if not -1 <= category[node] < limits[1]:
                return 5
            if np.isnan(threshold[node]):
                return 6
            if high + 2 > m + 1:
                return 3
            stack[high], stack[high + 1] = right[node], left[node]
            high += 2
    if not seen.all():
        return 8
    for node in range(cover.size):
        if not 0 <= cover[node] < np.inf:
            return 10
        if left[node] >= 0 and cover[left[node]] + cover[right[node]] > cover[node] * (1 + _COVER_ROUNDING):
            return 11
    return 0
