"""Requests of the protocol become rows; whatever is wrong with one is refused in a sentence."""

import json

import numpy as np
import pytest

pytest.importorskip("orjson")

from tests.serving.codec import PLAIN_ROW, ROW, infer, read, score, served, tensors

from rareclass.serving.errors import Refused
from rareclass.serving.plain import read_plain


def refused(said, match, status=400, model=None, **options):
    with pytest.raises(Refused, match=match) as error:
        infer(said, model, **options)
    assert error.value.status == status
    assert error.value.sentence == str(error.value)


def changed(name, /, **parts):
    """The request of one row with parts of one input changed; None takes a part away."""
    said = tensors(ROW)
    entry = next(e for e in said["inputs"] if e["name"] == name)
    entry.update(parts)
    for key in [key for key, value in parts.items() if value is None]:
        del entry[key]
    return said


def test_one_tensor_a_column_is_the_row_that_they_make():
    found, length = infer(tensors(ROW) | {"id": "7"})
    wanted = served().scorer.logit(PLAIN_ROW)
    assert length is None
    assert (found["model_name"], found["model_version"], found["id"]) == ("mixed", "0123456789ab", "7")
    assert [(o["name"], o["datatype"], o["shape"]) for o in found["outputs"]] == [
        ("probability", "FP64", [1]),
        ("logit", "FP64", [1]),
        ("alert", "BOOL", [1]),
    ]
    assert found["outputs"][1]["data"] == wanted.tolist()
    assert infer(tensors(ROW, lambda n: [n, 1]))[0]["outputs"] == found["outputs"]
    assert "id" not in infer(tensors(ROW))[0]


def test_one_row_is_what_it_is_in_a_batch_in_every_form():
    from tests.serving.codec import table

    shown = {
        "x": "FP64",
        "count": "INT64",
        "shop": "BYTES",
        "code": "BYTES",
        "ok": "BOOL",
        "at": "BYTES",
        "note": "BYTES",
    }
    rows = [dict(row, at=str(row["at"])) for row in table(40, 5)[0].to_pylist()]
    rows[0].update(shop="never seen", code=" 2 ", count=None)
    rows[1].update(shop=" a", code="3.0", note="NA", x=None)
    rows[2].update(dict.fromkeys(rows[2]))
    rows = [{name: None if value != value else value for name, value in row.items()} for row in rows]
    columns = {name: (kind, [row[name] for row in rows]) for name, kind in shown.items()}
    whole = read(tensors(columns, lambda n: [n, 1])).rows
    assert whole.unknown["shop"] == 1
    for i, row in enumerate(rows):
        one = {name: (kind, [row[name]]) for name, kind in shown.items()}
        for rows_of_one in (read(tensors(one)).rows, read(tensors(one, lambda n: [n, 1])).rows):
            np.testing.assert_array_equal(rows_of_one.matrix, whole.matrix[i : i + 1])
            assert rows_of_one.values([0]) == whole.values([i])
            assert rows_of_one.unknown.get("shop", 0) == (i == 0)


def test_a_batch_of_columns_is_scored_as_a_table_is():
    from tests.serving.codec import table

    data = table(50, 3)[0]
    columns = {
        "x": ("FP64", [None if v != v else v for v in data["x"].to_pylist()]),
        "count": ("INT64", data["count"].to_pylist()),
        "shop": ("BYTES", data["shop"].to_pylist()),
        "code": ("BYTES", data["code"].to_pylist()),
        "ok": ("BOOL", data["ok"].to_pylist()),
        "at": ("BYTES", [str(v) for v in data["at"].to_pylist()]),
        "note": ("BYTES", data["note"].to_pylist()),
    }
    found, _ = infer(tensors(columns))
    assert found["outputs"][1]["data"] == served().scorer.logit(data).tolist()


