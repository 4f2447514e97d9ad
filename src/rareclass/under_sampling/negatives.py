"""Negative sampling: keep the positives and few negatives, each with a known probability."""

import numbers
import warnings
from dataclasses import KW_ONLY, dataclass

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.utils import Tags

from rareclass import _check
from rareclass._sklearn import HasMethods, Interval, StrOptions
from rareclass._types import Label, Labels, Matrix, Rows, Seed
from rareclass.errors import InputError, NoOpWarning, ShortfallWarning
from rareclass.kernels.inclusion import keep_factor, systematic
from rareclass.kernels.logits import logit, sigmoid
from rareclass.sampler import Draw
from rareclass.sampler.containers import take
from rareclass.under_sampling.base import ORDER, RANDOM_STATE, BaseUnderSampler

# Below this many positives the pilot is too noisy for a design that leaves some of them out.
_LOCAL_POSITIVES = 1000
_PILOT_NEGATIVES = 5


@dataclass(frozen=True)
class _Design:
    """Probability with which a row would be kept if it were negative, and if it were positive (n,)."""

    as_negative: np.ndarray
    as_positive: np.ndarray


@dataclass(eq=False, repr=False)
class NegativeSampler(BaseUnderSampler):
    """Keep the positives and about `negatives_per_positive` negatives for each, with known probabilities.

    Use it where a full fit costs too much: with few positives, a small multiple of negatives carries nearly all the
    information. A model fitted with `offset_` added to its log-odds during training (and left out at prediction), or
    with weights 1 / `inclusion_probability_`, is on the scale of the whole data. Two classes only.

    Parameters
    ----------
    negatives_per_positive : float > 0, default=20
        Negatives to keep, in expectation, for each positive. The variance of the coefficients grows by about
        1 + 1/negatives_per_positive for "score", and by more for "uniform", the stronger the signal.
    strategy : {"uniform", "stratified", "score", "local_case_control"}, default="uniform"
        "uniform": all negatives alike. "stratified": by the groups given as `strata` to `fit_resample`, as `allocation`
        says. "score": in proportion to max(p / mean p, `floor`), p being a pilot's probability: the negatives that look
        like positives, which are the informative ones. "local_case_control": row kept with min(1, c |y - p|); the one
        strategy that may drop positives (those that the pilot is sure of). It needs 1,000 positives and falls back to
        "score", with a warning, below.
    estimator : classifier with `predict_proba` or None, default=None
        Pilot of the last two strategies, fitted here on the positives and five negatives for each; None is a small
        gradient boosting. Not used if `scores` are given to `fit_resample`.
    floor : float in (0, 1], default=0.1
        Least weight of a negative relative to the mean ("score"), so that no region is left without negatives.
    allocation : {"proportional", "equal"}, default="proportional"
        Negatives of a stratum: its share of all negatives, or as many as of every other one.
    design : {"exact", "poisson"}, default="exact"
        "exact" keeps a fixed number of negatives; "poisson" decides for each row on its own, so that the number varies.
    pos_label : label or None, default=None
        The positive class; None is the smaller one.
    random_state : int, Generator, RandomState or None, default=None
    order : {"class", "input"}, default="input"

    Attributes
    ----------
    sample_indices_ : ndarray (n_out,)
    inclusion_probability_ : ndarray (n_out,)
        Probability with which each kept row was to be kept; 1 for positives (but in local case-control).
    offset_ : ndarray (n_out,)
        -ln pi(x), pi(x) being the probability of keeping a negative with the values of that row (in local case-control,
        ln of the ratio for a positive over a negative). The log-odds among the kept rows are those of the
        whole data plus this offset, for positives as for negatives.
    pilot_ : the fitted pilot, where one was needed
    n_features_in_, feature_names_in_

    References
    ----------
    H. Wang, A. Zhang and C. Wang, "Nonuniform negative sampling and log odds correction with rare events data", NeurIPS
    (2021), eq. (5). W. Fithian and T. Hastie, "Local case-control sampling: efficient subsampling in imbalanced data
    sets", Annals of Statistics 42 (2014), 1693-1724; unlike there, c is chosen so that the expected number of negatives
    is the one asked for. Fixed size with unequal probabilities: systematic sampling of a random order (Madow, 1949).

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass.under_sampling import NegativeSampler
    >>> X, y = np.arange(1000.0)[:, None], np.repeat([0, 1], [990, 10])
    >>> sampler = NegativeSampler(negatives_per_positive=9.9, random_state=0)
    >>> X_res, y_res = sampler.fit_resample(X, y)
    >>> int((y_res == 0).sum()), int((y_res == 1).sum())
    (99, 10)
    >>> float(sampler.inclusion_probability_[0]), round(float(sampler.offset_[0]), 4)
    (0.1, 2.3026)
    """

    _sampling_type = "bypass"
    _takes = "table"
    _parameter_constraints = {
        "negatives_per_positive": [Interval(numbers.Real, 0, None, closed="neither")],
        "strategy": [StrOptions({"uniform", "stratified", "score", "local_case_control"})],
        "estimator": [HasMethods(["fit", "predict_proba"]), None],
        "floor": [Interval(numbers.Real, 0, 1, closed="right")],
        "allocation": [StrOptions({"proportional", "equal"})],
        "design": [StrOptions({"exact", "poisson"})],
        "pos_label": "no_validation",
        "random_state": RANDOM_STATE,
        "order": ORDER,
    }

    sampling_strategy = "auto"  # not a parameter here: `negatives_per_positive` says how many stay
    negatives_per_positive: float = 20
    _: KW_ONLY
    strategy: str = "uniform"
    estimator: BaseEstimator = None
    floor: float = 0.1
    allocation: str = "proportional"
    design: str = "exact"
    pos_label: Label = None
    random_state: Seed = None
    order: str = "input"

    def fit_resample(
        self, X: Rows, y: Labels, *, scores: ArrayLike | None = None, strata: ArrayLike | None = None
    ) -> tuple[Rows, Rows]:
        """Sample.

        Parameters
        ----------
        X : array, sparse matrix or frame (n, d)
        y : labels (n,), two classes
        scores : array (n,) in [0, 1] or None, default=None
            Probability of the positive class by a pilot of your own, best one that has not seen these rows.
        strata : array (n,) or None, default=None
            Group of each row, for "stratified".

        Returns
        -------
        X_resampled, y_resampled
            In the containers of the input.

        Raises
        ------
        InputError
            More than two classes, scores outside [0, 1], or strata missing.
        """
        ready = self._begin(X, y)
        drawn = self._draw(ready.view, ready.target.codes, ready.targets, ready.rng, scores=scores, strata=strata)
        return self._finish(ready, drawn)

    def _draw(
        self,
        X: Matrix,
        y: np.ndarray,
        targets: dict[int, int],
        rng: np.random.Generator,
        *,
        scores: ArrayLike | None = None,
        strata: ArrayLike | None = None,
    ) -> Draw:
        positive = y == self._positive_code(y)
        negatives = np.flatnonzero(~positive)
        wanted = min(self.negatives_per_positive * positive.sum(), float(negatives.size))
        if wanted >= negatives.size:
            warnings.warn(
                f"NegativeSampler keeps all rows: {self.negatives_per_positive} negatives for each of {positive.sum()} "
                f"positives are more than the {negatives.size} there are.",
                NoOpWarning,
                stacklevel=3,
            )
        design = self._design(X.native, positive, wanted, scores, strata, rng)
        chance = np.where(positive, design.as_positive, design.as_negative)
        kept = self._choose(chance, positive, strata if self.strategy == "stratified" else None, rng)
        kept = np.concatenate((kept[~positive[kept]], kept[positive[kept]])) if self.order == "class" else kept
        self.offset_ = np.log(design.as_positive[kept]) - np.log(design.as_negative[kept])
        return Draw(kept=kept, probability=chance[kept])

    def _positive_code(self, y: np.ndarray) -> int:
        if len(self._labels) != 2:
            raise InputError(f"NegativeSampler needs two classes; got {len(self._labels)}.")
        if self.pos_label is None:
            return int(np.argmin(np.bincount(y)))
        return _check.find_label(self._labels, self.pos_label)

    def _design(
        self,
        X: Rows,
        positive: np.ndarray,
        wanted: float,
        scores: ArrayLike | None,
        strata: ArrayLike | None,
        rng: np.random.Generator,
    ) -> _Design:
        sure = np.ones(positive.size)
        strategy = self.strategy
        if strategy == "local_case_control" and positive.sum() < _LOCAL_POSITIVES:
            warnings.warn(
                f"Local case-control sampling needs {_LOCAL_POSITIVES:,} positives; got {positive.sum():,}. Negatives "
                "are sampled by score instead, and all positives are kept.",
                ShortfallWarning,
                stacklevel=4,
            )
            strategy = "score"
        if strategy == "uniform":
            return _Design(np.full(positive.size, wanted / (~positive).sum()), sure)
        if strategy == "stratified":
            return _Design(self._by_stratum(positive, wanted, strata), sure)
        p = self._scores(X, positive, scores, rng)
        if strategy == "score":
            mean = p[~positive].mean()
            weight = np.maximum(p / mean if mean > 0 else np.ones(p.size), self.floor)
            return _Design(np.minimum(1.0, weight * keep_factor(weight[~positive], wanted)), sure)
        p = np.clip(p, 1e-12, 1 - 1e-12)
        factor = keep_factor(p[~positive], wanted)
        return _Design(np.minimum(1.0, factor * p), np.minimum(1.0, factor * (1 - p)))

    def _by_stratum(self, positive: np.ndarray, wanted: float, strata: ArrayLike | None) -> np.ndarray:
        if strata is None:
            raise InputError('strategy="stratified" needs `strata`, the group of each row, in `fit_resample`.')
        groups = _check.column(strata, "strata")
        _check.same_length(X=positive, strata=groups)
        code = np.unique(groups, return_inverse=True)[1].reshape(-1)
        size = np.bincount(code[~positive], minlength=int(code.max()) + 1).astype(np.float64)
        if self.allocation == "proportional":
            return np.full(positive.size, wanted / size.sum())
        # Equal numbers, but for strata that have fewer: min(1, c / size) with c such that the total is right.
        each = 1.0 / np.maximum(size, 1.0)
        return np.minimum(1.0, each * keep_factor(each[code[~positive]], wanted))[code]

    def _scores(self, X: Rows, positive: np.ndarray, scores: ArrayLike | None, rng: np.random.Generator) -> np.ndarray:
        """Probability of the positive class of every row, on the scale of the whole data."""
        if scores is not None:
            given = _check.number_array(scores, "scores")
            _check.same_length(X=positive, scores=given)
            if ((given < 0) | (given > 1)).any():
                raise InputError("`scores` must be probabilities in [0, 1].")
            return given
        negatives = np.flatnonzero(~positive)
        number = min(negatives.size, _PILOT_NEGATIVES * int(positive.sum()))
        rows = np.sort(np.concatenate((np.flatnonzero(positive), rng.choice(negatives, number, replace=False))))
        pilot = clone(self.estimator) if self.estimator is not None else _pilot(rng)
        self.pilot_ = pilot.fit(take(X, rows), positive[rows])
        p = np.clip(self.pilot_.predict_proba(X)[:, 1], 1e-9, 1 - 1e-9)
        return sigmoid(logit(p) + np.log(number / negatives.size))

    def _choose(
        self, chance: np.ndarray, positive: np.ndarray, strata: ArrayLike | None, rng: np.random.Generator
    ) -> np.ndarray:
        """Rows to keep, ascending, each with exactly its probability."""
        if self.design == "poisson":
            return np.flatnonzero(rng.random(chance.size) < chance)
        if strata is None:
            chosen = [systematic(rows, chance, rng) for rows in (np.flatnonzero(positive), np.flatnonzero(~positive))]
        else:
            groups = np.unique(_check.column(strata, "strata"), return_inverse=True)[1].reshape(-1)
            by_group = np.argsort(np.where(positive, -1, groups), kind="stable")
            chosen = [systematic(by_group, chance, rng, within=np.where(positive, -1, groups)[by_group])]
        return np.sort(np.concatenate(chosen))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        # Without a pilot no value of X is looked at.
        tags.input_tags.allow_nan = tags.input_tags.string = self.strategy in ("uniform", "stratified")
        return tags


def _pilot(rng: np.random.Generator) -> BaseEstimator:
    seed = int(rng.integers(2**31 - 1))
    return HistGradientBoostingClassifier(max_iter=50, max_leaf_nodes=15, early_stopping=False, random_state=seed)
