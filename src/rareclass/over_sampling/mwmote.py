"""MWMOTE: rare rows near the border and in sparse places get more offspring, within clusters of the rare class."""

from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
from scipy import sparse
from scipy.cluster.hierarchy import fcluster, linkage

from rareclass._sklearn import Interval
from rareclass._types import Label, Matrix, Rows, Seed, Strategy
from rareclass.errors import MethodError
from rareclass.kernels.draw import weighted_choice
from rareclass.kernels.neighbours import nearest_rows
from rareclass.over_sampling.base import BaseOverSampler
from rareclass.over_sampling.prowsyn import other_member
from rareclass.over_sampling.smote import SCALING
from rareclass.sampler import Draw, class_streams, join


def information_weights(distances: np.ndarray, d: int, threshold: float, largest: float) -> np.ndarray:
    """Selection weight of each informative row (i,) from its distances to the border rows (b, i); inf: not a neighbour.

    Equations 3-8: closeness f(d / distance) / threshold * largest with f(x) = min(x, threshold), times its share among
    the informative neighbours of the same border row, summed over border rows.
    """
    with np.errstate(divide="ignore"):
        closeness = np.minimum(d / distances, threshold) / threshold * largest
    total = closeness.sum(axis=1, keepdims=True)
    return (closeness**2 / np.where(total > 0, total, 1.0)).sum(axis=0)


@dataclass(eq=False, repr=False, kw_only=True)
class MWMOTE(BaseOverSampler):
    """Majority weighted minority over-sampling.

    When to use it: a rare class of several groups with some noise: rows without any rare neighbour are left out, and
    new rows stay within a cluster. When not: more than some thousand rare rows (the clustering needs all their pairwise
    distances: O(m²) memory); probabilities that must stay honest without recalibration.

    Parameters
    ----------
    k1 : int, default=5
        A rare row without a rare row among its k1 nearest is noise.
    k2 : int, default=3
        Other rows that each rare row, noise left out, marks as border.
    k3 : int or None, default=None
        Rare rows that each border row marks as informative; None is half of the rare rows.
    closeness_threshold, closeness_max : float > 0, default=5.0 and 2.0
        C_f(th) and CMAX of the closeness factor.
    cluster_factor : float > 0, default=3.0
        C_p: clusters merge up to this many times the mean distance to the nearest rare row.
    sampling_strategy : str, float, mapping or callable, default="auto"
        As in `SMOTE`.
    random_state : None, int, RandomState or Generator, default=None
    scaling : {None, "standard", "robust"}, default=None
        As in `SMOTE`; the closeness threshold has the unit of the distance.

    Attributes
    ----------
    sampling_strategy_ : OrderedDict, {label: rows to add}
    selection_probability_ : dict {label: float array (m,)}, of each row of the class to be a base row
    clusters_ : dict {label: int array (m,)}
    n_features_in_ : int
    feature_names_in_ : ndarray of str
    counts_, synthetic_mask_, parents_, interpolation_weight_ : provenance, see `rareclass.sampler.Sampler`

    Raises
    ------
    MethodError
        Every row of a class is noise.

    Notes
    -----
    Barua, Islam, Yao and Murase, MWMOTE, IEEE TKDE 26 (2014), Algorithm 1 and equations 2-8; average linkage as in
    section 3.4. The distance in equation 5 is divided by the number of columns, as there.

    Examples
    --------
    >>> from collections import Counter
    >>> from sklearn.datasets import make_classification
    >>> from rareclass.over_sampling import MWMOTE
    >>> X, y = make_classification(n_samples=300, weights=[0.9], flip_y=0, random_state=0)
    >>> X_res, y_res = MWMOTE(random_state=0).fit_resample(X, y)
    >>> sorted(Counter(y_res.tolist()).items())
    [(0, 271), (1, 271)]
    """

    _allows_nan = True
    _parameter_constraints = {
        **BaseOverSampler._parameter_constraints,
        "k1": [Interval(Integral, 1, None, closed="left")],
        "k2": [Interval(Integral, 1, None, closed="left")],
        "k3": [Interval(Integral, 1, None, closed="left"), None],
        "closeness_threshold": [Interval(Real, 0, None, closed="neither")],
        "closeness_max": [Interval(Real, 0, None, closed="neither")],
        "cluster_factor": [Interval(Real, 0, None, closed="neither")],
        "scaling": SCALING,
    }

    k1: int = 5
    k2: int = 3
    k3: int | None = None
    closeness_threshold: float = 5.0
    closeness_max: float = 2.0
    cluster_factor: float = 3.0
    sampling_strategy: Strategy = "auto"
    random_state: Seed = None
    scaling: str | None = None

    def _draw(self, X: Matrix, y: np.ndarray, targets: dict[int, int], rng: np.random.Generator) -> Draw:
        self.selection_probability_: dict = {}
        self.clusters_: dict = {}
        draws = []
        for code, stream in class_streams(targets, rng).items():
            if not targets[code]:
                continue
            rows, label = np.flatnonzero(y == code), self._label(code)
            weights, sound = self._weights(X, y, rows, label)
            clusters = self._clusters(X, rows, sound)
            self.selection_probability_[label] = weights / weights.sum()
            self.clusters_[label] = clusters
            base = weighted_choice(weights, targets[code], stream)
            partner = other_member(clusters, base, stream)
            parents = np.column_stack((rows[base], rows[partner]))
            draws.append(Draw(parents=parents, gap=stream.random(base.size)))
        return join(draws)

    def _weights(self, X: Rows, y: np.ndarray, rows: np.ndarray, label: Label) -> tuple[np.ndarray, np.ndarray]:
        """Selection weight of each row of the class (m,), and which of them are no noise."""
        others = np.setdiff1d(np.arange(y.size), rows)
        near = nearest_rows(X, rows, np.arange(y.size), min(self.k1, y.size - 1))[1]
        sound = (y[near] == y[rows[0]]).any(axis=1)
        if not sound.any():
            raise MethodError(
                f"Each of the {rows.size} rows of class {label!r} is noise: none has a row of its class among its "
                f"{self.k1} nearest. Raise k1 or use RandomOverSampler."
            )
        border = np.unique(nearest_rows(X, rows[sound], others, min(self.k2, others.size))[1])
        k3 = max(1, rows.size // 2) if self.k3 is None else min(self.k3, rows.size)
        square, near = nearest_rows(X, border, rows, k3)
        # Only the k3 nearest rare rows of a border row are informed by it.
        place = np.searchsorted(rows, near)
        distances = np.full((border.size, rows.size), np.inf)
        np.put_along_axis(distances, place, np.sqrt(square), axis=1)
        return information_weights(distances, X.shape[1], self.closeness_threshold, self.closeness_max), sound

    def _clusters(self, X: Rows, rows: np.ndarray, sound: np.ndarray) -> np.ndarray:
        if rows.size == 1:
            return np.zeros(1, dtype=np.intp)
        points = X[rows].toarray() if sparse.issparse(X) else X[rows]
        kept = rows[sound] if sound.sum() > 1 else rows
        nearest = np.sqrt(nearest_rows(X, kept, kept, 1)[0][:, 0])
        return fcluster(linkage(points, "average"), self.cluster_factor * nearest.mean(), criterion="distance")
