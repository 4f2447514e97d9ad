"""Target: which label is the event, and the sentences for targets that cannot be used."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from rareclass.data import encode_target
from rareclass.errors import TargetError


@pytest.mark.parametrize(
    ("labels", "positive"),
    [
        ([0, 0, 1], 1),
        ([1, 1, 0], 0),
        ([-1, -1, 1], 1),
        ([1, 1, 2], 2),
        ([0.0, 0.0, 1.0], 1.0),
        ([False, False, True], True),
        (["no", "no", "yes"], "yes"),
        ([">50K", "<=50K", "<=50K"], ">50K"),
    ],
)
def test_the_smaller_class_is_the_event_in_every_container(labels, positive):
    wanted = [label == positive for label in labels]
    for column in (labels, np.array(labels), pa.array(labels), pa.chunked_array([labels]), pd.Series(labels)):
        y, pos_label, classes = encode_target(column)
        assert y.dtype == bool
        assert y.tolist() == wanted
        assert pos_label == positive
        assert classes == tuple(sorted(set(labels)))


def test_dictionaries_and_categories_with_unused_levels_work():
    dictionary = pa.DictionaryArray.from_arrays(pa.array([2, 0, 0]), pa.array(["b", "unused", "a"]))
    y, pos_label, classes = encode_target(dictionary)
    assert (y.tolist(), pos_label, classes) == ([True, False, False], "a", ("a", "b"))
    categories = pd.Series(pd.Categorical(["x", "y", "y"], categories=["x", "y", "z"]))
    assert encode_target(categories)[2] == ("x", "y")


def test_a_tie_goes_to_the_larger_label():
    assert encode_target([0, 1, 0, 1])[1] == 1


@pytest.mark.parametrize("spelling", [1, 1.0, "1", True, np.int64(1)])
def test_spellings_of_the_event_match(spelling):
    y, pos_label, _ = encode_target([0, 1, 1, 1], spelling)
    assert y.tolist() == [False, True, True, True]
    assert pos_label == 1


def test_more_labels_need_the_event_and_the_rest_is_negative():
    labels = ["dos", "normal", "u2r", "normal"]
    with pytest.raises(TargetError, match=r"3 labels.*pos_label"):
        encode_target(labels)
    y, _, classes = encode_target(labels, "u2r")
    assert y.tolist() == [False, False, True, False]
    assert classes == ("dos", "normal", "u2r")


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([], "empty"),
        ([1, 1, 1], "constant"),
        ([0.0, 1.0, np.nan], "1 missing"),
        ([None, "a", "b"], "1 missing"),
        (pa.array([0.0, np.nan, None, 1.0]), "2 missing"),
        (pa.array([None, None], pa.string()), "no labels at all"),
        (np.linspace(0, 1, 100), "100 distinct values"),
        (pd.array([True, None, False], dtype="boolean"), "missing"),
    ],
)
def test_unusable_targets_get_a_sentence(labels, said):
    with pytest.raises(TargetError, match=said):
        encode_target(labels)


def test_an_event_that_does_not_occur_is_said():
    with pytest.raises(TargetError, match=r"pos_label='maybe'.*not among"):
        encode_target(["no", "yes"], "maybe")


def test_the_column_name_is_in_the_sentence():
    with pytest.raises(TargetError, match="`Class`"):
        encode_target([1, 1], name="Class")


@pytest.mark.parametrize("labels", [["Ja", "Ja ", "Nein"], ["ja", "Ja", "Nein"], ["Nein", " nein", "nein"]])
def test_labels_that_differ_in_blanks_or_capitals_only_are_refused(labels):
    with pytest.raises(TargetError, match="differ only in blanks or capitals"):
        encode_target(labels * 5, labels[0])


@pytest.mark.parametrize("spelling", ["true", "TRUE", "True", True, 1, "1"])
def test_every_spelling_of_a_boolean_names_it(spelling):
    y, label, _ = encode_target([True, False, False], spelling)
    assert y.tolist() == [True, False, False]
    assert label is True
