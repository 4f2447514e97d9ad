"""The grammar of `sampling_strategy`: what the user wrote becomes {label: number of rows}, sorted by label.

The numbers mean rows to add (over-sampling), rows to keep (under-sampling) or, for cleaning methods, nothing: there
only the keys matter. Same forms and message fragments as imbalanced-learn 0.14.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np

from rareclass._types import Label, Labels, Strategy
from rareclass.errors import InputError, TargetError

SAMPLING_KINDS = ("over-sampling", "under-sampling", "clean-sampling", "ensemble", "bypass")
WORDS = ("minority", "majority", "not minority", "not majority", "all", "auto")
# A ratio such as 0.29 of 100 rows is 28.999999999999996 in binary; truncation must not lose that row.
_SLACK = 1e-9


def resolve_strategy(
    strategy: Strategy, counts: Mapping[Any, int], kind: str, y: Labels | None = None, **kwargs: object
) -> OrderedDict:
    """Number of rows for each targeted class.

    Parameters
    ----------
    strategy : str, float, mapping, list or callable
        What the user wrote.
    counts : mapping {label: rows present}
        In sorted order of the labels.
    kind : {"over-sampling", "under-sampling", "clean-sampling"}
    y : array
        Handed to a callable strategy, with `kwargs`.

    Raises
    ------
    InputError
        The request is impossible, or is not one that this kind of sampler understands.
    """
    if isinstance(strategy, str):
        numbers = _from_word(strategy, counts, kind)
    elif isinstance(strategy, Mapping):
        numbers = _from_mapping(strategy, counts, kind)
    elif isinstance(strategy, list | tuple | set | np.ndarray):
        numbers = _from_list(list(strategy), counts, kind)
    elif isinstance(strategy, Real) and not isinstance(strategy, bool):
        numbers = _from_ratio(float(strategy), counts, kind)
    elif callable(strategy):
        numbers = _from_callable(strategy, counts, kind, y, kwargs)
    else:
        raise InputError(
            "`sampling_strategy` must be a word, a number in (0, 1], a mapping, a list or a callable; "
            f"got {strategy!r}."
        )
    order = {label: i for i, label in enumerate(counts)}
    return OrderedDict(sorted(numbers.items(), key=lambda item: order[item[0]]))


def check_sampling_strategy(sampling_strategy: Strategy, y: Labels, sampling_type: str, **kwargs: object) -> Any:
    """`resolve_strategy` for a target array, under imbalanced-learn's name and argument order.

    Examples
    --------
    >>> from rareclass.sampler import check_sampling_strategy
    >>> dict(check_sampling_strategy("auto", [0, 0, 0, 1], "over-sampling"))
    {1: 2}
    """
    if sampling_type not in SAMPLING_KINDS:
        raise InputError(f"'sampling_type' should be one of {SAMPLING_KINDS}. Got {sampling_type!r} instead.")
    labels, present = np.unique(np.asarray(y), return_counts=True)
    at_least_two(labels.size)
    if sampling_type in ("ensemble", "bypass"):
        return sampling_strategy
    counts = dict(zip(labels.tolist(), present.tolist()))
    return resolve_strategy(sampling_strategy, counts, sampling_type, y, **kwargs)


def at_least_two(n_classes: int) -> None:
    """Raise unless the target has two classes or more."""
    if n_classes <= 1:
        raise TargetError(f"The target 'y' needs to have more than 1 class. Got {n_classes} class instead.")


def smallest(counts: Mapping[Any, int]) -> Label:
    """Label of the smallest class; the first in label order among equals."""
    return min(counts, key=lambda label: counts[label])


def largest(counts: Mapping[Any, int]) -> Label:
    """Label of the largest class; the first in label order among equals."""
    return max(counts, key=lambda label: counts[label])


def _from_word(word: str, counts: Mapping[Any, int], kind: str) -> dict:
    if word not in WORDS:
        raise InputError(
            f"When 'sampling_strategy' is a string, it needs to be one of {', '.join(map(repr, WORDS))}. "
            f"Got {word!r} instead."
        )
    over = kind == "over-sampling"
    if over and word == "majority":
        raise InputError("'sampling_strategy'='majority' cannot be used with over-sampler.")
    if not over and word == "minority":
        raise InputError("'sampling_strategy'='minority' cannot be used with under-sampler and clean-sampler.")
    if word == "auto":
        word = "not majority" if over else "not minority"
    small, large = smallest(counts), largest(counts)
    chosen = {
        "minority": [small],
        "majority": [large],
        "not minority": [c for c in counts if c != small],
        "not majority": [c for c in counts if c != large],
        "all": list(counts),
    }[word]
    return {c: counts[large] - counts[c] if over else counts[small] for c in chosen}


def _known(labels: Sequence | Mapping, counts: Mapping[Any, int]) -> None:
    absent = [label for label in labels if label not in counts]
    if absent:
        raise InputError(
            f"The {absent} target class is/are not present in the data. Name some of the classes there: "
            f"{list(counts)[:12]}."
        )


def _from_mapping(wanted: Mapping[Any, Any], counts: Mapping[Any, int], kind: str) -> dict:
    if kind == "clean-sampling":
        raise InputError(
            "'sampling_strategy' as a dict for cleaning methods is not supported. "
            "Please give a list of the classes to be targeted by the sampling."
        )
    _known(wanted, counts)
    for label, number in wanted.items():
        if isinstance(number, bool) or not isinstance(number, Real) or not float(number).is_integer():
            raise InputError(
                f"'sampling_strategy' gives class {label!r} the number {number!r}; give a whole number of rows."
            )
    if any(number < 0 for number in wanted.values()):
        raise InputError(
            "The number of samples in a class cannot be negative. "
            f"'sampling_strategy' contains some negative value: {dict(wanted)}."
        )
    numbers = {}
    for label, asked in wanted.items():
        present = counts[label]
        if kind == "over-sampling" and asked < present:
            raise InputError(
                "With over-sampling methods, the number of samples in a class should be greater or equal to the "
                f"original number of samples. Originally, there is {present} samples and {asked} samples are asked. "
                f"Ask for {present} or more of class {label!r}."
            )
        if kind == "under-sampling" and asked > present:
            raise InputError(
                "With under-sampling methods, the number of samples in a class should be less or equal to the "
                f"original number of samples. Originally, there is {present} samples and {asked} samples are asked. "
                f"Ask for {present} or fewer of class {label!r}."
            )
        numbers[label] = int(asked) - present if kind == "over-sampling" else int(asked)
    return numbers


def _from_list(labels: list, counts: Mapping[Any, int], kind: str) -> dict:
    if kind != "clean-sampling":
        raise InputError(
            "'sampling_strategy' cannot be a list for samplers which are not cleaning methods. "
            "Give a dict {class: number of rows} instead."
        )
    _known(labels, counts)
    return {label: min(counts.values()) for label in labels}


def _from_ratio(ratio: float, counts: Mapping[Any, int], kind: str) -> dict:
    if not 0 < ratio <= 1:
        raise InputError(f"When 'sampling_strategy' is a float, it should be in the range (0, 1]. Got {ratio} instead.")
    if len(counts) != 2:
        raise InputError(
            '"sampling_strategy" can be a float only when the type of target is binary. For multi-class, use a dict '
            f"{{class: number of rows}}; the classes are {list(counts)[:12]}."
        )
    small, large = smallest(counts), largest(counts)
    if kind == "over-sampling":
        numbers = {c: int(counts[large] * ratio - n + _SLACK) for c, n in counts.items() if c != large}
        if any(number <= 0 for number in numbers.values()):
            raise InputError(
                "The specified ratio required to remove samples from the minority class while trying to generate new "
                f"samples. Please increase the ratio above {counts[small] / counts[large]:.6g}, what the data have now."
            )
        return numbers
    if kind == "under-sampling":
        numbers = {c: int(counts[small] / ratio + _SLACK) for c in counts if c != small}
        if any(number > counts[c] for c, number in numbers.items()):
            raise InputError(
                "The specified ratio required to generate new sample in the majority class while trying to remove "
                f"samples. Please increase the ratio above {counts[small] / counts[large]:.6g}, what the data have now."
            )
        return numbers
    raise InputError(
        "'clean-sampling' methods do let the user specify the sampling ratio: they remove what their rule names. "
        "Give a word or a list of classes."
    )


def _from_callable(function: Callable, counts: Mapping[Any, int], kind: str, y: Labels | None, kwargs: dict) -> dict:
    answer = function(y, **kwargs)
    if kind == "clean-sampling" and not isinstance(answer, Mapping):
        return _from_list(list(answer), counts, kind)
    if kind == "clean-sampling":
        _known(answer, counts)
        return {label: min(counts.values()) for label in answer}
    if not isinstance(answer, Mapping):
        raise InputError(f"A callable `sampling_strategy` must return a mapping {{class: rows}}; got {answer!r}.")
    return _from_mapping(answer, counts, kind)
