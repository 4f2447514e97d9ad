"""Every sampler of the package as a treatment: what it leaves is fitted, and the ratio is brought back."""

import warnings
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator

from rareclass import combine, over_sampling, under_sampling
from rareclass._check import one_of
from rareclass.errors import InputError, NoOpWarning
from rareclass.treatments.base import Given, TrainingSet, Treatment, class_counts, half_way, positive_number
from rareclass.treatments.names import BOTH, CLEANING, SAMPLERS, UNDER

OTHER, EVENT = LABELS = ("all others", "event")
"""Names of the classes in what a sampler says; in the order of their codes."""

RANDOM = ("RandomOverSampler", "RandomUnderSampler")
CODES = ("SMOTENC", "SMOTEN")  # those that look at codes
VARIANCE = 0.95
TINY = 1e-6  # of a standard deviation: tells equal rows apart, and nothing else
_NAMES = {method: name for name, method in SAMPLERS.items()}
_ROOMS = (over_sampling, under_sampling, combine)


@dataclass(frozen=True)
class Resampling(Treatment):
    """Fit on what a sampler leaves of the training part; the ratio of the classes is brought back, then calibrated.

    When to use: weak smooth learners (linear models, neighbours) on numeric features with at least 20 events. When not:
    boosters and forests, where it costs time and, measured fairly, gains nothing.

    Parameters
    ----------
    method : str, default="SMOTE"
        Name of a class of `rareclass.over_sampling`, `rareclass.under_sampling` or `rareclass.combine`.
    ratio : float, default=1.0
        Events for each negative afterwards. Cleaning methods drop what their rule names: they have none.
    pca : float in (0, 1) or None, default=None
        Distances are taken between the leading principal components that hold this share of the variance, not between
        the columns. What is made moves away from its parent in these directions only; the learner, and the compiled
        model, still read the columns of the table.

    Raises
    ------
    InputError
        A parameter is unknown, or the columns are none that the method can compare (codes only, or none).

    Notes
    -----
    The log-odds are shifted by the ratio of the classes before and after. That is exact where rows are copied or
    dropped at random; other methods change the distributions of the classes, so that no shift is exact, and the
    out-of-fold calibration on real rows brings the rest.

    Distances are taken between columns of numbers, divided by their standard deviation, missing values filled by the
    median; codes of categories do not enter them (but for SMOTENC and SMOTEN). A row that is made holds the numbers
    that the method gives it and the codes of its first parent; rows that stay are left as they are, missing values
    too. Where events and others share a point, which of them are neighbours is drawn by lot: by the order of the table
    one event on the point of 300 others would have the edited nearest neighbours drop all of these. Neighbours are
    lowered where there are too few events, and that is said. Of a method that cannot work on these rows that is said
    too (`NoOpWarning`), and the learner is fitted on the data as they are.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(400, 2)), np.arange(400) < 20
    >>> training = Resampling(ratio=0.5).prepare(X, y, rng=rng)
    >>> training.note, training.exact
    ('170 synthetic events added to 20 real ones beside 380 negatives', False)
    """

    method: str = "SMOTE"
    ratio: float = 1.0
    pca: float | None = None

    @property
    def name(self) -> str:  # type: ignore[override]
        """The method in small letters, after "pca+" where its distances are those of principal components."""
        own = _NAMES.get(self.method, self.method)
        return own if self.pca is None else f"pca+{own}"

    @property
    def label(self) -> str:
        said = [f"{k}={v}" for k, v, usual in (("ratio", self.ratio, 1.0), ("pca", self.pca, VARIANCE)) if v != usual]
        said = [s for s in said if s != "pca=None"]
        return f"{self.name}({', '.join(said)})" if said else self.name

    @property
    def restoration(self) -> str:  # type: ignore[override]
        if self.method in RANDOM:
            return "log-odds shifted by the log of what became of the ratio of the classes, then calibrated out of fold"
        return "not exact: shifted by the realised counts, then calibrated on out-of-fold rows"

    @property
    def does(self) -> str:  # type: ignore[override]
        """See `Treatment.does`; cleaning methods go with everything."""
        return "" if not self.balances else "thins" if self.method in UNDER.values() else "adds"

    @property
    def balances(self) -> bool:
        """Whether it brings the classes to `ratio`."""
        return self.method not in CLEANING.values()

    def left(self, rows: int, events: int) -> tuple[int, int]:
        negatives = rows - events
        if self.method in UNDER.values():
            return min(rows, events + round(events / self.ratio)), events
        if not self.balances:
            return rows, events
        wanted = max(events, round(self.ratio * negatives))
        return negatives + wanted, wanted

    def milder(self, events: int, negatives: int) -> Self | None:
        ratio = half_way(events / negatives, self.ratio)
        return None if ratio is None or not self.balances else type(self)(self.method, ratio, self.pca)

    def _prepare(self, given: Given, rng: np.random.Generator) -> TrainingSet:
        one_of(self.method, "method", tuple(_NAMES))
        events, negatives = class_counts(given.y)
        ratio = positive_number(self.ratio, "ratio")
        if not self.balances and ratio != 1:
            raise InputError(f"{self.name!r} drops the rows that its rule names; it has no `ratio`. Leave it out.")
        if self.balances and events >= round(ratio * negatives):
            return given.training(f"nothing to do: {events:,} events, {negatives:,} negatives")
        chooses_at_random = self.method in RANDOM
        space = None if chooses_at_random else _Space.of(given, self)
        view = np.zeros((given.y.size, 1)) if space is None else space.view(given.y, rng)
        sampler = self._sampler(events, negatives, rng, [] if space is None else space.codes)
        try:
            out, labels = sampler.fit_resample(view, np.array(LABELS)[given.y.astype(int)])
            y = np.asarray(labels) == EVENT
            class_counts(y)
        except InputError as error:
            told = f"{self.name} changed nothing, the learner is fitted on the data as they are: {error}"
            warnings.warn(told, NoOpWarning, stacklevel=3)
            return given.training(f"{self.name} could not be applied: {events:,} events, {negatives:,} negatives")
        parent = np.asarray(sampler.resample_arrays(np.arange(given.y.size), kinds="label"))
        note = self._note(given.y, y, np.asarray(sampler.synthetic_mask_))
        weight = None if given.weight is None else np.asarray(sampler.resample_arrays(given.weight, kinds="weight"))
        shift = _odds(given.y, given.weight) - _odds(y, weight)
        moved = np.flatnonzero((np.asarray(out) != view[parent]).any(axis=1))
        if space is None or not moved.size:
            if np.array_equal(np.sort(parent), np.arange(given.y.size)):
                return given.training(note)
            return given.training(note, rows=parent, shift=shift, exact=chooses_at_random)
        X = given.X[parent]
        X[moved] = space.back(given.X, parent[moved], np.asarray(out)[moved], view[parent[moved]])
        return TrainingSet(X, y, sample_weight=weight, shift=shift, exact=False, note=note, synthetic=True)

    def _sampler(self, events: int, negatives: int, rng: np.random.Generator, codes: list[int]) -> BaseEstimator:
        """The sampler for so many rows, at the ratio that is asked for."""
        method = "SMOTE" if self.method == "SMOTENC" and not codes else self.method
        make = next(getattr(room, method) for room in _ROOMS if method in room.__all__)
        strategy: Any = [OTHER]
        if self.method in UNDER.values():
            strategy = {OTHER: max(1, round(events / self.ratio))}
        elif self.balances:
            strategy = {OTHER: negatives, EVENT: round(self.ratio * negatives)}
        wanted = {
            "sampling_strategy": strategy,
            "random_state": rng,
            "n_jobs": 1,
            "order": "input",
            "k_neighbors": "auto",
            "cluster_balance_threshold": events / (events + negatives),
            "cv": max(2, min(5, events)),
        }
        if self.method in BOTH.values():
            wanted["smote"] = over_sampling.SMOTE(sampling_strategy=strategy, random_state=rng, k_neighbors="auto")
        if self.method == "ADASYN":
            wanted["n_neighbors"] = "auto"
        if self.method == "NearMiss":
            wanted["n_neighbors"] = wanted["n_neighbors_ver3"] = min(3, events)
        needed = {"categorical_features": codes} if method == "SMOTENC" else {}
        sampler = make(**needed)
        return sampler.set_params(**{k: v for k, v in wanted.items() if k in sampler.get_params(deep=False)})

    def _note(self, before: np.ndarray, after: np.ndarray, made: np.ndarray) -> str:
        """What became of the rows, with the counts."""
        events, negatives = int(before.sum()), int((~before).sum())
        kept, others = int((after & ~made).sum()), int((~after & ~made).sum())
        added, centres = int((after & made).sum()), int((~after & made).sum())
        if self.method == "RandomOverSampler":
            return f"{events:,} events repeated to {int(after.sum()):,} beside {negatives:,} negatives"
        note = f"{added:,} synthetic events added to {kept:,} real ones beside {others:,} negatives"
        if not self.balances or self.method in UNDER.values():
            note = f"{others:,} of {negatives:,} negatives kept beside {kept:,} of {events:,} events"
        if centres:
            return f"{negatives:,} negatives replaced by the centres of {centres:,} clusters beside {kept:,} events"
        if self.method in (*BOTH.values(), "SMOTEIPF"):
            note += f"; dropped were {events - kept:,} of {events:,} events and {negatives - others:,} negatives"
        return note


