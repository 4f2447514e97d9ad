import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from imblearn.base import is_sampler as peer_is_sampler
from scipy import sparse
from sklearn.base import clone
from sklearn.utils import get_tags

from rareclass.errors import InputError, NoOpWarning, ShortfallWarning
from rareclass.over_sampling.base import BaseOverSampler
from rareclass.sampler import BaseSampler, Draw, Sampler, is_sampler, join


class Between(BaseOverSampler):
    """Rows in the middle of the first two rows of each class."""

    def __init__(self, sampling_strategy="auto", random_state=None, draw=None, scaling=None):
        super().__init__(sampling_strategy)
        self.random_state, self.draw, self.scaling = random_state, draw, scaling

    _parameter_constraints = {
        **BaseOverSampler._parameter_constraints,
        "draw": "no_validation",
        "scaling": "no_validation",
    }

    def _draw(self, X, y, targets, rng):
        if self.draw is not None:
            return self.draw(X, y, targets, rng)
        draws = []
        for code, number in targets.items():
            rows = np.flatnonzero(y == code)[:2]
            draws.append(Draw(parents=np.tile(rows, (number, 1)), gap=np.full(number, 0.5)))
        return join(draws)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


X = np.array([[0.0, 1.0], [4.0, 3.0], [9.0, 9.0], [8.0, 8.0], [7.0, 7.0], [6.0, 6.0]])
y = np.array([1, 1, 0, 0, 0, 0])
MADE = [[2.0, 2.0]] * 2


def plain(value):
    if isinstance(value, pa.Table | pa.RecordBatch):
        return value.to_pandas().to_numpy()
    return value.toarray() if sparse.issparse(value) else np.asarray(value)


