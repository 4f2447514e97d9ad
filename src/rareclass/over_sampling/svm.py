"""SVM-SMOTE: new rows around the support vectors of the rare class."""

from dataclasses import dataclass
from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.svm import SVC

from rareclass._sklearn import HasMethods, Interval
from rareclass._types import Matrix, Rows
from rareclass.errors import MethodError
from rareclass.over_sampling.borderline import foreign_neighbours, looked_at
from rareclass.over_sampling.neighbourhood import neighbours_object
from rareclass.over_sampling.smote import NEIGHBOURS, BaseSMOTE
from rareclass.sampler import Draw, class_streams, join


@dataclass(eq=False, repr=False, kw_only=True)
class SVMSMOTE(BaseSMOTE):
    """SMOTE from the support vectors of a support vector machine: inward where in danger, outward where safe.

    When to use it: up to some ten thousand rows with one smooth border. When not: large data (the machine costs between
    n² and n³ and is nearly the whole run time); columns of different scale (the kernel sees raw values; set `scaling`).

    Parameters
    ----------
    sampling_strategy : str, float, mapping or callable, default="auto"
        As in `SMOTE`.
    random_state : None, int, RandomState or Generator, default=None
    k_neighbors : int, "auto" or neighbours object, default=5
        Partners of a support vector, rows of its class.
    m_neighbors : int, "auto" or neighbours object, default=10
        Neighbours among all rows that decide: all of other classes is noise, at least half is danger, fewer is safe.
    svm_estimator : estimator or None, default=None
        A machine with the fitted attribute `support_`; None is ``SVC(gamma="scale")``.
    out_step : float in [0, 1], default=0.5
        Largest step outward from a safe support vector, as a share of the way to the partner.
    scaling : {None, "standard", "robust"}, default=None
        As in `SMOTE`; the machine sees the scaled columns as well.

    Attributes
    ----------
    sampling_strategy_ : OrderedDict, {label: rows to add}
    svm_estimator_ : fitted machine
    nn_k_, nn_m_ : neighbours objects that the parameters stand for (the row itself counted), not fitted
    n_features_in_ : int
    feature_names_in_ : ndarray of str
    counts_, synthetic_mask_, parents_, interpolation_weight_ : provenance, see `rareclass.sampler.Sampler`

    Raises
    ------
    MethodError
        The machine has no `support_`, or every support vector of a class is noise.
    TooFewEventsError
        A class has `k_neighbors` rows or fewer.

    Notes
    -----
    Nguyen, Cooper and Kamei, Borderline over-sampling for imbalanced data classification, IJKESDP 3 (2011), section 3.
    The machine is fitted once for all classes (imbalanced-learn: once a class), and where only danger or only safe
    vectors exist they get the whole number, so that the wanted size is reached.

    Examples
    --------
    >>> from collections import Counter
    >>> from sklearn.datasets import make_classification
    >>> from rareclass.over_sampling import SVMSMOTE
    >>> X, y = make_classification(n_samples=1000, weights=[0.9], flip_y=0, random_state=10)
    >>> X_res, y_res = SVMSMOTE(random_state=42).fit_resample(X, y)
    >>> sorted(Counter(y_res.tolist()).items())
    [(0, 901), (1, 901)]
    """

    _parameter_constraints = {
        **BaseSMOTE._parameter_constraints,
        "m_neighbors": NEIGHBOURS,
        "svm_estimator": [HasMethods(["fit", "predict"]), None],
        "out_step": [Interval(Real, 0, 1, closed="both")],
    }

    m_neighbors: int | str | BaseEstimator = 10
    svm_estimator: BaseEstimator | None = None
    out_step: float = 0.5

    def _draw(self, X: Matrix, y: np.ndarray, targets: dict[int, int], rng: np.random.Generator) -> Draw:
        self.nn_k_ = neighbours_object(self.k_neighbors, 5)
        self.nn_m_ = neighbours_object(self.m_neighbors, 10)
        self.svm_estimator_ = SVC(gamma="scale") if self.svm_estimator is None else clone(self.svm_estimator)
        if not any(targets.values()):
            return Draw()
        self.svm_estimator_.fit(X, np.asarray(self._labels)[y])
        if not hasattr(self.svm_estimator_, "support_"):
            raise MethodError(
                "`svm_estimator` is required to exposed a `support_` fitted attribute. "
                "Such estimators belong to the family of support vector machines; give sklearn.svm.SVC(...)."
            )
        draws = []
        for code, stream in class_streams(targets, rng).items():
            if targets[code]:
                draws.append(self._around_support(X, y, code, targets[code], stream))
        return join(draws)

    def _around_support(self, X: Rows, y: np.ndarray, code: int, count: int, rng: np.random.Generator) -> Draw:
        support = np.asarray(self.svm_estimator_.support_)
        support = support[y[support] == code]
        m = looked_at(self.m_neighbors, y.size)
        foreign = foreign_neighbours(X, support, y, self.m_neighbors, m) if support.size else np.empty(0)
        support, foreign = support[foreign < m], foreign[foreign < m]
        if support.size == 0:
            raise MethodError(
                f"All support vectors of class {self._label(code)!r} are considered as noise. SVM-SMOTE is not adapted "
                "to your dataset. Try another SMOTE variant."
            )
        rows = np.flatnonzero(y == code)
        danger, safe = support[foreign >= m / 2], support[foreign < m / 2]
        inward = int(rng.beta(10, 10) * (count + 1))
        inward = count if safe.size == 0 else 0 if danger.size == 0 else min(inward, count)
        near, far = rng.spawn(2)
        draws = []
        if inward:
            draws.append(self._between_neighbours(X, danger, rows, inward, near, self._label(code)))
        if count - inward:
            out = self._between_neighbours(X, safe, rows, count - inward, far, self._label(code))
            draws.append(Draw(parents=out.parents, gap=-self.out_step * out.step))
        return join(draws)
