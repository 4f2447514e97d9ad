"""Tensors of every datatype are the same values in JSON and in binary, and their bytes are checked."""

import itertools
import math
import struct

import numpy as np
import pytest

pytest.importorskip("orjson")

from rareclass.serving.errors import Refused
from rareclass.serving.protocol.datatypes import DATATYPES, FIXED, to_bytes
from rareclass.serving.protocol.tensors import read_tensor, single_row, single_values

VALUES = {
    "BOOL": [True, False, True],
    "FP16": [0.5, -1.25, 65504.0],
    "BF16": [0.5, -1.25, 3.3895313892515355e38],
    "FP32": [0.5, -1.25, 3.4028234663852886e38],
    "FP64": [0.1, -1.25, 1.7e308],
    "BYTES": ["a", "", "Grüße 🙂"],
    **{name: [0, int(kind.limits[0]), int(kind.limits[1])] for name, kind in FIXED.items() if kind.limits},
}


MOST = (10**6, 10**3)


def packed(datatype, values):
    """A binary tensor as the protocol says, by the standard library."""
    if datatype == "BYTES":
        return b"".join(struct.pack("<I", len(v.encode())) + v.encode() for v in values)
    if datatype == "BF16":
        return b"".join(struct.pack("<f", v)[2:] for v in values)
    codes = dict(zip(("BOOL", "FP16", "FP32", "FP64"), "?efd", strict=True))
    codes |= dict(
        zip(("UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64"), "BHIQbhiq", strict=True)
    )
    return struct.pack(f"<{len(values)}{codes[datatype]}", *values)


def tensor(datatype, data, shape=None, name="v"):
    return read_tensor(
        {"name": name, "datatype": datatype, "shape": shape or [len(data)], "data": data}, 0, b"", 0, MOST
    )[0]


def binary(datatype, raw, shape, size=None, before=b""):
    said = {"name": "v", "datatype": datatype, "shape": shape, "parameters": {"binary_data_size": size or len(raw)}}
    return read_tensor(said, 0, memoryview(before + raw), len(before), MOST)


def plain(values):
    return values.tolist() if isinstance(values, np.ndarray) else values


def test_every_datatype_of_the_protocol_is_known():
    assert set(DATATYPES) == set(VALUES)
    assert len(DATATYPES) == 14


@pytest.mark.parametrize("datatype", DATATYPES)
def test_json_and_binary_hold_the_same_values(datatype):
    values = VALUES[datatype]
    raw = packed(datatype, values)
    for before in (b"", b"12345"):  # which leaves numbers at odd places in memory
        found, end = binary(datatype, raw, [3], before=before)
        assert plain(found.values) == (["a", None, values[2]] if datatype == "BYTES" else values)
        assert end == len(before) + len(raw)
    assert plain(tensor(datatype, values).values) == values
    assert plain(tensor(datatype, values[:1]).values) == values[:1]
    assert plain(tensor(datatype, [values], shape=[1, 3]).values) == values


@pytest.mark.parametrize("datatype", DATATYPES)
def test_null_is_kept_and_no_values_are_none(datatype):
    some = VALUES[datatype][0]
    assert tensor(datatype, [some, None, some]).values == [some, None, some]
    assert tensor(datatype, [None]).values == [None]
    assert tensor(datatype, [], shape=[0]).values == []
    assert len(binary(datatype, b"", [0])[0].values) == 0


@pytest.mark.parametrize(("datatype", "dtype"), [("FP16", np.float16), ("FP32", np.float32)])
def test_numbers_of_json_are_rounded_as_the_datatype_holds_them(datatype, dtype):
    values = (
        [0.1, 1 / 3, -2.7182818284590451, 1e-12, 2**60] if datatype == "FP32" else [0.1, 1 / 3, -2.718281828, 1e-12]
    )
    wanted = np.array(values).astype(dtype).tolist()
    assert tensor(datatype, values).values == wanted
    assert [tensor(datatype, [v]).values[0] for v in values] == wanted


def test_brief_numbers_are_rounded_to_the_nearest_and_ties_to_even():
    step = 2.0**-7
    given = [1 + step / 2, 1 + 1.5 * step, 1 + 0.6 * step, 1 + 0.4 * step]
    assert tensor("BF16", given).values == [1.0, 1 + 2 * step, 1 + step, 1.0]


def test_a_byte_that_is_neither_0_nor_1_is_true():
    assert plain(binary("BOOL", b"\x00\x01\x02\xff", [4])[0].values) == [False, True, True, True]


def test_numbers_and_texts_are_written_as_they_are_read():
    for datatype in ("FP64", "BOOL", "INT64"):
        values = VALUES[datatype]
        assert to_bytes(np.array(values)) == packed(datatype, values)
    assert to_bytes(VALUES["BYTES"]) == packed("BYTES", VALUES["BYTES"])


