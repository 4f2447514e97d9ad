"""A treatment that cries wolf is noticed, with a milder ratio that was measured; others are left in peace."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from rareclass.evaluation import compare
from rareclass.kernels.logits import sigmoid


def rows(slope, n=4000, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    return X, rng.random(n) < sigmoid(slope * X[:, 0] - 0.5 * slope**2 - 3.4)


def noted(comparison):
    return [f for f in comparison.findings if f.code == "over-corrected"]


@pytest.fixture(scope="module")
def loud():
    X, y = rows(1.5)
    treatments = ["class_weight", "smote", "tomek_links"]
    return compare(X, y, learners=[LogisticRegression()], treatments=treatments, budget=60, n_jobs=1)


def test_a_balanced_fit_that_cries_wolf_is_named_with_the_milder_ratio_that_does_better(loud):
    found = noted(loud)
    assert {f.title.partition(" ")[0] for f in found} == {"LogisticRegression+class_weight", "LogisticRegression+smote"}
    weighted = next(f for f in found if "class_weight over-corrects" in f.title)
    assert "class_weight_sqrt" in weighted.title
    assert weighted.severity == "note"
    assert "brought back" in weighted.remedy
    sampled = next(f for f in found if "+smote over-corrects" in f.title)
    assert "'smote(ratio=0.1" in sampled.title


def test_what_is_said_of_the_cut_is_what_the_fits_of_the_folds_do(loud):
    result = next(r for r in loud.results if r.name == "LogisticRegression+class_weight")
    design = loud.design
    y = design.y
    flagged = np.zeros(y.size, dtype=bool)
    features = np.column_stack([design.rows.features[c].to_numpy() for c in design.rows.features.column_names])
    for train, test in design.split.parts:
        dev = features[design.split.scored]
        weight = np.where(y[train], (~y[train]).sum() / y[train].sum(), 1.0)
        weight *= train.size / weight.sum()
        flagged[test] = LogisticRegression().fit(dev[train], y[train], weight).predict(dev[test])
    recall, precision = flagged[y].mean(), y[flagged].mean()
    title = next(f.title for f in noted(loud) if "class_weight over-corrects" in f.title)
    assert f"catches {recall:.0%} of the events, and {1 - precision:.0%} of its alerts are false. At" in title
    np.testing.assert_array_equal(result.scores.as_fitted > 0, flagged)


def test_nothing_is_said_where_the_classes_are_apart_or_nothing_was_asked_for():
    X = np.random.default_rng(0).normal(size=(2000, 3))
    apart = compare(X, X[:, 0] > 1.9, learners=[LogisticRegression()], treatments=["class_weight"], budget=60, n_jobs=1)
    assert noted(apart) == []
    X, y = rows(1.5, n=1500)
    plain = compare(X, y, learners=[LogisticRegression()], treatments=["none"], budget=60, n_jobs=1)
    assert noted(plain) == []
