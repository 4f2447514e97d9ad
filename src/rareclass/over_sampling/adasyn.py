"""ADASYN: more new rows where more of the neighbours are of other classes."""

from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator

from rareclass._types import Matrix, Rows, Seed, Strategy
from rareclass.errors import MethodError
from rareclass.kernels.draw import apportion, pair_up
from rareclass.kernels.random import seed_from
from rareclass.over_sampling import neighbourhood
from rareclass.over_sampling.base import BaseOverSampler
from rareclass.over_sampling.smote import NEIGHBOURS, SCALING
from rareclass.sampler import Draw, class_streams, join


@dataclass(eq=False, repr=False, kw_only=True)
class ADASYN(BaseOverSampler):
    """Adaptive synthetic sampling: rare rows among many rows of other classes get more offspring.

    When to use it: a SMOTE that concentrates on the hard region, where the classes overlap smoothly. When not: noisy
    labels (a mislabelled row in the majority gets the most offspring); separable data (no row has a foreign neighbour:
    it raises); wherever SMOTE is not wanted either. Costs one nearest-neighbour search of the rare rows among all rows.

    Parameters
    ----------
    sampling_strategy : str, float, mapping or callable, default="auto"
        As in `SMOTE`.
    random_state : None, int, RandomState or Generator, default=None
    n_neighbors : int, "auto" or neighbours object, default=5
        Neighbours that are counted among all rows, and partners within the class. "auto" is 5, lowered with a warning
        in small classes.
    scaling : {None, "standard", "robust"}, default=None
        As in `SMOTE`.

    Attributes
    ----------
    sampling_strategy_ : OrderedDict, {label: rows to add}
    nn_ : neighbours object that `n_neighbors` stands for (the row itself counted), not fitted
    n_features_in_ : int
    feature_names_in_ : ndarray of str
    counts_, synthetic_mask_, parents_, interpolation_weight_ : provenance, see `rareclass.sampler.Sampler`

    Raises
    ------
    MethodError
        No row of a class has a neighbour of another class.
    TooFewEventsError
        A class has `n_neighbors` rows or fewer.

    Notes
    -----
    He, Bai, Garcia and Li, ADASYN, IEEE IJCNN 2008, steps 1-5 of section III. Differences: the numbers of offspring are
    apportioned (largest remainder), so that the wanted size is reached exactly, where rounding each number misses it;
    in multi-class data all other classes count as majority; copies of a row are not its partners.

    Examples
    --------
    >>> from collections import Counter
    >>> from sklearn.datasets import make_classification
    >>> from rareclass.over_sampling import ADASYN
    >>> X, y = make_classification(n_samples=1000, weights=[0.9], flip_y=0, random_state=10)
    >>> X_res, y_res = ADASYN(random_state=42).fit_resample(X, y)
    >>> sorted(Counter(y_res.tolist()).items())
    [(0, 901), (1, 901)]
    """

    _allows_nan = True
    _parameter_constraints = {**BaseOverSampler._parameter_constraints, "n_neighbors": NEIGHBOURS, "scaling": SCALING}

    sampling_strategy: Strategy = "auto"
    random_state: Seed = None
    n_neighbors: int | BaseEstimator = 5
    scaling: str | None = None

    def _draw(self, X: Matrix, y: np.ndarray, targets: dict[int, int], rng: np.random.Generator) -> Draw:
        self.nn_ = neighbourhood.neighbours_object(self.n_neighbors, 5)
        classes = {code: np.flatnonzero(y == code) for code, number in targets.items() if number}
        allowed = {
            code: neighbourhood.usable_neighbours(
                self.n_neighbors, rows.size, name="n_neighbors", label=self._label(code)
            )
            for code, rows in classes.items()
        }
        if not classes:
            return Draw()
        k = max(1, *allowed.values()) if len(allowed) > 1 else max(1, next(iter(allowed.values())))
        # One search for the rows of all classes: the index over all rows is what costs.
        near = neighbourhood.neighbours_in_all(X, np.concatenate(list(classes.values())), self.n_neighbors, k)
        draws, start, streams = [], 0, class_streams(targets, rng)
        for code, rows in classes.items():
            foreign = (y[near[start : start + rows.size, : max(1, allowed[code])]] != code).sum(axis=1)
            start += rows.size
            draws.append(self._offspring(X, rows, foreign, targets[code], allowed[code], streams[code], code))
        return join(draws)

    def _offspring(
        self, X: Rows, rows: np.ndarray, foreign: np.ndarray, count: int, k: int, rng: np.random.Generator, code: int
    ) -> Draw:
        if not foreign.any():
            raise MethodError(
                f"Not any neighbours belong to the majority class: none of the {rows.size} rows of class "
                f"{self._label(code)!r} has a row of another class among its {k} nearest. ADASYN is not suited for "
                "this specific dataset. Use SMOTE instead."
            )
        numbers = apportion(foreign, count, rng)
        bases = np.flatnonzero(numbers)
        partners = neighbourhood.partners_in_class(X, rows[bases], rows, self.n_neighbors, k)
        base = np.repeat(np.arange(bases.size), numbers[bases])
        parents, gap = pair_up(base, rows[bases], partners.rows, partners.counts, seed_from(rng))
        return Draw(parents=parents, gap=gap)
