import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.naive_bayes import GaussianNB

from rareclass.errors import ShortfallWarning
from rareclass.over_sampling import SMOTEIPF
from rareclass.over_sampling.smote_ipf import stratified_parts


def noisy():
    rng = np.random.default_rng(0)
    y = np.repeat([1, 0], [80, 320])
    X = rng.normal(size=(400, 2)) + 5.0 * y[:, None]
    flipped = np.array([0, 1, 2, 100, 101, 102])
    y[flipped] = 1 - y[flipped]
    return X, y, flipped


def test_mislabelled_rows_are_removed_and_few_others():
    X, y, flipped = noisy()
    method = SMOTEIPF(random_state=0)
    out, labels = method.fit_resample(X, y)
    assert np.isin(flipped, method.removed_).all()
    assert method.removed_.size < 20
    kept = np.setdiff1d(np.arange(400), method.removed_)
    assert (out[~method.synthetic_mask_] == X[kept]).all()
    assert method.counts_[0]["after"] == (labels == 0).sum()
    assert sum(method.n_removed_) == method.removed_.size + (
        method.counts_[1]["asked"] + method.counts_[0]["asked"]
    ) - (len(labels) + method.removed_.size)
    assert method.resample_arrays(np.arange(400))[: kept.size].tolist() == kept.tolist()


def test_the_filter_stops_after_quiet_rounds_in_a_row():
    X, y, _ = noisy()
    method = SMOTEIPF(n_quiet=4, random_state=0)
    method.fit_resample(X, y)
    assert all(number < 4 for number in method.n_removed_[-4:])
    assert len(method.n_removed_) >= 4


def test_consensus_removes_no_more_than_the_majority():
    X, y, _ = noisy()
    both = [SMOTEIPF(voting=v, random_state=0, n_quiet=1) for v in ("consensus", "majority")]
    for method in both:
        method.fit_resample(X, y)
    assert both[0].n_removed_[0] <= both[1].n_removed_[0]


def test_parts_are_stratified():
    y = np.repeat([0, 1, 2], [100, 30, 9])
    part = stratified_parts(y, 9, np.random.default_rng(0))
    table = np.array([[((part == p) & (y == c)).sum() for c in range(3)] for p in range(9)])
    assert (table.max(axis=0) - table.min(axis=0) <= 1).all()


def test_another_learner_can_judge():
    X, y, flipped = noisy()
    method = SMOTEIPF(estimator=GaussianNB(), random_state=0)
    method.fit_resample(X, y)
    assert np.isin(flipped, method.removed_).all()


def test_a_class_is_never_filtered_away():
    X, y, _ = noisy()
    blind = DummyClassifier(strategy="constant", constant=0)
    with pytest.warns(ShortfallWarning, match=r"every row of class\(es\) \[1\] for noise"):
        _, labels = SMOTEIPF(estimator=blind, random_state=0).fit_resample(X, y)
    assert (labels == 1).sum() == 320
