"""Pipelines with samplers: nesting, weights, caching, routing, and the two defects of imbalanced-learn's."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.preprocessing import StandardScaler

from rareclass import FunctionSampler
from rareclass.errors import InputError
from rareclass.over_sampling import SMOTE, RandomOverSampler
from rareclass.pipeline import Pipeline, make_pipeline
from rareclass.under_sampling import EditedNearestNeighbours, NegativeSampler, RandomUnderSampler


class Recorder(ClassifierMixin, BaseEstimator):
    """Classifier that remembers what it was fitted on."""

    def fit(self, X, y, sample_weight=None):
        self.X_, self.y_, self.weight_ = X, y, sample_weight
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.zeros(len(X), dtype=int)


class Shift(TransformerMixin, BaseEstimator):
    """Transformer without state that adds a number."""

    def __init__(self, by=1.0):
        self.by = by

    def fit(self, X, y=None):
        self.n_features_in_ = np.shape(X)[1]
        return self

    def transform(self, X):
        return np.asarray(X) + self.by

    def get_feature_names_out(self, input_features=None):
        return np.asarray(input_features)


class OnlyTransform(BaseEstimator):
    """Transformer that has no fit_transform, and remembers y."""

    def fit(self, X, y):
        self.y_ = y
        return self

    def transform(self, X):
        return X


def rows(n=60, seed=0):
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1], [n - n // 5, n // 5])
    return rng.standard_normal((n, 3)) + y[:, None], y


def test_samplers_act_in_fit_and_only_there():
    X, y = rows()
    pipe = make_pipeline(RandomUnderSampler(random_state=0), Recorder()).fit(X, y)
    assert np.bincount(pipe[-1].y_).tolist() == [12, 12]
    assert len(pipe.predict(X)) == 60


def test_cross_validation_resamples_training_rows_only():
    X, y = rows()
    seen = cross_val_predict(make_pipeline(RandomOverSampler(random_state=0), LogisticRegression()), X, y, cv=3)
    assert seen.shape == (60,)


def test_parameters_of_samplers_can_be_searched():
    X, y = rows()
    search = GridSearchCV(
        make_pipeline(RandomUnderSampler(random_state=0), LogisticRegression()),
        {"randomundersampler__sampling_strategy": [0.5, 1.0]},
        cv=2,
    )
    assert search.fit(X, y).best_estimator_.predict(X).shape == (60,)


@pytest.mark.parametrize("inner_first", [True, False])
def test_pipelines_with_samplers_nest(inner_first):
    X, y = rows()
    inner = make_pipeline(Shift(), RandomUnderSampler(random_state=0), Shift(10.0))
    steps = [inner, Shift(100.0)] if inner_first else [Shift(100.0), inner]
    pipe = make_pipeline(*steps, Recorder())
    pipe.fit(X, y)
    assert np.bincount(pipe[-1].y_).tolist() == [12, 12]
    assert pipe[-1].X_.mean() > 100
    np.testing.assert_allclose(pipe[:-1].transform(X), X + 111)
    flat = make_pipeline(Shift(), RandomUnderSampler(random_state=0), Shift(10.0), Shift(100.0), Recorder()).fit(X, y)
    np.testing.assert_allclose(pipe[-1].X_, flat[-1].X_)


def test_a_nested_pipeline_that_ends_in_a_sampler_still_transforms_new_rows():
    X, y = rows()
    inner = make_pipeline(Shift(5.0), RandomUnderSampler(random_state=0))
    pipe = make_pipeline(inner, Shift()).fit(X, y)
    np.testing.assert_allclose(pipe.transform(X), X + 6)
    only = make_pipeline(make_pipeline(RandomUnderSampler(random_state=0)), Recorder()).fit(X, y)
    assert len(only.predict(X)) == 60


def test_fit_resample_always_gives_a_pair():
    # With 'passthrough' at its end imbalanced-learn's gives X alone (defect D17).
    X, y = rows()
    for steps in (
        [RandomUnderSampler(random_state=0), "passthrough"],
        [RandomUnderSampler(random_state=0), None],
        [Shift(), RandomUnderSampler(random_state=0)],
        [RandomUnderSampler(random_state=0), Shift()],
    ):
        X_res, y_res = make_pipeline(*steps).fit_resample(X, y)
        assert len(X_res) == len(y_res) == 24
    assert not hasattr(make_pipeline(Shift(), LogisticRegression()), "fit_resample")


def test_the_last_transformer_gets_the_resampled_y():
    # imbalanced-learn hands it the original y when it lacks fit_transform (defect D18).
    X, y = rows()
    pipe = make_pipeline(RandomUnderSampler(random_state=0), OnlyTransform())
    assert len(pipe.fit_transform(X, y)) == len(pipe[-1].y_) == 24


def test_weights_follow_the_rows():
    # imbalanced-learn's pipeline hands on all 60 weights and fails (defect D23).
    X, y = rows()
    weight = np.arange(60.0)
    pipe = make_pipeline(RandomUnderSampler(random_state=0), Recorder())
    pipe.fit(X, y, recorder__sample_weight=weight)
    np.testing.assert_array_equal(pipe[-1].weight_, weight[pipe[0].sample_indices_])
    np.testing.assert_array_equal(pipe.resample_arrays(weight), pipe[-1].weight_)


def test_weights_follow_through_several_samplers_and_nesting():
    X, y = rows()
    weight = pd.Series(np.arange(60.0))
    inner = make_pipeline(RandomOverSampler(random_state=0), EditedNearestNeighbours())
    pipe = make_pipeline(Shift(), inner, RandomUnderSampler(random_state=1), Recorder())
    pipe.fit(X, y, recorder__sample_weight=weight)
    np.testing.assert_allclose(pipe[-1].X_, X[pipe[-1].weight_.to_numpy().astype(int)] + 1)


def test_synthetic_rows_get_the_interpolated_weight():
    X, y = rows()
    weight = X[:, 0] - X[:, 0].min() + 1
    pipe = make_pipeline(SMOTE(random_state=0), Recorder()).fit(X, y, recorder__sample_weight=weight)
    np.testing.assert_allclose(pipe[-1].weight_, pipe[-1].X_[:, 0] - X[:, 0].min() + 1)


def test_routed_weights_follow_the_rows():
    X, y = rows()
    weight = np.arange(60.0)
    with sklearn.config_context(enable_metadata_routing=True):
        learner = Recorder().set_fit_request(sample_weight=True)
        inner = make_pipeline(RandomUnderSampler(random_state=0), Shift())
        pipe = make_pipeline(Shift(), inner, learner).fit(X, y, sample_weight=weight)
    rus = inner[0]
    np.testing.assert_array_equal(pipe[-1].weight_, weight[rus.sample_indices_])


def test_metadata_can_be_routed_to_a_sampler():
    X, y = rows()
    scores = np.linspace(0.01, 0.9, 60)
    with sklearn.config_context(enable_metadata_routing=True):
        sampler = NegativeSampler(1, strategy="score", random_state=0).set_fit_resample_request(scores=True)
        pipe = make_pipeline(sampler, Recorder().set_fit_request(sample_weight=False)).fit(X, y, scores=scores)
    alone = NegativeSampler(1, strategy="score", random_state=0)
    alone.fit_resample(X, y, scores=scores)
    assert pipe[0].sample_indices_.tolist() == alone.sample_indices_.tolist()


def test_transform_input_is_transformed_and_not_resampled():
    class WithValidation(Recorder):
        def fit(self, X, y, X_val=None):
            self.X_val_ = X_val
            return super().fit(X, y)

    X, y = rows()
    with sklearn.config_context(enable_metadata_routing=True):
        pipe = Pipeline(
            [
                ("shift", Shift()),
                ("rus", RandomUnderSampler(random_state=0)),
                ("more", Shift(10.0)),
                ("model", WithValidation().set_fit_request(X_val=True)),
            ],
            transform_input=["X_val"],
        ).fit(X, y, X_val=X)
    np.testing.assert_allclose(pipe[-1].X_val_, X + 11)


def test_a_sampler_that_cannot_say_where_its_rows_come_from_does_not_pass_weights_on():
    X, y = rows()
    drop = FunctionSampler(func=lambda X, y: (X[:50], y[:50]))
    pipe = make_pipeline(drop, Recorder())
    pipe.fit(X, y)
    with pytest.raises(InputError, match=r"resample_arrays|cannot say from which rows"):
        pipe.fit(X, y, recorder__sample_weight=np.ones(60))


def test_a_cached_sampler_is_not_drawn_again(tmp_path):
    X, y = rows()
    weight = np.arange(60.0)
    calls = []

    for _ in range(2):
        pipe = make_pipeline(SMOTE(random_state=0), Recorder(), memory=str(tmp_path))
        pipe.fit(X, y, recorder__sample_weight=weight)
        calls.append(pipe[-1].weight_)
        assert hasattr(pipe[0], "synthetic_mask_")
    np.testing.assert_array_equal(*calls)
    assert len(list(tmp_path.rglob("output.pkl"))) == 1


def test_without_memory_the_given_steps_are_fitted_and_with_memory_clones(tmp_path):
    X, y = rows()
    given = RandomUnderSampler(random_state=0)
    assert make_pipeline(given, Recorder()).fit(X, y)[0] is given
    other = RandomUnderSampler(random_state=0)
    assert make_pipeline(other, Recorder(), memory=str(tmp_path)).fit(X, y)[0] is not other
    assert not hasattr(other, "sample_indices_")


def test_slices_share_the_fitted_steps():
    X, y = rows()
    pipe = make_pipeline(Shift(), RandomUnderSampler(random_state=0), Recorder()).fit(X, y)
    part = pipe[:-1]
    assert isinstance(part, Pipeline)
    assert part[1] is pipe[1]
    np.testing.assert_allclose(part.fit_resample(X, y)[0], pipe[-1].X_)


def test_set_output_reaches_the_transformers():
    X, y = rows()
    frame = pd.DataFrame(X, columns=list("abc"))
    pipe = make_pipeline(StandardScaler(), RandomUnderSampler(random_state=0), Recorder()).set_output(
        transform="pandas"
    )
    pipe.fit(frame, pd.Series(y))
    assert pipe[-1].X_.columns.tolist() == ["a", "b", "c"]
    assert isinstance(pipe[-1].y_, pd.Series)
    assert pipe[:-1].get_feature_names_out().tolist() == ["a", "b", "c"]


def test_methods_are_those_of_the_last_step():
    assert not hasattr(make_pipeline(Shift(), Recorder()), "predict_proba")
    assert not hasattr(make_pipeline(Shift(), RandomUnderSampler()), "predict")
    assert hasattr(make_pipeline(PCA(), RandomUnderSampler(), PCA()), "inverse_transform")
    assert not hasattr(make_pipeline(OnlyTransform(), PCA()), "inverse_transform")


def test_inverse_transform_passes_samplers_by():
    X, y = rows()
    pipe = make_pipeline(StandardScaler(), RandomUnderSampler(random_state=0), PCA()).fit(X, y)
    np.testing.assert_allclose(pipe.inverse_transform(pipe.transform(X)), X)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([("a", Shift()), ("a", Recorder())], "unique"),
        ([("a__b", Shift()), ("c", Recorder())], "__"),
        ([("memory", Shift()), ("c", Recorder())], "parameters"),
        ([("a", Recorder()), ("c", Recorder())], "doesn't"),
        ([("a", Shift()), ("c", "text")], "Last step"),
        ([], "empty"),
    ],
)
def test_bad_steps_are_named(steps, said):
    with pytest.raises(InputError, match=said):
        Pipeline(steps).fit(*rows())


def test_an_unknown_parameter_is_refused():
    pipe = make_pipeline(RandomUnderSampler(), Recorder())
    with pytest.raises(InputError, match=r"Pipeline\.fit does not accept the sample_weight parameter"):
        pipe.fit(*rows(), sample_weight=np.ones(60))
    with pytest.raises(InputError, match="does not accept the other__sample_weight"):
        pipe.fit(*rows(), other__sample_weight=np.ones(60))


def test_use_before_fit_raises():
    with pytest.raises(NotFittedError):
        make_pipeline(RandomUnderSampler(), LogisticRegression()).predict(rows()[0])


def test_both_packages_mix():
    imblearn = pytest.importorskip("imblearn")
    X, y = rows()
    theirs_inside_ours = make_pipeline(imblearn.under_sampling.RandomUnderSampler(random_state=0), Recorder())
    theirs_inside_ours.fit(X, y, recorder__sample_weight=np.arange(60.0))
    np.testing.assert_array_equal(theirs_inside_ours[-1].weight_, theirs_inside_ours[0].sample_indices_)
    ours_inside_theirs = imblearn.pipeline.make_pipeline(Shift(), RandomUnderSampler(random_state=0), Recorder())
    assert np.bincount(ours_inside_theirs.fit(X, y)[-1].y_).tolist() == [12, 12]
    with pytest.raises(InputError, match="cannot say from which rows"):
        make_pipeline(imblearn.over_sampling.SMOTE(random_state=0), Recorder()).fit(
            X, y, recorder__sample_weight=np.ones(60)
        )


def test_clones_and_parameters_are_those_of_scikit_learn():
    pipe = make_pipeline(RandomUnderSampler(random_state=3), LogisticRegression(C=2))
    copy = clone(pipe)
    assert copy.get_params()["logisticregression__C"] == 2
    assert copy.set_params(randomundersampler=None).steps[0] == ("randomundersampler", None)


def test_verbose_prints_a_line_for_each_step(capsys):
    make_pipeline(RandomUnderSampler(), Recorder(), verbose=True).fit(*rows())
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("Processing ")[1].split(",")[0] for line in lines] == ["randomundersampler", "recorder"]