CONTAINERS = {
    "array": X,
    "float32": X.astype(np.float32),
    "fortran": np.asfortranarray(X),
    "strided": np.repeat(X, 2, axis=0)[::2],
    "list": X.tolist(),
    "csr": sparse.csr_matrix(X),
    "csc array": sparse.csc_array(X),
    "pandas": pd.DataFrame(X, columns=["a", "b"]),
    "pandas mixed": pd.DataFrame({"a": X[:, 0], "b": X[:, 1].astype("float32")}),
    "pandas sparse": pd.DataFrame.sparse.from_spmatrix(sparse.csr_matrix(X), columns=["a", "b"]),
    "pandas object": pd.DataFrame(X.astype(object)),
    "pandas arrow": pd.DataFrame(X, columns=["a", "b"]).astype("double[pyarrow]"),
    "polars": pl.DataFrame(X, schema=["a", "b"]),
    "arrow": pa.table({"a": X[:, 0], "b": X[:, 1]}),
    "arrow batch": pa.record_batch({"a": X[:, 0], "b": X[:, 1]}),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_container_comes_back_with_its_types_original_rows_first(name):
    given = CONTAINERS[name]
    before = pickle.dumps(given)
    sampler = Between()
    out, labels = sampler.fit_resample(given, y)
    assert type(out) is type(given)
    assert np.array_equal(plain(out).astype(float), np.vstack((X, MADE)))
    assert labels.tolist() == [*y, 1, 1]
    assert pickle.dumps(given) == before
    if hasattr(given, "dtypes"):
        assert list(out.dtypes) == list(given.dtypes)
    elif hasattr(given, "dtype"):
        assert out.dtype == given.dtype
    if hasattr(given, "schema") and not hasattr(given, "dtypes"):
        assert out.schema == given.schema


def test_every_type_of_column_gets_values_that_it_can_hold():
    n = 6
    frame = pd.DataFrame(
        {
            "int": np.array([1, 4, 7, 7, 7, 7], dtype="int16"),
            "nullable": pd.array([1, None, 3, 3, 3, 3], dtype="Int64"),
            "bool": [True, False] * 3,
            "nullable bool": pd.array([True, None] * 3, dtype="boolean"),
            "text": pd.array(["a", "b"] * 3, dtype="str"),
            "category": pd.Categorical(["u", "v"] * 3, categories=["v", "u", "never"]),
            "ordinal": pd.Categorical(["low", "high"] + ["mid"] * 4, categories=["low", "mid", "high"], ordered=True),
            "day": pd.to_datetime(["2020-01-01", "2020-01-08"] + ["2020-01-03"] * 4),
            "zone": pd.to_datetime(["2020-01-01", "2020-01-08"] + ["2020-01-03"] * 4).tz_localize("Asia/Tokyo"),
            "span": pd.to_timedelta([1, 3, 5, 5, 5, 5], unit="h"),
            "float": [0.5, np.nan, 1.0, 1.0, 1.0, 1.0],
            "object": np.array([(1, 2), None] * 3 + [0], dtype=object)[:n],
        },
        index=pd.Index([10, 20, 30, 40, 50, 60], name="id"),
    )
    for given in (frame, pl.from_pandas(frame.drop(columns=["object", "span", "ordinal"]).reset_index(drop=True))):
        out, _ = Between(sampling_strategy={1: 40}).fit_resample(given, y)
        out = out if isinstance(out, pd.DataFrame) else out.to_pandas()
        made = out.iloc[n:]
        assert set(made["int"]) <= {1, 2, 3, 4}
        assert set(made["bool"]) <= {True, False}
        assert set(made["text"]) <= {"a", "b"}
        assert set(made["category"]) <= {"u", "v"}
        days = pd.DatetimeIndex(made["day"])
        assert (days == days.normalize()).all()
        assert days.min() >= pd.Timestamp("2020-01-01")
        assert days.max() <= pd.Timestamp("2020-01-08")
        assert 0 < made["float"].isna().sum() < 38
        assert set(made["float"].dropna()) == {0.5}
        assert set(made["nullable"].dropna()) == {1}
    out, _ = Between(sampling_strategy={1: 40}).fit_resample(frame, y)
    assert (out.dtypes == frame.dtypes).all()
    assert out.iloc[:n].equals(frame)
    assert set(out["ordinal"][n:]) <= {"low", "mid", "high"}
    assert list(out["category"].cat.categories) == ["v", "u", "never"]
    assert out.index.name == "id"
    assert list(out.index[:n]) == list(frame.index)
    assert out.index.is_unique


def test_arrow_types_survive():
    table = pa.table(
        {
            "day": pa.array([0, 7, 3, 3, 3, 3], pa.date32()),
            "code": pa.array(["a", "b", "a", "a", "a", "a"]).dictionary_encode(),
            "small": pa.array([1, None, 5, 5, 5, 5], pa.int8()),
            "flag": pa.array([True, None, True, True, True, True]),
            "half": pa.array([1, 2, 3, 3, 3, 3], pa.float32()),
            "money": pa.array([1, 2, 3, 3, 3, 3], pa.decimal128(9, 2)),
            "big": pa.array([2**63, 2**63 + 1, 0, 0, 0, 0], pa.uint64()),
            "when": pa.array([0, 10, 3, 3, 3, 3], pa.timestamp("ms", "UTC")),
        }
    )
    out, _ = Between(sampling_strategy={1: 20}).fit_resample(table, y)
    assert out.schema == table.schema
    assert out.num_rows == 24
    assert out.slice(0, 6).equals(table)
    assert set(out["small"].to_pylist()[6:]) <= {1, None}


def test_made_rows_in_the_scaled_space_come_back_in_the_unit_of_the_column():
    big = X * [1.0, 1e6]

    def draw(view, codes, targets, rng):
        assert np.allclose(view.std(axis=0), 1.0)
        return Draw(parents=np.array([0, 1]), made=(view[[0, 1]] + view[[1, 0]]) / 2)

    for given in (
        big,
        pd.DataFrame(big, columns=["a", "b"]).assign(b=lambda f: f.b.astype("float32")),
        pl.DataFrame(big),
    ):
        out, _ = Between(draw=draw, scaling="standard").fit_resample(given, y)
        assert np.allclose(plain(out)[6:].astype(float), [[2.0, 2e6]] * 2)


def test_rows_can_be_replaced_kept_repeated_and_reordered():
    def draw(view, codes, targets, rng):
        return Draw(
            kept=np.array([5, 0, 1]),
            parents=np.array([[0, 1]]),
            gap=np.array([0.5]),
            replaced=(np.array([0]), np.array([[50.0, 60.0]])),
            order=np.array([3, 0, 1, 2]),
            probability=np.array([0.5, 1.0, 1.0]),
        )

    for given in (X, pd.DataFrame(X, index=list("abcdef")), pl.DataFrame(X), sparse.csr_matrix(X)):
        sampler = Between(draw=draw)
        with pytest.warns(ShortfallWarning):
            out, labels = sampler.fit_resample(given, y)
        assert plain(out).tolist() == [[2, 2], [50, 60], [0, 1], [4, 3]]
        assert labels.tolist() == [1, 0, 1, 1]
        assert sampler.synthetic_mask_.tolist() == [True, False, False, False]
        assert sampler.parents_.tolist() == [[0, 1]]
        assert np.array_equal(sampler.inclusion_probability_, [np.nan, 0.5, 1.0, 1.0], equal_nan=True)
        assert sampler.resample_arrays(np.arange(6.0)).tolist() == [0.5, 5, 0, 1]
        if isinstance(given, pd.DataFrame):
            assert list(out.index) == ["synthetic-0", "f", "a", "b"]


def test_other_arrays_travel_with_the_rows():
    sampler = Between()
    sampler.fit_resample(X, y)
    weight, group = np.array([1.0, 3.0, 5, 6, 7, 8]), np.array(list("abcdef"))
    out_weight, out_group = sampler.resample_arrays(weight, group)
    assert out_weight.tolist() == [1, 3, 5, 6, 7, 8, 2, 2]
    assert out_group.tolist() == [*"abcdef", "a", "a"]
    assert sampler.resample_arrays(weight, kinds="time").tolist() == [1, 3, 5, 6, 7, 8, 1, 1]
    cost = np.column_stack((weight, weight))
    assert sampler.resample_arrays(cost, kinds="cost")[6:].tolist() == [[2, 2]] * 2
    series = pd.Series(weight.astype(int), index=list("uvwxyz"))
    out = sampler.resample_arrays(series, kinds=["weight"])
    assert out.tolist() == [1, 3, 5, 6, 7, 8, 2, 2]
    assert out.index.is_unique
    frame = sampler.resample_arrays(pl.DataFrame({"t": group}))
    assert frame["t"].to_list() == [*"abcdef", "a", "a"]
    with pytest.raises(InputError, match="3 rows, the resampled data had 6"):
        sampler.resample_arrays(np.arange(3))
    with pytest.raises(InputError, match="`kinds` must be one of"):
        sampler.resample_arrays(weight, kinds="colour")
    with pytest.raises(InputError, match="before `resample_arrays`"):
        Between().resample_arrays(weight)


def test_counts_and_provenance_are_kept():
    sampler = Between()
    sampler.fit_resample(X, y)
    assert sampler.counts_ == {0: {"before": 4, "after": 4, "asked": 4}, 1: {"before": 2, "after": 4, "asked": 4}}
    assert sampler.synthetic_mask_.tolist() == [False] * 6 + [True] * 2
    assert sampler.parents_.tolist() == [[0, 1]] * 2
    assert sampler.interpolation_weight_.tolist() == [0.5, 0.5]
    assert not hasattr(sampler, "sample_indices_")


def test_a_series_keeps_name_type_and_gets_the_index_of_the_frame():
    frame = pd.DataFrame(X, index=[3, 1, 4, 7, 5, 9])
    labels = pd.Series(pd.Categorical(["r", "r", "c", "c", "c", "c"]), index=frame.index, name="t")
    out, out_labels = Between().fit_resample(frame, labels)
    assert out_labels.name == "t"
    assert out_labels.dtype == labels.dtype
    assert out_labels.index.equals(out.index)
    assert list(out.index) == [3, 1, 4, 7, 5, 9, 10, 11]


def test_different_indexes_of_x_and_y_are_refused():
    with pytest.raises(InputError, match="different indexes"):
        Between().fit_resample(pd.DataFrame(X), pd.Series(y, index=range(1, 7)))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (np.where(X == 9.0, np.inf, X), r"contains infinity: 2 value\(s\) in column\(s\) 0, 1"),
        (pd.DataFrame(X, columns=["a", "b"]).replace(9.0, np.inf), r"in column\(s\) 'a', 'b'"),
        (pd.DataFrame(X, columns=["a", "b"]).assign(c="t").replace(9.0, np.inf), "in column 'a'"),
        (np.array([["x", "y"]] * 6), "Convert your data to numeric"),
        (X[:5], "inconsistent numbers of samples: X has 5 rows, y has 6"),
        (X[:, :0], "0 feature"),
        (np.zeros((6, 2, 2)), "dim 3|with dim"),
        (X[:, 0], "Expected 2D array"),
    ],
)
def test_unusable_data_say_why(given, said):
    with pytest.raises(ValueError, match=said):
        Between().fit_resample(given, y)


