"""Over-sampling and cleaning in one: any pair, mixed data, provenance through both."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from rareclass.combine import SMOTEENN, CombinedSampler, SMOTETomek
from rareclass.errors import InputError
from rareclass.over_sampling import SMOTE, SMOTENC, BorderlineSMOTE, RandomOverSampler
from rareclass.under_sampling import (
    ClusterCentroids,
    EditedNearestNeighbours,
    NeighbourhoodCleaningRule,
    RandomUnderSampler,
    TomekLinks,
)


def overlapping(n=200, seed=0):
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1], [n - n // 5, n // 5])
    return rng.standard_normal((n, 3)) + y[:, None], y


@pytest.mark.parametrize(
    ("combined", "cleaning"),
    [
        (SMOTEENN(random_state=0), EditedNearestNeighbours(sampling_strategy="all")),
        (SMOTETomek(random_state=0), TomekLinks(sampling_strategy="all")),
    ],
    ids=["SMOTEENN", "SMOTETomek"],
)
def test_the_result_is_that_of_the_two_steps(combined, cleaning):
    X, y = overlapping()
    X_res, y_res = combined.fit_resample(X, y)
    X_more, y_more = SMOTE(random_state=0).fit_resample(X, y)
    X_clean, y_clean = cleaning.fit_resample(X_more, y_more)
    np.testing.assert_array_equal(X_res, X_clean)
    np.testing.assert_array_equal(y_res, y_clean)


def test_strategy_is_resolved_to_numbers():
    # imbalanced-learn leaves the word there (section 2.1 of its description).
    sampler = SMOTEENN(random_state=0)
    sampler.fit_resample(*overlapping())
    assert dict(sampler.sampling_strategy_) == {1: 120}


@pytest.mark.parametrize(
    ("over", "under"),
    [
        (SMOTE(random_state=0), EditedNearestNeighbours(sampling_strategy="all")),
        (BorderlineSMOTE(random_state=0), NeighbourhoodCleaningRule()),
        (RandomOverSampler(sampling_strategy=0.5, random_state=0), RandomUnderSampler(random_state=0)),
        (SMOTE(sampling_strategy=0.6, random_state=0), TomekLinks()),
    ],
)
def test_any_pair_is_followed_row_by_row(over, under):
    X, y = overlapping()
    sampler = CombinedSampler(over, under)
    X_res, y_res = sampler.fit_resample(X, y)
    made = sampler.synthetic_mask_
    assert len(made) == len(y_res)
    assert made.any()
    index = np.arange(200.0)
    rows = sampler.resample_arrays(index)
    np.testing.assert_array_equal(X_res[~made], X[rows[~made].astype(int)])
    np.testing.assert_array_equal(y_res[made], y[sampler.parents_[:, 0]])
    np.testing.assert_allclose(sampler.resample_arrays(X[:, 0]), X_res[:, 0])
    assert sampler.counts_[1]["after"] == (y_res == 1).sum()


def test_borderline_smote_may_be_the_first_step_of_smoteenn():
    # imbalanced-learn accepts SMOTE and its subclasses only (defect D22).
    _, y_res = SMOTEENN(smote=BorderlineSMOTE(random_state=0)).fit_resample(*overlapping())
    assert (y_res == 1).sum() > 40


@pytest.mark.parametrize("kind", ["frame", "objects"])
def test_mixed_data_pass_both_steps(kind):
    # imbalanced-learn: "could not convert string to float" (defect D22).
    X, y = overlapping()
    frame = pd.DataFrame(X, columns=list("abc"))
    frame["d"] = np.where(X[:, 0] > 0, "left", "right")
    data = frame if kind == "frame" else frame.to_numpy(dtype=object)
    sampler = SMOTEENN(smote=SMOTENC(categorical_features=[3], random_state=0), random_state=0)
    X_res, y_res = sampler.fit_resample(data, y)
    assert type(X_res) is type(data)
    words = X_res["d"] if kind == "frame" else X_res[:, 3]
    assert set(words) == {"left", "right"}
    assert len(X_res) == len(y_res) == len(sampler.synthetic_mask_)


def test_sparse_stays_sparse():
    X, y = overlapping()
    X_res, _ = SMOTETomek(random_state=0).fit_resample(sparse.csr_matrix(X), y)
    assert sparse.issparse(X_res)


def test_seeds_of_the_steps_come_from_the_combination():
    X, y = overlapping()
    pair = (RandomOverSampler(sampling_strategy=0.5), RandomUnderSampler())
    first, again, other = (CombinedSampler(*pair, random_state=seed).fit_resample(X, y)[0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first.shape != other.shape) or (first != other).any()


def test_a_second_step_that_makes_rows_cannot_be_followed():
    sampler = CombinedSampler(SMOTE(sampling_strategy=0.5, random_state=0), ClusterCentroids(random_state=0))
    _, y_res = sampler.fit_resample(*overlapping())
    assert np.bincount(y_res).tolist() == [80, 80]
    with pytest.raises(InputError, match="cannot say from which rows"):
        sampler.resample_arrays(np.ones(200))


def test_fit_checks_without_resampling():
    X, y = overlapping()
    assert SMOTEENN().fit(X, y).sampling_strategy_ == {1: 120}
    X[0, 0] = np.nan
    with pytest.raises(InputError, match="NaN"):
        SMOTEENN().fit(X, y)


@pytest.mark.parametrize("wrong", [{"smote": 3}, {"enn": "text"}, {"sampling_strategy": 2.0}])
def test_wrong_steps_are_refused(wrong):
    with pytest.raises(InputError):
        SMOTEENN(**wrong).fit_resample(*overlapping())
