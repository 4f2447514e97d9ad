import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors
from sklearn.svm import SVC

from rareclass.errors import MethodError
from rareclass.over_sampling import SVMSMOTE


class CountingSVC(SVC):
    fits = 0

    def fit(self, X, y, sample_weight=None):
        type(self).fits += 1
        return super().fit(X, y, sample_weight)


def data(seed=0):
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1, 2], [300, 60, 90])
    return rng.normal(size=(450, 3)) + 0.8 * y[:, None], y


def test_bases_are_support_vectors_that_are_no_noise_and_the_machine_is_fitted_once():
    X, y = data()
    CountingSVC.fits = 0
    method = SVMSMOTE(svm_estimator=CountingSVC(gamma="scale"), random_state=0)
    _, labels = method.fit_resample(X, y)
    assert CountingSVC.fits == 1
    assert np.bincount(labels).tolist() == [300, 300, 300]
    assert np.isin(method.parents_[:, 0], method.svm_estimator_.support_).all()
    near = NearestNeighbors(n_neighbors=11).fit(X).kneighbors(X, return_distance=False)[:, 1:]
    foreign = (y[near] != y[:, None]).sum(axis=1)[method.parents_[:, 0]]
    assert (foreign < 10).all()
    # danger goes toward the partner, safe away from it by at most the step
    gap = method.interpolation_weight_
    assert ((gap >= 0) == (foreign >= 5)).all()
    assert gap.min() >= -0.5


@pytest.mark.parametrize("shift", [0.2, 6.0])
def test_the_size_is_reached_when_all_vectors_are_in_danger_or_all_are_safe(shift):
    # imbalanced-learn gives about half of the rows in both cases.
    rng = np.random.default_rng(1)
    y = np.repeat([0, 1], [300, 40])
    X = rng.normal(size=(340, 2)) + shift * y[:, None]
    _, labels = SVMSMOTE(random_state=0).fit_resample(X, y)
    assert (labels == 1).sum() == 300


def test_an_estimator_without_support_vectors_is_refused():
    with pytest.raises(MethodError, match="required to exposed a `support_` fitted attribute"):
        SVMSMOTE(svm_estimator=LogisticRegression()).fit_resample(*data())


def test_labels_of_any_type_reach_the_machine():
    X, y = data()
    words = np.array(["a", "b", "c"])[y]
    weights = SVC(gamma="scale", class_weight={"a": 1, "b": 2, "c": 1})
    method = SVMSMOTE(svm_estimator=weights, random_state=0)
    method.fit_resample(X, words)
    assert method.svm_estimator_.classes_.tolist() == ["a", "b", "c"]
