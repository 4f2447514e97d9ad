"""What a treatment is: how training is altered, and the exact way back to the real prevalence."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, fields, replace
from typing import Any, ClassVar, Self

import numpy as np

from rareclass import _check
from rareclass.decisions.costs import Costs
from rareclass.errors import InputError, TooFewEventsError


@dataclass(frozen=True)
class TrainingSet:
    """What a learner is fitted on, and how its scores are brought back.

    Attributes
    ----------
    X : ndarray of shape (m, d)
    y : ndarray of shape (m,), bool
    sample_weight : ndarray of shape (m,) or None
    offset : ndarray of shape (m,) or None
        Known log-odds that the learner adds during training and leaves out at prediction.
    shift : float
        Log-odds to add to the learner's score so that it is at the real prevalence.
    exact : bool
        Whether `shift` undoes the treatment exactly for the population minimiser. False for synthetic rows.
    note : str
        One sentence: what was done, with the counts.
    rows : ndarray of shape (m,) or None
        Which of the given rows each row is; None where they are the given rows in their order.
    synthetic : bool
        Whether some rows are none of the given ones; `rows` then says nothing.
    pilot : fitted learner or None
        A model whose log-odds are added at prediction: the learner only corrects it.
    """

    X: np.ndarray
    y: np.ndarray
    _: KW_ONLY
    sample_weight: np.ndarray | None = None
    offset: np.ndarray | None = None
    shift: float = 0.0
    exact: bool = True
    note: str = ""
    rows: np.ndarray | None = None
    synthetic: bool = False
    pilot: Any = None


@dataclass(frozen=True)
class Given:
    """The training rows as a treatment finds them: arrays (n, d), (n,), (n,) or None, and the columns of codes."""

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None = None
    categorical: tuple[int, ...] = ()

    def training(self, note: str, *, rows: np.ndarray | None = None, **said: Any) -> TrainingSet:
        """A training set of these rows, or of the rows `rows` of them; `said` are its other fields."""
        said = {"sample_weight": self.weight if rows is None else self.weights_of(rows), "note": note, **said}
        if rows is None:
            return TrainingSet(self.X, self.y, **said)
        return TrainingSet(self.X[rows], self.y[rows], rows=rows, **said)

    def weights_of(self, rows: np.ndarray) -> np.ndarray | None:
        """Weights of the rows `rows`."""
        return None if self.weight is None else self.weight[rows]

    @property
    def plain_weight(self) -> np.ndarray:
        """Weights (n,): one each where there are none."""
        return np.ones(self.y.size) if self.weight is None else self.weight


@dataclass(frozen=True)
class Treatment(ABC):
    """How training is altered to cope with rarity, and how the learner's scores are brought back.

    Sub-classes write `_prepare`, and `fit_learner` where the learner is not simply fitted on what that returns. A
    treatment never sees rows that are scored.
    """

    name: ClassVar[str]
    restoration: ClassVar[str]
    does: ClassVar[str] = ""
    """What only one of several combined treatments may do: "weighs" the classes, "thins" the negatives to a ratio,
    "adds" events to a ratio, "fits" the learner in its own way."""
    goes_last: ClassVar[bool] = True
    """Whether a treatment that "fits" has to see the rows as they are fitted."""

    def prepare(
        self,
        X: np.ndarray,
        y: np.ndarray,
        *,
        sample_weight: np.ndarray | None = None,
        categorical_features: tuple[int, ...] = (),
        rng: np.random.Generator,
    ) -> TrainingSet:
        """Return what the learner is to be fitted on.

        Parameters
        ----------
        X : ndarray of shape (n, d)
        y : ndarray of shape (n,), bool
        sample_weight : ndarray of shape (n,), optional
        categorical_features : tuple of int
            Columns of X that hold category codes.
        rng : Generator
        """
        weight = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        columns = tuple(categorical_features)
        if weight is None or weight.all():
            return self._prepare(Given(X, y, weight, columns), rng)
        # rows of weight zero are as good as absent: none is drawn, copied or counted
        kept = np.flatnonzero(weight)
        made = self.take(kept)._prepare(Given(X[kept], y[kept], weight[kept], columns), rng)
        return made if made.synthetic else replace(made, rows=kept if made.rows is None else kept[made.rows])

    @abstractmethod
    def _prepare(self, given: Given, rng: np.random.Generator) -> TrainingSet:
        """What an author writes."""

    def fit_learner(self, make: Callable[[int], Any], training: TrainingSet, *, rng: np.random.Generator) -> Any:
        """A fitted learner whose log-odds are at the real prevalence after `training.shift` is added.

        Parameters
        ----------
        make : callable
            Returns an unfitted learner for a seed.
        training : TrainingSet
            What `prepare` returned.
        rng : Generator

        Raises
        ------
        InputError
            The learner cannot do what the treatment needs; the message names those that can.
        """
        from rareclass.learners.logit_sum import LogitSum

        model = fit_on_training(make(draw_seed(rng)), training, self.name)
        return model if training.pilot is None else LogitSum([training.pilot, model])

    def left(self, rows: int, events: int) -> tuple[int, int]:
        """About how many rows, and events among them, it leaves of so many."""
        return rows, events

    def milder(self, events: int, negatives: int) -> Self | None:
        """The same half-way from the ratio of so many events and negatives to its own; None where it has none."""
        return None

    def with_costs(self, costs: Costs) -> Self:
        """The treatment of rows that have these costs; itself where costs do not matter."""
        return self

    def take(self, rows: np.ndarray) -> Self:
        """The treatment of the rows `rows` of those it was meant for; itself where it holds nothing by row."""
        return self

    @property
    def label(self) -> str:
        """The name with the settings that are not the defaults: it tells two arms of a comparison apart."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        # by their text, since a field may hold an array
        changed = [f"{f.name}={values[f.name]}" for f in fields(self) if repr(values[f.name]) != repr(f.default)]
        return f"{self.name}({', '.join(changed)})" if changed else self.name

    def describe(self) -> dict[str, Any]:
        """The treatment as plain values, from which `rareclass.treatments.treatment_from_dict` makes it again."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {
            "name": self.name,
            **{k: "inf" if isinstance(v, float) and v == np.inf else v for k, v in values.items()},
        }


@dataclass(frozen=True)
class NoTreatment(Treatment):
    """Fit on the data as they are. The default: the rare class needs a guarded learner, not other data.

    Examples
    --------
    >>> NoTreatment().prepare(np.zeros((9, 1)), np.arange(9) < 2, rng=np.random.default_rng(0)).note
    'fitted on 9 rows with 2 events as they are'
    """

    name: ClassVar[str] = "none"
    restoration: ClassVar[str] = "nothing to undo"

    def _prepare(self, given: Given, rng: np.random.Generator) -> TrainingSet:
        note = f"fitted on {given.y.size:,} rows with {int(given.y.sum()):,} events as they are"
        return given.training(note)


def fit_on_training(model: Any, training: TrainingSet, treatment: str) -> Any:
    """Fit an unfitted learner on a training set, with its weights and offsets."""
    extra: dict[str, Any] = {}
    if training.sample_weight is not None:
        extra["sample_weight"] = training.sample_weight
    if training.offset is not None:
        if not getattr(model, "takes_offset", False):
            raise InputError(
                f"{type(model).__name__} takes no offsets, which the treatment {treatment!r} needs. Use lightgbm, "
                "xgboost, catboost, logistic_regression or kernel_logistic, or the treatment with "
                "`correction='weight'` ('calibration' for 'cost_weights')."
            )
        extra["offset"] = training.offset
    return model.fit(training.X, training.y.astype(np.int64), **extra)


def draw_seed(rng: np.random.Generator) -> int:
    """A seed for one learner."""
    return int(rng.integers(2**31 - 1))


def class_counts(y: np.ndarray) -> tuple[int, int]:
    """(events, negatives), both positive or an error."""
    events = int(np.count_nonzero(y))
    negatives = int(y.size - events)
    if events == 0 or negatives == 0:
        raise TooFewEventsError(f"The training part holds {events} events and {negatives} negatives; both are needed.")
    return events, negatives


def half_way(own: float, wanted: float) -> float | None:
    """The ratio half-way, in log-odds, from that of the data to the one wanted; None where the two are near.

    Examples
    --------
    >>> half_way(0.01, 1.0), half_way(0.5, 1.0)
    (0.1, None)
    """
    return float(f"{np.sqrt(own * wanted):.2g}") if wanted > 2 * own else None


def positive_number(value: float, name: str) -> float:
    """A finite number above zero."""
    number = _check.as_number(value)
    if number is None or not (np.isfinite(number) and number > 0):
        raise InputError(f"`{name}` must be a number above 0; got {value!r}.")
    return number