def test_one_tensor_of_numbers_may_have_any_name():
    model = served("numbers")
    X = np.random.default_rng(2).normal(size=(4, 3))
    X[1, 2] = np.nan
    wanted = model.scorer.logit(X).tolist()
    flat = [None if v != v else v for v in X.ravel().tolist()]
    nested = [flat[i : i + 3] for i in range(0, 12, 3)]
    for data in (flat, nested):
        said = {"inputs": [{"name": "anything", "shape": [4, 3], "datatype": "FP64", "data": data}]}
        assert infer(said, model)[0]["outputs"][1]["data"] == wanted
    binary = {"name": "x0", "shape": [4, 3], "datatype": "FP64", "parameters": {"binary_data_size": 96}}
    assert infer({"inputs": [binary]}, model, tail=X.tobytes())[0]["outputs"][1]["data"] == wanted
    refused({"inputs": [{"name": "x0", "shape": [3], "datatype": "FP64", "data": [1, 2, 3]}]}, "lacks", model=model)


def test_no_rows_give_empty_outputs():
    said = tensors({name: (datatype, []) for name, (datatype, _) in ROW.items()})
    said["outputs"] = [{"name": n} for n in ("probability", "logit", "alert", "reasons")]
    assert [o["data"] for o in infer(said)[0]["outputs"]] == [[]] * 4
    empty = {"inputs": [{"name": "a", "shape": [0, 3], "datatype": "FP64", "data": []}]}
    assert infer(empty, served("numbers"))[0]["outputs"][0]["shape"] == [0]


def test_columns_that_lack_or_are_unknown_are_named():
    said = tensors(ROW)
    refused({"inputs": said["inputs"][1:]}, "lacks the column 'x'")
    more = [*said["inputs"], {"name": "Shop", "datatype": "BYTES", "shape": [1], "data": ["a"]}]
    refused({"inputs": more}, "'Shop' is no column of the model 'mixed'. Did you mean 'shop'")
    refused({"inputs": [*said["inputs"], said["inputs"][2]]}, "'shop' stands twice")
    nameless = [*said["inputs"], {"name": None, "datatype": "FP64", "shape": [1], "data": [1.0]}]
    refused({"inputs": nameless}, f"name of input {len(ROW)} must be a text")
    target = [*said["inputs"], {"name": "fraud", "datatype": "BOOL", "shape": [1], "data": [True]}]
    assert infer({"inputs": target})[0] == infer(said)[0]


@pytest.mark.parametrize(
    ("parts", "match"),
    [
        ({"shape": None}, "lacks 'shape'"),
        ({"datatype": None}, "lacks 'datatype'"),
        ({"data": None}, "lacks `data`"),
        ({"name": 5}, "name of input 0 must be a text"),
        ({"datatype": "FP65"}, "'FP65'; the protocol knows BOOL, UINT8"),
        ({"datatype": ["FP64"]}, "the protocol knows"),
        ({"shape": [2]}, r"has 1 values, but its shape \[2\] needs 2"),
        ({"shape": []}, r"must be \[n\] or \[n, d\]"),
        ({"shape": [1, 1, 1]}, r"must be \[n\] or \[n, d\]"),
        ({"shape": [-1]}, r"must be \[n\] or \[n, d\]"),
        ({"shape": [1.0]}, r"must be \[n\] or \[n, d\]"),
        ({"shape": [True]}, r"must be \[n\] or \[n, d\]"),
        ({"shape": "1"}, r"must be \[n\] or \[n, d\]"),
        ({"shape": [100_000, 7]}, "needs 700000"),
        ({"shape": [1, 2**63]}, "has 9,223,372,036,854,775,808 columns, but the model has 7"),
        ({"data": {}}, "must have a list of values"),
        ({"data": [[0.25]]}, r"data are numbers or null; got \[0.25\] at place 0"),
        ({"data": ["low"]}, "data are numbers or null; got 'low' at place 0"),
        ({"data": [True]}, "data are numbers or null; got true"),
        ({"datatype": "FP32", "data": [1e300]}, "out of the range of FP32"),
        ({"datatype": "FP16", "data": [70000]}, "out of the range of FP16"),
        ({"datatype": "BF16", "data": [3.4e38]}, "out of the range of BF16"),
        ({"datatype": "INT8", "data": [200]}, "holds 200 at place 0, which is out of the range of INT8"),
        ({"datatype": "UINT64", "data": [-1]}, "out of the range of UINT64"),
        ({"datatype": "INT64", "data": [1.5]}, "whole numbers or null; got 1.5"),
        ({"datatype": "BYTES", "data": ["low"]}, "Column 'x' holds 'low'"),
        ({"parameters": []}, "parameters of input 'x' must be an object"),
        ({"parameters": {"binary_data_size": 8}}, "both `data` and `binary_data_size`"),
        ({"data": None, "parameters": {"binary_data_size": 8}}, "only 0 follow the JSON"),
        ({"data": None, "parameters": {"binary_data_size": -8}}, "must be a whole number"),
        ({"data": None, "parameters": {"binary_data_size": 8.0}}, "must be a whole number"),
    ],
)
def test_a_wrong_part_of_an_input_is_said(parts, match):
    refused(changed("x", **parts), match)


