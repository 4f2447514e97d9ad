"""Borderline-SMOTE: new rows only from rare rows that are in danger."""

from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator

from rareclass._sklearn import StrOptions
from rareclass._types import Matrix, Neighbours, Rows
from rareclass.kernels.draw import pair_up, uniform_positions
from rareclass.kernels.random import seed_from
from rareclass.over_sampling import neighbourhood
from rareclass.over_sampling.smote import NEIGHBOURS, BaseSMOTE
from rareclass.sampler import Draw, class_streams, join


def foreign_neighbours(X: Rows, queries: np.ndarray, y: np.ndarray, value: Neighbours, k: int) -> np.ndarray:
    """Number of the k nearest rows of all data that are of another class than the row itself (q,)."""
    return (y[neighbourhood.neighbours_in_all(X, queries, value, k)] != y[queries][:, None]).sum(axis=1)


def looked_at(value: Neighbours, available: int, default: int = 10) -> int:
    """Number of neighbours that `m_neighbors` asks for, at most all other rows."""
    if neighbourhood.is_neighbours_object(value):
        return int(value.n_neighbors) - 1
    return min(default if value == "auto" else int(value), available - 1)


@dataclass(eq=False, repr=False, kw_only=True)
class BorderlineSMOTE(BaseSMOTE):
    """SMOTE from the rare rows in danger only: at least half, but not all, of their neighbours are of other classes.

    When to use it: two overlapping classes with a clear border that a model of low capacity should push outward. When
    not: noisy labels near the border; separable data (no row is in danger: a warned no-op); under boosted trees. Costs
    one nearest-neighbour search of the rare rows among all rows.

    Parameters
    ----------
    sampling_strategy : str, float, mapping or callable, default="auto"
        As in `SMOTE`.
    random_state : None, int, RandomState or Generator, default=None
    k_neighbors : int, "auto" or neighbours object, default=5
        Partners of a row in danger.
    m_neighbors : int, "auto" or neighbours object, default=10
        Neighbours among all rows that decide whether a row is in danger ("auto" is 10).
    kind : {"borderline-1", "borderline-2"}, default="borderline-1"
        Partners are rows of the class ("borderline-1") or of all classes ("borderline-2"; toward a row of another class
        the gap is drawn from [0, 0.5), so that the new row stays on the rare side).
    scaling : {None, "standard", "robust"}, default=None
        As in `SMOTE`.

    Attributes
    ----------
    sampling_strategy_ : OrderedDict, {label: rows to add}
    in_danger_indices : dict {label: int array}, rows in danger
    nn_k_, nn_m_ : neighbours objects that the parameters stand for (the row itself counted), not fitted
    n_features_in_ : int
    feature_names_in_ : ndarray of str
    counts_, synthetic_mask_, parents_, interpolation_weight_ : provenance, see `rareclass.sampler.Sampler`

    Raises
    ------
    TooFewEventsError
        A class has `k_neighbors` rows or fewer.

    Notes
    -----
    Han, Wang and Mao, Borderline-SMOTE, ICIC 2005, sections 3.1 (DANGER: m/2 <= m' < m) and 3.2. imbalanced-learn draws
    the gap toward other classes as a product of two uniform numbers; here it is uniform on [0, 0.5) as in the paper.

    Examples
    --------
    >>> from collections import Counter
    >>> from sklearn.datasets import make_classification
    >>> from rareclass.over_sampling import BorderlineSMOTE
    >>> X, y = make_classification(n_samples=1000, weights=[0.9], flip_y=0, random_state=10)
    >>> X_res, y_res = BorderlineSMOTE(random_state=42).fit_resample(X, y)
    >>> sorted(Counter(y_res.tolist()).items())
    [(0, 901), (1, 901)]
    """

    _parameter_constraints = {
        **BaseSMOTE._parameter_constraints,
        "m_neighbors": NEIGHBOURS,
        "kind": [StrOptions({"borderline-1", "borderline-2"})],
    }

    m_neighbors: int | str | BaseEstimator = 10
    kind: str = "borderline-1"

    def _draw(self, X: Matrix, y: np.ndarray, targets: dict[int, int], rng: np.random.Generator) -> Draw:
        self.nn_k_ = neighbourhood.neighbours_object(self.k_neighbors, 5)
        self.nn_m_ = neighbourhood.neighbours_object(self.m_neighbors, 10)
        self.in_danger_indices: dict = {}
        classes = {code: np.flatnonzero(y == code) for code, number in targets.items() if number}
        if not classes:
            return Draw()
        m = looked_at(self.m_neighbors, y.size)
        foreign = foreign_neighbours(X, np.concatenate(list(classes.values())), y, self.m_neighbors, m)
        draws, start, streams = [], 0, class_streams(targets, rng)
        for code, rows in classes.items():
            n_foreign = foreign[start : start + rows.size]
            start += rows.size
            danger = rows[(n_foreign >= m / 2) & (n_foreign < m)]
            if danger.size == 0:
                continue
            self.in_danger_indices[self._label(code)] = danger
            draws.append(self._from_danger(X, y, danger, rows, targets[code], streams[code], code))
        return join(draws)

    def _from_danger(
        self,
        X: Rows,
        y: np.ndarray,
        danger: np.ndarray,
        rows: np.ndarray,
        count: int,
        rng: np.random.Generator,
        code: int,
    ) -> Draw:
        if self.kind == "borderline-1":
            return self._between_neighbours(X, danger, rows, count, rng, self._label(code))
        k = neighbourhood.usable_neighbours(self.k_neighbors, y.size, name="k_neighbors", label=self._label(code))
        near = neighbourhood.neighbours_in_all(X, danger, self.k_neighbors, k)
        base = uniform_positions(danger.size, count, seed_from(rng))
        parents, gap = pair_up(base, danger, near, np.full(danger.size, near.shape[1]), seed_from(rng))
        gap[y[parents[:, 1]] != code] *= 0.5
        return Draw(parents=parents, gap=gap)
