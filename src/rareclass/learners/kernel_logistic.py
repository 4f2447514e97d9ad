"""Kernel logistic regression on ranks: a smooth member beside trees and lines."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check, _types
from rareclass.crossfit import Folds, out_of_fold
from rareclass.kernels.logits import log_loss_from_logits
from rareclass.kernels.newton import Fit, Logistic, Steps
from rareclass.kernels.radial import Coded, Numeric, RadialParts, kernels_of, lacking_of, radial_places, radial_scores
from rareclass.learners._context import FitContext, Rows, Unseen, rare_class
from rareclass.learners._inner import inner_plan, sample_rows
from rareclass.learners.base import RareLearner, best_intercept
from rareclass.learners.quantile_features import QuantileFeatures

_EVENTS, _OTHERS = 3000, 10_000
"""Events and, unless five times the events are more, other rows that the last fit sees."""
_CHOICE_EVENTS, _CHOICE_OTHERS, _CHOICE_LANDMARKS = 1000, 4000, 256
_CELLS, _FEWEST = 40_000, 128
"""Where columns are many there are fewer landmarks, as each is compared in all of them: so many places together."""
_GRID = (3.0, 1.0, 0.3, 0.1, 0.03)
_ENOUGH = 0.01
"""Nats within twice of which a penalty is judged."""
_NARROWEST = 0.5
"""Normal scores are divided by their standard deviation, but by no less: that of a rare flag is small."""
_CODES_DIFFER, _ONE_MISSING = 4.0, 2.0
_FLATTEST = 1e-6
"""Directions of the landmarks' kernel matrix below this share of the largest are left out."""
Places = tuple[np.ndarray, np.ndarray]
"""Where rows lie (k, n), and their codes (c, n)."""
Basis = tuple[Places, np.ndarray]
"""Landmarks, and what makes independent features of the kernels about them (m, r)."""


