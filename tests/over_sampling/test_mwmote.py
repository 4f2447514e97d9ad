import numpy as np
import pytest

from rareclass.errors import MethodError
from rareclass.over_sampling import MWMOTE
from rareclass.over_sampling.mwmote import information_weights


def test_weights_are_those_of_the_equations_worked_by_hand():
    # d = 2, threshold 5, maximum 2. Border row 1: distances 1 and 4 -> closeness min(2/1, 5)/5*2 = .8 and .2,
    # density .8/1 and .2/1 -> weights .64 and .04. Border row 2: .1 and inf -> closeness 2 and 0 -> weights 2 and 0.
    weights = information_weights(np.array([[1.0, 4.0], [0.1, np.inf]]), 2, 5.0, 2.0)
    assert np.allclose(weights, [2.64, 0.04])


def groups():
    rng = np.random.default_rng(0)
    rare = np.vstack((rng.normal([-6, 0], 0.4, (25, 2)), rng.normal([6, 0], 0.4, (25, 2)), [[0.0, 12.0]]))
    other = np.vstack(
        (rng.normal([-4, 0], 1, (150, 2)), rng.normal([0, 12], 1, (100, 2)), rng.normal([0, -20], 1, (150, 2)))
    )
    return np.vstack((rare, other)), np.repeat([1, 0], [51, 400])


def test_noise_is_no_base_and_rows_stay_in_their_cluster():
    X, y = groups()
    method = MWMOTE(random_state=0)
    _, labels = method.fit_resample(X, y)
    assert (labels == 1).sum() == 400
    # k3 reaches far in this small set, but a row alone in its cluster can only be copied.
    sides = np.sign(X[method.parents_[:, :], 0])
    assert (sides[:, 0] == sides[:, 1]).all()
    clusters = method.clusters_[1]
    assert (clusters[method.parents_[:, 0]] == clusters[method.parents_[:, 1]]).all()
    assert len(set(clusters[:25])) >= 1
    assert set(clusters[:25]).isdisjoint(clusters[25:50])


def test_rows_near_the_border_weigh_more():
    X, y = groups()
    method = MWMOTE(k3=10, random_state=0)
    method.fit_resample(X, y)
    weight = method.selection_probability_[1]
    assert np.isclose(weight.sum(), 1)
    nearest = np.linalg.norm(X[:25, None] - X[None, 51:], axis=2).min(axis=1)
    assert np.corrcoef(weight[:25], nearest)[0, 1] < -0.3
    counts = np.bincount(method.parents_[:, 0], minlength=51)
    assert (np.abs(counts - 349 * weight) < 5 * np.sqrt(349 * weight + 1)).all()


def test_a_class_of_noise_is_refused():
    rng = np.random.default_rng(0)
    X = np.vstack(
        (
            np.arange(5)[:, None] * 100.0,
            (np.arange(5)[:, None, None] * 100 + rng.normal(size=(5, 20, 1))).reshape(-1, 1),
        )
    )
    with pytest.raises(MethodError, match="Each of the 5 rows of class 1 is noise"):
        MWMOTE().fit_resample(X, np.repeat([1, 0], [5, 100]))
