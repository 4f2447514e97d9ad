"""Plain rows in, plain answers out."""

import pytest

pytest.importorskip("orjson")

from tests.serving.codec import PLAIN_ROW, score, served

from rareclass.serving.errors import Refused
from rareclass.serving.plain import read_plain


def test_an_answer_holds_the_model_and_one_entry_a_row():
    found = score({"rows": [PLAIN_ROW] * 2, "id": "7", "model": "mixed"})
    assert (found["model"], found["version"], found["id"]) == ("mixed", "0123456789ab", "7")
    assert [set(row) for row in found["rows"]] == [{"probability", "alert", "tier", "reasons"}] * 2
    assert score({"rows": []})["rows"] == []


def test_a_row_is_scored_as_the_scorer_scores_it():
    for row in (
        PLAIN_ROW,
        PLAIN_ROW | {"x": None, "shop": "new", "other": [1, {}]},
        PLAIN_ROW | {"x": "1.5", "code": 2},
    ):
        (found,) = score({"rows": [row], "explain": "none"})["rows"]
        assert found["probability"] == float(served().scorer.probability(row)[0])


def test_the_model_and_version_are_read_first():
    plain = read_plain(b'{"rows": [], "model": "m", "version": "v"}')
    assert (plain.model, plain.version) == ("m", "v")
    assert read_plain(b'{"rows": []}').model is None


def test_ids_may_stand_in_a_column_that_the_model_does_not_know():
    body = b'{"rows": [%s], "explain": "none"}' % (
        b'{"key": 5, "x": 1, "count": 1, "shop": "a", "code": "1", "ok": true, "at": "2024-01-01", "note": "a"}'
    )
    assert read_plain(body).request(served(), id_column="key").ids == ["5"]
    assert read_plain(body).request(served(), id_column="other").ids is None
    assert read_plain(body).request(served(), id_column="shop").ids == ["a"]
    for odd in (b"[5]", b'{"a": 5}'):
        with pytest.raises(Refused, match="'key' must hold texts, numbers or null") as error:
            read_plain(body.replace(b"5", odd, 1)).request(served(), id_column="key")
        assert error.value.status == 400


@pytest.mark.parametrize(
    ("said", "match"),
    [
        ({}, "needs `rows`"),
        ({"rows": {}}, "needs `rows`"),
        ({"rows": [PLAIN_ROW, 5]}, "Row 2 must be an object"),
        ({"rows": [], "row": 1}, "got 'row'. Did you mean 'rows'"),
        ({"rows": [], "model": 5}, "`model` must be a text"),
        ({"rows": [], "explain": True}, "`explain` is one of"),
        ({"rows": [PLAIN_ROW, {**PLAIN_ROW, "x": {}}]}, "Column 'x' holds {} .object. in row 2.*, or null"),
        ({"rows": [PLAIN_ROW | {"ok": "maybe"}]}, "Column 'ok' holds 'maybe' .text.; .*, or null"),
        ({"rows": [PLAIN_ROW | {"at": True}]}, "Column 'at' holds true .Boolean.; the model expects a date, or null"),
        ({"rows": [PLAIN_ROW], "slice": True}, "`slice` must be a text; got true"),
        ({"rows": [{k: v for k, v in PLAIN_ROW.items() if k != "note"}]}, "Row 1 lacks the column 'note'"),
        ({"rows": [{("Note" if k == "note" else k): v for k, v in PLAIN_ROW.items()}]}, "It has 'Note'"),
        ({"rows": [PLAIN_ROW], "ids": ["a", "b"]}, "a list of 1 texts"),
    ],
)
def test_wrong_requests_are_refused(said, match):
    with pytest.raises(Refused, match=match) as error:
        score(said)
    assert error.value.status == 400


def test_too_many_rows_are_refused():
    with pytest.raises(Refused, match="may hold 1 rows; got 2") as error:
        score({"rows": [PLAIN_ROW] * 2}, most_rows=1)
    assert error.value.status == 413
