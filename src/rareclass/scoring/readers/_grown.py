"""What the readers share: trees one after the other, thresholds of float32 comparisons, and bins folded back."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from rareclass.errors import InputError
from rareclass.kernels.trees import FlatTrees


@dataclass(frozen=True, kw_only=True)
class Grown:
    """One tree: its root is node 0, children are node numbers of the tree, -1 at leaves."""

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    missing_left: np.ndarray
    value: np.ndarray
    category: np.ndarray | None = None
    cover: np.ndarray | None = None


@dataclass(frozen=True)
class Sets:
    """Sets of categories that go left, each kept once."""

    known: dict[tuple[bytes, bool, bool], int] = field(default_factory=dict)

    def number(self, words: np.ndarray, *, negative_left: bool = False, beyond_left: bool = False) -> int:
        """The number of the set with these 32-bit words, which the splits of its trees name."""
        key = (np.asarray(words, dtype=np.uint32).tobytes(), negative_left, beyond_left)
        return self.known.setdefault(key, len(self.known))

    def of_codes(
        self, codes: Sequence[int] | np.ndarray, size: int, *, negative_left: bool = False, beyond_left: bool = False
    ) -> int:
        """The number of the set of these codes among 0 .. size - 1."""
        words = np.zeros(-(-size // 32), dtype=np.uint32)
        chosen = np.asarray(codes, dtype=np.int64)
        np.bitwise_or.at(words, chosen // 32, np.uint32(1) << (chosen % 32).astype(np.uint32))
        return self.number(words, negative_left=negative_left, beyond_left=beyond_left)

    def parts(self) -> dict[str, np.ndarray]:
        """The sets as `FlatTrees` holds them."""
        words = [np.frombuffer(key, dtype=np.uint32) for key, _, _ in self.known]
        sizes = np.array([w.size for w in words], dtype=np.int64)
        return {
            "bit_start": np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32),
            "bits": np.concatenate([np.zeros(0, np.uint32), *words]),
            "outside_left": np.array([ends for _, *ends in self.known], dtype=np.bool_).reshape(-1, 2),
        }


def assemble(trees: Sequence[Grown], n_features: int, sets: Sets | None = None, **rest: Any) -> FlatTrees:
    """Trees behind each other as `FlatTrees`; `rest` are further parts of it."""
    sizes = np.array([tree.feature.size for tree in trees], dtype=np.int64)
    start = np.cumsum(sizes) - sizes
    every = {}
    for name, kind in (("feature", np.int32), ("threshold", np.float64), ("missing_left", np.bool_)):
        every[name] = np.concatenate([np.zeros(0, kind), *(getattr(t, name).astype(kind) for t in trees)])
    for name in ("left", "right"):
        links = [np.where(getattr(t, name) < 0, -1, getattr(t, name) + s) for t, s in zip(trees, start, strict=True)]
        every[name] = np.concatenate([np.zeros(0, np.int32), *links]).astype(np.int32)
    leaf = every["feature"] < 0
    value = np.concatenate([np.zeros(0), *(tree.value.astype(np.float64) for tree in trees)])
    kinds = [np.full(t.feature.size, -1) if t.category is None else t.category for t in trees]
    covers = [tree.cover for tree in trees]
    known = [np.asarray(c, dtype=np.float64) for c in covers if c is not None]
    return FlatTrees(
        n_features=n_features,
        root=start.astype(np.int32),
        feature=every["feature"],
        threshold=np.where(leaf, 0.0, every["threshold"]),
        left=every["left"],
        right=every["right"],
        missing_left=every["missing_left"] & ~leaf,
        value=np.where(leaf, value, 0.0),
        category=np.concatenate([np.zeros(0, np.int32), *kinds]).astype(np.int32),
        cover=np.concatenate([np.zeros(0), *known]) if len(known) == len(covers) else np.zeros(0),
        **{"gap": np.zeros((0, 2)), **(Sets() if sets is None else sets).parts(), **rest},
    )


def as_single(limit: np.ndarray) -> np.ndarray:
    """The largest float64 numbers that are at most `limit` once they are rounded to float32."""
    limit = np.asarray(limit, dtype=np.float64)
    far = 2.0**128  # numbers beyond the largest float32 round as if this one followed it
    with np.errstate(over="ignore"):
        low = limit.astype(np.float32)
        low = np.where(low > limit, np.nextafter(low, np.float32(-np.inf)), low)
        high = np.nextafter(low, np.float32(np.inf)).astype(np.float64)
        middle = (np.clip(low.astype(np.float64), -far, far) + np.clip(high, -far, far)) / 2
        middle = np.where(middle.astype(np.float32) == low, middle, np.nextafter(middle, -np.inf))
    return np.where(low == np.inf, np.inf, middle)


def through_bins(trees: FlatTrees, cuts: Sequence[np.ndarray | None]) -> FlatTrees:
    """Trees on numbers of bins as trees on the features' own values: bin <= k is x < cut k."""
    if trees.gap.size:
        raise InputError("Trees that take zero for missing cannot be read through event bins; they keep the slow path.")
    threshold, left, right = trees.threshold.copy(), trees.left.copy(), trees.right.copy()
    missing_left = trees.missing_left.copy()
    number = (trees.feature >= 0) & (trees.category < 0)
    for j, points in enumerate(cuts):
        if points is None:
            continue
        nodes = np.flatnonzero(number & (trees.feature == j))
        place = np.clip(np.floor(threshold[nodes]), -1, points.size).astype(np.int64)
        ends = np.concatenate([[-np.inf], np.nextafter(points, -np.inf), [np.inf]])
        threshold[nodes] = ends[place + 1]
        never = nodes[place < 0]  # all numbers go right: as a split whose children are exchanged, all go left
        threshold[never], missing_left[never] = np.inf, ~missing_left[never]
        left[never], right[never] = trees.right[never], trees.left[never]
    return replace(trees, threshold=threshold, left=left, right=right, missing_left=missing_left)
