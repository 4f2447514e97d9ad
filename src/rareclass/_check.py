"""Every validation sentence. Functions return clean arrays or raise an `InputError` in one sentence."""

import contextlib
import math
from collections.abc import Sequence, Sized
from difflib import get_close_matches
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike

from rareclass._types import Label, Rows, Seed
from rareclass.errors import CostError, InputError, TargetError, TooFewEventsError

T = TypeVar("T")


def is_missing(value: object) -> bool:
    """True for None, NaN, NaT and the missing value of pandas."""
    if value is None:
        return True
    if type(value).__name__ in ("NAType", "NaTType"):
        return True
    try:
        return bool(value != value)
    except (TypeError, ValueError):
        return False


def unmasked(values: Any) -> Any:
    """A masked array, or a list of them, as a plain one: NaN (None where it holds no numbers) for what is masked."""
    if isinstance(values, list | tuple) and any(isinstance(row, np.ma.MaskedArray) for row in values):
        values = np.ma.array(values)
    if not isinstance(values, np.ma.MaskedArray):
        return values
    if not np.ma.is_masked(values):
        return np.ma.getdata(values)
    if values.dtype.kind in "biuf":
        return np.ma.filled(values.astype(np.float64), np.nan)
    return np.ma.filled(values.astype(object), None)


def column(values: Rows, name: str) -> np.ndarray:
    """One-dimensional NumPy array of any array-like, frame column or (n, 1) array."""
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise InputError(f"`{name}` holds masked values. Fill them, or leave these rows out.")
    if type(values).__module__.startswith("pyarrow") and not hasattr(values, "chunks"):
        array = np.asarray(values.to_numpy(zero_copy_only=False))
    elif hasattr(values, "to_numpy"):
        array = np.asarray(values.to_numpy())
    else:
        array = np.asarray(values)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise InputError(f"`{name}` must be one-dimensional; got an array of shape {array.shape}.")
    return array


def same_length(**arrays: Sized | None) -> int:
    """Number of rows shared by all given arrays (None is skipped)."""
    lengths = {k: (v.shape[0] if hasattr(v, "shape") else len(v)) for k, v in arrays.items() if v is not None}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"`{k}` has {n}" for k, n in lengths.items())
        raise InputError(f"All inputs need the same number of rows; {said}.")
    return next(iter(lengths.values()), 0)


def same_index(X: Rows, y: Rows) -> None:
    """Raise when the pandas index of y is not that of X: rows would be paired by position, labels by name."""
    if hasattr(X, "iloc") and hasattr(y, "iloc") and len(X) == len(y) and not X.index.equals(y.index):
        same = X.index.sort_values().equals(y.index.sort_values())
        kind = "the same labels in another order" if same else "other labels"
        raise InputError(
            f"The index of `y` has {kind} than that of `X`. Align them with `y.loc[X.index]`, or give `y.to_numpy()` "
            "if the rows match by position."
        )


def number_array(values: ArrayLike, name: str, *, allow_infinite: bool = False) -> np.ndarray:
    """Float64 array (n,) without NaN; infinite values only where they are allowed."""
    array = column(values, name)
    try:
        array = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"`{name}` must hold numbers; {error}.") from None
    missing = np.flatnonzero(np.isnan(array))
    if missing.size:
        raise InputError(
            f"`{name}` holds {missing.size} missing value(s) (NaN), the first in row {missing[0] + 1:,}. Remove or "
            "fill these rows first."
        )
    if not allow_infinite:
        bad = int(np.isinf(array).sum())
        if bad:
            raise InputError(f"`{name}` holds {bad} infinite value(s). Clip or remove them first.")
    return array


def scores(values: ArrayLike, name: str = "y_score") -> np.ndarray:
    """Scores (n,), float64, finite, higher = more likely positive."""
    array = column(values, name)
    if array.size == 0:
        raise InputError(f"`{name}` is empty; at least one row is needed.")
    return number_array(array, name)


def probabilities(values: ArrayLike, name: str = "probability") -> np.ndarray:
    """Probabilities (n,), float64, in [0, 1] or NaN."""
    array = np.asarray(column(values, name), dtype=np.float64)
    if ((array < 0) | (array > 1)).any():
        raise InputError(f"`{name}` must lie in [0, 1].")
    return array


def weights(values: ArrayLike | None, n: int, name: str = "sample_weight") -> np.ndarray | None:
    """Weights (n,), float64, finite and non-negative with a positive sum, or None."""
    if values is None:
        return None
    array = number_array(values, name)
    if array.shape[0] != n:
        raise InputError(f"`{name}` has {array.shape[0]} rows, the data {n}.")
    if (array < 0).any():
        raise InputError(f"`{name}` must not be negative; got {int((array < 0).sum())} negative value(s).")
    if not array.sum() > 0:
        raise InputError(f"`{name}` sums to zero; at least one row needs a positive weight.")
    return array


