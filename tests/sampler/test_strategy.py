from collections import OrderedDict
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imblearn.utils import check_sampling_strategy as peer

from rareclass.errors import InputError
from rareclass.sampler import check_sampling_strategy

WORDS = ["minority", "majority", "not minority", "not majority", "all", "auto"]
KINDS = ["over-sampling", "under-sampling", "clean-sampling"]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.integers(1, 40), min_size=2, max_size=5, unique=True), st.sampled_from(WORDS), st.sampled_from(KINDS)
)
def test_words_mean_what_they_mean_in_imbalanced_learn(sizes, word, kind):
    y = np.repeat([f"c{i}" for i in range(len(sizes))], sizes)
    try:
        expected = peer(word, y, kind)
    except ValueError:
        with pytest.raises(InputError):
            check_sampling_strategy(word, y, kind)
        return
    found = check_sampling_strategy(word, y, kind)
    assert found == expected
    assert list(found) == sorted(found)


@pytest.mark.parametrize("ratio", [0.2, 0.29, 0.5, 1.0, 1])
@pytest.mark.parametrize("kind", KINDS[:2])
def test_ratios_mean_what_they_mean_in_imbalanced_learn(ratio, kind):
    y = np.array([0] * 100 + [1] * 10)
    assert abs(check_sampling_strategy(ratio, y, kind)[kind == KINDS[0]] - peer(ratio, y, kind)[kind == KINDS[0]]) <= 1


def test_a_ratio_is_not_robbed_of_a_row_by_binary_rounding():
    # 0.29 * 100 is 28.999999999999996.
    assert check_sampling_strategy(0.29, [0] * 100 + [1] * 10, "over-sampling") == {1: 19}


def test_mappings_of_any_kind_and_callables_give_final_counts():
    y = [0] * 10 + [1] * 4
    for wanted in ({1: 6, 0: 10}, OrderedDict({1: 6, 0: 10}), MappingProxyType({1: 6, 0: 10}), lambda y: {1: 6, 0: 10}):
        assert list(check_sampling_strategy(wanted, y, "over-sampling").items()) == [(0, 0), (1, 2)]
    assert check_sampling_strategy(lambda y: [0], y, "clean-sampling") == {0: 4}


@pytest.mark.parametrize(
    ("strategy", "kind", "said"),
    [
        ("middle", "over-sampling", "it needs to be one of"),
        ("majority", "over-sampling", "cannot be used with over-sampler"),
        ("minority", "under-sampling", "cannot be used with under-sampler and clean-sampler"),
        (
            {0: 5, 1: 4},
            "over-sampling",
            "Originally, there is 10 samples and 5 samples are asked. Ask for 10 or more of class 0",
        ),
        (
            {0: 11, 1: 4},
            "under-sampling",
            "Originally, there is 10 samples and 11 samples are asked. Ask for 10 or fewer of class 0",
        ),
        ({7: 5}, "over-sampling", r"\[7\] target class is/are not present in the data"),
        ({1: True}, "over-sampling", "class 1 the number True; give a whole number of rows"),
        ({1: -1}, "over-sampling", "in a class cannot be negative"),
        ([0], "over-sampling", "cannot be a list for samplers which are not cleaning methods"),
        ({0: 1}, "clean-sampling", "dict for cleaning methods is not supported"),
        (0.2, "over-sampling", "increase the ratio above 0.4"),
        (0.2, "under-sampling", "generate new sample in the majority class while trying to remove"),
        (0.5, "clean-sampling", "'clean-sampling' methods do let the user specify the sampling ratio"),
        (1.5, "over-sampling", r"it should be in the range \(0, 1\]"),
        (None, "over-sampling", "must be a word"),
    ],
)
def test_impossible_requests_say_why(strategy, kind, said):
    with pytest.raises(InputError, match=said):
        check_sampling_strategy(strategy, [0] * 10 + [1] * 4, kind)


def test_a_ratio_needs_two_classes():
    with pytest.raises(InputError, match="the type of target is binary"):
        check_sampling_strategy(0.5, [0, 0, 1, 2], "over-sampling")


def test_one_class_cannot_be_balanced():
    with pytest.raises(InputError, match="needs to have more than 1 class"):
        check_sampling_strategy("auto", np.ones(4), "over-sampling")


def test_the_kind_of_sampling_is_checked_and_bypass_passes_through():
    with pytest.raises(InputError, match="'sampling_type' should be one of"):
        check_sampling_strategy("auto", [0, 1], "sideways")
    assert check_sampling_strategy("anything", [0, 1], "bypass") == "anything"
