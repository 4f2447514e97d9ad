"""Rows as plain JSON objects, for people without a protocol library: ``POST /v1/score``."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rareclass._names import near_name
from rareclass.scoring.rows import RowEncoder
from rareclass.serving.asked import ALERTS, DEFAULT_OUTPUTS, NONE, costs_of, explain_of, id_of, ids_of, slice_of
from rareclass.serving.batch import Batch
from rareclass.serving.errors import did_you_mean, refuse_many, sentenced, shown, wrong
from rareclass.serving.protocol.responses import plain_reasons
from rareclass.serving.requests import MOST_ROWS, Request
from rareclass.serving.wire import read_json, write_json

if TYPE_CHECKING:
    from rareclass.serving.answers import Answers
    from rareclass.serving.models import Served

_KEYS = ("model", "version", "rows", "explain", "ids", "costs", "slice", "id")


@dataclass(frozen=True)
class Plain:
    """A plain request before its model is known.

    Attributes
    ----------
    model, version : str or None
        None where the request names none.
    said : dict
    """

    model: str | None
    version: str | None
    said: dict[str, Any]

    def request(self, served: "Served", *, id_column: str | None = None, most_rows: int = MOST_ROWS) -> Request:
        """The request of this model; parameters as in `read_infer`.

        Columns of a row that the model does not know are ignored, as `rareclass predict` does.

        Raises
        ------
        Refused
            400, or 413 for too many rows.
        """
        rows = self.said["rows"]
        refuse_many(len(rows), most_rows)
        encoder = served.scorer.encoder
        besides = {name for name in (id_column, served.slice_column) if name is not None}
        carried = {name: [row.get(name) for row in rows] for name in besides - encoder.places.keys()}
        present = {name: values for name, values in carried.items() if any(name in row for row in rows)}
        with sentenced:
            batch = _batch(encoder, rows, present)
        return Request(
            id=id_of(self.said),
            rows=batch,
            outputs=DEFAULT_OUTPUTS,
            explain=explain_of(self.said, NONE if served.scorer.why_no_reasons else ALERTS),
            ids=ids_of(self.said, batch, id_column),
            costs=costs_of(self.said, len(rows)),
            slice=slice_of(self.said),
        )


def read_plain(body: bytes) -> Plain:
    """A request ``{"model": NAME?, "rows": [{...}], "explain": "alerts|all|none"}``.

    Besides these there may be version, id, ids, slice and costs, as in the parameters of the protocol.

    Raises
    ------
    Refused
        400: it is no JSON, or has no list of rows.
    """
    said = read_json(body)
    odd = next((key for key in said if key not in _KEYS), None)
    if odd is not None:
        raise wrong(f"A request holds {', '.join(_KEYS)}; got {shown(odd)}.{did_you_mean(odd, _KEYS)}")
    rows = said.get("rows")
    if type(rows) is not list:
        raise wrong('A request needs `rows`, a list of one object a row, such as {"rows": [{"amount": 12.5}]}.')
    at = next((i for i, row in enumerate(rows) if type(row) is not dict), None)
    if at is not None:
        raise wrong(f"Row {at + 1:,} must be an object of columns and their values; got {shown(rows[at])}.")
    for name in ("model", "version"):
        if said.get(name) is not None and type(said[name]) is not str:
            raise wrong(f"`{name}` must be a text; got {shown(said[name])}.")
    return Plain(said.get("model"), said.get("version"), said)


def write_plain(served: "Served", request: Request, answers: "Answers") -> bytes:
    """The answer: model, version, and of each row probability, alert, tier and reasons (null where there are none)."""
    n = len(request.rows)
    tiers = [None] * n if answers.tier is None else answers.tier.tolist()
    reasons = [None] * n if answers.reasons is None else [plain_reasons(found) for found in answers.reasons]
    rows = [
        {"probability": p, "alert": alert, "tier": tier, "reasons": why}
        for p, alert, tier, why in zip(answers.probability.tolist(), answers.alert.tolist(), tiers, reasons)
    ]
    said: dict[str, Any] = {"model": served.name, "version": served.version}
    if request.id is not None:
        said["id"] = request.id
    return write_json(said | {"rows": rows})


def _batch(encoder: RowEncoder, rows: list[Mapping[str, Any]], others: Mapping[str, list[Any]]) -> Batch:
    if len(rows) == 1:
        with contextlib.suppress(KeyError):
            return Batch.of_row(encoder, [rows[0][name] for name in encoder.names], others)
    return Batch.of_columns(encoder, [_column(rows, name) for name in encoder.names], len(rows), others)


def _column(rows: list[Mapping[str, Any]], name: str) -> list[Any]:
    try:
        return [row[name] for row in rows]
    except KeyError:
        at, row = next((i, row) for i, row in enumerate(rows) if name not in row)
        near = near_name(name, row)
        hint = "" if near is None else f" It has {near!r}: names must be equal in capitals and blanks."
        raise wrong(f"Row {at + 1:,} lacks the column {name!r}; give null where there is no value.{hint}") from None
