"""Every validation sentence. Functions return clean arrays or raise an `InputError` in one sentence."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from rareclass.errors import InputError, TargetError, TooFewEventsError


def is_missing(value: Any) -> bool:
    """True for None, NaN, NaT and the missing value of pandas."""
    if value is None:
        return True
    if type(value).__name__ in ("NAType", "NaTType"):
        return True
    try:
        return bool(value != value)
    except (TypeError, ValueError):
        return False


def column(values: Any, name: str) -> np.ndarray:
    """One-dimensional NumPy array of any array-like, frame column or (n, 1) array."""
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


def same_length(**arrays: Any) -> int:
    """Number of rows shared by all given arrays (None is skipped)."""
    lengths = {k: (v.shape[0] if hasattr(v, "shape") else len(v)) for k, v in arrays.items() if v is not None}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"`{k}` has {n}" for k, n in lengths.items())
        raise InputError(f"All inputs need the same number of rows; {said}.")
    return next(iter(lengths.values()), 0)


def same_index(X: Any, y: Any) -> None:
    """Raise when the pandas index of y is not that of X: rows would be paired by position, labels by name."""
    if hasattr(X, "iloc") and hasattr(y, "iloc") and len(X) == len(y) and not X.index.equals(y.index):
        same = X.index.sort_values().equals(y.index.sort_values())
        kind = "the same labels in another order" if same else "other labels"
        raise InputError(
            f"The index of `y` has {kind} than that of `X`. Align them with `y.loc[X.index]`, or give `y.to_numpy()` "
            "if the rows match by position."
        )


def number_array(values: Any, name: str, *, allow_infinite: bool = False) -> np.ndarray:
    """Float64 array (n,) without NaN; infinite values only where they are allowed."""
    array = column(values, name)
    try:
        array = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"`{name}` must hold numbers; {error}.") from None
    bad = int(np.isnan(array).sum())
    if bad:
        raise InputError(f"`{name}` holds {bad} missing value(s) (NaN). Remove or fill these rows first.")
    if not allow_infinite:
        bad = int(np.isinf(array).sum())
        if bad:
            raise InputError(f"`{name}` holds {bad} infinite value(s). Clip or remove them first.")
    return array


def scores(values: Any, name: str = "y_score") -> np.ndarray:
    """Scores (n,), float64, finite, higher = more likely positive."""
    array = column(values, name)
    if array.size == 0:
        raise InputError(f"`{name}` is empty; at least one row is needed.")
    return number_array(array, name)


def weights(values: Any, n: int, name: str = "sample_weight") -> np.ndarray | None:
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


def class_values(y: np.ndarray, name: str = "y") -> np.ndarray:
    """Distinct labels, sorted; raises on missing labels."""
    if y.size == 0:
        raise TargetError(f"`{name}` is empty; at least one row of each class is needed.")
    if y.dtype == object:
        missing = sum(is_missing(v) for v in y)
    elif y.dtype.kind in "fc":
        missing = int(np.isnan(y).sum())
    elif y.dtype.kind in "mM":
        missing = int(np.isnat(y).sum())
    else:
        missing = 0
    if missing:
        raise TargetError(f"`{name}` holds {missing} missing value(s). Remove the rows or label them first.")
    try:
        return np.unique(y)
    except TypeError:
        return np.array(sorted(set(y.tolist()), key=lambda v: (type(v).__name__, str(v))), dtype=object)


def _same_label(left: Any, right: Any) -> bool:
    if left == right:
        return True
    if str(left) == str(right):
        return True
    try:
        return float(left) == float(right)
    except (TypeError, ValueError):
        return False


def find_label(classes: Sequence[Any] | np.ndarray, label: Any, name: str = "pos_label") -> int:
    """Index of `label` among `classes`; 1, 1.0, "1" and True of one kind are the same label."""
    for match in (lambda c: type(c) is type(label) and c == label, lambda c: _same_label(c, label)):
        for i, c in enumerate(classes):
            if match(c):
                return i
    raise TargetError(f"`{name}={label!r}` is not among the labels {[str(c) for c in classes][:12]}.")


def binary_target(y: Any, pos_label: Any = None, name: str = "y_true") -> np.ndarray:
    """Boolean array (n,), True for the positive class.

    Without `pos_label`, labels {0, 1}, {False, True} and {-1, 1} mean what they say; of two other labels the
    rarer one is positive (ties: the larger). One class only is accepted for 0/1, Boolean and -1/1 labels, because
    a part of the data may hold no event.
    """
    array = column(y, name)
    if array.dtype == bool:
        if array.size == 0:
            class_values(array, name)
        return array if pos_label is None or bool(pos_label) else ~array
    classes = class_values(array, name)
    if pos_label is not None:
        positive = classes[find_label(classes, pos_label)]
        return np.asarray(array == positive, dtype=bool)
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


def both_classes(y: np.ndarray, name: str = "y_true") -> np.ndarray:
    """Raise unless a Boolean target holds at least one positive and one negative."""
    positives = int(np.count_nonzero(y))
    if positives == 0 or positives == y.size:
        only = "positive" if positives else "negative"
        raise TooFewEventsError(f"`{name}` holds only {only} rows ({y.size}); both classes are needed.")
    return y


def fraction(value: Any, name: str, *, low: float = 0.0, high: float = 1.0, closed: str = "both") -> float:
    """A number in [low, high]; `closed` is both, left, right or neither."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InputError(f"`{name}` must be a number; got {value!r}.") from None
    ok = not math.isnan(number)
    ok &= number >= low if closed in ("both", "left") else number > low
    ok &= number <= high if closed in ("both", "right") else number < high
    if not ok:
        left, right = ("[" if closed in ("both", "left") else "("), ("]" if closed in ("both", "right") else ")")
        raise InputError(f"`{name}` must lie in {left}{low:g}, {high:g}{right}; got {value!r}.")
    return number


def whole_number(value: Any, name: str, *, low: int = 0, high: int | None = None) -> int:
    """An integer in [low, high]."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise InputError(f"`{name}` must be a whole number; got {value!r}.")
    if value < low or (high is not None and value > high):
        bound = f"at least {low}" if high is None else f"between {low} and {high}"
        raise InputError(f"`{name}` must be {bound}; got {value}.")
    return int(value)


def one_of(value: Any, name: str, choices: Sequence[Any]) -> Any:
    """`value` when it is among `choices`."""
    if value not in choices:
        raise InputError(f"`{name}` must be one of {', '.join(map(repr, choices))}; got {value!r}.")
    return value


def random_generator(random_state: Any) -> np.random.Generator:
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