@pytest.mark.parametrize(
    ("said", "match"),
    [
        (b"", "The body is no JSON"),
        (b"{", "The body is no JSON"),
        (b"[]", "must be a JSON object; got an array"),
        (b"5", "must be a JSON object; got a number"),
        (b'{"a": NaN}', "The body is no JSON"),
        (b'{"a": 1e999}', "The body is no JSON"),
        (b'{"a": "\xff"}', "The body is no JSON"),
        (b'{"a":' + b"[" * 100_000, "The body is no JSON"),
        (b"{}", "needs `inputs`"),
        ({"inputs": []}, "needs `inputs`"),
        ({"inputs": {}}, "needs `inputs`"),
        ({"inputs": [5]}, "Input 0 must be an object"),
        (tensors(ROW) | {"parameters": []}, "`parameters` must be an object"),
        (tensors(ROW) | {"id": 5}, "`id` must be a text"),
        (tensors(ROW) | {"outputs": []}, "`outputs` must be a list"),
        (tensors(ROW) | {"outputs": ["alert"]}, "`outputs` must be a list of objects"),
        (tensors(ROW) | {"outputs": [{"name": "alarm"}]}, "no output 'alarm'.*Did you mean 'alert'"),
        (tensors(ROW) | {"outputs": [{"name": "alert"}] * 2}, "'alert' stands twice"),
        (tensors(ROW) | {"outputs": [{"name": "tier"}]}, "has no tiers"),
        (tensors(ROW) | {"outputs": [{"name": "alert", "parameters": {"binary_data": 1}}]}, "true or false"),
        (tensors(ROW) | {"parameters": {"explain": "some"}}, "`explain` is one of alerts, all, none; got 'some'"),
        (tensors(ROW) | {"parameters": {"explain": ["all"]}}, "`explain` is one of"),
        (tensors(ROW) | {"parameters": {"ids": ["a", "b"]}}, "must be a list of 1 texts"),
        (tensors(ROW) | {"parameters": {"ids": [1.5]}}, "must be a list of 1 texts"),
        (tensors(ROW) | {"parameters": {"costs": {"fp": 1, "fn": 2}}}, "one threshold; leave `costs` out"),
        (tensors(ROW) | {"parameters": {"costs": {"fee": 1}}}, "`costs` are named fp, fn"),
        (tensors(ROW) | {"parameters": {"costs": {"fp": [1, 2]}}}, "a list of 1 numbers"),
        (tensors(ROW) | {"parameters": {"slice": 5}}, "`slice` must be a text"),
    ],
)
def test_a_wrong_request_is_said(said, match):
    refused(said, match)


def test_inputs_of_different_length_and_too_many_rows_are_refused():
    said = tensors(ROW)
    said["inputs"][3].update(shape=[2], data=["1", "2"])
    refused(said, "'code' has 2 rows, but 'x' has 1")
    big = {"inputs": [{"name": "a", "shape": [11, 3], "datatype": "FP64", "data": [0.0] * 33}]}
    refused(big, "may hold 10 rows; got 11", status=413, model=served("numbers"), most_rows=10)


def test_a_lone_tensor_is_refused_where_columns_are_no_numbers():
    lone = {"name": "a", "shape": [1, 7], "datatype": "FP64", "data": [0.0] * 7}
    refused({"inputs": [lone]}, "the column 'shop' is of the kind category")
    refused({"inputs": [lone]}, "has 7 columns, but the model has 3", model=served("numbers"))
    narrow = {"name": "a", "shape": [1, 2], "datatype": "FP64", "data": [0.0] * 2}
    refused({"inputs": [narrow]}, "has 2 columns, but the model has 3, from 'x0' to 'x2'", model=served("numbers"))
    named = {"name": "X1", "shape": [1, 1], "datatype": "FP64", "data": [0.0]}
    refused({"inputs": [named]}, "'X1' is no column .* Did you mean 'x1'", model=served("numbers"))
    texts = {"name": "a", "shape": [1, 3], "datatype": "BYTES", "data": ["1", "2", "3"]}
    refused({"inputs": [texts]}, "given one by one", model=served("numbers"))


