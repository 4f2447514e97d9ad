"""A user's own model that asks for columns by name, on the encoded rows of a table."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import has_fit_parameter

from rareclass import _types
from rareclass._lazy import need
from rareclass.errors import InputError


def asks_for_names(model: Any) -> bool:
    """Whether a `ColumnTransformer` somewhere in the model chooses columns by name or by type."""
    if isinstance(model, ColumnTransformer):
        return any(callable(columns) or _texts(columns) for _, _, columns in model.transformers)
    inside = model.get_params(deep=False).values() if isinstance(model, BaseEstimator) else ()
    steps = (part for value in inside if isinstance(value, list | tuple) for part in value)
    return any(asks_for_names(part) for part in (*inside, *_flat(steps)))


def _flat(steps: Iterable[Any]) -> list[Any]:
    return [part for step in steps for part in (step if isinstance(step, tuple) else (step,))]


def _texts(columns: Any) -> bool:
    return isinstance(columns, str) or (
        isinstance(columns, list | tuple | np.ndarray) and any(isinstance(name, str) for name in columns)
    )


def _inner_has(name: str) -> Callable[["NamedColumns"], bool]:
    return lambda self: hasattr(getattr(self, "estimator_", self.estimator), name)


@dataclass(eq=False, repr=False)
class NamedColumns(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """A classifier given a frame with the names of the table and its categories as text.

    Parameters
    ----------
    estimator : classifier
    names : sequence of str
        One for each column of the encoded rows.
    levels : mapping of str to sequence of str
        Levels of the coded columns by code. Codes beyond them (levels too rare to be told apart) are missing, as are
        levels that training did not see.
    """

    estimator: Any
    names: Sequence[str] = ()
    levels: Mapping[str, Sequence[str]] | None = None

    def fit(self, X: np.ndarray, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit a clone of the estimator on the frame of `X` (n, d)."""
        extra: dict[str, Any] = {}
        if sample_weight is not None:
            step = f"{self.estimator.steps[-1][0]}__" if hasattr(self.estimator, "steps") else ""
            last = self.estimator.steps[-1][1] if step else self.estimator
            if not has_fit_parameter(last, "sample_weight"):
                raise InputError(
                    f"{type(last).__name__} takes no `sample_weight`. Use a model that does, or no weights."
                )
            extra[f"{step}sample_weight"] = sample_weight
        try:
            self.estimator_ = clone(self.estimator).fit(self._frame(X), y, **extra)
        except ValueError as error:
            if "of the dataframe" not in str(error):
                raise
            raise InputError(
                f"{error}. Texts and dates are encoded before the model sees them; it can choose among {self.names}."
            ) from error
        self.classes_ = self.estimator_.classes_
        return self

    def _frame(self, X: np.ndarray) -> _types.Rows:
        pandas = need("pandas", extra="pandas")
        columns = {}
        for name, values in zip(self.names, np.asarray(X, dtype=np.float64).T, strict=True):
            known = (self.levels or {}).get(name)
            if known is None:
                columns[name] = values
                continue
            texts = np.array([*known, None], dtype=object)
            places = np.where(np.isnan(values) | (values >= len(known)), len(known), values)
            columns[name] = texts[places.astype(np.intp)]
        return pandas.DataFrame(columns)

    @available_if(_inner_has("predict_proba"))
    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Probabilities (n, K) of the estimator."""
        return np.asarray(self.estimator_.predict_proba(self._frame(X)))

    @available_if(_inner_has("decision_function"))
    def decision_function(self, X: np.ndarray) -> np.ndarray:
        """Scores of the estimator."""
        return np.asarray(self.estimator_.decision_function(self._frame(X)))

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Labels (n,) of the estimator."""
        return np.asarray(self.estimator_.predict(self._frame(X)))
