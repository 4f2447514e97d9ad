"""The blend as a learner of its own: guarded boosting, extra trees, a line and kernels, weighted out of fold."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _types
from rareclass._lazy import available
from rareclass.errors import CollapseWarning, DroppedWarning, InputError
from rareclass.learners._alarm import event_precision
from rareclass.learners._context import FitContext, InnerPlan, Rows, rare_class
from rareclass.learners._inner import inner_plan
from rareclass.learners._recalibrate import recalibrate
from rareclass.learners.base import RareLearner
from rareclass.learners.combination import fit_combination
from rareclass.learners.logit_blend import LogitBlend
from rareclass.learners.table import LEARNERS, PACKAGES

MEMBERS = ("catboost", "hist_gradient_boosting", "extra_trees", "logistic_regression", "kernel_logistic")
"""The default, here and in comparisons: chosen by `benchmarks/members.py`, see docs/figures.md."""
_EVENTS, _OTHERS = 1000, 8000
_COLLAPSED = 1 / 3


def loadable_members() -> list[str]:
    """`MEMBERS` without those whose library cannot be loaded on this machine."""
    return [name for name in MEMBERS if name not in PACKAGES or available(PACKAGES[name]) is None]


def warn_of_absent_members(stacklevel: int) -> None:
    """A `DroppedWarning` for each member that the default blend goes without on this machine."""
    for name in MEMBERS:
        reason = available(PACKAGES[name]) if name in PACKAGES else None
        if reason is not None:
            warnings.warn(f"{reason}. The blend goes without {name}.", DroppedWarning, stacklevel=stacklevel + 1)


@dataclass(eq=False, repr=False, kw_only=True)
class RareBlendClassifier(RareLearner):
    """Weighted mean of the log-odds of guarded boosting, extra trees, and logistic regression on quantiles and kernels.

    The default where nothing is chosen: the members err differently, and with few events no one knows beforehand which
    of them will do best. Every member judges itself on the same rows (forests out of the bag, the others on inner
    folds, all events and a sample of the other rows), is put on a common log-odds scale by an intercept and a slope,
    and is weighted by penalised log-loss: nearly equal weights with ten events, free ones with thousands. A member
    that collapses gets weight zero and a `CollapseWarning`.

    It costs one fit of each member and some inner fits on the sample. Inside `compare` and `RareClassifier` the same
    blend is made from scores that exist already.

    Parameters
    ----------
    members : sequence of str or "auto", default="auto"
        Among "catboost", "hist_gradient_boosting", "extra_trees", "logistic_regression", "kernel_logistic", "lightgbm",
        "random_forest" and "xgboost". "auto" takes the first five, which a plain install brings, so that results do not
        depend on which extras are installed; one whose library cannot be loaded here is left out with a warning.
    categorical_features : sequence of int, optional
        Columns that hold category codes.
    random_state : int, Generator or None, default=None
    n_jobs : int, default=1

    Attributes
    ----------
    member_names_ : list of str
    weights_ : ndarray of shape (k,)
        Weight of each member, summing to one.
    blend_ : LogitBlend
        The fitted members, their scales and weights.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(2000, 3))
    >>> y = X[:, 0] + 0.3 * rng.normal(size=2000) > 2.2
    >>> model = RareBlendClassifier(members=["random_forest", "logistic_regression"], random_state=0).fit(X, y)
    >>> round(float(model.weights_.sum()), 6)
    1.0
    """

    title = "Blend of learners"
    takes_offset = False

    members: Sequence[str] | str = "auto"
    categorical_features: ArrayLike | None = None
    random_state: _types.Seed = None
    n_jobs: int = 1

    def _fit(self, rows: Rows, context: FitContext) -> None:
        self.member_names_ = self._names()
        rows = rows.scaled()
        rng, most = context.rng, max(_OTHERS, 5 * min(int(rows.rare.sum()), _EVENTS))
        codes = self._code_columns(rows.X.shape[1])
        plan = inner_plan(rows.X, rows.y, rng, events=_EVENTS, others=most)
        fitted = [self._member(name, codes, int(rng.integers(2**31))) for name in self.member_names_]
        scores = np.column_stack([member.fit_member(rows, plan).logit for member in fitted])
        k = len(fitted)
        numbers = [[0.0] * k, [1.0] * k, [1 / k] * k]
        seen = np.isfinite(scores).all(axis=1)
        target = rows.y[plan.rows][seen]
        if target.any() and not target.all():
            inside = None if rows.weight is None else rows.weight[plan.rows][seen]
            numbers = self._combined(scores[seen], target, inside, plan)
        self.weights_ = np.array(numbers[2])
        self.blend_ = LogitBlend(fitted, [0.0] * k, *numbers)

    def _names(self) -> list[str]:
        if isinstance(self.members, str):
            if self.members != "auto":
                raise InputError(f"`members` must be 'auto' or a sequence of names; got {self.members!r}.")
            warn_of_absent_members(stacklevel=5)
            return loadable_members()
        known = [name for name in LEARNERS if LEARNERS[name].judges_itself]
        names = list(self.members)
        if not names or len(set(names)) < len(names) or not set(names) <= set(known):
            raise InputError(f"`members` must hold distinct names among {', '.join(known)}; got {names!r}.")
        return names

    def _member(self, name: str, codes: list[int], seed: int) -> RareLearner:
        cls: Any = LEARNERS[name]
        own = {"categorical_features": codes, "random_state": seed, "n_jobs": self.n_jobs}
        member: RareLearner = cls(**cls.inside_blend, **own)
        return member

    def _combined(
        self, scores: np.ndarray, y: np.ndarray, weight: np.ndarray | None, plan: InnerPlan
    ) -> list[list[float]]:
        """Intercepts, slopes and weights from scores at the real prevalence of rows that were sampled."""
        useful = ~self._collapsed(scores, y, weight, plan)
        inside = scores + plan.shift
        how = fit_combination(inside[:, useful], y, sample_weight=weight)
        k = scores.shape[1]
        intercept, slope, share = np.zeros(k), np.ones(k), np.zeros(k)
        # a mean of log-odds expects fewer events than its members do, and is surer than it says
        mean = how.apply(inside[:, useful])
        whole = recalibrate(mean, y, weight=np.ones(y.size) if weight is None else weight, offset=0.0)
        # the scales were learnt in the sample: a + b (z + shift) - shift
        slope[useful], share[useful] = whole.slope * how.slope, how.weight
        intercept[useful] = whole.intercept + whole.slope * how.intercept + (slope[useful] - 1) * plan.shift
        return [intercept.tolist(), slope.tolist(), share.tolist()]

    def _collapsed(self, scores: np.ndarray, y: np.ndarray, weight: np.ndarray | None, plan: InnerPlan) -> np.ndarray:
        """Members (k,) whose average precision is below a third of the best one's by more than noise."""
        rare = rare_class(y)
        sign = 1.0 if rare is y else -1.0
        stands = np.where(rare, 1.0, np.exp(abs(plan.shift))) * (1.0 if weight is None else weight)
        precision = np.array([event_precision(rare, sign * score, stands) for score in scores.T])
        mean = precision.mean(axis=1)
        best = int(np.argmax(mean))
        gap = precision[best] - precision
        noise = 2 * gap.std(axis=1) / np.sqrt(max(gap.shape[1], 1))
        collapsed = (mean < _COLLAPSED * mean[best]) & (gap.mean(axis=1) > noise)
        for j in np.flatnonzero(collapsed):
            warnings.warn(
                f"{self.member_names_[j]} gets no weight in the blend: its out-of-fold average precision is "
                f"{mean[j]:.3g}, that of {self.member_names_[best]} {mean[best]:.3g}.",
                CollapseWarning,
                stacklevel=6,
            )
        return np.asarray(collapsed)

    def _logit(self, X: np.ndarray) -> np.ndarray:
        return self.blend_.decision_function(X)
