"""Forests for rare events: every tree sees events and its own draw of the other rows."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import ArrayLike

from rareclass import _check, _types
from rareclass.kernels.logits import floored_logit
from rareclass.learners._context import FitContext, Rows, Unseen
from rareclass.learners._inner import sample_rows
from rareclass.learners._recalibrate import Recalibration, recalibrate_votes
from rareclass.learners._trees import GrownTree, TreeGrower, TreePlan, tree_input
from rareclass.learners.base import Growth, RareLearner

_BLOCK = 65_536
_PILOT_TREES = 8
_DRAWN = 10_000
_PER_EVENT = 3
_MOST_EVENTS = 5000
_JUDGED = 20_000
_MANY_EVENTS = 200


@dataclass(eq=False, repr=False, kw_only=True)
class RareForestClassifier(RareLearner):
    """Random forest (or extra trees) whose cost follows the events, with probabilities at the real prevalence.

    Each tree is grown on a bootstrap of the events and its own draw of at most `max_negatives` other rows, so that the
    forest as a whole sees far more rows than any tree. What was left out is undone exactly in the leaves, leaf
    frequencies are smoothed towards the prevalence and averaged, and the average is brought to log-odds by an
    intercept, a slope and a floor from rows out of the bag. Leaf size and features per node are chosen by the
    out-of-bag log-loss of small pilot forests, the best of which is part of the final one.

    With 20 to 500 events forests are among the strongest learners; with thousands boosters are. For 100,000 x 30 rows
    and 100 trees it takes a few seconds.

    Parameters
    ----------
    n_estimators : int, default=100
    kind : {"random_forest", "extra_trees"}, default="random_forest"
        Best splits, or the best of splits at random cuts.
    min_samples_leaf : int or "auto", default="auto"
        Smallest leaf in drawn rows; "auto" is 1, from 200 events on the best of 1, 5 and 20, from 2,000
        on of 5 and 20.
    max_features : "auto", "sqrt", "log2", float or int, default="auto"
        Features looked at in a node; "auto" chooses between the square root and a third, from eight features on.
    max_depth : int, optional
    max_negatives : int or "auto" or None, default="auto"
        Rows of the larger class drawn for a tree; "auto" is 10,000 or three for each event, and no more than 5,000
        events; None takes a bootstrap of all.
    smoothing : float >= 0, default=1.0
        Pseudo-rows at the prevalence that are added to each leaf.
    categorical_features : sequence of int, optional
        Accepted for uniformity: trees split codes (ordered by frequency) like numbers.
    random_state : int, Generator or None, default=None
    n_jobs : int, default=1
        Threads that grow trees.

    Attributes
    ----------
    estimators_ : list of DecisionTreeClassifier
    leaf_probability_ : list of ndarray
        Probability of the positive class in each node of each tree.
    plan_ : dict
        The leaf size and features per node that were used.
    oob_decision_function_ : ndarray of shape (n,)
        Log-odds of training rows from trees that saw neither them nor (for events) an exact copy. Known for all events
        and up to 20,000 other rows; NaN elsewhere.
    floor_, intercept_, slope_ : float
        How averaged probabilities become log-odds.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(5000, 3))
    >>> y = X[:, 0] + 0.3 * rng.normal(size=5000) > 2.3
    >>> model = RareForestClassifier(n_estimators=50, random_state=0).fit(X, y)
    >>> bool(model.predict_proba(X)[y, 1].mean() > 0.3)
    True
    """

    title = "Random forest for rare events"
    judges_itself = True
    takes_offset = False
    trusted = ("sklearn.tree._tree.Tree",)

    n_estimators: int = 100
    kind: str = "random_forest"
    min_samples_leaf: int | str = "auto"
    max_features: float | str = "auto"
    max_depth: int | None = None
    max_negatives: float | str = "auto"
    smoothing: float = 1.0
    categorical_features: ArrayLike | None = None
    random_state: _types.Seed = None
    n_jobs: int = 1

    @classmethod
    def growth(cls, events: int, columns: int) -> Growth:
        """Trees, with those of pilots that are not kept, and the larger of the shares of columns to choose from."""
        blank = cls()
        leaves, looked = blank._choices(events, columns)
        pilots = len(leaves) + len(looked) - 2
        share = 1 / 3 if len(looked) > 1 else columns**-0.5
        return Growth(blank.n_estimators + _PILOT_TREES * pilots, share=share)

    def _fit(self, rows: Rows, context: FitContext) -> Unseen:
        trees = _check.whole_number(self.n_estimators, "n_estimators", low=1)
        _check.one_of(self.kind, "kind", ("random_forest", "extra_trees"))
        _check.fraction(self.smoothing, "smoothing", high=np.inf, closed="left")
        rows = rows.scaled()
        y, w, rare, rng = rows.y, rows.weights, rows.rare, context.rng
        events = int(rare.sum())
        if context.plan is None:
            judged, sampled = sample_rows(rare, rng, others=max(_JUDGED, events))
            shift = sampled if rare is y else -sampled
        else:
            judged, shift = context.plan.rows, context.plan.shift
        grower = TreeGrower(
            tree_input(rows.X),
            y,
            w,
            drawn=self._drawn(events, y.size - events),
            most_events=_MOST_EVENTS if self.max_negatives == "auto" else events,
            judged=judged,
            kind=self.kind,
            max_depth=self.max_depth,
            smoothing=self.smoothing,
        )
        streams = rng.spawn(2)

        def loss(grown: list[GrownTree]) -> float:
            return self._recalibration(grower.out_of_bag(grown), y[judged], w[judged], shift, grower.prevalence)[1].loss

        grown = self._grow(grower, trees, loss, streams)
        self.estimators_ = [one.tree for one in grown]
        self.leaf_probability_ = [one.probability for one in grown]
        votes = grower.out_of_bag(grown)
        self.floor_, found = self._recalibration(votes, y[judged], w[judged], shift, grower.prevalence)
        self.intercept_, self.slope_ = found.intercept, found.slope
        self.n_rows_ = y.size
        return Unseen(judged, found.apply(floored_logit(votes, self.floor_)))

    @property
    def oob_decision_function_(self) -> np.ndarray:
        """Log-odds (n,) of the training rows from trees that did not see them; NaN for rows that were not judged."""
        score = np.full(self.n_rows_, np.nan)
        score[self.oof_rows_] = self.oof_logit_
        return score

    @property
    def feature_importances_(self) -> np.ndarray:
        """Mean decrease of impurity by each column (d,), summing to one."""
        return np.asarray(np.mean([tree.feature_importances_ for tree in self.estimators_], axis=0))

    def _drawn(self, events: int, others: int) -> int:
        if self.max_negatives is None:
            return others
        cap = drawn_for_tree(events) if self.max_negatives == "auto" else self.max_negatives
        return min(others, _check.whole_number(cap, "max_negatives", low=1))

    def _choices(self, events: int, features: int) -> tuple[list[int | str], list[float | str]]:
        """Leaf sizes and features per node to choose from."""
        leaves: list[int | str] = [self.min_samples_leaf]
        if self.min_samples_leaf == "auto":
            # pilots of a few trees favour large leaves, which cost ranking where events are few
            leaves = [1] if events < _MANY_EVENTS else [1, 5, 20] if events < 10 * _MANY_EVENTS else [5, 20]
        looked = [self.max_features]
        if self.max_features == "auto":
            looked = ["sqrt", 1 / 3] if features >= 8 else ["sqrt"]
        return leaves, looked

    def _grow(
        self,
        grower: TreeGrower,
        trees: int,
        loss: Callable[[list[GrownTree]], float],
        streams: list[np.random.Generator],
    ) -> list[GrownTree]:
        """Trees of the best plan: pilot forests, judged by their `loss` out of the bag, and the rest of the best one.

        The leaf size is chosen first, then the features of a node for it.
        """
        leaves, looked = self._choices(grower.events.size, grower.X.shape[1])
        best = TreePlan(leaves[0], looked[0])
        pilot = min(trees, _PILOT_TREES) if len(leaves) * len(looked) > 1 else 0
        tried: dict[TreePlan, tuple[float, list[GrownTree]]] = {}

        def best_of(plans: list[TreePlan]) -> TreePlan:
            for plan in plans:
                if plan not in tried:
                    grown = self._several(grower, plan, pilot, streams[0])
                    tried[plan] = loss(grown), grown
            return min(plans, key=lambda plan: tried[plan][0])

        if pilot:
            best = best_of([TreePlan(leaf, best.max_features) for leaf in leaves])
            best = best_of([TreePlan(best.min_samples_leaf, share) for share in looked])
        self.plan_ = {"min_samples_leaf": best.min_samples_leaf, "max_features": best.max_features}
        first = tried[best][1] if pilot else []
        return first + self._several(grower, best, trees - pilot, streams[1])

    def _several(self, grower: TreeGrower, plan: TreePlan, count: int, rng: np.random.Generator) -> list[GrownTree]:
        jobs = (delayed(grower.grow)(plan, child) for child in rng.spawn(count))
        return list(Parallel(n_jobs=self.n_jobs, prefer="threads")(jobs))

    def _recalibration(
        self, votes: np.ndarray, y: np.ndarray, w: np.ndarray, shift: float, prevalence: float
    ) -> tuple[float, Recalibration]:
        known = ~np.isnan(votes)
        if not y[known].any() or y[known].all():
            # too few rows out of the bag to learn from: votes count as they are
            return 0.01 * min(prevalence, 1 - prevalence), Recalibration(0.0, 1.0, np.inf)
        return recalibrate_votes(votes[known], y[known], weight=w[known], offset=shift, prevalence=prevalence)

    def _logit(self, X: np.ndarray) -> np.ndarray:
        votes = np.empty(X.shape[0])
        for start in range(0, X.shape[0], _BLOCK):
            block = tree_input(X[start : start + _BLOCK])
            total = np.zeros(block.shape[0])
            for tree, probability in zip(self.estimators_, self.leaf_probability_, strict=True):
                total += probability[tree.apply(block, check_input=False)]
            votes[start : start + _BLOCK] = total / len(self.estimators_)
        return self.intercept_ + self.slope_ * floored_logit(votes, self.floor_)


def drawn_for_tree(events: int) -> int:
    """How many rows of the larger class a tree draws by default beside so many events."""
    return max(_DRAWN, _PER_EVENT * min(events, _MOST_EVENTS))