SyntheticEvents = Resampling
"""The name that it had when SMOTE alone was a treatment."""


@dataclass(frozen=True, kw_only=True)
class _Space:
    """Where distances are taken: between `numbers` of the rows, or between their principal components."""

    columns: np.ndarray  # (c,) of the table
    numbers: np.ndarray  # (n, c) their values without gaps, divided by `scale`; missing codes are -1
    scale: np.ndarray  # (c,)
    codes: list[int]  # which of the c hold codes
    axes: np.ndarray | None = None  # (k, c) directions of the principal components

    @classmethod
    def of(cls, given: Given, how: Resampling) -> "_Space":
        """The space in which a method compares these rows."""
        nominal = np.array(sorted(given.categorical), dtype=int)
        numeric = np.setdiff1d(np.arange(given.X.shape[1]), nominal)
        if how.method == "SMOTEN" and numeric.size:
            raise InputError(
                f"{how.name!r} compares categories only, and {numeric.size} column(s) hold numbers. Use 'smote_nc'."
            )
        if how.method != "SMOTEN" and not numeric.size:
            raise InputError(
                f"{how.name!r} looks for neighbours among numbers, and all columns hold categories. Use 'smoten', "
                "'random_over', 'random_under' or 'class_weight'."
            )
        values = fill_missing(given.X[:, numeric])
        scale = values.std(axis=0)
        scale[scale == 0] = 1.0
        numbers = np.ascontiguousarray(values / scale)
        if how.method not in CODES:
            axes = None if how.pca is None else principal_axes(numbers, how.pca)
            return cls(columns=numeric, numbers=numbers, scale=scale, codes=[], axes=axes)
        if how.pca is not None:
            raise InputError(f"Codes have no principal components. Use 'pca+smote' instead of {how.name!r}.")
        return cls(
            columns=np.concatenate([numeric, nominal]),
            numbers=np.column_stack([numbers, np.nan_to_num(given.X[:, nominal], nan=-1.0)]),
            scale=np.concatenate([scale, np.ones(nominal.size)]),
            codes=list(range(numeric.size, numeric.size + nominal.size)),
        )

    def view(self, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """What the method sees (n, k): neighbours among equal rows of both classes are drawn by lot.

        A point that hundreds of rows share with one event would else cost all of them: by the order of the table the
        event is among the nearest of each, or of none. Events that are equal stay equal.
        """
        seen = self.numbers if self.axes is None else np.ascontiguousarray(self.numbers @ self.axes.T)
        if len(self.codes) == self.columns.size:
            return seen
        point = np.unique(self.numbers, axis=0, return_inverse=True)[1].reshape(-1)
        shared = np.intersect1d(point[y], point[~y])
        if not shared.size:
            return seen
        noise = rng.normal(scale=TINY, size=seen.shape)
        _, first, event = np.unique(point[y], return_index=True, return_inverse=True)
        noise[y] = noise[y][first[event]]
        noise[~np.isin(point, shared)] = 0.0
        noise[:, self.codes] = 0.0
        return seen + noise

    def back(self, X: np.ndarray, parent: np.ndarray, made: np.ndarray, stood: np.ndarray) -> np.ndarray:
        """Rows (m, d) of the table that stand at `made` (m, k), from parents that stood at `stood` (m, k).

        Codes that are not compared stay those of the parents.
        """
        rows = X[parent]
        if self.axes is not None:  # what the components leave out of a parent stays
            made = self.numbers[parent] + (made - stood) @ self.axes
        rows[:, self.columns] = made * self.scale
        codes = self.columns[self.codes]
        rows[:, codes] = np.where(rows[:, codes] < 0, np.nan, rows[:, codes])
        return rows


def principal_axes(X: np.ndarray, share: float) -> np.ndarray:
    """Leading principal directions (k, d) of X (n, d) that together hold `share` of its variance.

    Examples
    --------
    >>> principal_axes(np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]), 0.95).round(3).tolist()
    [[0.707, 0.707]]
    """
    if not 0 < share < 1:
        raise InputError(f"`pca` must be a share of the variance above 0 and below 1; got {share!r}.")
    values, directions = np.linalg.eigh(np.cov(X, rowvar=False, ddof=0).reshape(X.shape[1], X.shape[1]))
    held = np.cumsum(values[::-1]) / max(values.sum(), 1e-300)
    axes = directions[:, ::-1].T[: int(np.searchsorted(held, share)) + 1]
    # an axis has no direction of its own: its largest entry points up, on every machine
    return axes * np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]


def fill_missing(X: np.ndarray) -> np.ndarray:
    """Copy of X (n, d) with NaN replaced by the column's median (0 where all is missing)."""
    missing = np.isnan(X)
    if not missing.any():
        return X
    filled = X.copy()
    for j in np.flatnonzero(missing.any(axis=0)):
        known = X[~missing[:, j], j]
        filled[missing[:, j], j] = np.median(known) if known.size else 0.0
    return filled


def _odds(y: np.ndarray, weight: np.ndarray | None) -> float:
    """Log of the events for each negative, by weight."""
    mass = np.ones(y.size) if weight is None else weight
    return float(np.log(mass[y].sum() / mass[~y].sum()))
