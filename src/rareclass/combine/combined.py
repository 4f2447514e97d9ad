"""Any over-sampler followed by any under-sampler, with provenance through both."""

import warnings
from abc import ABC, abstractmethod

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils import get_tags

from rareclass import _check
from rareclass._sklearn import HasMethods, validate_parameters
from rareclass._types import Labels, Rows, Seed
from rareclass.errors import InputError, NoOpWarning
from rareclass.sampler import Draw, Sampler
from rareclass.sampler.containers import take

RANDOM_STATE = ["random_state", np.random.Generator]


class TwoSteps(Sampler, ABC):
    """Base of the combinations: fit the first sampler, then the second on its output."""

    _sampling_type = "over-sampling"
    _takes = "table"

    @abstractmethod
    def _steps(self, rng: np.random.Generator) -> tuple[BaseEstimator, BaseEstimator]:
        """The two samplers, new and unfitted."""

    def fit(self, X: Rows, y: Labels) -> "TwoSteps":
        """Check the input and resolve `sampling_strategy_`, without resampling."""
        validate_parameters(self)
        table, _ = self._read(X, y)
        first, second = self._steps(_check.random_generator(getattr(self, "random_state", None)))
        if getattr(table, "array", np.empty(0, dtype=object)).dtype.kind == "f":
            table.numbers(allow_nan=all(_allows_nan(step) for step in (first, second)))
        self.sampling_strategy_ = getattr(first.fit(X, y), "sampling_strategy_", None)
        return self

    def fit_resample(self, X: Rows, y: Labels) -> tuple[Rows, Rows]:
        """Over-sample, then clean or under-sample.

        Parameters
        ----------
        X : array, sparse matrix or frame (n, d)
        y : labels (n,)

        Returns
        -------
        X_resampled, y_resampled
            In the containers of the input.
        """
        validate_parameters(self)
        self.__dict__.pop("_draw_", None)
        _, target = self._read(X, y)
        self._labels = target.labels
        first, second = self._steps(_check.random_generator(getattr(self, "random_state", None)))
        X_more, y_more = first.fit_resample(X, y)[:2]
        with warnings.catch_warnings():
            # Nothing left to clean is a good outcome here; the first step has done its work.
            warnings.simplefilter("ignore", NoOpWarning)
            X_out, y_out = second.fit_resample(_as_columns(X_more), y_more)[:2]
        self.sampling_strategy_ = getattr(first, "sampling_strategy_", None)
        if hasattr(second, "sample_indices_") and _as_columns(X_more) is not X_more:
            X_out = take(X_more, second.sample_indices_)
        self._fitted(first, second)
        draw = _joined(first, second)
        if draw is not None:
            self._record(draw, target)
        return X_out, y_out

    def _fitted(self, first: BaseEstimator, second: BaseEstimator) -> None:
        """Keep the fitted steps under the names of the class."""

    def _last_draw(self) -> tuple[Draw, int]:
        if not hasattr(self, "_draw_"):
            raise InputError(
                f"This {type(self).__name__} cannot say from which rows its output comes: call `fit_resample` first, "
                "and use samplers of rareclass of which the second selects rows (has `sample_indices_`)."
            )
        return super()._last_draw()

    def _warn(self, draw: Draw, n: int) -> None:
        # The second step undoes part of the first by design, so counts below those asked for are no shortfall.
        if draw.n_made == 0 and draw.order is not None and draw.order.size == n:
            warnings.warn(f"{type(self).__name__} changed nothing.", NoOpWarning, stacklevel=4)


def _allows_nan(step: BaseEstimator) -> bool:
    return bool(get_tags(step).input_tags.allow_nan)


def _as_columns(X: Rows) -> Rows:
    """An object array as a table of typed columns, so that mixed data can be compared; anything else as it is."""
    if not (isinstance(X, np.ndarray) and X.dtype == object):
        return X
    import pyarrow as pa

    columns = {}
    for j in range(X.shape[1]):
        try:
            columns[f"x{j}"] = pa.array(X[:, j].tolist())
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            columns[f"x{j}"] = pa.array([str(v) for v in X[:, j]])
    return pa.table(columns)


def _joined(first: BaseEstimator, second: BaseEstimator) -> Draw | None:
    """What both steps did to the input, as one draw; None where one of them does not say."""
    if not hasattr(first, "_draw_") or not hasattr(second, "sample_indices_"):
        return None
    draw = first._draw_
    chosen = np.asarray(second.sample_indices_)
    order = chosen if draw.order is None else draw.order[chosen]
    return Draw(kept=draw.kept, parents=draw.parents, gap=draw.gap, order=order)


class CombinedSampler(TwoSteps):
    """Apply any over-sampler, then any under-sampler or cleaning method.

    Use it for the pairs that `SMOTEENN` and `SMOTETomek` do not name, for instance Borderline-SMOTE and the
    neighbourhood cleaning rule. Synthetic rows, parents and per-row arrays are followed through both.

    Parameters
    ----------
    over : sampler
        First step, for instance `SMOTE(sampling_strategy=0.1)`.
    under : sampler
        Second step; it sees the output of the first.
    random_state : int, Generator, RandomState or None, default=None
        Seeds the steps that have a `random_state` of None.

    Attributes
    ----------
    over_, under_ : the fitted steps
    sampling_strategy_ : dict
        That of the first step: {label: rows to add}.
    synthetic_mask_, parents_, counts_, n_features_in_, feature_names_in_

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass.combine import CombinedSampler
    >>> from rareclass.over_sampling import RandomOverSampler
    >>> from rareclass.under_sampling import RandomUnderSampler
    >>> X, y = np.arange(12.0)[:, None], [0] * 10 + [1] * 2
    >>> both = CombinedSampler(RandomOverSampler(sampling_strategy=0.5), RandomUnderSampler(), random_state=0)
    >>> y_res = both.fit_resample(X, y)[1]
    >>> y_res.count(0), y_res.count(1)
    (5, 5)
    """

    _parameter_constraints: dict = {
        "over": [HasMethods(["fit_resample"])],
        "under": [HasMethods(["fit_resample"])],
        "random_state": RANDOM_STATE,
    }

    def __init__(self, over: BaseEstimator, under: BaseEstimator, *, random_state: Seed = None) -> None:
        super().__init__()
        self.over = over
        self.under = under
        self.random_state = random_state

    def _steps(self, rng: np.random.Generator) -> tuple[BaseEstimator, BaseEstimator]:
        return tuple(_seeded(step, rng) for step in (self.over, self.under))

    def _fitted(self, first: BaseEstimator, second: BaseEstimator) -> None:
        self.over_, self.under_ = first, second


def _seeded(step: BaseEstimator, rng: np.random.Generator) -> BaseEstimator:
    step = clone(step)
    if "random_state" in step.get_params(deep=False) and step.get_params(deep=False)["random_state"] is None:
        step.set_params(random_state=int(rng.integers(2**31 - 1)))
    return step
