"""Reasons of a score: which columns raised it and which lowered it, in words; and how columns are grouped for that."""

import datetime
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import numpy as np

from rareclass._names import near_name
from rareclass.errors import InputError
from rareclass.scoring.saved import refuse, texts

CORRELATION = 0.9
"""Rank correlation of two columns from which on they are one reason."""
BOTH = (
    "The rules of reasons hold groups and `correlation`, which serves only where no groups are given. Leave one of "
    "them out."
)
_SIDES = ("raises", "lowers")
_MOST_NAMES = 3
_PLAIN = (str, bool, int, float, datetime.date)


class Reason(NamedTuple):
    """One reason of one row's score.

    Attributes
    ----------
    feature : str
        The column, or the name of a group of columns.
    value : any
        The row's value of it, None where missing; for a group a dict of the values of its columns.
    contribution : float
        Log-odds by which it moves the row away from the baseline: above 0 it raises the probability.
    text : str
        What it is in words, with the value.
    """

    feature: str
    value: Any
    contribution: float
    text: str


@dataclass(frozen=True, kw_only=True)
class ReasonRules:
    """How reasons are grouped and worded.

    Parameters
    ----------
    groups : mapping of str to sequences of str, optional
        Name of a group to the columns in it; a column is in one group at most. By default numeric columns whose rank
        correlations are all at least `correlation` are one group, where training rows are at hand; ``{}`` for no
        groups.
    texts : mapping, optional
        What to call a column or group: a text, or a mapping with the keys "raises" and "lowers" for the two signs.
        Columns keep theirs within a group.
    correlation : float in (0, 1], default=0.9
        Absolute rank correlation (Spearman's) from which on columns are grouped; 1 groups equal rankings only. It
        serves where `groups` are not given.

    Raises
    ------
    InputError
        A column is in two groups, a group is empty, a text is none, or `correlation` stands beside `groups`.

    Examples
    --------
    >>> rules = ReasonRules(groups={"income": ["salary", "bonus"]}, texts={"age": "Age in years"})
    >>> rules.names(["age", "salary", "bonus"])
    ['age', 'income']
    """

    groups: Mapping[str, Sequence[str]] | None = None
    texts: Mapping[str, str | Mapping[str, str]] = field(default_factory=dict)
    correlation: float = CORRELATION

    def __post_init__(self) -> None:
        c = self.correlation
        if isinstance(c, bool) or not isinstance(c, int | float) or not 0 < c <= 1:
            raise InputError(f"`correlation` of reasons must be a number above 0 and at most 1; got {c!r}.")
        for what, given in (("groups", {} if self.groups is None else self.groups), ("texts", self.texts)):
            if not isinstance(given, Mapping):
                parts = {"groups": "lists of columns", "texts": "texts"}[what]
                raise InputError(f"The {what} of reasons must be mappings, from names to {parts}; got {given!r}.")
        if self.groups is not None and c != CORRELATION:
            raise InputError(BOTH)
        seen: dict[str, str] = {}
        for name, columns in (self.groups or {}).items():
            _check_group(name, columns, seen)
        for name, text in self.texts.items():
            sided = isinstance(text, Mapping) and text and all(k in _SIDES for k in text)
            words = text.values() if sided and isinstance(text, Mapping) else [text]
            if not all(isinstance(word, str) and word.strip() for word in words):
                raise InputError(
                    f"The text of {name!r} must be a text, or texts for 'raises' and 'lowers'; got {text!r}."
                )

    def check(self, columns: Sequence[str]) -> None:
        """Raise `InputError` where a group or a text names none of these columns."""
        for group, listed in (self.groups or {}).items():
            for name in listed:
                _refuse_unknown(name, columns, f"group {group!r} of reasons names the column")
            if group in columns and group not in listed:
                raise InputError(
                    f"The group {group!r} of reasons has the name of a column that is not in it. Rename the group."
                )
        for name in self.texts:
            _refuse_unknown(name, [*columns, *(self.groups or {})], "texts of reasons name the column or group")

    def within(self, columns: Sequence[str]) -> Self:
        """The same for a model that uses only these columns."""
        known = set(columns)
        groups = {name: [c for c in listed if c in known] for name, listed in (self.groups or {}).items()}
        groups = {name: listed for name, listed in groups.items() if listed}
        kept = {name: text for name, text in self.texts.items() if name in known or name in groups}
        given = None if self.groups is None else groups
        return type(self)(groups=given, texts=kept, correlation=self.correlation)

    def places(self, columns: Sequence[str]) -> dict[str, list[int]]:
        """Each feature, a column or a group in the place of its first column, with the numbers of its columns."""
        of = {column: name for name, listed in (self.groups or {}).items() for column in listed}
        found: dict[str, list[int]] = {}
        for j, column in enumerate(columns):
            found.setdefault(of.get(column, column), []).append(j)
        return found

    def names(self, columns: Sequence[str]) -> list[str]:
        """The features, in the order of `Scorer.contributions(rows, rules=...)`."""
        return list(self.places(columns))

    def text(self, feature: str, value: Any, contribution: float) -> str:
        """A reason in words."""

        def said(name: str) -> str:
            text = self.texts.get(name, name)
            return text if isinstance(text, str) else text.get(_SIDES[contribution < 0], name)

        if not isinstance(value, dict):
            return f"{said(feature)} = {_shown(value)}"
        listed = [f"{said(name)} = {_shown(v)}" for name, v in value.items()]
        more = len(listed) - _MOST_NAMES
        shown = ", ".join(listed[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
        return shown if said(feature) == group_name(list(value)) else f"{said(feature)} ({shown})"

    def saved(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        groups = {name: list(listed) for name, listed in (self.groups or {}).items()}
        return {"groups": groups, "texts": {k: v if isinstance(v, str) else dict(v) for k, v in self.texts.items()}}

    @classmethod
    def read(cls, saved: Mapping[str, Any] | None, columns: Sequence[str]) -> Self:
        """The rules that `saved` described, for a scorer of these columns; none for None."""
        if saved is None:
            return cls(groups={})
        refuse(isinstance(saved["groups"], dict), "groups of reasons")
        made = cls(groups={name: texts(saved["groups"], name) for name in saved["groups"]}, texts=saved["texts"])
        made.check(columns)
        return made


def refuse_other(rules: Any) -> None:
    """Raise `InputError` where rules of reasons are neither None nor `ReasonRules`."""
    if not isinstance(rules, ReasonRules | None):
        raise InputError(
            f"Rules of reasons are `ReasonRules(...)`, such as ReasonRules(groups={{}}); got a {type(rules).__name__}."
        )


def check_rules(rules: Any, columns: Sequence[str]) -> None:
    """Raise `InputError` where rules of reasons are none, or name none of these columns."""
    refuse_other(rules)
    if rules is not None:
        rules.check(columns)


def group_name(columns: Sequence[str], taken: Sequence[str] = ()) -> str:
    """A name for a group of these columns that is not among `taken`."""
    shown = ", ".join(columns[:_MOST_NAMES])
    name = shown if len(columns) <= _MOST_NAMES else f"{shown} and {len(columns) - _MOST_NAMES} more"
    while name in taken:
        name += " (group)"
    return name


def top_reasons(
    contributions: np.ndarray, rows: Sequence[Sequence[Any]], columns: Sequence[str], rules: ReasonRules, k: int
) -> list[list[Reason]]:
    """The k largest contributions of each row, the largest first; columns that add nothing are no reasons.

    Parameters
    ----------
    contributions : ndarray of shape (n, number of features)
        In the order of ``rules.names(columns)``.
    rows : sequence of n sequences
        The rows' values, in the order of `columns`.
    """
    places = list(rules.places(columns).items())
    order = np.argsort(-np.abs(contributions), axis=1, kind="stable")[:, :k]
    found = []
    for values, parts, best in zip(rows, contributions, order):
        reasons = []
        for j in best.tolist():
            if parts[j] == 0:
                break
            feature, members = places[j]
            alone = len(members) == 1 and feature == columns[members[0]]
            value = plain(values[members[0]]) if alone else {columns[m]: plain(values[m]) for m in members}
            amount = float(parts[j])
            reasons.append(Reason(feature, value, amount, rules.text(feature, value, amount)))
        found.append(reasons)
    return found


def for_rows(given: Sequence[list[Reason]], chosen: np.ndarray, n: int) -> list[list[Reason] | None]:
    """The reasons of each of n rows, where `given` are those of the rows `chosen`; None for all others."""
    found: list[list[Reason] | None] = [None] * n
    for i, reasons in zip(chosen.tolist(), given):
        found[i] = reasons
    return found


def plain(value: Any) -> Any:
    """A value as JSON and people can read it; None where it is missing, or infinite, which counts as that."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value != value or (isinstance(value, float) and math.isinf(value)):
        return None
    return value if isinstance(value, _PLAIN) else str(value)


def _shown(value: Any) -> str:
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ", timespec="seconds" if value.microsecond == 0 else "microseconds")
    return str(value)


def _check_group(name: Any, columns: Any, seen: dict[str, str]) -> None:
    """Raise where a group is none, or has a column that was `seen` in one; add its columns to these."""
    listed = isinstance(columns, list | tuple) and all(isinstance(c, str) for c in columns)
    if not isinstance(name, str) or not listed or not columns:
        raise InputError(f"The group {name!r} of reasons must be a list of columns; got {columns!r}.")
    if not name.strip():
        raise InputError(f"The group of reasons with the columns {', '.join(map(repr, columns))} needs a name.")
    for column in columns:
        if column in seen:
            where = f"the groups {seen[column]!r} and {name!r}" if seen[column] != name else f"the group {name!r}"
            raise InputError(f"The column {column!r} is listed twice, in {where} of reasons. Keep it once.")
        seen[column] = name


def _refuse_unknown(name: str, known: Sequence[str], what: str) -> None:
    if name in known:
        return
    near = near_name(name, known)
    hint = f" Did you mean {near!r}?" if near is not None else ""
    raise InputError(f"The {what} {name!r}, which the model does not have.{hint}")
