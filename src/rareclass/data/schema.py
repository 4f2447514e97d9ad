"""What the columns of a table are: typed schema, target, and what was left out and why."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from rareclass import _check
from rareclass._names import near_name
from rareclass._types import Label
from rareclass.data.columns import check_names, name_hint
from rareclass.data.kinds import KINDS, column_kind
from rareclass.data.target import encode_target
from rareclass.errors import InputError, SchemaError


@dataclass(frozen=True)
class Column:
    """A feature column: its name and kind (number, integer, boolean, category, text or time)."""

    name: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class Schema:
    """Features and target of a table.

    Attributes
    ----------
    columns : tuple of Column
        The features, in the order of the table.
    target : str or None
        Name of the label column.
    pos_label : label or None
        The event.
    classes : tuple
        All labels, sorted.
    notes : tuple of str
        One sentence for everything a user should know: columns left out as identifiers, constant or empty columns,
        text read as numbers.
    dropped : dict of str to str
        Columns that are no features, with the reason.
    """

    columns: tuple[Column, ...]
    target: str | None = None
    pos_label: Label = None
    classes: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    dropped: dict[str, str] = field(default_factory=dict)

    @classmethod
    def infer(
        cls,
        table: pa.Table,
        *,
        target: str | None = None,
        pos_label: Label = None,
        drop: Sequence[str] = (),
        categorical: Sequence[str] = (),
    ) -> "Schema":
        """Find out the kind of each column.

        Integers stay integers however few values they have, and "t"/"f" stay categories: name coded columns in
        `categorical`. Text whose values are numbers (apart from marks such as "?") is read as number, ISO dates in
        text as time, long sentences as text; strings that nearly all differ are identifiers and left out. Each such
        choice is written to `notes`.

        Parameters
        ----------
        table : pyarrow.Table
            Result of `read_table`.
        target : str or None, default=None
            Label column; None for a table of features only.
        pos_label : label or None, default=None
            The event, see `encode_target`.
        drop : sequence of str, default=()
            Columns that must not be features: identifiers, groups, times, costs, what is known only afterwards.
        categorical : sequence of str, default=()
            Columns to treat as categories whatever their type.

        Raises
        ------
        SchemaError
            A named column does not exist, no feature is left, or a name occurs twice.
        TargetError
            The target is missing, constant or has missing values.

        Examples
        --------
        >>> from rareclass.data import Schema, read_table
        >>> table = read_table({"amount": [9.5, 1.0, 2.5], "shop": ["a", "b", "a"], "fraud": [0, 0, 1]})
        >>> [column.kind for column in Schema.infer(table, target="fraud").columns]
        ['number', 'category']
        """
        names = table.column_names
        _known(names, drop, "column")
        _known(names, categorical, "column")
        classes: tuple[Label, ...] = ()
        if target is not None:
            _known(names, [target], "target column")
            _, pos_label, classes = encode_target(table.column(target), pos_label, name=target)
        if table.num_rows == 0:
            raise SchemaError("The table has no rows.")
        columns, notes, dropped = [], [], {name: "left out on request" for name in drop if name != target}
        for name in names:
            if name == target or name in dropped:
                continue
            kind, note = column_kind(table.column(name), name, forced=name in categorical)
            notes += [note] if note else []
            if kind in KINDS:
                columns.append(Column(name, kind))
            else:
                dropped[name] = kind
        if not columns:
            raise SchemaError("No feature column is left besides the target and what was left out.")
        return cls(
            columns=tuple(columns),
            target=target,
            pos_label=pos_label,
            classes=classes,
            notes=tuple(notes),
            dropped=dropped,
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features."""
        return tuple(column.name for column in self.columns)

    def check(self, table: pa.Table) -> None:
        """Raise `SchemaError` naming the features that `table` lacks or holds twice."""
        check_names(table.column_names)
        present = set(table.column_names)
        lacking = [name for name in self.names if name not in present]
        if lacking:
            more = f" and {len(lacking) - 5} more" if len(lacking) > 5 else ""
            noun = "the column" if len(lacking) == 1 else "columns"
            near = near_name(lacking[0], table.column_names)
            hint = (
                name_hint(lacking[0], table.column_names)
                if near is None
                else f" It has {near!r} for {lacking[0]!r}: names must be equal in capitals and blanks."
            )
            named = ", ".join(map(repr, lacking[:5]))
            raise SchemaError(f"The table lacks {noun} {named}{more}, which the model was trained on.{hint}")

    def fingerprint(self, table: pa.Table) -> str:
        """Digest of names, types and content of all columns of `table`: ``"sha256:..."``; see `table_fingerprint`."""
        from rareclass.data.fingerprint import table_fingerprint

        return table_fingerprint(table)

    def to_dict(self) -> dict[str, Any]:
        """The schema as JSON-safe values."""
        return {
            "columns": [{"name": c.name, "kind": c.kind} for c in self.columns],
            "target": self.target,
            "pos_label": saved_label(self.pos_label),
            "classes": [saved_label(label) for label in self.classes],
            "notes": list(self.notes),
            "dropped": dict(self.dropped),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Schema":
        """The schema that `to_dict` described."""
        columns = tuple(Column(str(c["name"]), _check.one_of(c["kind"], "kind", KINDS)) for c in values["columns"])
        return cls(
            columns=columns,
            target=values.get("target"),
            pos_label=read_label(values.get("pos_label")),
            classes=tuple(map(read_label, values.get("classes", ()))),
            notes=tuple(values.get("notes", ())),
            dropped=dict(values.get("dropped", {})),
        )


def saved_label(label: Label) -> Any:
    """A label as a value that JSON can hold; `read_label` gives it back with its type."""
    if isinstance(label, np.datetime64):
        label = label.astype("datetime64[us]").item()
    elif isinstance(label, np.generic):
        label = label.item()
    if label is None or isinstance(label, bool | int | float | str):
        return label
    for name, (kind, write, _) in _LABELS.items():
        if isinstance(label, kind):
            return {name: write(label)}
    return str(label)


def read_label(saved: Any) -> Label:
    """The label that `saved_label` wrote."""
    if not isinstance(saved, dict):
        return saved
    ((name, value),) = saved.items()
    return _LABELS[name][2](value)


# kind, how it is written, how it is read; a datetime is a date too, so it stands first
_LABELS: dict[str, tuple[type, Any, Any]] = {
    "datetime": (datetime.datetime, datetime.datetime.isoformat, datetime.datetime.fromisoformat),
    "date": (datetime.date, datetime.date.isoformat, datetime.date.fromisoformat),
    "bytes": (bytes, bytes.hex, bytes.fromhex),
}


def _known(names: list[str], wanted: Sequence[str], what: str) -> None:
    if isinstance(wanted, str):
        raise InputError(f"Pass a list of column names; got the text {wanted!r}.")
    for name in wanted:
        if name not in names:
            import difflib

            close = difflib.get_close_matches(str(name), names, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else f" It has: {', '.join(map(repr, names[:8]))}."
            raise SchemaError(f"The table has no {what} {name!r}.{hint}")
