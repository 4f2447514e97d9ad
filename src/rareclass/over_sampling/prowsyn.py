"""ProWSyn: rare rows are partitioned by how near they are to the other classes; nearer ones get more offspring."""

from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np

from rareclass._sklearn import Interval
from rareclass._types import Matrix, Rows, Seed, Strategy
from rareclass.errors import TooFewEventsError
from rareclass.kernels.draw import apportion
from rareclass.kernels.neighbours import nearest_rows
from rareclass.over_sampling.base import BaseOverSampler
from rareclass.over_sampling.smote import SCALING
from rareclass.sampler import Draw, class_streams, join


def proximity_levels(X: Rows, rare: np.ndarray, others: np.ndarray, k: int, levels: int) -> np.ndarray:
    """Level of each rare row (m,): 1 for those among the k nearest of some other row, then again without these."""
    level = np.full(rare.size, levels, dtype=np.int64)
    left = np.arange(rare.size)
    for number in range(1, levels):
        if left.size == 0:
            break
        _, near = nearest_rows(X, others, rare[left], min(k, left.size))
        taken = np.isin(rare[left], near)
        level[left[taken]] = number
        left = left[~taken]
    return level


@dataclass(eq=False, repr=False, kw_only=True)
class ProWSyn(BaseOverSampler):
    """Proximity weighted synthetic over-sampling: offspring falls off exponentially with the distance level.

    When to use it: second of 85 over-samplers in a comparison on small sets with weak learners (Kovács 2019); it covers
    the whole rare class but stresses the side that faces the others. When not: large data (each level searches all
    other rows: O(levels · n · m · d)); noisy labels (rows inside the other classes are level 1).

    Parameters
    ----------
    n_neighbors : int, default=5
        Rare rows that each other row claims for the current level.
    n_levels : int >= 1, default=5
    theta : float >= 0, default=1.0
        Weight of a row of level l is exp(-theta (l - 1)).
    sampling_strategy : str, float, mapping or callable, default="auto"
        As in `SMOTE`.
    random_state : None, int, RandomState or Generator, default=None
    scaling : {None, "standard", "robust"}, default=None
        As in `SMOTE`.

    Attributes
    ----------
    sampling_strategy_ : OrderedDict, {label: rows to add}
    levels_ : dict {label: int array (m,)}, level of each row of the class in row order
    n_features_in_ : int
    feature_names_in_ : ndarray of str
    counts_, synthetic_mask_, parents_, interpolation_weight_ : provenance, see `rareclass.sampler.Sampler`

    Raises
    ------
    TooFewEventsError
        A class has one row.

    Notes
    -----
    Barua, Islam and Murase, ProWSyn, PAKDD 2013, Algorithm 1. The number of offspring of each row is the share of its
    weight, apportioned so that the wanted size is reached exactly; the partner is another row of the same level, as in
    smote_variants (a row alone in its level takes any row of the class).

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass.over_sampling import ProWSyn
    >>> X = np.array([[float(i)] for i in range(20)])
    >>> sampler = ProWSyn(n_neighbors=2, n_levels=3, random_state=0)
    >>> X_res, y_res = sampler.fit_resample(X, [1] * 6 + [0] * 14)
    >>> sampler.levels_[1].tolist()
    [3, 3, 2, 2, 1, 1]
    """

    _allows_nan = True
    _parameter_constraints = {
        **BaseOverSampler._parameter_constraints,
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "n_levels": [Interval(Integral, 1, None, closed="left")],
        "theta": [Interval(Real, 0, None, closed="left")],
        "scaling": SCALING,
    }

    n_neighbors: int = 5
    n_levels: int = 5
    theta: float = 1.0
    sampling_strategy: Strategy = "auto"
    random_state: Seed = None
    scaling: str | None = None

    def _draw(self, X: Matrix, y: np.ndarray, targets: dict[int, int], rng: np.random.Generator) -> Draw:
        self.levels_: dict = {}
        draws = []
        for code, stream in class_streams(targets, rng).items():
            if not targets[code]:
                continue
            rows, others, label = np.flatnonzero(y == code), np.flatnonzero(y != code), self._label(code)
            if rows.size < 2:
                raise TooFewEventsError(
                    f"ProWSyn needs at least 2 rows of class {label!r}; got {rows.size}. Use RandomOverSampler."
                )
            level = proximity_levels(X, rows, others, self.n_neighbors, self.n_levels)
            self.levels_[label] = level
            numbers = apportion(np.exp(-self.theta * (level - 1.0)), targets[code], stream)
            base = np.repeat(np.arange(rows.size), numbers)
            partner = _partners(level, base, stream)
            parents = np.column_stack((rows[base], rows[partner]))
            draws.append(Draw(parents=parents, gap=stream.random(base.size)))
        return join(draws)


def other_member(group: np.ndarray, base: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """For each base row another member of its group, at random; itself where it is alone."""
    order = np.argsort(group, kind="stable")
    _, first, size = np.unique(group[order], return_index=True, return_counts=True)
    which = np.unique(group, return_inverse=True)[1].reshape(-1)
    rank = np.empty(group.size, dtype=np.intp)
    rank[order] = np.arange(group.size)
    start, n = first[which[base]], size[which[base]]
    step = 1 + (rng.random(base.size) * (n - 1)).astype(np.intp)
    return order[start + (rank[base] - start + np.where(n > 1, step, 0)) % n]


def _partners(level: np.ndarray, base: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    partner = other_member(level, base, rng)
    alone = partner == base
    if alone.any():
        partner[alone] = other_member(np.zeros_like(level), base[alone], rng)
    return partner
