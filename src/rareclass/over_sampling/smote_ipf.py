"""SMOTE-IPF: SMOTE, then rows that most of an ensemble misclassifies are removed, again and again."""

import warnings
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.tree import DecisionTreeClassifier

from rareclass._sklearn import HasMethods, Interval, StrOptions
from rareclass._types import Matrix, Rows
from rareclass.errors import ShortfallWarning
from rareclass.kernels.interpolate import interpolate_into, interpolate_sparse
from rareclass.kernels.random import seed_from
from rareclass.over_sampling.smote import NEIGHBOURS, SMOTE
from rareclass.sampler import Draw


def stratified_parts(y: np.ndarray, n_parts: int, rng: np.random.Generator) -> np.ndarray:
    """Part 0..n_parts-1 of each row (n,), every class spread evenly over the parts."""
    part = np.empty(y.size, dtype=np.intp)
    for code in np.unique(y):
        rows = rng.permutation(np.flatnonzero(y == code))
        part[rows] = (np.arange(rows.size) + rng.integers(n_parts)) % n_parts
    return part


_LARGEST = 3e38  # what trees, which compute in single precision, take


@dataclass(eq=False, repr=False, kw_only=True)
class SMOTEIPF(SMOTE):
    """SMOTE followed by an iterative partitioning filter that removes noisy rows, original ones too.

    When to use it: labels with noise near the border, where SMOTE would breed from mislabelled rows. When not: when
    every row of the input must stay (**original rows are removed**); very few rare rows (the filter takes them for
    noise). The sizes asked for are those before the filter; `counts_` has both.

    Parameters
    ----------
    sampling_strategy : str, float, mapping or callable, default="auto"
        As in `SMOTE`.
    random_state : None, int, RandomState or Generator, default=None
    k_neighbors : int, "auto" or neighbours object, default=5
        Of SMOTE.
    n_partitions : int >= 2, default=9
        Parts of the data; one tree is fitted to each and asked about all rows.
    voting : {"majority", "consensus"}, default="majority"
        A row is noise when more than half, or all, of the trees misclassify it.
    n_quiet : int >= 1, default=3
        Stop after this many rounds in a row in which little noise was found.
    noise_share : float in [0, 1], default=0.01
        What is little: fewer rows than this share of the input.
    estimator : classifier or None, default=None
        None is a decision tree, in place of C4.5.
    scaling : {None, "standard", "robust"}, default=None
        As in `SMOTE`.

    Attributes
    ----------
    sampling_strategy_ : OrderedDict, {label: rows that SMOTE adds}
    removed_ : int array, input rows that the filter removed
    n_removed_ : list of int, rows removed in each round
    nn_k_ : neighbours object that `k_neighbors` stands for (the row itself counted), not fitted
    n_features_in_ : int
    feature_names_in_ : ndarray of str
    counts_, synthetic_mask_, parents_, interpolation_weight_ : provenance, see `rareclass.sampler.Sampler`

    Notes
    -----
    Saez, Luengo, Stefanowski and Herrera, SMOTE-IPF, Information Sciences 291 (2015), section 4; the filter is that of
    Khoshgoftaar and Rebours 2007. Each tree is fitted to one part, as there (some implementations fit to all but one).

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from rareclass.over_sampling import SMOTEIPF
    >>> X, y = make_classification(n_samples=400, weights=[0.8], flip_y=0.1, random_state=0)
    >>> sampler = SMOTEIPF(random_state=0)
    >>> X_res, y_res = sampler.fit_resample(X, y)
    >>> bool(sampler.removed_.size > 0)
    True
    """

    _parameter_constraints = {
        **SMOTE._parameter_constraints,
        "k_neighbors": NEIGHBOURS,
        "n_partitions": [Interval(Integral, 2, None, closed="left")],
        "voting": [StrOptions({"majority", "consensus"})],
        "n_quiet": [Interval(Integral, 1, None, closed="left")],
        "noise_share": [Interval(Real, 0, 1, closed="both")],
        "estimator": [HasMethods(["fit", "predict"]), None],
    }

    n_partitions: int = 9
    voting: str = "majority"
    n_quiet: int = 3
    noise_share: float = 0.01
    estimator: BaseEstimator = None

    def _draw(self, X: Matrix, y: np.ndarray, targets: dict[int, int], rng: np.random.Generator) -> Draw:
        draw = super()._draw(X, y, targets, rng)
        points = _all_rows(X, draw)
        if self.estimator is None and not sparse.issparse(points):
            points = np.clip(points, -_LARGEST, _LARGEST)
        stays = self._filter(points, np.concatenate((y, y[draw.first])), y.size, rng)
        kept, made = stays[: y.size], stays[y.size :]
        self.removed_ = np.flatnonzero(~kept)
        if draw.parents is None:
            return Draw(kept=np.flatnonzero(kept))
        return Draw(kept=np.flatnonzero(kept), parents=draw.parents[made], gap=draw.step[made])

    def _filter(self, points: Matrix, codes: np.ndarray, n_input: int, rng: np.random.Generator) -> np.ndarray:
        stays = np.ones(codes.size, dtype=bool)
        self.n_removed_: list[int] = []
        quiet = 0
        while quiet < self.n_quiet:
            rows = np.flatnonzero(stays)
            noise = rows[self._noise(points[rows], codes[rows], rng)]
            left = np.bincount(codes[np.setdiff1d(rows, noise)], minlength=len(self._labels))
            if (left == 0).any():
                lost = [self._label(int(code)) for code in np.flatnonzero(left == 0)]
                warnings.warn(
                    f"The filter of SMOTEIPF took every row of class(es) {lost} for noise and was stopped before.",
                    ShortfallWarning,
                    stacklevel=5,
                )
                break
            stays[noise] = False
            self.n_removed_.append(int(noise.size))
            quiet = quiet + 1 if noise.size < self.noise_share * n_input or noise.size == 0 else 0
        return stays

    def _noise(self, points: Matrix, codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        n_parts = min(self.n_partitions, int(np.bincount(codes)[np.unique(codes)].min()))
        part = stratified_parts(codes, max(n_parts, 1), rng)
        wrong = np.zeros(codes.size, dtype=np.int64)
        for number in range(n_parts):
            model = DecisionTreeClassifier() if self.estimator is None else clone(self.estimator)
            if "random_state" in model.get_params():
                model.set_params(random_state=int(rng.integers(2**31)))
            rows = np.flatnonzero(part == number)
            wrong += model.fit(points[rows], codes[rows]).predict(points) != codes
        return wrong == n_parts if self.voting == "consensus" else wrong > n_parts / 2

    def _is_short(self, after: int, asked: int) -> bool:
        return False  # removing noisy rows is what was asked for; `counts_` and `removed_` tell how many


def _all_rows(X: Rows, draw: Draw) -> Matrix:
    """Input and made rows in the space of X."""
    if not draw.n_made:
        return X.tocsr() if sparse.issparse(X) else X
    if sparse.issparse(X):
        made = interpolate_sparse(X.tocsr(), draw.first, draw.second, draw.step, 0)
        return sparse.vstack((X.tocsr(), made), format="csr")
    made = np.empty((draw.n_made, X.shape[1]), dtype=X.dtype)
    interpolate_into(X, draw.first, draw.second, draw.step, made, seed_from(np.random.default_rng(0)))
    return np.concatenate((X, made))
