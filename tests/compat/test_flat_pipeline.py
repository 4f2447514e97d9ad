"""The flat pipeline: what imbalanced-learn's refuses, and where it warns."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer

from rareclass import flat_pipeline as former_path
from rareclass.compat import flat_pipeline
from rareclass.pipeline import make_pipeline
from rareclass.under_sampling import RandomUnderSampler

X, Y = np.arange(60.0)[:, None], np.repeat([0, 1], [48, 12])


class Shift(TransformerMixin, BaseEstimator):
    """Transformer that has no state, and does not say so."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return np.asarray(X) + 1


def test_use_before_fit_warns():
    flat = flat_pipeline.make_pipeline(Shift())
    with pytest.warns(FutureWarning, match="This Pipeline instance is not fitted yet"):
        np.testing.assert_array_equal(flat.transform(X), X + 1)


def test_it_refuses_pipelines_as_steps():
    inner = make_pipeline(RandomUnderSampler(), FunctionTransformer(np.log1p))
    with pytest.raises(TypeError, match="should not be Pipelines"):
        flat_pipeline.make_pipeline(inner, LogisticRegression()).fit(X, Y)


def test_the_former_path_gives_the_same_class():
    assert former_path.Pipeline is flat_pipeline.Pipeline
