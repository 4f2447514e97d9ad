"""What all ensembles do before the first member: read rows, labels and weights, and list the rows of each class."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from sklearn.base import BaseEstimator
from sklearn.utils import get_tags
from sklearn.utils.validation import column_or_1d, validate_data

from rareclass import _check, _types
from rareclass._sklearn import validate_parameters
from rareclass.errors import InputError, RareclassWarning, TargetError, TooFewEventsError
from rareclass.sampler import class_streams
from rareclass.sampler.strategy import at_least_two, resolve_strategy
from rareclass.sampler.target import read_target

_MAX_SEED = 2**31 - 1


@dataclass(frozen=True)
class Training:
    """Rows, class codes and weights of one `fit`, and the rows of each class, listed once."""

    X: _types.Rows  # (n, d)
    codes: np.ndarray  # (n,) class of each row, a position in `classes`
    classes: np.ndarray  # (K,)
    weight: np.ndarray | None  # (n,) rows of weight zero are never drawn

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.codes.size)

    def usable(self) -> np.ndarray:
        """Rows that may be drawn."""
        return np.arange(self.n) if self.weight is None else np.flatnonzero(self.weight > 0)

    def rows_of_classes(self) -> list[np.ndarray]:
        """Usable rows of each class, ascending, in one pass over the data."""
        usable = self.usable()
        return split_by_class(usable, self.codes[usable], self.classes.size)

    def class_mass(self) -> np.ndarray:
        """Rows, or weight, of each class (K,): the real prevalence."""
        return np.bincount(self.codes, weights=self.weight, minlength=self.classes.size).astype(float)


def read_training(
    estimator: BaseEstimator,
    X: _types.Rows,
    y: ArrayLike,
    sample_weight: ArrayLike | None,
    *,
    dtype: DTypeLike | None = None,
    finite: bool | str | BaseEstimator = False,
) -> Training:
    """Check parameters and data of a `fit`; sets `n_features_in_`, `classes_` and `n_classes_` on the estimator.

    `finite` is True, "allow-nan", False where the members judge for themselves, or the member whose tags tell.

    Raises
    ------
    InputError
        Parameters, lengths or weights are wrong.
    TargetError, TooFewEventsError
        The target is missing, continuous or multi-label, or a class has no row of positive weight.
    """
    validate_parameters(estimator)
    finite = finite if isinstance(finite, bool | str) else finite_for(finite)
    if y is None:
        raise TargetError(f"{type(estimator).__name__} requires y to be passed, but the target y is None.")
    features = validate_data(estimator, X, accept_sparse="csr", dtype=dtype, ensure_all_finite=finite)
    if isinstance(y, np.ndarray) and y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    target = read_target(y)
    _check.same_length(X=features, y=target.codes)
    at_least_two(len(target.labels))
    classes = np.asarray(target.values)[target.representatives()]
    weight = _check.weights(sample_weight, features.shape[0])
    training = Training(X=features, codes=target.codes, classes=classes, weight=weight)
    if weight is not None:
        for label, mass in zip(classes, training.class_mass()):
            if not mass > 0:
                raise TooFewEventsError(f"All rows of class {label!r} have weight zero; give at least one a weight.")
    estimator.classes_ = classes
    estimator.n_classes_ = int(classes.size)
    return training


def any_to_add(held: int, asked: int) -> bool:
    """Whether a warm-started fit has members to add; a warning where it has none."""
    if held > asked:
        raise InputError(
            f"n_estimators={asked} must be larger or equal to len(estimators_)={held} when warm_start==True."
        )
    if held == asked:
        said = "Warm-start fitting without increasing n_estimators does not fit new trees."
        warnings.warn(said, RareclassWarning, stacklevel=3)
    return held < asked


def finite_for(estimator: BaseEstimator) -> bool | str:
    """What `finite` has to be for members of this kind."""
    return "allow-nan" if get_tags(estimator).input_tags.allow_nan else True


def split_by_class(rows: np.ndarray, codes: np.ndarray, n_classes: int) -> list[np.ndarray]:
    """`rows` of each class, in the given order, by one stable sort."""
    order = np.argsort(codes, kind="stable")
    return np.split(rows[order], np.cumsum(np.bincount(codes, minlength=n_classes))[:-1])


def rows_to_keep(strategy: Any, rows: list[np.ndarray], classes: np.ndarray, y: ArrayLike) -> dict[int, int]:
    """Number of rows to draw from each class that `strategy` targets, by class code.

    Classes without rows are passed over, and a mapping that asks for more rows than a bootstrap happens to hold gets
    all of them: neither is the user's doing.
    """
    present = {label: len(part) for label, part in zip(classes.tolist(), rows) if len(part)}
    if isinstance(strategy, Mapping):
        known = set(classes.tolist())
        strategy = {
            label: min(number, present.get(label, number)) if number > 0 else number
            for label, number in strategy.items()
            if label in present or label not in known
        }
    code_of = {label: code for code, label in enumerate(classes.tolist())}
    wanted = resolve_strategy(strategy, present, "under-sampling", y)
    return {code_of[label]: number for label, number in wanted.items()}


class LabelStrategy:
    """A callable `sampling_strategy` of the user's labels, for a sampler that sees class codes."""

    def __init__(self, function: Callable[[np.ndarray], Mapping], classes: np.ndarray) -> None:
        self.function, self.classes = function, classes

    def __call__(self, codes: np.ndarray) -> _types.Strategy:
        """{class code: rows}."""
        return strategy_of_codes(self.function(self.classes[np.asarray(codes)]), self.classes)


def strategy_of_codes(strategy: _types.Strategy, classes: np.ndarray) -> _types.Strategy:
    """`strategy` in terms of class codes instead of the user's labels."""
    code_of = {label: code for code, label in enumerate(classes.tolist())}
    if isinstance(strategy, dict):
        return {code_of.get(label, label): number for label, number in strategy.items()}
    if isinstance(strategy, list):
        return [code_of.get(label, label) for label in strategy]
    return LabelStrategy(strategy, classes) if callable(strategy) else strategy


def draw_rows(rows: list[np.ndarray], targets: Mapping[int, int], seed: _types.Seed, replacement: bool) -> np.ndarray:
    """The rows that `RandomUnderSampler(random_state=seed)` keeps, by class, without looking at the data again."""
    streams = class_streams(targets, _check.random_generator(seed))
    parts = list(rows)
    for code, stream in streams.items():
        part = rows[code]
        parts[code] = part[stream.choice(part.size, size=targets[code], replace=replacement, shuffle=True)]
    return np.concatenate(parts)


def seed_table(rng: np.random.Generator, members: int, columns: int) -> np.ndarray:
    """Whole-number seeds (members, columns); the first rows do not depend on how many members there are."""
    return rng.integers(_MAX_SEED, size=(members, columns))


def seeded(estimator: BaseEstimator, seed: int) -> BaseEstimator:
    """Give every `random_state` of an estimator, nested ones too, its own seed; others stay as they are."""
    names = sorted(n for n in estimator.get_params(deep=True) if n == "random_state" or n.endswith("__random_state"))
    draws = np.random.default_rng(seed).integers(_MAX_SEED, size=len(names))
    return estimator.set_params(**dict(zip(names, draws.tolist()))) if names else estimator
