"""Balanced ensembles of trees score as their `decision_function` does."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from rareclass.ensemble import (
    BalancedBaggingClassifier,
    BalancedRandomForestClassifier,
    EasyEnsembleClassifier,
    RUSBoostClassifier,
    SelfPacedEnsembleClassifier,
)
from rareclass.errors import InputError
from rareclass.scoring.compiling import as_member
from rareclass.scoring.members import read_member, saved_member
from rareclass.scoring.readers.ensembles import from_ensemble
from rareclass.scoring.votes import BalancedVotes

TREE = DecisionTreeClassifier(min_samples_leaf=5)


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2_500, 5))
    return X, np.where(X[:, 0] + X[:, 1] * X[:, 2] + 0.5 * rng.normal(size=2_500) > 2.4, "yes", "no")


def test_same_log_odds(table, kind, corrected):
    X, y = table
    model = kind(corrected).fit(X, y)
    found = from_ensemble(model)
    rows = np.concatenate([X, 10 * X[:500], X[:500].astype(np.float32)])
    np.testing.assert_allclose(found.logit(rows), model.decision_function(rows), rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.votes(rows), model.balanced_proba(rows)[:, 1], rtol=0, atol=1e-12)
    again = BalancedVotes.from_parts(found.spec(), found.arrays())
    np.testing.assert_array_equal(again.logit(rows), found.logit(rows))


KINDS = {
    "forest": lambda c: BalancedRandomForestClassifier(20, random_state=0, corrected=c),
    "forest, larger leaves": lambda c: BalancedRandomForestClassifier(
        20, min_samples_leaf=4, random_state=0, corrected=c
    ),
    "bagging": lambda c: BalancedBaggingClassifier(random_state=0, corrected=c),
    "bagging, some columns": lambda c: BalancedBaggingClassifier(TREE, max_features=3, random_state=0, corrected=c),
    "easy": lambda c: EasyEnsembleClassifier(4, random_state=0, corrected=c),
    "boosted": lambda c: RUSBoostClassifier(n_estimators=20, random_state=0, corrected=c),
    "self-paced": lambda c: SelfPacedEnsembleClassifier(estimator=TREE, random_state=0, corrected=c),
}


def pytest_generate_tests(metafunc):
    if "kind" in metafunc.fixturenames:
        metafunc.parametrize("kind", KINDS.values(), ids=KINDS)
        metafunc.parametrize("corrected", [True, "shift", False])


def test_members_that_are_no_trees_are_refused(table):
    X, y = table
    with pytest.raises(InputError, match="LogisticRegression, which is no tree"):
        from_ensemble(BalancedBaggingClassifier(LogisticRegression(), random_state=0).fit(X, y))
    with pytest.raises(InputError, match="more than two classes"):
        from_ensemble(BalancedRandomForestClassifier(3, random_state=0).fit(X, np.arange(len(X)) % 3))


def test_damaged_parts_are_refused(table):
    found = from_ensemble(BalancedRandomForestClassifier(3, random_state=0).fit(*table))
    with pytest.raises(InputError, match="two finite shifts"):
        BalancedVotes.from_parts(found.spec(), {**found.arrays(), "shift": np.zeros(3)})


def test_a_scorer_holds_them_as_members(table):
    X, y = table
    model = EasyEnsembleClassifier(2, random_state=0).fit(X, y)
    member = as_member(model)
    again = read_member(saved_member(member), member.arrays())
    np.testing.assert_allclose(again.logit(X), model.decision_function(X), rtol=0, atol=1e-9)
