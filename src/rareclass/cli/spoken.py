"""Sentences of the library in the words of the command line: options instead of arguments, the user's columns."""

import re
from collections.abc import Sequence

_OPTIONS = {
    "delimiter": "--separator",
    "estimator": "--learner",
    "keep_probability": "the column keep_probability",
    "n": "--rows",
    "n_jobs": "--threads",
    "negatives_per_event": "--negatives",
    "random_state": "--seed",
    "sample_weight": "--weights",
    "times": "--time",
} | {
    name: "--" + name.replace("_", "-")
    for name in (
        "budget categorical cost_columns date_format decimal drop encoding folds full gap groups keep learner learners "
        "missing out overwrite pos_label repeats seed separator split_duplicates test_share threads time time_limit "
        "time_ordered treatment treatments weights"
    ).split()
}
_TARGET = ("y", "y_true", "target")
_COLUMNS = ("--groups", "--time", "--weights")


def spoken(sentence: str, arguments: Sequence[str] = ()) -> str:
    """The sentence with `folds` as --folds, and `y` as the column that was named by --target in the arguments.

    Examples
    --------
    >>> spoken("`groups` holds 3 missing value(s).", ["compare", "t.csv", "--groups", "customer"])
    '--groups customer holds 3 missing value(s).'
    """

    def word(match: re.Match) -> str:
        name, value = match[1], match[2] or ""
        if name in _TARGET:
            given = _value(arguments, "--target")
            return "the target" if given is None else f"the target {given!r}"
        option = _OPTIONS.get(name)
        if option is None:
            return match[0]
        column = _value(arguments, option) if option in _COLUMNS and not value else None
        return option + (f" {column}" if column is not None else value.replace("=", " "))

    said = re.sub(r"`(\w+)(=[^`]*)?`", word, sentence)
    return said[:1].upper() + said[1:]


def _value(arguments: Sequence[str], option: str) -> str | None:
    """What follows an option, or stands behind its sign of equality."""
    for i, argument in enumerate(arguments):
        if argument == option and i + 1 < len(arguments):
            return arguments[i + 1]
        if argument.startswith(option + "="):
            return argument.partition("=")[2]
    return None