def test_ids_come_from_the_parameters_or_from_a_column():
    said = tensors(ROW)
    assert read(said).ids is None
    assert read(said | {"parameters": {"ids": ["t1"]}}).ids == ["t1"]
    assert read(said | {"parameters": {"ids": 12}}).ids == ["12"]
    told = {"inputs": [*said["inputs"], {"name": "key", "datatype": "INT64", "shape": [1], "data": [2**60]}]}
    assert read(told, id_column="key").ids == [str(2**60)]
    assert read(said, id_column="code").ids == ["2"]
    assert read(told | {"parameters": {"ids": ["t1"]}}, id_column="key").ids == ["t1"]
    refused(told, "'key' is no column")


def test_values_of_rows_are_those_that_were_given():
    rows = read(tensors(ROW)).rows
    assert rows.values([0]) == [list(PLAIN_ROW.values())]
    assert rows.texts("count") == ["3"]
    assert rows.column("nothing") is None
    numbers = read(
        {"inputs": [{"name": "a", "shape": [2, 3], "datatype": "INT8", "data": [1, 2, 3, 4, 5, 6]}]}, served("numbers")
    )
    assert numbers.rows.values([1]) == [[4.0, 5.0, 6.0]]
    assert numbers.rows.column("x1") == [2.0, 5.0]


def test_plain_rows_are_scored_as_the_same_tensors_are():
    found = score({"rows": [PLAIN_ROW], "explain": "none"})
    assert found["rows"][0]["probability"] == infer(tensors(ROW))[0]["outputs"][0]["data"][0]


def test_ids_are_read_without_blanks_in_every_form_of_request():
    ids = {"key": ("BYTES", [" a ", "", "b"])}
    columns = {name: (kind, values * 3) for name, (kind, values) in ROW.items()}
    assert read(tensors(columns | ids), id_column="key").ids == ["a", None, "b"]
    assert read(tensors(ROW | {"key": ("BYTES", [" a "])}), id_column="key").ids == ["a"]
    one = {"rows": [PLAIN_ROW | {"key": key} for key in ids["key"][1]]}
    assert read_plain(json.dumps(one).encode()).request(served(), id_column="key").ids == ["a", None, "b"]
    assert read(tensors(ROW | {"shop": ("BYTES", [" a "])}), id_column="shop").ids == ["a"]  # a column of the model


def test_ids_and_slices_that_a_request_names_have_no_blanks_around_them_either():
    named = {"ids": [" a ", " ", "NA", 5], "slice": " CH "}
    rows = read_plain(json.dumps({"rows": [PLAIN_ROW] * 4} | named).encode()).request(served())
    columns = {name: (kind, values * 4) for name, (kind, values) in ROW.items()}
    for found in (rows, read(tensors(columns) | {"parameters": named})):
        assert (found.ids, found.slice) == (["a", None, "NA", "5"], "CH")
    assert read(tensors(ROW) | {"parameters": {"slice": " "}}).slice is None


@pytest.mark.parametrize("key", [2**64 + 1, -(2**63) - 1])
def test_an_id_whose_digits_were_lost_is_refused(key):
    body = json.dumps({"rows": [PLAIN_ROW | {"key": key}]}).encode()
    with pytest.raises(Refused, match="'key' holds a number beyond 64 bits; send it as a text"):
        read_plain(body).request(served(), id_column="key")
    body = json.dumps({"rows": [PLAIN_ROW | {"key": str(key)}]}).encode()
    assert read_plain(body).request(served(), id_column="key").ids == [str(key)]


def test_ids_of_64_bits_keep_their_digits():
    for key in (2**64 - 1, -(2**63)):
        body = json.dumps({"rows": [PLAIN_ROW | {"key": key}]}).encode()
        assert read_plain(body).request(served(), id_column="key").ids == [str(key)]
