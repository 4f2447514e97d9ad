"""SMOTE-N: rows of nominal values elected by a rare row and its nearest neighbours."""

import warnings
from dataclasses import KW_ONLY, dataclass

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import DataConversionWarning
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import OrdinalEncoder

from rareclass.kernels.draw import uniform_positions, vote
from rareclass.kernels.nominal import class_shares, nearest_by_value_difference, value_differences
from rareclass.kernels.random import seed_from
from rareclass.over_sampling.neighbourhood import is_neighbours_object, neighbours_object, usable_neighbours
from rareclass.over_sampling.nominal import ENCODER, sub_table
from rareclass.over_sampling.smote import SMOTE
from rareclass.sampler import Draw, class_streams, join
from rareclass.sampler.tables import Table


@dataclass(eq=False, repr=False)
class SMOTEN(SMOTE):
    """SMOTE for nominal columns only: every value of a new row is elected by a rare row and its nearest neighbours.

    When to use it: tables of categories, text or Booleans without order. When not: numeric or ordered columns
    (`SMOTENC`). Rows are compared by the value difference metric: two levels are near when the classes are mixed alike
    in them. Equal rows are searched once: costs O(u² c) for u distinct rows of the class and c columns.

    Parameters
    ----------
    categorical_encoder : encoder or None, default=None
        Ordinal encoder that says which values are one level; None is ``OrdinalEncoder(dtype=np.int32)``. New values are
        copied from rows.
    sampling_strategy : str, float, mapping or callable, default="auto"
        As in `SMOTE`.
    random_state : None, int, RandomState or Generator, default=None
    k_neighbors : int, "auto" or neighbours object, default=5
        Voters beside the row itself. An object is given a matrix of distances.
    scaling : None
        Has no effect.

    Attributes
    ----------
    sampling_strategy_ : OrderedDict, {label: rows to add}
    nn_k_ : neighbours object that `k_neighbors` stands for (the row itself counted), not fitted
    categorical_encoder_ : fitted encoder
    n_features_in_ : int
    feature_names_in_ : ndarray of str
    counts_, synthetic_mask_, parents_ : provenance, see `rareclass.sampler.Sampler`

    Notes
    -----
    Chawla et al., JAIR 16 (2002), section 6.2, SMOTE-N: value difference metric with k = 1, r = 2, majority vote of the
    row and its k nearest neighbours. Of tied levels the one that is more frequent in the class wins, then chance.

    Examples
    --------
    >>> import numpy as np
    >>> from collections import Counter
    >>> from rareclass.over_sampling import SMOTEN
    >>> X = np.array(["A"] * 10 + ["B"] * 20 + ["C"] * 30, dtype=object).reshape(-1, 1)
    >>> X_res, y_res = SMOTEN(random_state=0).fit_resample(X, [0] * 20 + [1] * 40)
    >>> sorted(Counter(y_res).items())
    [(0, 40), (1, 40)]
    """

    _allows_text = True
    _takes = "table"
    _parameter_constraints = {**SMOTE._parameter_constraints, "categorical_encoder": ENCODER}

    categorical_encoder: BaseEstimator | None = None
    _: KW_ONLY

    def _draw(self, X: Table, y: np.ndarray, targets: dict[int, int], rng: np.random.Generator) -> Draw:
        if sparse.issparse(X.native):
            warnings.warn(
                "Passing a sparse matrix to SMOTEN is not really efficient since its columns are converted to dense "
                "ones internally.",
                DataConversionWarning,
                stacklevel=4,
            )
        self.nn_k_ = neighbours_object(self.k_neighbors, self._default_neighbors)
        if isinstance(self.nn_k_, NearestNeighbors):
            self.nn_k_.set_params(metric="precomputed")
        codes = self._codes(X)
        shares = class_shares(codes, y, len(self._labels))
        draws = []
        for code, stream in class_streams(targets, rng).items():
            if not targets[code]:
                continue
            rows = np.flatnonzero(y == code)
            k = usable_neighbours(self.k_neighbors, rows.size, name="k_neighbors", label=self._label(code))
            voters = self._voters(codes, shares, rows, k)
            pick, ties = (seed_from(part) for part in stream.spawn(2))
            base = uniform_positions(rows.size, targets[code], pick)
            donors = vote(base, voters, np.full(rows.size, voters.shape[1]), codes, ties, _frequency(codes, rows))
            draws.append(Draw(parents=rows[base], donors=dict(enumerate(donors.T))))
        return join(draws)

    def _codes(self, X: Table) -> np.ndarray:
        every = np.arange(X.n_columns)
        if self.categorical_encoder is None:
            self.categorical_encoder_ = OrdinalEncoder(dtype=np.int32, encoded_missing_value=-1)
            self.categorical_encoder_.fit(sub_table(X, every))
            return np.column_stack([X.codes(int(j)) for j in every])
        self.categorical_encoder_ = clone(self.categorical_encoder)
        encoded = np.asarray(self.categorical_encoder_.fit_transform(sub_table(X, every)))
        return np.column_stack([np.unique(column, return_inverse=True)[1].reshape(-1) for column in encoded.T])

    def _voters(self, codes: np.ndarray, shares: np.ndarray, rows: np.ndarray, k: int) -> np.ndarray:
        if not is_neighbours_object(self.k_neighbors):
            return nearest_by_value_difference(codes, shares, rows, k)
        distance = value_differences(shares[rows])
        finder = clone(self.k_neighbors).set_params(metric="precomputed").fit(distance)
        return rows[np.asarray(finder.kneighbors(distance, return_distance=False))]


def _frequency(codes: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """How often the class has the level of each row and column (n, c)."""
    counts = [np.bincount(column[rows], minlength=int(column.max()) + 1) for column in codes.T]
    return np.column_stack([count[column] for count, column in zip(counts, codes.T)])
