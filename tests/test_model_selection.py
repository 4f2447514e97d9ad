"""Folds balanced by hardness."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict, cross_val_score

from rareclass.errors import InputError
from rareclass.model_selection import InstanceHardnessCV


def rows(n=200):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [n - n // 8, n // 8])
    return rng.standard_normal((n, 2)) + y[:, None], y


def test_folds_partition_the_rows_and_share_the_positives():
    X, y = rows()
    splits = list(InstanceHardnessCV(LogisticRegression(), n_splits=5).split(X, y))
    tests = np.concatenate([test for _, test in splits])
    assert np.sort(tests).tolist() == list(range(200))
    assert [int(y[test].sum()) for _, test in splits] == [5] * 5
    assert all(not set(train) & set(test) for train, test in splits)


def test_folds_share_the_hard_rows():
    X, y = rows()
    hardness = cross_val_predict(LogisticRegression(), X, y, cv=5, method="predict_proba")[:, 1]
    means = [hardness[test][y[test] == 1].mean() for _, test in InstanceHardnessCV(LogisticRegression()).split(X, y)]
    rng = np.random.default_rng(0)
    spread = np.std([hardness[rng.choice(np.flatnonzero(y), 5)].mean() for _ in range(200)])
    assert np.std(means) < spread


def test_same_folds_as_imbalanced_learn():
    peer = pytest.importorskip("imblearn.model_selection")
    X, y = rows()
    for ours, theirs in zip(
        InstanceHardnessCV(LogisticRegression()).split(X, y), peer.InstanceHardnessCV(LogisticRegression()).split(X, y)
    ):
        np.testing.assert_array_equal(ours[1], theirs[1])


def test_it_works_as_a_splitter_with_text_labels():
    X, y = rows()
    labels = np.array(["no", "yes"])[y]
    splitter = InstanceHardnessCV(LogisticRegression(), n_splits=3, pos_label="yes")
    assert len(cross_val_score(LogisticRegression(), X, labels, cv=splitter)) == splitter.get_n_splits() == 3


def test_more_than_two_classes_and_groups_are_answered():
    X, y = rows()
    with pytest.raises(InputError, match="binary"):
        list(InstanceHardnessCV(LogisticRegression()).split(X, np.arange(200) % 3))
    with pytest.warns(UserWarning, match="groups parameter is ignored"):
        InstanceHardnessCV(LogisticRegression()).split(X, y, groups=y)
