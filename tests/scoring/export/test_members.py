"""Members as parts of a graph, on rows that no encoder makes; by way of the encoder: test_to_onnx.py."""

import numpy as np
import pytest
from tests.kernels.test_radial import parts, rows
from tests.scoring.export.test_graph import answered

from rareclass.errors import InputError
from rareclass.kernels.radial import Coded, Numeric, RadialParts, lacking_of
from rareclass.scoring.export.members import Rows, member_logit
from rareclass.scoring.radial import Radial

pytest.importorskip("onnxruntime")


def apart(given, X):
    """The largest difference between the log-odds of a graph and those of the scorer, and the size of the latter."""
    member = Radial(given, (np.empty(0), np.empty(0, dtype=np.int64)))
    own, found = member.logit(X), answered(lambda x: member_logit(member, Rows(x, {})), X)
    assert found.shape == (X.shape[0], 1)
    return np.abs(found[:, 0] - own).max(), np.abs(own).max()


@pytest.mark.parametrize("marks", [1, 37])
def test_a_kernel_machine_is_the_same_as_a_graph(marks):
    X = rows()
    for rows_at_once in (X, X[:1], X[-1:]):
        assert apart(parts(marks=marks), rows_at_once)[0] < 1e-11


@pytest.mark.parametrize("kept", ["numbers", "codes", "counted"])
def test_a_kernel_machine_of_one_kind_of_columns_is_the_same_as_a_graph(kept):
    given = parts()
    few = {"numbers": slice(0), "codes": slice(0, 2), "counted": slice(2, 4)}[kept]
    coded = Coded(*(part[few] for part in given.coded))
    none = Numeric(*(part[:0] for part in given.numeric))._replace(begin=given.numeric.begin[:1])
    numeric = given.numeric if kept == "numbers" else none
    difference, size = apart(given._replace(numeric=numeric, coded=coded, lacking=lacking_of(coded)), rows())
    assert difference < 1e-11
    assert size > 1


def test_squared_distances_keep_their_digits_with_many_columns_and_coefficients_that_cancel():
    """Products of matrices cancel: x^2 + z^2 - 2 x z is 0 for a row that is a landmark. 300 columns, 512 landmarks."""
    rng = np.random.default_rng(3)
    columns, marks = 300, 512
    at = np.sort(rng.normal(size=(columns, 50)), axis=1)
    normal = np.sort(rng.normal(scale=3, size=(columns, 50)), axis=1)
    X = rng.normal(size=(marks, columns))
    place = np.array([np.interp(X[:, j], at[j], normal[j]) for j in range(columns)])
    begin, scale = np.arange(columns + 1) * 50, np.ones(columns)
    numeric = Numeric(np.arange(columns), begin, at.ravel(), normal.ravel(), scale, place)
    none = np.empty(0, dtype=np.int64)
    coded = Coded(none, none, np.empty(0), np.empty((0, marks), dtype=np.int64))
    coef = 100 * rng.normal(size=marks)
    middle = np.square(place[:, :1] - place[:, 1:]).sum(axis=0).mean()
    difference, size = apart(RadialParts(numeric, coded, lacking_of(coded), coef, 0.25 / middle, -5.0), X)
    assert size > 100
    assert difference < 1e-9


def test_a_model_without_a_form_is_refused_by_its_name():
    with pytest.raises(InputError, match="A dict is not written as an ONNX graph"):
        member_logit({}, None)
