"""Small tables, designs and learners for the tests of the fitting road."""

import warnings

import numpy as np
import pyarrow as pa
from sklearn.linear_model import LogisticRegression

from rareclass.data.schema import Schema
from rareclass.fitting.design import Design, cross_fit_design
from rareclass.fitting.part import Sampling
from rareclass.fitting.rows import Beside, Rows, Target
from rareclass.kernels.logits import sigmoid


def worth(weight: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Weights by which the events count as the rows that they are worth (Kish)."""
    return weight / (np.square(weight[y]).sum() / weight[y].sum())


def points(n: int = 600, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, 2) and events at about one in ten."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2))
    return X, rng.random(n) < sigmoid(1.5 * X[:, 0] - X[:, 1] - 3)


def rows_of(X: np.ndarray, y: np.ndarray, **beside) -> Rows:
    table = pa.table({f"x{j}": X[:, j] for j in range(X.shape[1])})
    return Rows.of(table, Target(y, True, (False, True)), Beside(**beside), Schema.infer(table))


def design_of(X: np.ndarray, y: np.ndarray, cv=3, *, fit_rows: int | None = None, seed: int = 0, **beside) -> Design:
    return cross_fit_design(rows_of(X, y, **beside), cv, Sampling(fit_rows, seed))


class Talkative(LogisticRegression):
    """A classifier of another package that has something to say."""

    said = "the data look odd to me"

    def fit(self, X, y, sample_weight=None):
        warnings.warn(self.said, UserWarning, stacklevel=2)
        return super().fit(X, y, sample_weight)


class Failing(LogisticRegression):
    """A classifier that cannot be fitted."""

    def fit(self, X, y, sample_weight=None):
        raise ArithmeticError("nothing to be learnt")
