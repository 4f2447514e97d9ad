"""Geometric SMOTE: new rows inside a truncated and deformed ball around a rare row."""

from dataclasses import dataclass
from numbers import Real

import numpy as np
from scipy import sparse

from rareclass._sklearn import Interval, StrOptions
from rareclass._types import Matrix, Rows
from rareclass.kernels.draw import pair_up, uniform_positions
from rareclass.kernels.neighbours import nearest_rows
from rareclass.kernels.random import normal_rows, seed_from, uniform_from_key
from rareclass.over_sampling.neighbourhood import neighbours_object, partners_in_class, usable_neighbours
from rareclass.over_sampling.smote import BaseSMOTE
from rareclass.sampler import Draw, class_streams, join


def in_ball(
    direction: np.ndarray, radius: np.ndarray, axis: np.ndarray, truncation: float, deformation: float
) -> np.ndarray:
    """Points of the unit ball, truncated and deformed along a unit axis (b, d).

    Parameters
    ----------
    direction : float array (b, d), standard normal numbers
    radius : float array (b,), uniform in [0, 1)
    axis : float array (b, d), unit vectors toward the surface point
    truncation : float in [-1, 1]
        Part of the ball that is mirrored away: 0 none, 1 the half away from the surface point, -1 the half toward it.
    deformation : float in [0, 1]
        1 flattens the ball to the axis.
    """
    d = direction.shape[1]
    norm = np.linalg.norm(direction, axis=1, keepdims=True)
    point = direction / np.where(norm > 0, norm, 1.0) * radius[:, None] ** (1.0 / d)
    along = np.einsum("ij,ij->i", point, axis)
    across = point - along[:, None] * axis
    along = np.where(np.abs(truncation - along) > 1.0, -along, along)
    return along[:, None] * axis + (1.0 - deformation) * across


@dataclass(eq=False, repr=False, kw_only=True)
class GeometricSMOTE(BaseSMOTE):
    """SMOTE whose new rows fill a region around a rare row instead of lying on lines.

    When to use it: SMOTE's lines leave gaps in a rare class of few rows and moderate dimension. When not: many columns
    (nearly all volume of a ball lies at its surface: new rows leave the data's manifold); nominal columns matter (they
    are copied from the centre).

    Parameters
    ----------
    sampling_strategy : str, float, mapping or callable, default="auto"
        As in `SMOTE`.
    random_state : None, int, RandomState or Generator, default=None
    truncation_factor : float in [-1, 1], default=1.0
        1: only the half ball toward the surface point; 0: the whole ball; -1: only the half away from it.
    deformation_factor : float in [0, 1], default=0.0
        0: a ball; 1: the line to the surface point. With truncation 1 and deformation 1 rows lie on SMOTE's lines.
    selection_strategy : {"combined", "minority", "majority"}, default="combined"
        The surface point is a random one of the `k_neighbors` nearest rows of the class, the nearest row of another
        class, or the nearer of the two.
    k_neighbors : int, "auto" or neighbours object, default=5
    scaling : {None, "standard", "robust"}, default=None
        As in `SMOTE`; the ball is then round in the scaled columns.

    Attributes
    ----------
    sampling_strategy_ : OrderedDict, {label: rows to add}
    nn_k_ : neighbours object that `k_neighbors` stands for (the row itself counted), not fitted
    n_features_in_ : int
    feature_names_in_ : ndarray of str
    counts_, synthetic_mask_ : provenance, see `rareclass.sampler.Sampler`
    parents_ : int array (s, 2), centre and surface point

    Raises
    ------
    TooFewEventsError
        A class has `k_neighbors` rows or fewer.

    Notes
    -----
    Douzas and Bacao, Geometric SMOTE, Information Sciences 501 (2019), Algorithm 1 with functions Surface, Vector,
    Truncate, Deform, Translate.

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass.over_sampling import GeometricSMOTE
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> sampler = GeometricSMOTE(selection_strategy="minority", random_state=0)
    >>> X_res, y_res = sampler.fit_resample(X, [1] * 10 + [0] * 50)
    >>> centre, surface = X[sampler.parents_[:, 0]], X[sampler.parents_[:, 1]]
    >>> reach = np.linalg.norm(X_res[60:] - centre, axis=1) / np.linalg.norm(surface - centre, axis=1)
    >>> bool((reach <= 1).all())
    True
    """

    _parameter_constraints = {
        **BaseSMOTE._parameter_constraints,
        "truncation_factor": [Interval(Real, -1, 1, closed="both")],
        "deformation_factor": [Interval(Real, 0, 1, closed="both")],
        "selection_strategy": [StrOptions({"combined", "minority", "majority"})],
    }

    truncation_factor: float = 1.0
    deformation_factor: float = 0.0
    selection_strategy: str = "combined"

    def _draw(self, X: Matrix, y: np.ndarray, targets: dict[int, int], rng: np.random.Generator) -> Draw:
        self.nn_k_ = neighbours_object(self.k_neighbors, self._default_neighbors)
        draws = []
        for code, stream in class_streams(targets, rng).items():
            if targets[code]:
                draws.append(self._in_balls(X, y, code, targets[code], stream))
        return join(draws)

    def _in_balls(self, X: Rows, y: np.ndarray, code: int, count: int, rng: np.random.Generator) -> Draw:
        rows = np.flatnonzero(y == code)
        base = uniform_positions(rows.size, count, seed_from(rng))
        surface = self._surface(X, y, rows, base, code, rng)
        centre, angle, reach = rows[base], seed_from(rng), seed_from(rng)

        def made(start: int, stop: int) -> np.ndarray:
            points, ends = X[centre[start:stop]], X[surface[start:stop]]
            if sparse.issparse(points):
                points, ends = points.toarray(), ends.toarray()
            line = ends.astype(np.float64) - points
            length = np.linalg.norm(line, axis=1, keepdims=True)
            ball = in_ball(
                normal_rows(angle, start, stop, X.shape[1]),
                uniform_from_key(reach, np.arange(start, stop)),
                line / np.where(length > 0, length, 1.0),
                self.truncation_factor,
                self.deformation_factor,
            )
            return points + length * ball

        return Draw(parents=np.column_stack((centre, surface)), made=made)

    def _surface(
        self, X: Rows, y: np.ndarray, rows: np.ndarray, base: np.ndarray, code: int, rng: np.random.Generator
    ) -> np.ndarray:
        """Surface point of each new row (s,)."""
        rare = other = np.empty(0, dtype=np.int64)
        if self.selection_strategy != "majority":
            k = usable_neighbours(self.k_neighbors, rows.size, name="k_neighbors", label=self._label(code))
            partners = partners_in_class(X, rows, rows, self.k_neighbors, k)
            rare = pair_up(base, rows, partners.rows, partners.counts, seed_from(rng))[0][:, 1]
            if self.selection_strategy == "minority":
                return rare
        square, near = nearest_rows(X, rows, np.flatnonzero(y != code), 1)
        other = near[base, 0]
        if self.selection_strategy == "majority":
            return other
        line = X[rare] - X[rows[base]]
        own = np.asarray(line.multiply(line).sum(axis=1)).ravel() if sparse.issparse(line) else (line**2).sum(axis=1)
        return np.where(own < square[base, 0], rare, other)
