import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

from rareclass.errors import InputError, TargetError
from rareclass.sampler.target import check_target_type, read_target

FORMS = {
    "ints": np.array([2, 0, 0, 2]),
    "column": np.array([[2], [0], [0], [2]]),
    "list": [2, 0, 0, 2],
    "floats": np.array([2.0, 0.0, 0.0, 2.0]),
    "text": np.array(["b", "a", "a", "b"]),
    "objects": np.array(["b", "a", "a", "b"], dtype=object),
    "bool": np.array([True, False, False, True]),
    "uint64": np.array([2**63 + 5, 2**63, 2**63, 2**63 + 5], dtype=np.uint64),
    "far apart": np.array([10**15, -(10**15), -(10**15), 10**15]),
    "series": pd.Series([2, 0, 0, 2], name="t"),
    "Int64": pd.Series([2, 0, 0, 2], dtype="Int64"),
    "category": pd.Series(["b", "a", "a", "b"], dtype="category"),
    "frame": pd.DataFrame({"t": [2, 0, 0, 2]}),
    "polars": pl.Series("t", ["b", "a", "a", "b"]),
    "polars frame": pl.DataFrame({"t": [2, 0, 0, 2]}),
    "arrow": pa.array([2, 0, 0, 2]),
    "arrow chunks": pa.chunked_array([[2, 0], [0, 2]]),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_target_gets_codes_in_label_order_and_keeps_its_container(form):
    y = FORMS[form]
    target = read_target(y)
    assert target.codes.tolist() == [1, 0, 0, 1]
    assert target.counts.tolist() == [2, 2]
    assert target.labels == sorted(target.labels)
    out = target.rows(np.array([0, 1, 2, 3, 0]))
    if form == "column":
        assert out.tolist() == [2, 0, 0, 2, 2]
        return
    assert type(out) is type(y)
    if hasattr(y, "dtype"):
        assert out.dtype == y.dtype


def test_one_hot_targets_are_read_and_given_back_as_one_hot():
    y = np.eye(3, dtype=int)[[2, 0, 1, 2]]
    for form in (y, sparse.csr_matrix(y), pd.DataFrame(y)):
        target = read_target(form)
        assert target.codes.tolist() == [2, 0, 1, 2]
        out = target.rows(np.array([3, 1]))
        out = out.toarray() if sparse.issparse(out) else np.asarray(out)
        assert out.tolist() == [[0, 0, 1], [1, 0, 0]]
    assert check_target_type(y, indicate_one_vs_all=True)[1] is True


def test_labels_are_python_values():
    assert read_target(np.array([1, 2])).labels == [1, 2]
    assert [type(label) for label in read_target(np.array([True, False])).labels] == [bool, bool]


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (np.linspace(0, 1, 9), "Unknown label type"),
        (np.array([[1, 1], [0, 1]]), "Multilabel and multioutput targets are not supported"),
        (np.array([[1, 0], [0, 0]]), "have no class"),
        (np.array([[1, 2], [3, 4]]), "should be a 1d array"),
        (np.array([1.0, np.nan]), "NaN"),
        (np.array(["a", None], dtype=object), "1 missing value"),
        (pd.Series([1, None], dtype="Int64"), "1 missing value"),
        (np.array([], dtype=int), "is empty"),
        (None, "requires y to be passed"),
    ],
)
def test_unusable_targets_say_why(y, said):
    with pytest.raises((InputError, TargetError, ValueError), match=said):
        read_target(y)


def test_the_representative_of_a_class_is_its_first_row_wherever_that_is():
    y = np.zeros(100_000, dtype=int)
    y[[70_000, 99_999]], y[99_998] = 1, 2
    assert read_target(y).representatives().tolist() == [0, 70_000, 99_998]
