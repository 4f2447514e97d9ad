"""The same texts say the same in a file for `predict` and in a request."""

import csv

import numpy as np
import pytest

pytest.importorskip("orjson")

from tests.serving.codec import ROW, bundle, infer, read, score, served, tensors

from rareclass.data import read_table
from rareclass.scoring import Scorer
from rareclass.serving import score as score_table
from rareclass.serving.protocol.datatypes import to_bytes

ROWS = [
    {
        "x": "0.5",
        "count": "3",
        "shop": "a",
        "code": "1",
        "ok": "true",
        "at": "2024-03-01 10:00:00",
        "note": "win cash 1",
    },
    {"x": " 0.5", "count": " 3 ", "shop": "a ", "code": "1.0", "ok": "TRUE ", "at": "", "note": " win cash 1 "},
    {"x": "NA", "count": "NaN", "shop": "NA", "code": "null", "ok": "NA", "at": "NA", "note": "NA"},
    {"x": "", "count": "", "shop": "", "code": " ", "ok": " ", "at": " ", "note": " "},
    {"x": "-", "count": "?", "shop": "-", "code": "3.00", "ok": "false", "at": "2024-05-01 00:00:00", "note": "-"},
    {
        "x": "1e-1",
        "count": "1.0",
        "shop": "new",
        "code": "77.0",
        "ok": "False",
        "at": "2024-05-01 00:00:00",
        "note": "n/a",
    },
]


def of_file(rows, path):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return score_table(bundle(), read_table(path))


def test_the_texts_of_a_file_say_the_same_in_a_request(tmp_path):
    wanted = of_file([row | {"key": i} for i, row in enumerate(ROWS)], tmp_path / "rows.csv").probability
    plain = score({"rows": ROWS, "explain": "none"})["rows"]
    np.testing.assert_allclose([row["probability"] for row in plain], wanted, rtol=1e-12)
    texts = tensors({name: ("BYTES", [row[name] for row in ROWS]) for name in ROW})
    np.testing.assert_allclose(infer(texts)[0]["outputs"][0]["data"], wanted, rtol=1e-12)
    for row, p in zip(ROWS, wanted, strict=True):
        assert score({"rows": [row], "explain": "none"})["rows"][0]["probability"] == pytest.approx(p, rel=1e-12)


def test_many_texts_say_the_same_in_binary_as_in_json():
    many = (ROWS * 8)[: 8 * len(ROWS) - 1]
    said = tensors({name: ("BYTES", [row[name] for row in many]) for name in ROW})
    packed = {"inputs": [], "parameters": {"binary_data_output": False}}
    tail = b""
    for given in said["inputs"]:
        raw = to_bytes(given["data"])
        tail += raw
        short = {key: value for key, value in given.items() if key != "data"}
        packed["inputs"].append(short | {"parameters": {"binary_data_size": len(raw)}})
    asked, in_binary = read(said), read(packed, tail=tail)
    np.testing.assert_array_equal(in_binary.rows.matrix, asked.rows.matrix)
    assert in_binary.rows.unknown == asked.rows.unknown != {}
    for name in ROW:
        assert in_binary.rows.texts(name) == [text or None for text in asked.rows.texts(name)]
    assert infer(packed, tail=tail) == infer(said)


@pytest.mark.parametrize("text", ["", " ", "NA", "null", "n/a"])
@pytest.mark.parametrize("name", list(ROW))
def test_texts_that_stand_for_no_value_do_so_in_columns_of_each_kind(name, text):
    without = ROWS[0] | {name: None}
    found = score({"rows": [without, without | {name: text}], "explain": "none"})["rows"]
    assert found[0] == found[1]


def test_a_level_that_training_saw_stays_as_it_is():
    from rareclass import RareClassifier

    land = np.array(["NA", "CH ", "AT"] * 100)
    model = RareClassifier("logistic_regression", calibration="none").fit({"land": land}, np.arange(300) % 3 == 0)
    model_served = served()
    model_served.scorer = Scorer.from_model(model)
    rows = [{"land": text} for text in ("NA", "CH ", "AT", " AT")]
    found = [row["probability"] for row in score({"rows": rows, "explain": "none"}, model_served)["rows"]]
    assert found[:3] == pytest.approx(model_served.scorer.probability(rows[:3]).tolist())
    assert found[2] == found[3]
