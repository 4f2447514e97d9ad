"""Labels that came after the predictions: a table of ids, labels and when each became known."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rareclass import _check
from rareclass._types import Label, Rows
from rareclass.data.columns import canonical_texts, dictionary_codes, is_text, missing_mask, to_float, to_time
from rareclass.data.layout import TextFormat
from rareclass.data.read import read_source
from rareclass.errors import InputError, SchemaError

ID = ("id", "row_id", "prediction_id", "request_id", "transaction_id", "event_id")
LABEL = ("label", "target", "outcome", "y")
TIME = ("label_time", "labelled_at", "labeled_at", "reported_at", "confirmed_at", "known_at", "label_date")
_SHOWN = 5


@dataclass(frozen=True)
class LabelColumns:
    """Which columns of the table hold what; None takes the first known name that the table has.

    `weight` is that of an audit, 1 / the probability with which a row was drawn to be labelled; none by default. `zone`
    is the time zone of moments that name none, such as "Europe/Zurich"; UTC by default.
    """

    id: str | None = None
    label: str | None = None
    time: str | None = None
    weight: str | None = None
    zone: str | None = None


@dataclass(frozen=True, kw_only=True)
class KnownLabels:
    """Labels by the id of their prediction, each id once.

    Attributes
    ----------
    place : dict
        Row of each id in the arrays.
    event : ndarray of shape (n,), bool
    times : ndarray of shape (n,), datetime64[us], or None
        When each became known (UTC); None where the table has no such column, NaT where a cell is empty.
    weights : ndarray of shape (n,), or None
        None where no column of weights was named.
    notes : list of str
        What was read from which column.
    problems : list of str
        What was left out, one sentence each.
    """

    place: dict[str, int]
    event: np.ndarray
    times: np.ndarray | None
    weights: np.ndarray | None
    notes: list[str]
    problems: list[str]

    def before(self, made: np.ndarray, rows: np.ndarray) -> int:
        """How many of the labels in `rows` (m,) became known before their predictions were made (m,)."""
        return 0 if self.times is None else int(np.count_nonzero(self.times[rows] < made))

    def odd_times(self, early: int, now: np.datetime64 | None, max_delay: float) -> list[str]:
        """What cannot be right about when labels became known; so many did before their predictions were made."""
        said = []
        if early:
            said.append(
                f"{early:,} labels became known before their prediction was made. Is it the right column "
                "(--label-time), in the right time zone (--label-zone)?"
            )
        if self.times is not None and now is not None:
            far = int(np.count_nonzero((self.times - now) / np.timedelta64(1, "D") > max_delay))
            if far:
                said.append(
                    f"{far:,} labels are dated more than {max_delay:g} days after the moment that is judged, and do "
                    "not count yet. Is it the right column (--label-time)?"
                )
        return said


def read_labels(
    source: Rows,
    columns: LabelColumns = LabelColumns(),
    how: TextFormat = TextFormat(),
    *,
    event: Label,
    classes: Sequence[Label],
    target: str | None = None,
    before: TextFormat = TextFormat(),
) -> KnownLabels:
    """Read a table of labels.

    Rows without a label are not known yet and wait. Of several labels of one id the one that became known last counts;
    none does where that cannot be told and they contradict each other.

    Parameters
    ----------
    source : path, frame or table
    columns : LabelColumns
    how, before : TextFormat
        How a file of text is written, and how earlier ones were.
    event : label
        The label of the rare class.
    classes : sequence of labels
        All that the model knows.
    target : str, optional
        What the column of labels was called in training.

    Raises
    ------
    SchemaError
        A column is missing; the nearest name is said.
    InputError
        No label is one that the model knows, or times are no dates.
    """
    ids = (columns.id,) if columns.id is not None else ID
    table = read_source(source, how, before=before, as_text=_Named(ids), exact=_Named(ids)).table
    names = table.column_names
    at_id = _column(names, columns.id, ID, "ids of the predictions", "--id")
    at_label = _column(names, columns.label, ((target,) if target else ()) + LABEL, "labels", "--label")
    at_time = _column(names, columns.time, TIME, "times", "--label-time", needed=columns.time is not None)
    notes = [_said(at_id, at_label, at_time)]
    at_weight = None if columns.weight is None else _column(names, columns.weight, (), "weights", "--weight")
    problems: list[str] = []
    kept = ~missing_mask(table[at_id])
    if not kept.all():
        problems.append(f"{_rows(~kept)} of the labels table have no id in {at_id!r}; they were left out.")
    labelled = ~missing_mask(table[at_label])
    flags, unknown = _events(table[at_label], event, classes, at_label)
    if unknown:
        seen = ", ".join(repr(text) for text in list(unknown)[:_SHOWN])
        problems.append(
            f"{sum(unknown.values()):,} labels of {at_label!r} are none that the bundle knows ({seen}); they were left "
            f"out. It knows {_listed(classes)}."
        )
    times = None if at_time is None else _moments(table[at_time], at_time, columns.zone)
    rows = np.flatnonzero(kept & labelled & (flags >= 0))
    texts = _ids(table[at_id].take(pa.array(rows)))
    place, chosen, more = _each_once(texts, flags[rows], None if times is None else times[rows])
    known = rows[chosen]
    return KnownLabels(
        place=place,
        event=flags[known] == 1,
        times=None if times is None else times[known],
        weights=None if at_weight is None else _weights(table[at_weight], at_weight, known),
        notes=notes,
        problems=problems + more,
    )


class _Named(tuple[str, ...]):
    """Names in any capitals; such columns of a file of text stay as they are written."""

    def __contains__(self, name: object) -> bool:
        return any(str(name).casefold() == own.casefold() for own in self)


def _column(
    names: Sequence[str], asked: str | None, usual: Sequence[str], what: str, option: str, *, needed: bool = True
) -> Any:
    """The name of the column; None where there is none and none is needed."""
    if asked is None:
        for own in usual:
            found = next((name for name in names if name.casefold() == own.casefold()), None)
            if found is not None:
                return found
        if not needed:
            return None
    elif asked in names:
        return asked
    wanted = asked if asked is not None else usual[0]
    near = difflib.get_close_matches(wanted.casefold(), [name.casefold() for name in names], n=1, cutoff=0.5)
    nearest = next((f" Is it {name!r}?" for name in names if near and name.casefold() == near[0]), "")
    raise SchemaError(
        f"The labels table has no column {wanted!r} that holds the {what}; it has {_listed(names)}.{nearest} Name it "
        f"with {option}."
    )


def _said(at_id: str, at_label: str, at_time: str | None) -> str:
    when = f"{at_time!r} (when it became known)" if at_time else "no column of label times (--label-time names one)"
    return f"The labels table was read by {at_id!r} (id), {at_label!r} (label) and {when}."


def _events(
    column: pa.ChunkedArray, event: Label, classes: Sequence[Label], name: str
) -> tuple[np.ndarray, dict[str, int]]:
    """1 for an event, 0 for another known label, -1 for missing and unknown ones (n,); and the latter with counts."""
    codes, values = dictionary_codes(column)
    kinds = np.full(len(values) + 1, -1)
    listed = values.to_pylist()
    for i, value in enumerate(listed):
        if _check.same_label(value, event):
            kinds[i] = 1
        elif any(_check.same_label(value, known) for known in classes):
            kinds[i] = 0
    counts = np.bincount(codes[codes >= 0], minlength=len(listed))
    strange = {i: n for i, n in enumerate(counts.tolist()) if n and kinds[i] < 0 and not _check.is_missing(listed[i])}
    if strange and not (kinds[:-1][counts > 0] >= 0).any():
        raise InputError(
            f"The labels of {name!r} are {_listed([listed[i] for i in strange])}; the bundle knows {_listed(classes)}. "
            "Write them as in training, or name another column with --label."
        )
    return kinds[codes], {str(listed[i]): n for i, n in strange.items()}


def _weights(column: pa.ChunkedArray, name: str, rows: np.ndarray) -> np.ndarray:
    """Weights of these rows; 1 or more, being 1 / a probability."""
    found = to_float(column)
    if found is None or not np.all(found[rows] >= 1):
        raise InputError(
            f"The column {name!r} of the labels table must hold numbers of 1 or more: 1 / the probability with which "
            "each row was drawn to be labelled, as the audit plan says."
        )
    return found[rows]


def _moments(column: pa.ChunkedArray, name: str, zone: str | None) -> np.ndarray:
    aware = pa.types.is_timestamp(column.type) and column.type.tz is not None
    found = to_time(column)
    if found is None:
        named, known = _zones(column)
        if 0 < named < known:
            raise InputError(
                f"{named:,} of {known:,} times in the column {name!r} of the labels table name a time zone, and the "
                "others do not. Write all with one, or all without and name it with --label-zone."
            )
        raise InputError(
            f"The column {name!r} of the labels table holds no dates (such as 2026-03-01 or 2026-03-01 14:00:00). Name "
            "another with --label-time, or say how they are written with --date-format."
        )
    if zone is not None and not aware and not _zoned(column):
        try:
            found = pc.assume_timezone(found, zone, ambiguous="earliest", nonexistent="latest")
        except pa.ArrowException:
            raise InputError(
                f"--label-zone takes the name of a time zone, such as Europe/Zurich; got {zone!r}."
            ) from None
        found = found.cast(pa.timestamp("us"))
    moments: np.ndarray = found.to_numpy().astype("datetime64[us]")
    return moments


def _zoned(column: pa.ChunkedArray) -> bool:
    """Whether a column of text says its time zones."""
    named, known = _zones(column)
    return 0 < named == known


def _zones(column: pa.ChunkedArray) -> tuple[int, int]:
    """How many texts say their time zone, and how many there are."""
    if not is_text(column.type):
        return 0, 0
    texts = column.drop_null().cast(pa.string())
    named = pc.sum(pc.match_substring_regex(texts, r"(Z|:\d{2}(\.\d+)? ?[+-]\d{2}:?\d{2})$")).as_py()
    return int(named or 0), len(texts)


def _ids(column: pa.ChunkedArray) -> list[str]:
    """As the prediction log writes ids: 17 and 17.0 are "17"."""
    codes, values = dictionary_codes(column)
    texts = canonical_texts(values)
    return [str(texts[code]) for code in codes]


def _each_once(
    ids: Sequence[str], flags: np.ndarray, times: np.ndarray | None
) -> tuple[dict[str, int], np.ndarray, list[str]]:
    """Place of each id, the row that counts for each place, and what is to be said of repeated ones."""
    place: dict[str, int] = {}
    chosen: list[int] = []
    repeated, later, neither = 0, [], {}
    for row, (text, flag) in enumerate(zip(ids, flags.tolist())):
        at = place.setdefault(text, len(chosen))
        if at == len(chosen):
            chosen.append(row)
            continue
        other = chosen[at]
        newer = None if times is None or times[row] == times[other] else bool(times[row] > times[other])
        if flags[other] == flag:
            repeated += 1
            if newer is False:  # known since the first of them
                chosen[at] = row
        elif newer is None or times is None or np.isnat(times[[row, other]]).any():
            neither[text] = at
        else:
            later.append(text)
            if newer:
                chosen[at] = row
    problems = []
    if repeated:
        problems.append(f"{repeated:,} labels repeat what an earlier row of the table says; each counts once.")
    if later:
        problems.append(
            f"{len(later):,} ids have labels that contradict each other, such as {later[0]!r}; the one that became "
            "known last counts."
        )
    if neither:
        problems.append(
            f"{len(neither):,} ids have labels that contradict each other, such as {next(iter(neither))!r}, and no "
            "times that tell which is newer; they count as not known."
        )
        gone = set(neither.values())
        keep = [at for at in range(len(chosen)) if at not in gone]
        moved = {at: i for i, at in enumerate(keep)}
        place = {text: moved[at] for text, at in place.items() if at in moved}
        chosen = [chosen[at] for at in keep]
    return place, np.array(chosen, dtype=np.int64), problems


def _rows(mask: np.ndarray) -> str:
    return f"{int(mask.sum()):,} rows"


def _listed(values: Sequence[object]) -> str:
    shown = ", ".join(repr(v.item() if isinstance(v, np.generic) else v) for v in values[: 2 * _SHOWN])
    return shown + (" ..." if len(values) > 2 * _SHOWN else "")
