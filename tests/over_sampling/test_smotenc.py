import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from imblearn.over_sampling import SMOTENC as PeerSMOTENC
from sklearn.preprocessing import OneHotEncoder

from rareclass.errors import InputError
from rareclass.over_sampling import SMOTENC


def mixed(n=200, rare=40, scale=1.0, seed=0):
    rng = np.random.default_rng(seed)
    y = np.repeat([1, 0], [rare, n - rare])
    frame = pd.DataFrame(rng.normal(size=(n, 3)) * scale, columns=["a", "b", "c"])
    frame["u"] = rng.choice(["x", "y", "z"], n)
    frame["v"] = pd.Categorical(rng.choice(["p", "q"], n))
    return frame, y


def encoded(frame, rows, unit):
    one_hot = pd.get_dummies(frame[["u", "v"]]).to_numpy(dtype=float) * unit / np.sqrt(2)
    return np.column_stack((frame[["a", "b", "c"]].to_numpy(), one_hot))[rows]


def test_neighbours_votes_and_the_unit_are_those_of_the_paper():
    frame, y = mixed()
    method = SMOTENC(["u", "v"], random_state=0)
    out, _ = method.fit_resample(frame, y)
    unit = np.median(frame.loc[y == 1, ["a", "b", "c"]].std(ddof=0))
    assert np.isclose(method.median_std_[1], unit)
    points = encoded(frame, y == 1, unit)
    for made, (first, second) in zip(out.iloc[200:].itertuples(), method.parents_):
        square = ((points - points[first]) ** 2).sum(axis=1)
        square[first] = np.inf
        near = np.argsort(square)[:5]
        assert second in near
        for column in ("u", "v"):
            votes = frame[column].iloc[near].astype(str).value_counts()
            assert str(getattr(made, column)) in votes[votes == votes.max()].index


def test_the_unit_equals_imbalanced_learns():
    frame, y = mixed()
    ours, peer = SMOTENC(["u", "v"], random_state=0), PeerSMOTENC(["u", "v"], random_state=0)
    ours.fit_resample(frame, y)
    peer.fit_resample(frame, y)
    assert np.isclose(ours.median_std_[1], peer.median_std_[1])


def test_tiny_columns_do_not_bring_in_levels_that_the_class_never_had():
    # imbalanced-learn compares votes with an absolute tolerance; columns of 1e-9 then elect anything.
    frame, y = mixed(scale=1e-9)
    frame.loc[y == 1, "u"] = "x"
    out, _ = SMOTENC(["u", "v"], random_state=0).fit_resample(frame, y)
    assert set(out["u"][200:]) == {"x"}


def test_tied_votes_are_drawn():
    frame = pd.DataFrame({"a": [0.0, 0.1, 0.2, 5.0, 6.0, 7.0, 8.0, 9.0], "u": list("xyzxxxxx")})
    y = np.array([1, 1, 1, 0, 0, 0, 0, 0])
    out, _ = SMOTENC(["u"], k_neighbors=2, random_state=0, sampling_strategy={0: 5, 1: 5}).fit_resample(frame, y)
    big = pd.concat([frame[:3], *[frame[3:]] * 100], ignore_index=True)
    labels = np.repeat([1, 0], [3, 500])
    method = SMOTENC(["u"], k_neighbors=2, random_state=0)
    out, _ = method.fit_resample(big, labels)
    made = out[503:][method.parents_[:, 0] == 0]
    assert set(made["u"]) == {"y", "z"}
    assert abs((made["u"] == "y").mean() - 0.5) < 4 * np.sqrt(0.25 / len(made))


@pytest.mark.parametrize("how", ["names", "positions", "negative", "mask", "array"])
def test_columns_can_be_named_in_every_way(how):
    frame, y = mixed()
    frame = frame[["u", "a", "v", "b", "c"]]
    wanted = {
        "names": ["u", "v"],
        "positions": [2, 0],
        "negative": [0, -3],
        "mask": [True, False, True, False, False],
        "array": np.array([0, 2]),
    }[how]
    method = SMOTENC(wanted, random_state=0)
    out, _ = method.fit_resample(frame, y)
    assert method.categorical_features_.tolist() == [0, 2]
    assert method.continuous_features_.tolist() == [1, 3, 4]
    assert (out.dtypes == frame.dtypes).all()


def test_auto_takes_the_category_columns_of_any_frame():
    frame, y = mixed()
    frame["u"] = frame["u"].astype("category")
    for given in (frame, pl.from_pandas(frame), pa.Table.from_pandas(frame, preserve_index=False)):
        method = SMOTENC("auto", random_state=0)
        out, _ = method.fit_resample(given, y)
        assert method.categorical_features_.tolist() == [3, 4]
        assert type(out) is type(given)
    with pytest.raises(InputError, match=r"should be a pandas.DataFrame"):
        SMOTENC("auto").fit_resample(frame.to_numpy(), y)


def test_auto_takes_text_as_the_other_samplers_do():
    frame, y = mixed()
    texts = [j for j, name in enumerate(frame) if not pd.api.types.is_numeric_dtype(frame[name])]
    named = SMOTENC(texts, random_state=0).fit_resample(frame, y)[0]
    for given in (frame, pl.from_pandas(frame), pa.Table.from_pandas(frame, preserve_index=False)):
        method = SMOTENC("auto", random_state=0)
        out = method.fit_resample(given, y)[0]
        assert method.categorical_features_.tolist() == texts
        assert type(out) is type(given)
    pd.testing.assert_frame_equal(SMOTENC("auto", random_state=0).fit_resample(frame, y)[0], named)


def test_missing_categories_are_a_level_and_missing_numbers_are_taken_from_the_other_parent():
    frame, y = mixed()
    frame.loc[::3, "u"] = None
    frame.loc[::4, "a"] = np.nan
    out, _ = SMOTENC(["u", "v"], random_state=0).fit_resample(frame, y)
    assert out["u"][200:].isna().any()
    assert not out["a"][200:].isna().all()
    assert not out[["b", "c"]].isna().any().any()


def test_memory_does_not_grow_with_the_number_of_levels():
    import tracemalloc

    rng = np.random.default_rng(0)
    peaks = []
    for levels in (10, 1000):
        X = np.column_stack((rng.normal(size=(4000, 2)), rng.integers(0, levels, (4000, 3))))
        y = np.repeat([1, 0], [200, 3800])
        method = SMOTENC([2, 3, 4], random_state=0)
        method.fit_resample(X, y)
        tracemalloc.start()
        method.fit_resample(X, y)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ([0, 1, 2, 3, 4], "not designed to work only with categorical features"),
        ([], "not designed to work only with numerical features"),
        ([9], r"all features must be in \[0, 4\]"),
        (["nope"], "'nope' does not exist"),
        ([True, False], "needs 5 entries; got 2"),
        ([4], r"column\(s\) \['u'\] hold no numbers"),
    ],
)
def test_wrong_columns_say_why(columns, said):
    frame, y = mixed()
    with pytest.raises(InputError, match=said):
        SMOTENC(columns).fit_resample(frame, y)


def test_an_encoder_must_keep_one_column_a_level():
    frame, y = mixed()
    SMOTENC(["u", "v"], categorical_encoder=OneHotEncoder(sparse_output=False)).fit_resample(frame, y)
    with pytest.raises(InputError, match="one-hot encoding with one column per category"):
        SMOTENC(["u", "v"], categorical_encoder=OneHotEncoder(drop="first")).fit_resample(frame, y)
