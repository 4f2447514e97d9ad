"""Extra trees: the forest of another kind, under a name of its own."""

import numpy as np
from tests.learners.problems import bumps

from rareclass.learners import RareExtraTreesClassifier, RareForestClassifier, make_learner


def test_it_is_the_forest_of_that_kind():
    X, y, _ = bumps(1_500, base=-2.5)
    own = RareExtraTreesClassifier(n_estimators=20, random_state=3).fit(X, y)
    forest = RareForestClassifier(n_estimators=20, kind="extra_trees", random_state=3).fit(X, y)
    np.testing.assert_array_equal(own.decision_function(X), forest.decision_function(X))
    assert own.judges_itself
    assert own.title != forest.title


def test_an_arm_finds_it_by_its_name():
    assert isinstance(make_learner("extra_trees"), RareExtraTreesClassifier)