@pytest.mark.parametrize(
    ("datatype", "raw", "shape", "match"),
    [
        ("FP64", bytes(7), [1], "has 7 bytes, but its shape and the datatype FP64 need 8"),
        ("FP64", bytes(9), [1], "has 9 bytes"),
        ("FP64", bytes(8), [2], "need 16"),
        ("FP64", bytes(8), [10**6, 10**3], "need 8000000000"),
        ("INT8", bytes(3), [2], "need 2"),
        ("BYTES", bytes(3), [1], "too few for 1 texts"),
        ("BYTES", b"\x02\x00\x00\x00a", [1], "truncated: text 0 ends beyond its 5 bytes"),
        ("BYTES", b"\xff\xff\xff\xffa", [1], "truncated"),
        ("BYTES", b"\x01\x00\x00\x00a\x00", [1], "has 1 bytes more than its 1 texts"),
        ("BYTES", b"\x01\x00\x00\x00a", [2], "too few for 2 texts"),
        ("BYTES", b"\x05\x00\x00\x00aaaaa\x01", [2], "truncated: text 1"),
        ("BYTES", b"\x01\x00\x00\x00\xff", [1], "is no UTF-8 at text 0"),
        ("BYTES", bytes(8), [10**6], "too few"),
    ],
)
def test_bytes_that_do_not_fit_are_refused(datatype, raw, shape, match):
    with pytest.raises(Refused, match=match) as error:
        binary(datatype, raw, shape)
    assert error.value.status == 400


@pytest.mark.parametrize("n", [5, 40, 1000])
def test_many_texts_of_few_levels_are_the_same_texts(n):
    texts = (["a", "", "Grüße 🙂", " a", "ä"] * n)[:n]
    found = binary("BYTES", packed("BYTES", texts), [n])[0].values
    assert len(found) == n
    assert list(found) == [found[i] for i in range(n)] == [text or None for text in texts]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda raw: raw[:-1], "truncated: text 39 ends beyond its 199 bytes"),
        (lambda raw: raw + b"\x00", "has 1 bytes more than its 40 texts"),
        (lambda raw: raw[:64] + b"\xff" + raw[65:], "is no UTF-8 at text 12"),
        (lambda raw: raw[:64] + b"\xff" + raw[65:-1], "is no UTF-8 at text 12"),
    ],
)
def test_many_texts_that_do_not_fit_are_refused_in_the_same_words(change, match):
    with pytest.raises(Refused, match=match):
        binary("BYTES", change(packed("BYTES", ["a", "b"] * 20)), [40])


def test_bytes_that_do_not_follow_are_refused():
    with pytest.raises(Refused, match="says 80 bytes of binary data, but only 8 follow"):
        binary("FP64", bytes(8), [10], size=80)


def test_more_rows_or_columns_than_there_may_be_are_refused_before_they_are_read():
    for raw in (bytes(8), b""):
        with pytest.raises(Refused, match="may hold 1,000,000 rows; got 1,000,001") as error:
            binary("BYTES", raw, [10**6 + 1], size=8)
        assert error.value.status == 413
        with pytest.raises(Refused, match="has 1,001 columns, but the model has 1,000") as error:
            binary("BYTES", raw, [1, 1001], size=8)
        assert error.value.status == 400


ODD = (True, 0, -1, 2**63, 2**70, 0.5, 1e60, "", "a", None, [], [0.5], {})


@pytest.mark.parametrize("datatype", [*DATATYPES, "FP128", 5, None, []])
def test_single_values_are_those_of_the_tensors_or_left_to_them(datatype):
    """Whatever `single_values` gives is what `read_tensor` gives; what that refuses, it leaves to it."""
    taken = 0
    shapes = ([1], [1, 1], [True], [1.0], [2], [0], [], 1, "1", None)
    datas = ([[value] for value in ODD], [[], [1, 2], "a", {"a": 1}, 1.0, None])
    for shape, data in itertools.product(shapes, itertools.chain(*datas)):
        for more in ({}, {"parameters": {}}, {"more": 1}):
            said = {"name": "v", "datatype": datatype, "shape": shape, "data": data, **more}
            try:
                (wanted,) = plain(read_tensor(said, 0, memoryview(b""), 0, MOST)[0].values)
            except (Refused, ValueError):  # refused, or not one value
                wanted = single_values
            try:
                found = single_values([said, {**said, "name": "w"}])
            except Refused:
                assert wanted is single_values, said
                continue
            assert found is None or found == {"v": wanted, "w": wanted}, said
            taken += found is not None
    assert (taken > 0) is (datatype in DATATYPES)


