"""SMOTE-NC: numbers between two rows, nominal values by a vote of the neighbours."""

from dataclasses import KW_ONLY, dataclass
from typing import NoReturn

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.preprocessing import OneHotEncoder

from rareclass._sklearn import StrOptions
from rareclass._types import Label, Labels, Neighbours, Rows
from rareclass.errors import InputError
from rareclass.kernels.draw import pair_up, uniform_positions, vote
from rareclass.kernels.neighbours import nearest_rows
from rareclass.kernels.random import seed_from
from rareclass.over_sampling.neighbourhood import is_neighbours_object, neighbours_object, usable_neighbours
from rareclass.over_sampling.nominal import ENCODER, category_columns, column_positions, sub_table
from rareclass.over_sampling.smote import SMOTE
from rareclass.sampler import Draw, class_streams, join
from rareclass.sampler.scaling import column_scale
from rareclass.sampler.tables import Table
from rareclass.sampler.target import Target


@dataclass(eq=False, repr=False)
class SMOTENC(SMOTE):
    """SMOTE for numeric and nominal columns: numbers between two rows, nominal values by a vote of the neighbours.

    When to use it: tables with both kinds of columns, where SMOTE is wanted at all. When not: nominal columns only
    (`SMOTEN`); columns with hundreds of levels that each occur a few times (the vote favours the frequent ones). Levels
    are integers inside: memory is that of the output, whatever the number of levels.

    Parameters
    ----------
    categorical_features : "auto", int array, str array or bool mask (n_features,)
        The nominal columns. "auto": the columns of categories, text and objects of a frame, which all over-samplers
        take for nominal.
    categorical_encoder : encoder or None, default=None
        Kept for compatibility: a one-hot encoder with one column a level, fitted to the nominal columns; None is
        ``OneHotEncoder(handle_unknown="ignore")``. New values are copied from rows, so it is not used to make them.
    sampling_strategy : str, float, mapping or callable, default="auto"
        As in `SMOTE`.
    random_state : None, int, RandomState or Generator, default=None
    k_neighbors : int, "auto" or neighbours object, default=5
        Neighbours that are partners and voters. An object is given the numeric and scaled one-hot columns.
    scaling : {None, "standard", "robust"}, default=None
        As in `SMOTE`, for the numeric columns.

    Attributes
    ----------
    sampling_strategy_ : OrderedDict, {label: rows to add}
    nn_k_ : neighbours object that `k_neighbors` stands for (the row itself counted), not fitted
    categorical_encoder_ : fitted encoder
    categorical_features_, continuous_features_ : int arrays
    median_std_ : dict {label: float}, what a differing nominal column counts in distances
    n_features_, n_features_in_ : int
    feature_names_in_ : ndarray of str
    counts_, synthetic_mask_, parents_, interpolation_weight_ : provenance, see `rareclass.sampler.Sampler`

    Raises
    ------
    InputError
        No nominal or no numeric column, or a column that does not exist.
    TooFewEventsError
        A class has `k_neighbors` rows or fewer.

    Notes
    -----
    Chawla et al., JAIR 16 (2002), section 6.1, SMOTE-NC: the median of the standard deviations of the numeric columns,
    in the class, enters the distance for each nominal column that differs; the value is that of the majority of the k
    neighbours. Tied votes are drawn at random for each new row.

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass.over_sampling import SMOTENC
    >>> X = np.array([[i / 10, "ab"[i % 2]] for i in range(30)], dtype=object)
    >>> X_res, y_res = SMOTENC([1], random_state=0).fit_resample(X, [1] * 10 + [0] * 20)
    >>> sorted(set(X_res[30:, 1]))
    ['a', 'b']
    """

    _allows_text = True
    _takes = "table"
    _required_parameters = ["categorical_features"]
    _parameter_constraints = {
        **SMOTE._parameter_constraints,
        "categorical_features": ["array-like", StrOptions({"auto"})],
        "categorical_encoder": ENCODER,
    }

    categorical_features: ArrayLike | str
    _: KW_ONLY
    categorical_encoder: BaseEstimator | None = None

    def _read(self, X: Rows, y: Labels) -> tuple[Table, Target]:
        if isinstance(self.categorical_features, str) and category_columns(X).size == 0:
            _no_nominal()
        return super()._read(X, y)

    def _draw(self, X: Table, y: np.ndarray, targets: dict[int, int], rng: np.random.Generator) -> Draw:
        self.nn_k_ = neighbours_object(self.k_neighbors, self._default_neighbors)
        self._choose_columns(X)
        self._fit_encoder(X)
        numbers = X.continuous(self.continuous_features_)
        if self.scaling is not None:
            numbers = numbers / column_scale(numbers, self.scaling)
        codes = np.column_stack([X.codes(int(j)) for j in self.categorical_features_]).astype(np.int32)
        self.median_std_: dict = {}
        draws = []
        for code, stream in class_streams(targets, rng).items():
            if not targets[code]:
                continue
            rows = np.flatnonzero(y == code)
            label = self._label(code)
            self.median_std_[label] = float(np.median(numbers[rows].std(axis=0)))
            draws.append(self._make(numbers, codes, rows, targets[code], self.median_std_[label], stream, label))
        return join(draws)

    def _make(
        self,
        numbers: np.ndarray,
        codes: np.ndarray,
        rows: np.ndarray,
        count: int,
        unit: float,
        rng: np.random.Generator,
        label: Label,
    ) -> Draw:
        k = usable_neighbours(self.k_neighbors, rows.size, name="k_neighbors", label=label)
        pick, between, ties = (seed_from(stream) for stream in rng.spawn(3))
        base = uniform_positions(rows.size, count, pick)
        drawn, base = np.unique(base, return_inverse=True)
        bases = rows[drawn]
        if is_neighbours_object(self.k_neighbors):
            near = _ask(self.k_neighbors, numbers, codes, rows, unit)[drawn]
        elif k == 0:
            near = bases[:, None]
        else:
            near = nearest_rows(numbers, bases, rows, k, codes=codes, penalty=unit**2)[1]
        counts = np.full(bases.size, near.shape[1])
        parents, gap = pair_up(base, bases, near, counts, between)
        donors = vote(base, near, counts, codes, ties)
        return Draw(parents=parents, gap=gap, donors=dict(zip(self.categorical_features_.tolist(), donors.T)))

    def _choose_columns(self, X: Table) -> None:
        self.n_features_ = X.n_columns
        if isinstance(self.categorical_features, str):
            chosen = category_columns(X.native)
        else:
            chosen = column_positions(self.categorical_features, X)
        self.categorical_features_ = chosen
        self.continuous_features_ = np.setdiff1d(np.arange(X.n_columns), chosen)
        if chosen.size == X.n_columns:
            raise InputError(
                "SMOTE-NC is not designed to work only with categorical features. "
                "It requires some numerical features; use SMOTEN."
            )
        if chosen.size == 0:
            _no_nominal()

    def _fit_encoder(self, X: Table) -> None:
        nominal = sub_table(X, self.categorical_features_)
        if self.categorical_encoder is None:
            self.categorical_encoder_ = OneHotEncoder(handle_unknown="ignore").fit(nominal)
            return
        self.categorical_encoder_ = clone(self.categorical_encoder)
        width = self.categorical_encoder_.fit_transform(nominal).shape[1]
        levels = sum(len(values) for values in self.categorical_encoder_.categories_)
        if width != levels:
            raise InputError(
                "SMOTENC requires a one-hot encoding with one column per category for the categorical features. "
                f"The given `categorical_encoder` produced {width} columns for {levels} categories; give one that "
                "drops and merges none, such as OneHotEncoder(handle_unknown='ignore')."
            )


def _no_nominal() -> NoReturn:
    raise InputError(
        "SMOTE-NC is not designed to work only with numerical features. "
        "It requires some categorical features; use SMOTE."
    )


def _ask(value: Neighbours, numbers: np.ndarray, codes: np.ndarray, rows: np.ndarray, unit: float) -> np.ndarray:
    """Neighbours from the user's object: numbers beside one-hot columns of height unit/sqrt(2)."""
    blocks = [numbers[rows]]
    for column in codes[rows].T:
        blocks.append((column[:, None] == np.unique(column)[None, :]) * (unit / np.sqrt(2.0)))
    points = np.column_stack(blocks)
    found = np.asarray(clone(value).fit(points).kneighbors(points, return_distance=False))
    keep = found != np.arange(rows.size)[:, None]
    keep[keep.all(axis=1), -1] = False
    return rows[found[keep].reshape(rows.size, found.shape[1] - 1)]
