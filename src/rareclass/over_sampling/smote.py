"""SMOTE: new rows on the line between a rare row and one of its nearest rare neighbours."""

import numbers
from dataclasses import dataclass, replace

import numpy as np
from sklearn.base import BaseEstimator

from rareclass._sklearn import HasMethods, Interval, StrOptions
from rareclass._types import Label, Matrix, Rows, Seed, Strategy
from rareclass.kernels.draw import pair_up, uniform_positions
from rareclass.kernels.random import seed_from
from rareclass.over_sampling.base import BaseOverSampler
from rareclass.over_sampling.neighbourhood import neighbours_object, partners_in_class, usable_neighbours
from rareclass.sampler import Draw, class_streams, join
from rareclass.sampler.draw import of_class

NEIGHBOURS = [
    Interval(numbers.Integral, 1, None, closed="left"),
    HasMethods(["kneighbors", "kneighbors_graph"]),
    StrOptions({"auto"}),
]
SCALING = [StrOptions({"standard", "robust"}), None]


@dataclass(eq=False, repr=False, kw_only=True)
class BaseSMOTE(BaseOverSampler):
    """Base of the methods that make rows between a base row and a neighbour of its class."""

    _allows_nan = True
    _default_neighbors = 5
    _parameter_constraints = {**BaseOverSampler._parameter_constraints, "k_neighbors": NEIGHBOURS, "scaling": SCALING}

    sampling_strategy: Strategy = "auto"
    random_state: Seed = None
    k_neighbors: int | str | BaseEstimator = 5
    scaling: str | None = None

    def _between_neighbours(
        self, X: Rows, bases: np.ndarray, rows: np.ndarray, count: int, rng: np.random.Generator, label: Label
    ) -> Draw:
        """`count` rows between `bases` (drawn evenly at random) and their nearest neighbours among `rows`."""
        k = usable_neighbours(
            self.k_neighbors, rows.size, name="k_neighbors", label=label, default=self._default_neighbors
        )
        return self._draw_between(X, bases, rows, count, rng, k)

    def _draw_between(
        self, X: Rows, bases: np.ndarray, rows: np.ndarray, count: int, rng: np.random.Generator, k: int
    ) -> Draw:
        base = uniform_positions(bases.size, count, seed_from(rng))
        if count < bases.size:  # neighbours of rows that were not drawn are never needed
            drawn, base = np.unique(base, return_inverse=True)
            bases = bases[drawn]
        partners = partners_in_class(X, bases, rows, self.k_neighbors, k)
        parents, gap = pair_up(base, bases, partners.rows, partners.counts, seed_from(rng))
        return Draw(parents=parents, gap=gap)


class SMOTE(BaseSMOTE):
    """Synthetic minority over-sampling: rows on the lines between rare rows and their nearest rare neighbours.

    When to use it: models of low capacity on few, numeric, comparable columns, judged at a fixed cut. When not: under
    boosted trees, whose ranking it rarely improves and often harms; on identifiers or one-hot columns; before a split
    (the copies leak). Predicted probabilities are no longer on the scale of the real prevalence and must be calibrated
    on untouched rows. `fit_resample` on a class of m rows costs O(m² d) for the neighbours and O(s d) for s new rows.

    Every type of column is respected: integers, Booleans and dates are rounded at random so that their mean is kept,
    ordered categories land on a level, text and categories are copied from one of the two parents, a missing value is
    taken from the parent that has one, with the share of missing values kept.

    Parameters
    ----------
    sampling_strategy : str, float, mapping or callable, default="auto"
        Which classes to raise, and to how many rows. A word ("minority", "not minority", "not majority", "all";
        "auto" is "not majority") makes the named classes as large as the largest; a float in (0, 1] is the wanted ratio
        minority/majority (two classes only); a mapping gives the final number of rows of each class; a callable gets
        y and returns such a mapping.
    random_state : None, int, RandomState or Generator, default=None
    k_neighbors : int, "auto" or neighbours object, default=5
        Number of nearest rows of the class that can be partners. "auto" is 5, lowered with a warning in small classes.
        An object with `kneighbors` and `kneighbors_graph`, such as `NearestNeighbors(n_neighbors=6, metric=...)`, is
        cloned and asked for its neighbours; the row itself counts there as one.
    scaling : {None, "standard", "robust"}, default=None
        Divide the columns by their standard deviation (or inter-quartile range) for distances. None as in the paper:
        a column multiplied by 1e6 then decides alone who is near.

    Attributes
    ----------
    sampling_strategy_ : OrderedDict, {label: rows to add}
    nn_k_ : neighbours object that `k_neighbors` stands for (the row itself counted), not fitted
    n_features_in_ : int
    feature_names_in_ : ndarray of str
    counts_, synthetic_mask_, parents_, interpolation_weight_ : provenance, see `rareclass.sampler.Sampler`

    Raises
    ------
    TooFewEventsError
        A class has `k_neighbors` rows or fewer.

    See Also
    --------
    SMOTENC, SMOTEN : mixed and purely nominal data. BorderlineSMOTE, ADASYN : more rows near the boundary.

    Notes
    -----
    Chawla, Bowyer, Hall and Kegelmeyer, SMOTE: Synthetic Minority Over-sampling Technique, JAIR 16 (2002), Algorithm
    SMOTE(T, N, k). Differences: base rows are drawn at random instead of each being used N/100 times (as in
    imbalanced-learn); exact duplicates of a row are not its neighbours as long as the class has other points.

    Examples
    --------
    >>> from collections import Counter
    >>> from sklearn.datasets import make_classification
    >>> from rareclass.over_sampling import SMOTE
    >>> X, y = make_classification(n_samples=1000, weights=[0.9], flip_y=0, random_state=10)
    >>> X_res, y_res = SMOTE(random_state=0).fit_resample(X, y)
    >>> sorted(Counter(y_res.tolist()).items())
    [(0, 901), (1, 901)]
    """

    def _draw(self, X: Matrix, y: np.ndarray, targets: dict[int, int], rng: np.random.Generator) -> Draw:
        self.nn_k_ = neighbours_object(self.k_neighbors, self._default_neighbors)
        draws = []
        for code, stream in class_streams(targets, rng).items():
            if targets[code]:
                rows = np.flatnonzero(y == code)
                draw = self._between_neighbours(X, rows, rows, targets[code], stream, self._label(code))
                draws.append(replace(draw, labels=of_class(code, targets[code])))
        return join(draws)