def refuse_unlabelled(missing: ArrayLike, what: str) -> None:
    """Raise where rows (n,) of `what` lack a label, naming the first of them."""
    at = np.flatnonzero(np.asarray(missing, dtype=bool)) + 1
    if at.size:
        rows = ", ".join(map(str, at[:3])) + (" ..." if at.size > 3 else "")
        where = f"row{'s' if at.size > 1 else ''} {rows}"
        raise TargetError(f"{what} holds {at.size} missing value(s) ({where}). Remove the rows or label them first.")


def class_values(y: np.ndarray, name: str = "y") -> np.ndarray:
    """Distinct labels, sorted; raises on missing labels."""
    if y.size == 0:
        raise TargetError(f"`{name}` is empty; at least one row of each class is needed.")
    if y.dtype == object:
        refuse_unlabelled([is_missing(v) for v in y], f"`{name}`")
    elif y.dtype.kind in "fcmM":
        refuse_unlabelled(y != y, f"`{name}`")
    try:
        return np.unique(y)
    except TypeError:
        return np.array(sorted(set(y.tolist()), key=lambda v: (type(v).__name__, str(v))), dtype=object)


def same_label(left: Label, right: Label) -> bool:
    """Whether two spellings mean one label.

    Numbers and Booleans are the same by value (1, 1.0, True), texts by their letters ("1" is not "1.0"), a text and a
    number when the text is how the number is written or reads as it ("1" and 1.0, "1.0" and 1, "True" and True, which
    "true" is too). A missing value is no label.
    """
    if is_missing(left) or is_missing(right):
        return False
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    if str(left) == str(right):
        return True
    if isinstance(left, bool | np.bool_) or isinstance(right, bool | np.bool_):
        left, right = (v.lower() if isinstance(v, str) else v for v in (left, right))
        if str(left).lower() == str(right).lower():
            return True
    numbers = _number(left), _number(right)
    return bool(left == right) if None in numbers else numbers[0] == numbers[1]


def _number(label: object) -> int | float | None:
    """The value of a number, a Boolean, or a text that reads as a number."""
    if isinstance(label, bool | np.bool_ | int | np.integer):
        return int(label)
    if isinstance(label, float | np.floating):
        return float(label)
    if isinstance(label, str):
        for read in (int, float):
            with contextlib.suppress(ValueError):
                return read(label)
    return None


def is_label(values: ArrayLike, label: Label) -> np.ndarray:
    """Boolean array (n,): which values are `label`, by the rule of `same_label`.

    Numbers are compared at once; of texts and objects each distinct value is looked at once.
    """
    array = column(values, "values")
    if array.dtype.kind in "iuf" and not isinstance(label, str):
        number = _number(label)
        return np.zeros(array.size, dtype=bool) if number is None else np.asarray(array == number)
    if array.dtype == object:
        listed = array.tolist()
        known = {v: same_label(v, label) for v in set(listed)}
        return np.fromiter(map(known.__getitem__, listed), dtype=bool, count=len(listed))
    distinct, place = np.unique(array, return_inverse=True)
    return np.array([same_label(v, label) for v in distinct], dtype=bool)[place.reshape(-1)]


def find_label(classes: Sequence[Label] | np.ndarray, label: Label, name: str = "pos_label") -> int:
    """Index of `label` among `classes`: first one of its type, else the first that `same_label` takes for it."""
    for match in (lambda c: type(c) is type(label) and c == label, lambda c: same_label(c, label)):
        for i, c in enumerate(classes):
            if match(c):
                return i
    raise TargetError(f"`{name}={label!r}` is not among the labels {[str(c) for c in classes][:12]}.")


def binary_target(y: ArrayLike, pos_label: Label = None, name: str = "y_true") -> np.ndarray:
    """Boolean array (n,), True for the positive class.

    Without `pos_label`, labels {0, 1}, {False, True} and {-1, 1} mean what they say; of two other labels the
    rarer one is positive (ties: the larger). One class only is accepted for 0/1, Boolean and -1/1 labels, because
    a part of the data may hold no event.
    """
    array = column(y, name)
    if array.dtype == bool:
        if array.size == 0:
            class_values(array, name)
        return array if pos_label is None or find_label([False, True], pos_label) else ~array
    classes = class_values(array, name)
    if pos_label is not None:
        return np.asarray(array == classes[find_label(classes, pos_label)], dtype=bool)
    values = classes.tolist()
    try:
        plain = {float(v) for v in values} if not any(isinstance(v, str) for v in values) else None
    except (TypeError, ValueError):
        plain = None
    if plain is not None and (plain <= {0.0, 1.0} or plain <= {-1.0, 1.0}):
        return np.asarray(array == 1, dtype=bool)
    if len(values) != 2:
        raise TargetError(
            f"`{name}` must hold two classes; got {len(values)}: {[str(v) for v in values[:8]]}. "
            "Name the positive one with `pos_label`."
        )
    counts = [int((array == v).sum()) for v in values]
    return np.asarray(array == (values[0] if counts[0] < counts[1] else values[1]), dtype=bool)


