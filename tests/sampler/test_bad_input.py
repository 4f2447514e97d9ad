"""Every bad input gets a sentence that names the fault and the way out; nothing comes back silently unchanged."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import rareclass.combine
import rareclass.over_sampling
import rareclass.under_sampling
from rareclass.errors import InputError, MethodError, NoOpWarning, ShortfallWarning, TooFewEventsError
from rareclass.over_sampling import ADASYN, SMOTE, SMOTENC, BorderlineSMOTE, KMeansSMOTE, RandomOverSampler
from rareclass.under_sampling import EditedNearestNeighbours, NearMiss, RandomUnderSampler, TomekLinks

X = np.random.default_rng(0).normal(size=(40, 3))
Y = np.repeat([1, 0], [4, 36])
THREE = np.repeat([0, 1, 2], [5, 10, 25])
HOLES = pd.DataFrame(X, columns=["a", "b", "c"])
HOLES.iloc[2, 1] = np.nan
ENDLESS = HOLES.replace(np.nan, np.inf)
TEXT = np.array([["a", "b"]] * 40, dtype=object)


@pytest.mark.parametrize(
    ("sampler", "data", "target", "kind", "sentence"),
    [
        (
            SMOTE(),
            X,
            Y,
            TooFewEventsError,
            r"needs at least 6 rows of class 1; got 4. Lower `k_neighbors` to 3, .*auto",
        ),
        (ADASYN(), X, Y, TooFewEventsError, r"rows of class 1; got 4. Lower `n_neighbors` to 3"),
        (SMOTE(), X, np.repeat([1, 0], [1, 39]), TooFewEventsError, r'got 1. Set `k_neighbors="auto"` or collect more'),
        (KMeansSMOTE(), X, Y, MethodError, r"of class 1: .* Try lowering the cluster_balance_threshold"),
        (EditedNearestNeighbours(), X[:3], [1, 0, 0], InputError, r"needs at least 4 rows .* Lower `n_neighbors`"),
        (NearMiss(), X[:3], [1, 0, 0], InputError, r"of the smallest class; got 1. Lower `n_neighbors`"),
        (SMOTE(sampling_strategy=0.01), X, Y, InputError, r"increase the ratio above 0.111111"),
        (RandomUnderSampler(sampling_strategy=0.01), X, Y, InputError, r"increase the ratio above 0.111111"),
        (SMOTE(sampling_strategy={1: 2}), X, Y, InputError, r"Ask for 4 or more of class 1"),
        (RandomUnderSampler(sampling_strategy={0: 99}), X, Y, InputError, r"Ask for 36 or fewer of class 0"),
        (SMOTE(sampling_strategy={7: 50}), X, Y, InputError, r"\[7\] .* not present .* classes there: \[0, 1\]"),
        (TomekLinks(sampling_strategy=[7]), X, Y, InputError, r"\[7\] .* not present .* classes there: \[0, 1\]"),
        (SMOTE(sampling_strategy=0.5), X, THREE, InputError, r"use a dict .*the classes are \[0, 1, 2\]"),
        (SMOTE(sampling_strategy={1: 10.5}), X, Y, InputError, r"class 1 the number 10.5; give a whole number"),
        (SMOTE(sampling_strategy={1: "ten"}), X, Y, InputError, r"the number 'ten'; give a whole number"),
        (SMOTE(sampling_strategy={1: np.nan}), X, Y, InputError, r"the number nan; give a whole number"),
        (EditedNearestNeighbours(), HOLES, Y, InputError, r"NaN: 1 value\(s\) in column\(s\) 'b'. Fill"),
        (EditedNearestNeighbours(), HOLES.assign(d="x"), Y, InputError, r"NaN: 1 value\(s\) in column 'b'. Fill"),
        (NearMiss(), HOLES.to_numpy(), Y, InputError, r"NaN: 1 value\(s\) in column\(s\) 1. Fill"),
        (SMOTE(), sparse.csr_matrix(HOLES), Y, InputError, r"NaN in a sparse matrix, in column\(s\) 1; fill"),
        (SMOTE(), ENDLESS, Y, InputError, r"infinity: 1 value\(s\) in column\(s\) 'b'. Fill, clip or drop"),
        (SMOTE(), ENDLESS.assign(d="x"), Y, InputError, r"infinity: 1 value\(s\) in column 'b'. Fill, clip or drop"),
        (SMOTE(), TEXT, Y, InputError, r"could not convert string to float: 'a'. .*SMOTENC"),
        (SMOTENC(categorical_features=["z"]), sparse.csr_matrix(X), Y, InputError, r"'z' does not exist; names need"),
        (SMOTE(), X, Y[:-1], InputError, r"X has 40 rows, y has 39. Give one label for each row"),
        (RandomUnderSampler(), HOLES, Y[:-1], InputError, r"X has 40 rows, y has 39. Give one label for each row"),
        (SMOTE(), HOLES, pd.Series(Y, index=range(9, 49)), InputError, r"different indexes.* y = y.loc\[X.index\]"),
        (SMOTE(), X.astype("g"), Y, InputError, r"64 bits at most; got .*astype\(float\)"),
        (RandomOverSampler(), X, None, InputError, r"y is None. Resampling needs the class"),
    ],
)
def test_the_sentence_names_the_fault_and_the_way_out(sampler, data, target, kind, sentence):
    with pytest.raises(kind, match=sentence):
        sampler.fit_resample(data, target)


def test_auto_neighbours_are_lowered_and_said_so():
    with pytest.warns(ShortfallWarning, match=r"lowered from 5 to 3, because class 1 has only 4"):
        _, labels = SMOTE(k_neighbors="auto", random_state=0).fit_resample(X, Y)
    assert np.bincount(labels).tolist() == [36, 36]


@pytest.mark.parametrize(
    ("sampler", "data", "target"),
    [
        (SMOTE(), X, np.repeat([0, 1], 20)),
        (RandomUnderSampler(), X, np.repeat([0, 1], 20)),
        (TomekLinks(), np.sort(X, axis=0) + np.repeat([0, 100], 20)[:, None], np.repeat([0, 1], 20)),
        (
            BorderlineSMOTE(m_neighbors=3),
            X + 100 * (1 - np.repeat([1, 0], [10, 30]))[:, None],
            np.repeat([1, 0], [10, 30]),
        ),
    ],
)
def test_data_that_stay_as_they_are_are_never_silent(sampler, data, target):
    with pytest.warns(NoOpWarning, match="changed nothing"):
        out, _ = sampler.fit_resample(data, target)
    assert len(out) == len(data)


def methods():
    parameters = {"SMOTENC": {"categorical_features": [2]}, "KMeansSMOTE": {"cluster_balance_threshold": 0.0}}
    parameters["CombinedSampler"] = {"over": SMOTE(), "under": TomekLinks()}
    for room in (rareclass.over_sampling, rareclass.under_sampling, rareclass.combine):
        for name in room.__all__:
            method = getattr(room, name)(**parameters.get(name, {}))
            if "random_state" in method.get_params(deep=False):
                method.set_params(random_state=0)
            yield pytest.param(method, id=name)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("large", [1e39, 1e149, 1e200, 1.79e308, -1.79e308])
@pytest.mark.parametrize("row", [1, 30], ids=["rare", "common"])
@pytest.mark.parametrize("sampler", list(methods()))
def test_marks_such_as_1e200_are_taken_or_refused_in_a_sentence(sampler, row, large):
    marked = np.vstack([X, X + 0.1])
    marked[:, 2] = np.round(marked[:, 2])
    marked[row, 0] = large
    target = np.repeat([1, 0], [20, 60])
    name = type(sampler).__name__
    if abs(large) > 1e150 and name not in ("RandomOverSampler", "RandomUnderSampler", "NegativeSampler", "SMOTEN"):
        with pytest.raises(InputError, match=r"1 number\(s\) beyond 1e\+150 in column\(s\) 0; distances .* overflow"):
            sampler.fit_resample(marked, target)
        typed = pd.DataFrame(marked, columns=["a", "b", "c"]).assign(b=1)
        with pytest.raises(InputError, match=r"beyond 1e\+150 in column 'a'"):
            sampler.fit_resample(typed, target)
        return
    try:
        out = sampler.fit_resample(marked, target)[0]
    except MethodError:
        return  # no cluster is left beside such a row
    assert np.isfinite(out).all()


@pytest.mark.parametrize("kind", ["f8", "f4", "f2", "i4"])
@pytest.mark.parametrize(
    "sampler", [SMOTE(k_neighbors=3, random_state=0), ADASYN(n_neighbors=3, random_state=0), TomekLinks()], ids=repr
)
def test_numbers_in_the_byte_order_of_another_machine_are_the_same_numbers(sampler, kind):
    near = (10 * np.r_[X, X + 0.01]).astype(f"<{kind}"), np.r_[Y, 0 * Y]
    wanted, labels = sampler.fit_resample(*near)
    found, others = sampler.fit_resample(near[0].astype(f">{kind}"), near[1])
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(others, labels)
