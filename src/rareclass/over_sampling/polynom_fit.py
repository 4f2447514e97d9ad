"""Polynomial-fit SMOTE: new rows on a star, a bus, a mesh or a fitted curve through the rare rows."""

from dataclasses import dataclass
from numbers import Integral

import numpy as np
from scipy import sparse

from rareclass._sklearn import Interval, StrOptions
from rareclass._types import Matrix, Rows, Seed, Strategy
from rareclass.errors import TooFewEventsError
from rareclass.kernels.draw import apportion
from rareclass.over_sampling.base import BaseOverSampler
from rareclass.sampler import Draw, class_streams, join


@dataclass(eq=False, repr=False, kw_only=True)
class PolynomFitSMOTE(BaseOverSampler):
    """New rows evenly spaced on lines that join the rare rows in a fixed pattern, or on a polynomial through them.

    When to use it: "star" ranks first among 85 over-samplers in a comparison on small sets with weak learners (Kovács
    2019); it pulls toward the class mean, so it suits one compact group. When not: a rare class of several groups (star
    and mesh fill the room between them); rows without a meaningful order ("bus" and "poly" follow it).

    Parameters
    ----------
    topology : {"star", "bus", "mesh", "poly"}, default="star"
        Lines from each row to the mean of the class; from each row to the next in row order; between all pairs of rows;
        or a polynomial of each column in the row number.
    degree : int >= 1, default=3
        Of the polynomial; only for "poly".
    sampling_strategy : str, float, mapping or callable, default="auto"
        As in `SMOTE`.
    random_state : None, int, RandomState or Generator, default=None
        Which lines get one row more; with "mesh", which lines are used; with "poly", where on the curve.

    Attributes
    ----------
    sampling_strategy_ : OrderedDict, {label: rows to add}
    n_features_in_ : int
    feature_names_in_ : ndarray of str
    counts_, synthetic_mask_, parents_ : provenance, see `rareclass.sampler.Sampler`; the parents of "star" are the row
        twice, of "poly" the rows before and after the place on the curve

    Raises
    ------
    TooFewEventsError
        A class has one row, or for "poly" no more than `degree` rows.

    Notes
    -----
    Gazzah and Ben Amara, New oversampling approaches based on polynomial fitting for imbalanced data sets, DAS 2008,
    section 3: k rows on each line at the places i/(k + 1). The numbers of the lines are apportioned, so that the wanted
    size is reached exactly. "mesh" with fewer new rows than pairs uses random pairs, one row at the middle of each.

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass.over_sampling import PolynomFitSMOTE
    >>> X = np.array([[0.0], [4.0], [9.0], [9.0], [9.0], [9.0]])
    >>> X_res, y_res = PolynomFitSMOTE(topology="star", random_state=0).fit_resample(X, [1, 1, 0, 0, 0, 0])
    >>> sorted(X_res[6:, 0].tolist())
    [1.0, 3.0]
    """

    _allows_nan = True
    _parameter_constraints = {
        **BaseOverSampler._parameter_constraints,
        "topology": [StrOptions({"star", "bus", "mesh", "poly"})],
        "degree": [Interval(Integral, 1, None, closed="left")],
    }

    topology: str = "star"
    degree: int = 3
    sampling_strategy: Strategy = "auto"
    random_state: Seed = None

    def _draw(self, X: Matrix, y: np.ndarray, targets: dict[int, int], rng: np.random.Generator) -> Draw:
        make = {"star": self._star, "bus": self._bus, "mesh": self._mesh, "poly": self._poly}[self.topology]
        needed = self.degree + 1 if self.topology == "poly" else 2
        draws = []
        for code, stream in class_streams(targets, rng).items():
            if not targets[code]:
                continue
            rows = np.flatnonzero(y == code)
            if rows.size < needed:
                raise TooFewEventsError(
                    f"The topology {self.topology!r} needs at least {needed} rows of class {self._label(code)!r}; got "
                    f"{rows.size}. Use another topology or RandomOverSampler, or collect more rows."
                )
            draws.append(make(X, rows, targets[code], stream))
        return join(draws)

    def _star(self, X: Rows, rows: np.ndarray, count: int, rng: np.random.Generator) -> Draw:
        mean = np.asarray(X[rows].mean(axis=0, dtype=np.float64)).reshape(1, -1)
        line, gap = _on_lines(rows.size, count, rng)
        base = rows[line]

        def made(start: int, stop: int) -> np.ndarray:
            points = X[base[start:stop]]
            points = points.toarray() if sparse.issparse(points) else points
            return points + gap[start:stop, None] * (mean - points)

        return Draw(parents=base, made=made)

    def _bus(self, X: Rows, rows: np.ndarray, count: int, rng: np.random.Generator) -> Draw:
        line, gap = _on_lines(rows.size - 1, count, rng)
        return Draw(parents=np.column_stack((rows[line], rows[line + 1])), gap=gap)

    def _mesh(self, X: Rows, rows: np.ndarray, count: int, rng: np.random.Generator) -> Draw:
        pairs = rows.size * (rows.size - 1) // 2
        if count <= pairs:
            line = rng.choice(pairs, size=count, replace=False, shuffle=False)
            gap = np.full(count, 0.5)
        else:
            line, gap = _on_lines(pairs, count, rng)
        first, second = pair_of(line)
        return Draw(parents=np.column_stack((rows[first], rows[second])), gap=gap)

    def _poly(self, X: Rows, rows: np.ndarray, count: int, rng: np.random.Generator) -> Draw:
        points = X[rows].toarray() if sparse.issparse(X) else X[rows].astype(np.float64)
        last = rows.size - 1
        # Chebyshev polynomials on [-1, 1] are the same curve as powers of the row number, but well conditioned.
        basis = np.polynomial.chebyshev.chebvander(np.linspace(-1.0, 1.0, rows.size), self.degree)
        coefficients = np.linalg.lstsq(basis, points, rcond=None)[0]
        place = rng.random(count) * last
        before = np.floor(place).astype(np.intp)

        def made(start: int, stop: int) -> np.ndarray:
            where = 2.0 * place[start:stop] / last - 1.0
            return np.polynomial.chebyshev.chebvander(where, self.degree) @ coefficients

        return Draw(parents=np.column_stack((rows[before], rows[np.minimum(before + 1, last)])), made=made)


def _on_lines(n_lines: int, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Line of each new row and its place in (0, 1): k rows on a line lie at i/(k + 1)."""
    numbers = apportion(np.ones(n_lines), count, rng)
    line = np.repeat(np.arange(n_lines), numbers)
    place = np.arange(count) - np.repeat(np.cumsum(numbers) - numbers, numbers) + 1
    return line, place / (numbers[line] + 1.0)


def pair_of(number: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pair (i, j), i < j, of a number when all pairs are counted j = 1, 2, ... and i = 0, ..., j - 1.

    Examples
    --------
    >>> import numpy as np
    >>> [part.tolist() for part in pair_of(np.arange(4))]
    [[0, 0, 1, 0], [1, 2, 2, 3]]
    """
    second = ((1.0 + np.sqrt(8.0 * number + 1.0)) / 2.0).astype(np.int64)
    # The square root may be off by one for numbers beyond 2^50.
    second = np.where(second * (second - 1) // 2 > number, second - 1, second)
    second = np.where((second + 1) * second // 2 <= number, second + 1, second)
    return number - second * (second - 1) // 2, second