def test_inputs_that_are_no_single_values_are_left_to_the_tensors():
    one = {"name": "v", "datatype": "FP64", "shape": [1], "data": [0.5]}
    for inputs in (None, [], {}, "v", 5, [one, one], [one, 5], [one, None], [[1, 2, 3, 4]], [{**one, "name": []}]):
        assert single_values(inputs) is None, inputs


@pytest.mark.parametrize("datatype", [*DATATYPES, "FP128", 5, None, []])
def test_single_values_of_bytes_are_those_of_the_tensors_or_left_to_them(datatype):
    taken = 0
    texts = (b"", b"a", "ä".encode(), b"\xff", b"\0\0")
    raws = [len(text).to_bytes(4, "little") + text for text in texts]
    raws += [bytes(range(240, 240 + n)) for n in (0, 1, 2, 3, 4, 5, 8, 9)] + [b"\0" * n for n in (1, 2, 4, 8)]
    raws += [b"\0\0\0\0\0\0\xf0\x7f", b"\x01\0\0\0\0\0\xf0\x7f", b"\x05\0\0\0ab"]
    for raw, (more, length) in itertools.product(raws, [(b"", 0), (b"x", 0), (b"", 1), (b"", -1), (b"xx", -9)]):
        sizes = (len(raw) + length, float(len(raw)), True, None)
        for shape, size in itertools.product(([1], [1, 1], [True], [0]), sizes):
            said = {"name": "v", "datatype": datatype, "shape": shape, "parameters": {"binary_data_size": size}}
            tail = memoryview(raw + raw + more)
            try:
                one, at = read_tensor(said, 0, tail, 0, MOST)
                two, at = read_tensor(said, 1, tail, at, MOST)
                wanted = [plain(one.values)[0], plain(two.values)[0]] if at == len(tail) else None
            except (Refused, IndexError):
                wanted = None
            found = single_values([said, {**said, "name": "w"}], tail)
            assert found is None or repr(list(found.values())) == repr(wanted), (said, raw)
            taken += found is not None
    assert (taken > 0) is (datatype in DATATYPES and datatype != "BF16")


NUMBERS = (True, 0, -1, 2**63, 10**400, 0.5, 1e308, math.inf, "a", None, [0.5])


@pytest.mark.parametrize("shape", [[1, 2], [2, 1], [2], [1.0, 2], [True, 2], [1, 3], [1, 1, 2], None, 5])
def test_a_single_row_is_the_tensors_or_left_to_it(shape):
    taken = 0
    datas = [list(pair) for pair in itertools.product(NUMBERS, NUMBERS)]
    for data in [*datas, [[0.5, 1.0]], [0.5], [], "ab", {"a": 1, "b": 2}, None]:
        for name, datatype in (("v", "FP64"), ("v", "FP32"), (5, "FP64"), ("v", None)):
            said = {"name": name, "datatype": datatype, "shape": shape, "data": data}
            found = single_row([said], memoryview(b""), 2)
            taken += found is not None
            if found is not None:
                wanted = read_tensor(said, 0, memoryview(b""), 0, MOST)[0].values
                assert (shape, datatype) == ([1, 2], "FP64")
                np.testing.assert_array_equal(found, np.array([wanted], dtype=np.float64))
                assert np.isfinite(found).all()
                assert single_row([said, said], memoryview(b""), 2) is None
                assert single_row([said], memoryview(b"x"), 2) is None
                assert single_row([{**said, "parameters": {}}], memoryview(b""), 2) is None
    assert (taken > 0) is (repr(shape) == "[1, 2]")


def test_a_single_row_of_bytes_is_the_tensors_or_left_to_it():
    said = {"name": "v", "datatype": "FP64", "shape": [1, 2], "parameters": {"binary_data_size": 16}}
    raw = np.array([0.5, -3.0]).tobytes()
    found = single_row([said], memoryview(raw), 2)
    assert found.tolist() == [[0.5, -3.0]]
    assert found.flags.writeable
    for values in ([0.5, math.nan], [math.inf, 1.0]):  # no values, which the encoder reads
        assert single_row([said], memoryview(np.array(values).tobytes()), 2) is None
    for tail in (raw[:15], raw[:8], raw + b"x", raw + raw, b""):
        assert single_row([said], memoryview(tail), 2) is None
    for size in (15, 16.0, True, None):
        assert single_row([{**said, "parameters": {"binary_data_size": size}}], memoryview(raw), 2) is None
    for other in (None, [], {}, "v", 5, [5], [None], [{**said, "shape": [1, 3]}]):
        assert single_row(other, memoryview(raw), 2) is None
