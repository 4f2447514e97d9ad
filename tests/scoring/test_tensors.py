"""Arrays in the safetensors format: what is written is read, by the format's own description, and damage is refused."""

import json

import numpy as np
import pytest

from rareclass.errors import InputError
from rareclass.scoring.tensors import as_tensors, tensors_of

ARRAYS = {
    "0.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "link": np.linspace(0, 1, 3),
    "none": np.empty((0, 2)),
    "count": np.array(7),
}


def file_of(header, body=b""):
    raw = json.dumps(header).encode()
    return len(raw).to_bytes(8, "little") + raw + body


def test_what_is_written_is_read():
    found = tensors_of(as_tensors(ARRAYS))
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def test_the_file_is_the_one_that_the_format_describes():
    body = np.array([1.5, -2.0], dtype="<f4").tobytes()
    header = {"__metadata__": {"format": "pt"}, "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
    np.testing.assert_array_equal(tensors_of(file_of(header, body))["a"], [1.5, -2.0])
    raw = as_tensors(ARRAYS)
    size = int.from_bytes(raw[:8], "little")
    assert size % 8 == 0
    assert json.loads(raw[8 : 8 + size])["0.weight"]["dtype"] == "F32"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff" * 20,
        as_tensors(ARRAYS)[:-1],
        as_tensors(ARRAYS) + b"\0",
        file_of([]),
        file_of({"a": 3}),
        file_of({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 8]}}, bytes(8)),
        file_of({"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}}, bytes(8)),
        file_of({"a": {"dtype": "F32", "shape": [2.0], "data_offsets": [0, 8]}}, bytes(8)),
        file_of({"a": {"dtype": "F32", "shape": [1 << 40, 1 << 40], "data_offsets": [0, 8]}}, bytes(8)),
        file_of({"a": {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]}}, bytes(4)),
        file_of({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}, bytes(8)),
    ],
)
def test_damaged_files_are_refused(raw):
    with pytest.raises(InputError, match="no tensors"):
        tensors_of(raw)