@dataclass(eq=False, repr=False, kw_only=True)
class KernelLogisticRegression(RareLearner):
    """Ridge logistic regression on Gaussian kernels about some of the rows: smooth surfaces, where trees make steps.

    Numbers count by their normal scores, so that no outlier rules, codes by whether they are equal, missing values as a
    place of their own. The kernel is the mean of three Gaussians whose squared widths are in the ratio 16 : 4 : 1 about
    the median distance, so that none has to be chosen. Events and a sample of the other rows are seen; half of the
    landmarks are events, as far as there are enough. It costs Newton steps on as many features as there are landmarks:
    one or two seconds, whatever the rows.

    Parameters
    ----------
    penalty : float > 0 or "auto", default="auto"
        Precision of the normal prior of each coefficient, in the norm of the kernel's function space. "auto" takes the
        best of 3, 1, 0.3, 0.1 and 0.03 by out-of-fold log-loss on at most 1,000 events and a sample of the other rows,
        with 256 landmarks.
    landmarks : int, default=512
        Rows about which kernels stand, at most; with more than 78 columns fewer, down to 128.
    categorical_features : sequence of int, optional
        Columns that hold category codes.
    random_state : int, Generator or None, default=None
        Draws the samples, the landmarks and the inner folds.
    n_jobs : int, default=1
        Accepted for uniformity; the linear algebra threads itself.

    Attributes
    ----------
    penalty_ : float
        The value used.
    parts_ : RadialParts
        The fitted model as plain arrays.
    typical_ : tuple of ndarray
        Place (k,) and code (c,) of a typical row of the common class, which reasons are told against.
    oof_rows_, oof_logit_ : ndarray of shape (m,)
        Training rows that the choice was made on, and their out-of-fold log-odds (NaN where nothing was chosen).

    References
    ----------
    Zhu and Hastie (2005), Journal of Computational and Graphical Statistics 14:185; Williams and Seeger (2001),
    NIPS 13 (landmarks).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(3000, 2))
    >>> y = np.hypot(X[:, 0] - 1, X[:, 1] + 1) < 0.5
    >>> model = KernelLogisticRegression(random_state=0).fit(X, y)
    >>> bool(model.predict_proba([[1.0, -1.0]])[0, 1] > 0.9 > 0.1 > model.predict_proba([[1.0, 1.0]])[0, 1])
    True
    """

    title = "Kernel logistic regression"
    judges_itself = True
    trusted = tuple(f"rareclass.kernels.radial.{name}" for name in ("RadialParts", "Numeric", "Coded"))

    penalty: float | str = "auto"
    landmarks: int = 512
    categorical_features: ArrayLike | None = None
    random_state: _types.Seed = None
    n_jobs: int = 1

    def _fit(self, rows: Rows, context: FitContext) -> Unseen:
        if self.penalty == "auto":
            rows = rows.scaled()
        else:  # counts rows by their weights
            _check.fraction(self.penalty, "penalty", high=np.inf, closed="neither")
        most = _check.whole_number(self.landmarks, "landmarks", low=2)
        rng, events = context.rng, min(int(rows.rare.sum()), _EVENTS)
        plan = context.plan or inner_plan(
            rows.X, rows.y, rng, events=_CHOICE_EVENTS, others=max(_CHOICE_OTHERS, 5 * min(events, _CHOICE_EVENTS))
        )
        rare = rare_class(rows.y)
        seen, shift = sample_rows(rare, rng, others=max(_OTHERS, 5 * events), events=_EVENTS)
        sample = rows.take(seen, shift if rare is rows.y else -shift)
        numeric, coded = self._columns(sample)
        places = _placed(sample.X, numeric, coded)
        self.typical_ = _typical(places, ~rare[seen])
        most = min(most, max(_FEWEST, _CELLS // max(rows.X.shape[1], 1)))
        drawn = _draw(rare[seen], most, rng)
        marks = _take(places, drawn)
        apart = _distance(marks, marks, coded)
        rate = 0.25 / _usual(apart)

        self.penalty_, unseen = 1.0 if self.penalty == "auto" else float(self.penalty), np.full(plan.rows.size, np.nan)
        if plan.possible and (self.penalty == "auto" or context.plan is not None):
            few = _take(places, drawn[:_CHOICE_LANDMARKS])
            basis = few, _whitening(_distance(few, few, coded), rate)
            judged = rows.take(plan.rows, plan.shift)
            self.penalty_, unseen = self._choose(judged, plan.folds, basis, (numeric, coded, rate))
        whiten = _whitening(apart, rate)
        Z = _features(places, (marks, whiten), coded, rate)
        start = np.zeros(Z.shape[1])
        start[0] = best_intercept(sample.y, sample.weight, sample.offset)
        steps = Steps(50, tol=1e-5, longest=np.inf)
        beta, self.n_iter_, self.converged_ = _solve(Z, sample, self.penalty_, start, steps)
        at = coded._replace(code=np.ascontiguousarray(marks[1]))
        self.parts_ = RadialParts(
            numeric._replace(place=np.ascontiguousarray(marks[0])),
            at,
            lacking_of(at),
            whiten @ beta[1:] / 3,
            rate,
            float(beta[0]),
        )
        return Unseen(plan.rows, unseen)

    def _columns(self, sample: Rows) -> tuple[Numeric, Coded]:
        """Columns, quantiles and scales of the sample, without landmarks."""
        X, codes = sample.X, self._code_columns(sample.X.shape[1])
        made = QuantileFeatures(knots=False, categorical_features=codes, random_state=0).fit(X)
        (column, _, _), (begin, quantile, normal), _, _, _ = made.linear_parts(np.zeros(made.n_out_), 0.0)
        none = np.empty((column.size, 0))
        numeric = Numeric(column, begin, quantile, normal, np.ones(column.size), none)
        place, _ = _placed(X, numeric, _no_codes())
        spread = np.maximum(place.std(axis=1), _NARROWEST)
        gaps = column[np.isnan(X[:, column]).any(axis=0)]
        coded = Coded(
            np.concatenate([np.array(codes, dtype=np.int64), gaps]),
            np.repeat(np.array([0, 1]), [len(codes), gaps.size]),
            np.repeat(np.array([_CODES_DIFFER, _ONE_MISSING]), [len(codes), gaps.size]),
            np.empty((len(codes) + gaps.size, 0), dtype=np.int64),
        )
        return numeric._replace(scale=spread), coded

    def _choose(
        self, judged: Rows, folds: Folds, basis: Basis, how: tuple[Numeric, Coded, float]
    ) -> tuple[float, np.ndarray]:
        """The penalty, and out-of-fold log-odds of the judged rows without their offset."""
        grid = _GRID if self.penalty == "auto" else (float(self.penalty),)
        numeric, coded, rate = how
        Z = _features(_placed(judged.X, numeric, coded), basis, coded, rate)

        def along_the_grid(seen: np.ndarray, unseen: np.ndarray) -> np.ndarray:
            known = judged.take(seen)
            start, scores = np.zeros(Z.shape[1]), np.empty((unseen.size, len(grid)))
            start[0] = best_intercept(known.y, known.weight, known.offset)
            for k, penalty in enumerate(grid):
                start = _solve(Z[seen], known, penalty, start, Steps(15, tol=_ENOUGH, longest=np.inf)).coefficients
                scores[:, k] = Z[unseen] @ start
            return scores

        scores = np.ascontiguousarray(out_of_fold(judged.y.size, folds.splits(), along_the_grid).score.T)
        losses = [log_loss_from_logits(judged.y, score + judged.offsets, judged.weights) for score in scores]
        best = int(np.argmin(losses))
        return grid[best], scores[best]

    def _logit(self, X: np.ndarray) -> np.ndarray:
        out = np.empty(X.shape[0])
        radial_scores(np.ascontiguousarray(X), self.parts_, out)
        return out


def _no_codes() -> Coded:
    none = np.empty(0, dtype=np.int64)
    return Coded(none, none, np.empty(0), np.empty((0, 0), dtype=np.int64))


def _placed(X: np.ndarray, numeric: Numeric, coded: Coded) -> Places:
    place = np.empty((numeric.column.size, X.shape[0]))
    code = np.empty((coded.column.size, X.shape[0]), dtype=np.int64)
    radial_places(np.ascontiguousarray(X), numeric, coded, place, code)
    return place, code


def _take(places: Places, rows: np.ndarray) -> Places:
    return places[0][:, rows], places[1][:, rows]


def _draw(rare: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Rows that become landmarks: half of them events, as far as there are enough, in random order."""
    events, others = np.flatnonzero(rare), np.flatnonzero(~rare)
    half = min(events.size, most // 2)
    drawn = [rng.choice(events, half, replace=False), rng.choice(others, min(others.size, most - half), replace=False)]
    return np.asarray(rng.permutation(np.concatenate(drawn)))


def _distance(rows: Places, marks: Places, coded: Coded) -> np.ndarray:
    """Squared distances (n, m)."""
    gone = coded.only_missing == 1
    worth = np.sqrt(coded.weight[gone])[:, None]
    one, other = (np.vstack([place, worth * code[gone]]) for place, code in (rows, marks))
    found = np.square(one).sum(axis=0)[:, None] + np.square(other).sum(axis=0)
    found -= 2 * (one.T @ other)
    np.maximum(found, 0.0, out=found)
    for own, level, weight in zip(rows[1][~gone], marks[1][~gone], coded.weight[~gone], strict=True):
        found += weight * (own[:, None] != level)
    return np.asarray(found)


def _usual(distance: np.ndarray) -> float:
    """The median of the distances between rows that differ; 1 where none do."""
    apart = distance[distance > 1e-12]
    return float(np.median(apart)) if apart.size else 1.0


def _whitening(apart: np.ndarray, rate: float) -> np.ndarray:
    """What makes independent features (m, r) of kernels about landmarks `apart` (m, m) from each other; uses it up."""
    kernels_of(apart, rate)
    values, vectors = np.linalg.eigh(apart)
    kept = values > _FLATTEST * values[-1]
    return np.asarray(vectors[:, kept] / np.sqrt(values[kept]))


def _features(rows: Places, basis: Basis, coded: Coded, rate: float) -> np.ndarray:
    """A column of ones and the features (n, 1 + r)."""
    marks, whiten = basis
    kernel = _distance(rows, marks, coded)
    kernels_of(kernel, rate)
    return np.column_stack([np.ones(kernel.shape[0]), kernel @ whiten])


def _solve(Z: np.ndarray, rows: Rows, penalty: float, start: np.ndarray, steps: Steps) -> Fit:
    precision = np.full(Z.shape[1], penalty)
    precision[0] = 0.0
    model = Logistic(Z, rows.y, rows.weights, rows.offsets, precision=precision, single=True)
    return model.minimise(start, steps)


def _typical(places: Places, common: np.ndarray) -> Places:
    """Middle place and most frequent code of these rows."""
    place, code = (part[:, common] for part in places)
    middle = np.sort(place, axis=1)[:, (place.shape[1] - 1) // 2]
    usual = [_most_frequent(line) for line in code]
    return middle, np.array(usual, dtype=np.int64)


def _most_frequent(line: np.ndarray) -> int:
    found, times = np.unique(line, return_counts=True)
    return int(found[times.argmax()])