def test_missing_values_are_refused_with_the_column_where_the_method_cannot_have_them():
    class Strict(Between):
        def __sklearn_tags__(self):
            tags = super().__sklearn_tags__()
            tags.input_tags.allow_nan = False
            return tags

    hole = pd.DataFrame(X, columns=["a", "b"])
    hole.loc[2, "b"] = np.nan
    for given in (hole, pl.from_pandas(hole), hole.assign(t="w")):
        with pytest.raises(InputError, match=r"contains NaN: 1 value\(s\) in column.*'b'"):
            Strict().fit_resample(given, y)


def test_a_step_that_changes_nothing_says_so():
    with pytest.warns(NoOpWarning, match="changed nothing"):
        Between().fit_resample(X[1:5], y[1:5] * 0 + [0, 0, 1, 1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Between(sampling_strategy={0: 4, 1: 2}).fit_resample(X, y)


def test_a_shortfall_names_the_counts():
    with pytest.warns(ShortfallWarning, match="class 1: 4 rows asked, 3 reached"):
        Between(draw=lambda *_: Draw(parents=np.array([0]))).fit_resample(X, y)


def test_parameters_are_refused_in_the_words_of_scikit_learn():
    with pytest.raises(InputError, match=r"The 'random_state' parameter of Between must be .* Got 'x' instead"):
        Between(random_state="x").fit_resample(X, y)


@pytest.mark.parametrize("state", [0, np.int64(3), np.random.RandomState(0), np.random.default_rng(0), None])
def test_every_kind_of_random_state_is_accepted(state):
    Between(random_state=state).fit_resample(X, y)


def test_the_hook_of_imbalanced_learn_still_works():
    class Twice(BaseSampler):
        _sampling_type = "bypass"

        def _fit_resample(self, X, y):
            return np.vstack((X, X)), np.concatenate((y, y))

    frame, labels = pd.DataFrame(X, columns=["a", "b"]), pd.Series(y, name="t")
    out, out_labels = Twice().fit_resample(frame, labels)
    assert list(out.columns) == ["a", "b"]
    assert out.shape == (12, 2)
    assert out_labels.name == "t"
    one_hot = Twice().fit_resample(X, np.eye(2, dtype=int)[y])[1]
    assert one_hot.shape == (12, 2)
    assert Twice().fit(X, y).n_features_in_ == 2


def test_samplers_are_recognised_by_both_packages():
    assert is_sampler(Between())
    assert peer_is_sampler(Between())
    assert not is_sampler(clone(Between()).fit)
    tags = get_tags(Between())
    assert tags.input_tags.dataframe
    assert tags.input_tags.sparse
    assert not tags.sampler_tags.sample_indices
    assert issubclass(Sampler, BaseSampler)


def test_the_base_asks_for_draw():
    with pytest.raises(TypeError, match=r"abstract method '?_draw"):
        Sampler()


def test_feature_names_go_through():
    sampler = Between().fit(pd.DataFrame(X, columns=["a", "b"]), y)
    assert sampler.get_feature_names_out().tolist() == ["a", "b"]
    assert sampler.feature_names_in_.tolist() == ["a", "b"]
