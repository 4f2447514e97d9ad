"""Sentences of the library in the words of the command line: options instead of arguments, the user's columns."""

import re
from collections.abc import Sequence

_OPTIONS = {
    "delimiter": "--separator",
    "false_alarms_per_year": "--false-alarms",
    "shares": "--share",
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
        "budget categorical cost_columns date_format decimal drop encoding explain folds full gap gate_recall "
        "gate_trees groups keep learner learners max_delay mature_after cool_down labels_from "
        "missing months out overwrite pos_label repeats seed separator slices "
        "split_duplicates test_share threads time time_limit time_ordered treatment treatments weights"
    ).split()
}
# several options may set the same value: the one that was typed is meant
_TYPED = {
    "confidence": ("--min-recall", "--min-precision", "--max-fpr"),
    "fn": ("--cost-fn",),
    "fp": ("--cost-fp",),
    "keys": ("--key",),
    "metric": ("--maximize", "--metric"),
    "periods": ("--period",),
    "precision": ("--min-precision",),
    "rate": ("--max-fpr", "--alert-budget"),
    "recall": ("--min-recall",),
}
_TARGET = ("y", "y_true", "target")
_COLUMNS = ("--groups", "--time", "--weights")


def spoken(sentence: str, arguments: Sequence[str] = ()) -> str:
    """The sentence with `folds` as --folds, and `y` as the column that was named by --target in the arguments.

    What stands as "(in Python: ...)" is left out.

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
        typed = _TYPED.get(name, ())
        option = _OPTIONS.get(name) or next((o for o in typed if _value(arguments, o) is not None), None)
        if option is None:
            return match[0]
        column = _value(arguments, option) if option in _COLUMNS and not value else None
        return option + (f" {column}" if column is not None else value.replace("=", " "))

    sentence = re.sub(r" \(in Python: [^)]*\)", "", sentence)
    said = re.sub(r"`(\w+)(=[^`]*)?`", word, sentence)
    for blank in ("\xa0", "\u202f"):  # as they stand in the file
        said = said.replace(repr(blank)[1:-1], blank)
    return said[:1].upper() + said[1:] if sentence.startswith("`") else said


def spoken_usage(sentence: str, arguments: Sequence[str]) -> str:
    """What is wrong with an option, with the value that was typed.

    Examples
    --------
    >>> spoken_usage("Invalid value for '--cost-fp': no number", ["compare", "--cost-fp", "10,5"])
    "--cost-fp must be a number; got '10,5'. Write it with a decimal point: 10.5."
    """
    match = re.match(r"Invalid value for '(--[\w-]+)': (.*)", sentence, re.DOTALL)
    value = None if match is None else _value(arguments, match[1])
    if match is None or value is None or ("number" not in match[2] and "float" not in match[2]):
        return sentence
    comma = re.fullmatch(r"[-+]?\d*,\d+", value)
    way = f" Write it with a decimal point: {value.replace(',', '.')}." if comma else ""
    return f"{match[1]} must be a number; got {value!r}.{way}"


def _value(arguments: Sequence[str], option: str) -> str | None:
    """What follows an option, or stands behind its sign of equality."""
    for i, argument in enumerate(arguments):
        if argument == option and i + 1 < len(arguments):
            return arguments[i + 1]
        if argument.startswith(option + "="):
            return argument.partition("=")[2]
    return None
