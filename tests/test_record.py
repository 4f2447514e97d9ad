"""Dataclasses that are JSON objects."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from rareclass._record import EMPTY, Record, json_schema, one_of
from rareclass.uncertainty.interval import Interval


@dataclass(frozen=True, kw_only=True)
class Part(Record):
    """A part."""

    name: str
    size: float


@dataclass(frozen=True, kw_only=True)
class Whole(Record):
    """A whole."""

    count: int
    kind: str = field(metadata=one_of(("big", "small")))
    parts: list[Part]
    points: list[float | None] = field(default_factory=list)
    intervals: dict[str, Interval] = field(default_factory=dict)
    threshold: float | str | None = None
    spare: Part | None = None
    found: Part | None = field(default=None, metadata=EMPTY)
    anything: dict[str, Any] = field(default_factory=dict)


WHOLE = Whole(
    count=2, kind="big", parts=[Part(name="a", size=1.5)], points=[0.5, None], intervals={"x": Interval(0.5, 0.4, 0.6)},
    threshold="inf", anything={"deep": {"er": [1]}},
)  # fmt: skip


def test_what_is_written_is_read_back_as_the_same_value():
    assert Whole.from_dict(WHOLE.to_dict()) == WHOLE
    assert Whole.from_dict(WHOLE.to_dict()).intervals["x"].low == 0.4


def test_a_number_that_is_not_finite_is_written_as_null_and_read_as_nan():
    written = Part(name="a", size=float("inf")).to_dict()
    assert written == {"name": "a", "size": None}
    assert Part.from_dict(written).size != Part.from_dict(written).size


def test_what_was_not_found_is_an_empty_object_and_comes_back_as_none():
    written = WHOLE.to_dict()
    assert (written["found"], written["spare"]) == ({}, None)
    again = Whole.from_dict(written)
    assert again.found is None
    assert again.spare is None


@pytest.mark.parametrize("state", [None, [], "x", {}, {"parts": 3, "points": "no", "found": [], "count": "many"}])
def test_broken_files_are_read_as_far_as_they_go(state):
    found = Whole.from_dict(state)
    assert (found.count, found.kind, found.parts, found.points, found.found) == (None, "", [], [], None)


def test_items_that_cannot_be_read_are_left_out_unless_they_may_be_null():
    found = Whole.from_dict({"parts": [None, {"name": "b"}, 3], "points": [1, "x", 2.0], "unknown": 1})
    assert [p.name for p in found.parts] == ["b"]
    assert found.points == [1, None, 2.0]


def test_the_schema_follows_from_the_fields():
    said = json_schema(Whole)
    assert said["required"] == ["count", "kind", "parts"]
    p = said["properties"]
    assert p["count"] == {"type": "integer"}
    assert p["kind"] == {"type": "string", "enum": ["big", "small"]}
    assert p["parts"] == {"type": "array", "items": {"$ref": "#/$defs/Part"}}
    assert p["threshold"] == {"type": ["number", "null", "string"]}
    assert p["spare"] == {"anyOf": [{"$ref": "#/$defs/Part"}, {"type": "null"}]}
    assert p["found"] == {"anyOf": [{"$ref": "#/$defs/Part"}, {"type": "object", "maxProperties": 0}]}
    assert p["anything"] == {"type": "object", "additionalProperties": {}}
    assert said["$defs"]["Part"]["properties"]["size"] == {"type": ["number", "null"]}
    assert said["$defs"]["Part"]["description"] == "A part."
