"""Helpers that imbalanced-learn exports."""

import pytest
from sklearn.neighbors import NearestNeighbors

from rareclass.compat import helpers
from rareclass.over_sampling import SMOTE


def test_substitution_fills_docstrings():
    @helpers.Substitution(word="rare")
    def documented():
        """Something {word}."""

    assert documented.__doc__ == "Something rare."
    with pytest.raises(AssertionError, match="not both"):
        helpers.Substitution("a", word="b")


def test_a_deprecated_parameter_warns_and_hands_its_value_on():
    sampler = SMOTE(k_neighbors=3)
    sampler.old = 7
    with pytest.warns(FutureWarning, match=r"'old' is deprecated from 0\.2 and will be removed in 0\.4"):
        helpers.deprecate_parameter(sampler, "0.2", "old", "k_neighbors")
    assert sampler.k_neighbors == 7
    sampler.old = None
    helpers.deprecate_parameter(sampler, "0.2", "old")


def test_positional_arguments_are_forgiven_with_a_warning():
    @helpers.deprecate_positional_args
    def f(a, *, b=0):
        return a, b

    assert f(1, b=2) == (1, 2)
    with pytest.warns(FutureWarning, match="Pass b=2 as keyword args"):
        assert f(1, 2) == (1, 2)


def test_neighbour_objects_are_known_by_their_methods():
    assert helpers.is_neighbors_object(NearestNeighbors())
    assert not helpers.is_neighbors_object(5)


def test_all_estimators_lists_samplers_and_more():
    found = dict(helpers.all_estimators())
    samplers = dict(helpers.all_estimators("sampler"))
    assert found["SMOTE"] is SMOTE
    assert {"SMOTE", "SMOTEENN", "RandomUnderSampler", "FunctionSampler"} <= set(samplers) < set(found)
    assert {"Pipeline", "RUSBoostClassifier"} <= set(found) - set(samplers)
    with pytest.raises(ValueError, match="type_filter"):
        helpers.all_estimators("classifier")


@pytest.mark.parametrize("github", [False, True])
def test_versions_are_shown(capsys, github):
    helpers.show_versions(github=github)
    out = capsys.readouterr().out
    assert "numpy" in out
    assert ("<details>" in out) == github