def mistake_costs(costs: np.ndarray, name: str, *, before: int = 0) -> None:
    """Raise `CostError` where a false alarm or a missed event, of all rows () or of each (n,), costs less than nothing.

    Rows are counted from 1, behind `before` others.
    """
    below = np.flatnonzero(costs < 0)
    if below.size:
        where = f" in row {before + below[0] + 1:,}" if costs.ndim else ""
        raise CostError(f"The cost `{name}` must be a number from 0 on; got {costs.flat[below[0]]:g}{where}.")


def both_classes(y: np.ndarray, name: str = "y_true") -> np.ndarray:
    """Raise unless a Boolean target holds at least one positive and one negative."""
    positives = int(np.count_nonzero(y))
    if positives == 0 or positives == y.size:
        only = "positive" if positives else "negative"
        raise TooFewEventsError(f"`{name}` holds only {only} rows ({y.size}); both classes are needed.")
    return y


def as_number(value: object) -> float | None:
    """`value` as a float; None for texts (also those of digits), truth values and what is no single number.

    Examples
    --------
    >>> as_number(3), as_number("3"), as_number(True)
    (3.0, None, None)
    """
    try:
        return None if isinstance(value, str | bytes | bool | np.bool_) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None


def fraction(value: object, name: str, *, low: float = 0.0, high: float = 1.0, closed: str = "both") -> float:
    """A number in [low, high]; `closed` is both, left, right or neither."""
    if (number := as_number(value)) is None:
        raise InputError(f"`{name}` must be a number; got {value!r}.")
    ok = not math.isnan(number)
    ok &= number >= low if closed in ("both", "left") else number > low
    ok &= number <= high if closed in ("both", "right") else number < high
    if not ok:
        left, right = ("[" if closed in ("both", "left") else "("), ("]" if closed in ("both", "right") else ")")
        said = value.item() if isinstance(value, np.generic) else value
        raise InputError(f"`{name}` must lie in {left}{low:g}, {high:g}{right}; got {said!r}.")
    return number


def whole_number(value: object, name: str, *, low: int = 0, high: int | None = None) -> int:
    """An integer in [low, high]."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise InputError(f"`{name}` must be a whole number; got {value!r}.")
    if value < low or (high is not None and value > high):
        bound = f"at least {low}" if high is None else f"between {low} and {high}"
        raise InputError(f"`{name}` must be {bound}; got {value}.")
    return int(value)


_MANY = 12
"""Choices from which on a sentence does not begin with their names."""


def one_of(value: object, name: str, choices: Sequence[T]) -> T:
    """`value` when it is among `choices`."""
    if value not in choices:
        words = [c for c in choices if isinstance(c, str)]
        near = get_close_matches(value, words, n=1) if isinstance(value, str) else []
        hint = f" Did you mean {near[0]!r}?" if near else ""
        listed = f"`{name}` must be one of {', '.join(map(repr, choices))}"
        if len(choices) > _MANY:  # what is wrong comes first: few read to the end of so many names
            raise InputError(f"Unknown `{name}`: got {value!r}.{hint} {listed}.")
        raise InputError(f"{listed}; got {value!r}.{hint}")
    return cast(T, value)


def random_generator(random_state: Seed) -> np.random.Generator:
    """Generator from None, an int, a SeedSequence, a Generator or a legacy RandomState."""
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(0, 2**31 - 1, size=4, dtype=np.int64))
    if random_state is None or isinstance(
        random_state, int | np.integer | np.random.Generator | np.random.SeedSequence
    ):
        if isinstance(random_state, int | np.integer) and random_state < 0:
            raise InputError(f"`random_state` must not be negative; got {random_state}.")
        return np.random.default_rng(random_state)
    if random_state is np.random:
        return np.random.default_rng(np.random.randint(0, 2**31 - 1, size=4, dtype=np.int64))  # noqa: NPY002
    raise InputError(f"`random_state` must be None, an int or a NumPy generator; got {random_state!r}.")
