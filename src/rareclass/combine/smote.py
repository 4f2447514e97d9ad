"""SMOTE followed by cleaning: with edited nearest neighbours, or with Tomek links."""

import numbers
from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator, clone

from rareclass._sklearn import HasMethods
from rareclass._types import Seed, Strategy
from rareclass.combine.combined import TwoSteps
from rareclass.over_sampling.base import BaseOverSampler
from rareclass.over_sampling.smote import SMOTE
from rareclass.under_sampling.edited import EditedNearestNeighbours
from rareclass.under_sampling.tomek import TomekLinks

_COMMON: dict = {
    **BaseOverSampler._parameter_constraints,
    "smote": [HasMethods(["fit_resample"]), None],
    "n_jobs": [numbers.Integral, None],
}


@dataclass(eq=False, repr=False, kw_only=True)
class SMOTEENN(TwoSteps):
    """SMOTE, then edited nearest neighbours on all classes.

    Removes far more than Tomek links do: real and synthetic rows whose neighbours disagree with them. What is left has
    a wide gap between the classes, so a model trained on it is over-confident; calibrate on untouched data.

    Parameters
    ----------
    sampling_strategy : float, str, mapping or callable, default="auto"
        What the default SMOTE aims at.
    random_state : int, Generator, RandomState or None, default=None
        Seeds the default SMOTE.
    smote : over-sampler or None, default=None
        Any over-sampler; None is `SMOTE` with `sampling_strategy` and `random_state`.
    enn : cleaning method or None, default=None
        Any under-sampler; None is `EditedNearestNeighbours(sampling_strategy="all")`.
    n_jobs : int or None, default=None
        Threads of the default cleaning; None uses every processor.

    Attributes
    ----------
    sampling_strategy_ : dict
        {label: rows to add}.
    smote_, enn_ : the fitted steps
    synthetic_mask_, parents_, interpolation_weight_, counts_, n_features_in_, feature_names_in_

    References
    ----------
    G. Batista, R. C. Prati and M. C. Monard, "A study of the behavior of several methods for balancing machine learning
    training data", ACM SIGKDD Explorations 6 (2004), 20-29.

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass.combine import SMOTEENN
    >>> rng = np.random.default_rng(0)
    >>> X = np.r_[rng.normal(0, 1, (90, 2)), rng.normal(4, 1, (10, 2))]
    >>> y = np.repeat([0, 1], [90, 10])
    >>> X_res, y_res = SMOTEENN(random_state=0).fit_resample(X, y)
    >>> bool(80 < (y_res == 1).sum() <= 90)
    True
    """

    _parameter_constraints = {**_COMMON, "enn": [HasMethods(["fit_resample"]), None]}

    sampling_strategy: Strategy = "auto"
    random_state: Seed = None
    smote: BaseEstimator = None
    enn: BaseEstimator | None = None
    n_jobs: int | None = None

    def _validate_estimator(self) -> None:
        """Make `smote_` and `enn_`, as imbalanced-learn's method of this name does."""
        cleaning = EditedNearestNeighbours(sampling_strategy="all", n_jobs=self.n_jobs)
        self.smote_ = _first(self)
        self.enn_ = clone(self.enn) if self.enn is not None else cleaning

    def _steps(self, rng: np.random.Generator) -> tuple[BaseEstimator, BaseEstimator]:
        self._validate_estimator()
        return self.smote_, self.enn_


@dataclass(eq=False, repr=False, kw_only=True)
class SMOTETomek(TwoSteps):
    """SMOTE, then removal of both ends of all Tomek links.

    A light cleaning of the border after over-sampling. The probabilities of a model trained on it are far too high;
    calibrate on untouched data.

    Parameters
    ----------
    sampling_strategy : float, str, mapping or callable, default="auto"
        What the default SMOTE aims at.
    random_state : int, Generator, RandomState or None, default=None
        Seeds the default SMOTE.
    smote : over-sampler or None, default=None
        Any over-sampler; None is `SMOTE` with `sampling_strategy` and `random_state`.
    tomek : cleaning method or None, default=None
        Any under-sampler; None is `TomekLinks(sampling_strategy="all")`.
    n_jobs : int or None, default=None
        Threads of the default cleaning; None uses every processor.

    Attributes
    ----------
    sampling_strategy_ : dict
        {label: rows to add}.
    smote_, tomek_ : the fitted steps
    synthetic_mask_, parents_, interpolation_weight_, counts_, n_features_in_, feature_names_in_

    References
    ----------
    G. Batista, A. L. C. Bazzan and M. C. Monard, "Balancing training data for automated annotation of keywords: a case
    study", Brazilian workshop on bioinformatics (2003), 10-18.

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass.combine import SMOTETomek
    >>> rng = np.random.default_rng(0)
    >>> X = np.r_[rng.normal(0, 1, (90, 2)), rng.normal(4, 1, (10, 2))]
    >>> y = np.repeat([0, 1], [90, 10])
    >>> X_res, y_res = SMOTETomek(random_state=0).fit_resample(X, y)
    >>> bool(80 < (y_res == 1).sum() <= 90)
    True
    """

    _parameter_constraints = {**_COMMON, "tomek": [HasMethods(["fit_resample"]), None]}

    sampling_strategy: Strategy = "auto"
    random_state: Seed = None
    smote: BaseEstimator = None
    tomek: BaseEstimator | None = None
    n_jobs: int | None = None

    def _validate_estimator(self) -> None:
        """Make `smote_` and `tomek_`, as imbalanced-learn's method of this name does."""
        cleaning = TomekLinks(sampling_strategy="all", n_jobs=self.n_jobs)
        self.smote_ = _first(self)
        self.tomek_ = clone(self.tomek) if self.tomek is not None else cleaning

    def _steps(self, rng: np.random.Generator) -> tuple[BaseEstimator, BaseEstimator]:
        self._validate_estimator()
        return self.smote_, self.tomek_


def _first(combination: TwoSteps) -> BaseEstimator:
    """The over-sampler of a combination."""
    if combination.smote is not None:
        return clone(combination.smote)
    return SMOTE(sampling_strategy=combination.sampling_strategy, random_state=combination.random_state)
