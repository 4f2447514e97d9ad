"""One tree of a rare forest: what it is grown on, what its nodes say at the real prevalence, what it did not see."""

from dataclasses import dataclass

import numpy as np
from sklearn.tree import DecisionTreeClassifier

from rareclass.learners._context import rare_class
from rareclass.learners._inner import row_keys

_LARGEST = 1e30  # sums over all values stay within float32


@dataclass(frozen=True)
class TreePlan:
    """How a tree is grown: smallest leaf (rows) and features looked at in a node."""

    min_samples_leaf: int | str
    max_features: float | str


@dataclass(frozen=True)
class GrownTree:
    """A fitted tree, the probability of the positive class in each of its nodes, and the judged rows it did not see."""

    tree: DecisionTreeClassifier
    probability: np.ndarray
    unseen: np.ndarray


def tree_input(X: np.ndarray) -> np.ndarray:
    """Float32 copy that trees accept: too large numbers are cut at 1e30, NaN stays."""
    return np.ascontiguousarray(np.clip(X, -_LARGEST, _LARGEST), dtype=np.float32)


class TreeGrower:
    """Grows trees, each on a bootstrap of the events and its own draw of the other rows.

    Copies of an event are drawn together or not at all: a tree that saw one of them would recognise the others, and
    out-of-bag scores would be too good.

    Parameters
    ----------
    X : ndarray of shape (n, d), float32
    y : ndarray of shape (n,), Boolean
    weight : ndarray of shape (n,)
    drawn : int
        Rows of the larger class for each tree; a bootstrap of all where it is their number.
    most_events : int
        Events for each tree, copies counted as one: a bootstrap of all of them, or so many drawn with replacement.
    judged : ndarray of int
        Rows whose out-of-bag score is wanted, ascending.
    kind : {"random_forest", "extra_trees"}
    max_depth : int or None
    smoothing : float
        Pseudo-rows at the prevalence in each leaf.
    """

    def __init__(
        self,
        X: np.ndarray,
        y: np.ndarray,
        weight: np.ndarray,
        *,
        drawn: int,
        most_events: int,
        judged: np.ndarray,
        kind: str,
        max_depth: int | None,
        smoothing: float,
    ) -> None:
        rare = rare_class(y)
        self.X, self.y, self.weight = X, y, weight
        self.events, self.others = np.flatnonzero(rare), np.flatnonzero(~rare)
        self.copies = row_keys(X[self.events])
        self.drawn, self.judged, self.kind, self.max_depth, self.smoothing = drawn, judged, kind, max_depth, smoothing
        self.prevalence = float(weight[y].sum() / weight.sum())
        groups = int(self.copies.max()) + 1
        self.groups, self.drawn_groups = groups, min(groups, most_events)
        # a drawn row of the larger class stands for that many of them, for each that a drawn event stands for
        self.stands = self.others.size / drawn / (groups / self.drawn_groups)
        self.positive_is_rare = rare is y

    def grow(self, plan: TreePlan, rng: np.random.Generator) -> GrownTree:
        """Grow one tree; the generator is its own."""
        times = np.bincount(rng.integers(self.groups, size=self.drawn_groups), minlength=self.groups)[self.copies]
        if self.drawn == self.others.size:
            part, count = np.unique(rng.integers(self.drawn, size=self.drawn), return_counts=True)
        else:
            part, count = rng.choice(self.others.size, size=self.drawn, replace=False), np.ones(self.drawn, int)
        rows = np.concatenate([self.events[times > 0], self.others[part]])
        copies = np.concatenate([times[times > 0], count])
        tree = DecisionTreeClassifier(
            splitter="best" if self.kind == "random_forest" else "random",
            min_samples_leaf=plan.min_samples_leaf,
            max_features=plan.max_features,
            max_depth=self.max_depth,
            random_state=int(rng.integers(2**31)),
        ).fit(self.X[rows], self.y[rows].astype(int), sample_weight=copies * self.weight[rows])
        seen = np.zeros(self.y.size, dtype=bool)
        seen[rows] = True
        return GrownTree(tree, self._probability(tree), np.flatnonzero(~seen[self.judged]))

    def _probability(self, tree: DecisionTreeClassifier) -> np.ndarray:
        node = tree.tree_
        size = node.weighted_n_node_samples
        positive, negative = size * node.value[:, 0, 1], size * node.value[:, 0, 0]
        if self.positive_is_rare:
            negative = negative * self.stands
        else:
            positive = positive * self.stands
        return (positive + self.smoothing * self.prevalence) / (positive + negative + self.smoothing)

    def out_of_bag(self, grown: list[GrownTree]) -> np.ndarray:
        """Mean probability of each judged row over the trees that did not see it (NaN where all did)."""
        total, count = np.zeros(self.judged.size), np.zeros(self.judged.size)
        part = self.X[self.judged]
        for one in grown:
            total[one.unseen] += one.probability[one.tree.apply(part[one.unseen], check_input=False)]
            count[one.unseen] += 1
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)
