"""CCR: spheres around rare rows push other rows out (cleaning) and are filled with new ones (resampling)."""

from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
from scipy import sparse
from scipy.spatial.distance import cdist

from rareclass._sklearn import Interval
from rareclass._types import Matrix, Seed, Strategy
from rareclass.kernels.draw import apportion
from rareclass.kernels.random import seed_from, uniform_from_key
from rareclass.over_sampling.base import BaseOverSampler
from rareclass.over_sampling.smote import SCALING
from rareclass.sampler import Draw, class_streams
from rareclass.sampler.draw import join


def radius_of(distances: np.ndarray, energy: float) -> float:
    """Radius r of a sphere that spends `energy`: growing by dr costs dr for itself and for each row inside.

    The solution of r + sum of (r - d) over rows with d < r = energy.

    Examples
    --------
    >>> import numpy as np
    >>> radius_of(np.array([0.25, 9.0]), 1.0)
    0.625
    """
    inside = np.sort(distances[distances < energy])
    radius = (energy + np.concatenate(([0.0], np.cumsum(inside)))) / np.arange(1, inside.size + 2)
    # With the first k rows inside, the radius must not reach row k + 1.
    reached = np.append(inside, np.inf)
    return float(radius[np.argmax(radius <= reached)])


@dataclass(eq=False, repr=False, kw_only=True)
class CCR(BaseOverSampler):
    """Combined cleaning and resampling: clears the surroundings of rare rows, then fills them, small spheres most.

    When to use it: overlapping classes where rare rows matter more than the exact place of others. When not: where the
    rows of other classes must stay as they are (**values of other classes change**); many columns. Costs one pass over
    all other rows for each rare row: O(m n d).

    Parameters
    ----------
    energy : float > 0, default=0.25
        Budget of each sphere, in the unit of the (scaled) distance; larger spheres clean more.
    p : int >= 1, default=1
        Distance: 1 sums absolute differences (as the authors' implementation), 2 is Euclidean.
    sampling_strategy : str, float, mapping or callable, default="auto"
        As in `SMOTE`.
    random_state : None, int, RandomState or Generator, default=None
    scaling : {None, "standard", "robust"}, default="standard"
        The energy has the unit of the columns, so that they are scaled by default.

    Attributes
    ----------
    sampling_strategy_ : OrderedDict, {label: rows to add}
    radii_ : dict {label: float array (m,)}, radius of each rare row's sphere
    moved_ : int array, rows whose values were changed
    n_features_in_ : int
    feature_names_in_ : ndarray of str
    counts_, synthetic_mask_, parents_ : provenance, see `rareclass.sampler.Sampler`

    Notes
    -----
    Koziarski and Wozniak, CCR: a combined cleaning and resampling algorithm for imbalanced data classification,
    Int. J. Appl. Math. Comput. Sci. 27 (2017), Algorithms 1 and 2. Rows inside a sphere move to its surface, moves of
    several spheres add up; the number of new rows is inversely proportional to the radius, apportioned exactly. In
    multi-class data all other classes are pushed. A row exactly on a rare row moves in a random direction.

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass.over_sampling import CCR
    >>> X = np.array([[0.0], [0.25], [9.0], [10.0]])
    >>> sampler = CCR(energy=1.0, scaling=None, random_state=0)
    >>> X_res, y_res = sampler.fit_resample(X, [1, 0, 0, 0])
    >>> X_res[:4, 0].tolist(), sampler.radii_[1].tolist()
    ([0.0, 0.625, 9.0, 10.0], [0.625])
    """

    _allows_nan = True
    _parameter_constraints = {
        **BaseOverSampler._parameter_constraints,
        "energy": [Interval(Real, 0, None, closed="neither")],
        "p": [Interval(Integral, 1, None, closed="left")],
        "scaling": SCALING,
    }

    energy: float = 0.25
    p: int = 1
    sampling_strategy: Strategy = "auto"
    random_state: Seed = None
    scaling: str | None = "standard"

    def _draw(self, X: Matrix, y: np.ndarray, targets: dict[int, int], rng: np.random.Generator) -> Draw:
        points = X.toarray() if sparse.issparse(X) else X
        self.radii_: dict = {}
        moves: dict[int, np.ndarray] = {}
        draws = []
        for code, stream in class_streams(targets, rng).items():
            if not targets[code]:
                continue
            rows, others = np.flatnonzero(y == code), np.flatnonzero(y != code)
            around = np.ascontiguousarray(points[others], dtype=np.float64)
            radii = np.array([self._clear(points[row], around, others, moves, stream) for row in rows.tolist()])
            self.radii_[self._label(code)] = radii
            draws.append(self._fill(points, rows, radii, targets[code], stream))
        draw = join(draws)
        self.moved_ = np.array(sorted(moves), dtype=np.intp)
        if not moves:
            return draw
        values = points[self.moved_] + np.array([moves[row] for row in self.moved_.tolist()])
        return Draw(parents=draw.parents, made=draw.made, replaced=(self.moved_, values))

    def _clear(
        self,
        own: np.ndarray,
        around: np.ndarray,
        others: np.ndarray,
        moves: dict[int, np.ndarray],
        rng: np.random.Generator,
    ) -> float:
        """Radius of one sphere; the moves of the rows inside are added to `moves`."""
        own = own.astype(np.float64)
        distance = cdist(own[None], around, "minkowski", p=self.p)[0]
        radius = radius_of(distance, self.energy)
        for i in np.flatnonzero(distance < radius):
            if distance[i] > 0:
                move = (radius / distance[i] - 1.0) * (around[i] - own)
            else:
                direction = rng.normal(size=own.size)
                move = radius * direction / np.linalg.norm(direction, ord=self.p)
            moves[int(others[i])] = moves.get(int(others[i]), 0.0) + move
        return radius

    def _fill(
        self, points: np.ndarray, rows: np.ndarray, radii: np.ndarray, count: int, rng: np.random.Generator
    ) -> Draw:
        base = np.repeat(np.arange(rows.size), apportion(1.0 / radii, count, rng))
        angle, reach = seed_from(rng), seed_from(rng)

        def made(start: int, stop: int) -> np.ndarray:
            d = points.shape[1]
            cells = np.arange(start * d, stop * d).reshape(stop - start, d)
            direction = 2.0 * uniform_from_key(angle, cells) - 1.0
            direction /= np.linalg.norm(direction, ord=self.p, axis=1, keepdims=True)
            share = radii[base[start:stop]] * uniform_from_key(reach, np.arange(start, stop))
            return points[rows[base[start:stop]]] + share[:, None] * direction

        return Draw(parents=rows[base], made=made)
