"""Logistic regression for few events: priors as strong as the events ask, Firth's correction, profile intervals."""

import warnings
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import qr
from scipy.optimize import brentq
from scipy.stats import chi2

from rareclass import _check
from rareclass.errors import DroppedWarning, InputError
from rareclass.kernels.effective import unit
from rareclass.kernels.newton import Logistic, Steps
from rareclass.learners._context import FitContext, Rows
from rareclass.learners.base import RareLearner, best_intercept

# up to the variance of a log-F(1, 1) prior, which separated classes would exceed
_VARIANCES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
_HOPELESS = 20.0  # nats of evidence behind the best; wider priors are not tried


@dataclass(eq=False, repr=False, kw_only=True)
class FewEventsLogisticRegression(RareLearner):
    """Logistic regression that stays finite and nearly unbiased with a handful of events.

    Maximum likelihood diverges when a column separates the classes, and overstates effects below some ten events a
    coefficient. Four penalties repair it:

    * ``"auto"``: ridge with the prior variance `C` under which the rows are likeliest (marginal likelihood: what they
      cost when each is predicted from those before it), of 0.003, 0.01, ..., 10. So few events for many columns shrink
      much, and many events for few columns hardly at all. Use it to predict: on the tables of docs/figures.md its
      log-loss is below that of ``C=1``; where many columns bear a very strong signal it is 2 to 6 % above.
    * ``"firth"``: Jeffreys' prior (half the log-determinant of the information). Invariant to scaling, nothing to
      choose. It pulls probabilities towards one half, the more the rarer the events are, so the intercept is fitted
      again by plain likelihood with the other coefficients fixed (FLIC): expected then equal observed events.
    * ``"log_f"``: a log-F(1, 1) prior on each coefficient but the intercept, by two pseudo-rows each; unbiased
      probabilities, weaker shrinkage than a Cauchy prior.
    * ``"ridge"``: a normal prior of variance `C` on each coefficient.

    Use it with 5 to 100 events, and with ``"firth"`` where coefficients and their intervals are to be read. With heavy
    tails `QuantileLogisticRegression` predicts better. A Newton step costs n x d^2; "auto" takes 20 to 40 of them.

    Parameters
    ----------
    penalty : {"auto", "firth", "log_f", "ridge"}, default="auto"
    C : float > 0, default=1.0
        Prior variance of a coefficient (ridge only), on columns of unit variance where `standardize` is on.
    standardize : bool, default=True
        Apply log-F and ridge to columns of mean zero and unit variance, so that units do not matter; coefficients are
        reported in the units of the data. Firth is invariant and takes no notice.
    intercept_correction : bool, default=True
        FLIC, for ``"firth"`` only.
    fit_intercept : bool, default=True
    interval_level : float in (0, 1), optional
        Fit profile-likelihood intervals of this level too; each end costs about ten fits. "auto" then is "firth": a
        prior that shrinks has no intervals that cover.
    max_iter : int, default=100
        Newton steps.
    tol : float, default=1e-9
        Newton decrement (nats) at which it stops.
    n_jobs : int, default=1
        Accepted for uniformity.

    Attributes
    ----------
    coef_ : ndarray of shape (1, d), intercept_ : ndarray of shape (1,)
    typical_ : ndarray of shape (d,)
        What each column adds to the log-odds on average over the (weighted) training rows.
    penalty_ : str
        "ridge" or "firth" where `penalty` is "auto", else that.
    C_ : float
        The prior variance that "auto" took. The scale of weights does not matter to it; with the other penalties a
        weight is a number of rows.
    penalised_intercept_ : float
        Intercept before the correction.
    coef_interval_ : ndarray of shape (d, 2)
        With `interval_level`: the values of each coefficient whose profile (penalised) log-likelihood is within half
        the chi-squared quantile of the maximum. Unlike Wald's they respect the skewness that separation brings; an end
        that no value reaches is infinite, and so are those of dropped columns.
    dropped_ : ndarray of int
        Columns that are constant or (but with "auto") follow from others; their coefficient is 0.
    log_likelihood_ : float
        Penalised log-likelihood (nats) at the maximum.
    n_iter_ : int
    converged_ : bool

    References
    ----------
    Firth 1993, Biometrika 80:27 (modified score); Heinze and Schemper 2002, Stat Med 21:2409 (profile intervals);
    Puhr et al. 2017, Stat Med 36:2302 (FLIC); Greenland and Mansournia 2015, Stat Med 34:3133 (log-F by
    augmentation); MacKay 1992, Neural Computation 4:720 (evidence). With case weights w the hat values count w copies
    of the row, so that weights equal repetition.

    Examples
    --------
    A column that separates the classes has a finite coefficient:

    >>> import numpy as np
    >>> X = np.array([[0.0], [0.0], [0.0], [0.0], [1.0], [1.0]])
    >>> model = FewEventsLogisticRegression(penalty="firth").fit(X, [0, 0, 0, 0, 1, 1])
    >>> round(float(model.coef_[0, 0]), 4)
    3.8067
    >>> float(model.predict_proba(X)[:, 1].sum().round(6))
    2.0
    """

    title = "Logistic regression for few events"
    takes_missing = False
    takes_categories = False

    penalty: str = "auto"
    C: float = 1.0
    standardize: bool = True
    intercept_correction: bool = True
    fit_intercept: bool = True
    interval_level: float | None = None
    max_iter: int = 100
    tol: float = 1e-9
    n_jobs: int = 1

    def _fit(self, rows: Rows, context: FitContext) -> None:
        _check.one_of(self.penalty, "penalty", ("auto", "firth", "log_f", "ridge"))
        _check.fraction(self.C, "C", high=np.inf, closed="neither")
        self.penalty_ = self.penalty
        if self.penalty == "auto":  # shrunk coefficients have no intervals that cover
            self.penalty_ = "ridge" if self.interval_level is None else "firth"
        chosen = self.penalty == "auto" and self.penalty_ == "ridge"
        X, y, w, shift = rows.X, rows.y, rows.weights, rows.offsets
        if chosen:  # what counts is how weights compare: a prior would feel their scale
            w = w / unit(w[rows.rare])
        mean = np.average(X, axis=0, weights=w)
        self._centre, self._scale = self._columns(X, w, mean, dependent=chosen)
        Z = (X[:, self._kept] - self._centre) / self._scale
        design = np.column_stack([np.ones(y.size), Z]) if self.fit_intercept else Z
        # Firth's prior is that of the whole model; the others leave the intercept alone
        slopes = np.arange(design.shape[1]) >= int(self.fit_intercept)
        model = Logistic(
            design,
            y.astype(np.float64),
            w,
            shift,
            precision=np.where(slopes, 1.0 / self.C, 0.0) if self.penalty_ == "ridge" else 0.0,
            firth=self.penalty_ == "firth",
            log_f=slopes if self.penalty_ == "log_f" else None,
        )
        start = np.zeros(design.shape[1])
        if self.fit_intercept:
            start[0] = best_intercept(y, rows.weight, rows.offset)
        if chosen:
            model, start, self.C_ = _likeliest(model, slopes, start)
        beta, self.n_iter_, self.converged_ = model.minimise(start, Steps(self.max_iter, self.tol))
        self.log_likelihood_ = -model.loss(beta)
        self.coef_ = np.zeros((1, X.shape[1]))
        self.coef_[0, self._kept] = beta[slopes] / self._scale
        self.typical_ = mean * self.coef_[0]
        centred = float(self._centre @ self.coef_[0, self._kept])
        self.penalised_intercept_ = float(beta[0]) - centred if self.fit_intercept else 0.0
        intercept = self.penalised_intercept_
        if self.fit_intercept and self.intercept_correction and self.penalty_ == "firth":
            intercept = best_intercept(y, rows.weight, shift + X[:, self._kept] @ self.coef_[0, self._kept])
        self.intercept_ = np.array([intercept])
        if self.interval_level is not None:
            self.coef_interval_ = self._intervals(model, beta)

    def _columns(
        self, X: np.ndarray, w: np.ndarray, mean: np.ndarray, *, dependent: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """Choose the columns that vary and, unless `dependent`, follow from no others; their centre and scale."""
        spread = np.sqrt(np.average((X - mean) ** 2, axis=0, weights=w))
        alive = spread > 1e-12 * np.maximum(np.abs(mean), 1e-300)
        Z = (X[:, alive] - mean[alive]) / spread[alive] * np.sqrt(w)[:, None]
        if not self.fit_intercept:
            alive = (X != 0).any(axis=0)
            Z = X[:, alive] / np.abs(X[:, alive]).max(axis=0) * np.sqrt(w)[:, None]
        kept = np.flatnonzero(alive)
        if kept.size and not dependent:
            triangle, order = qr(Z, mode="r", pivoting=True)
            size = np.abs(np.diag(triangle))
            kept = np.sort(kept[order[: int((size > 1e-10 * max(size[0], 1e-300)).sum())]])
        self._kept = kept
        self.dropped_ = np.setdiff1d(np.arange(X.shape[1]), kept)
        if self.dropped_.size:
            warnings.warn(
                f"{self.dropped_.size} of {X.shape[1]} columns are constant or follow from others; "
                f"their coefficient is 0: columns {self.dropped_[:10].tolist()}.",
                DroppedWarning,
                stacklevel=5,
            )
        if not kept.size and not self.fit_intercept:
            raise InputError("No column varies and `fit_intercept` is off; there is nothing to fit.")
        centre, scale = mean[kept], spread[kept]
        if not self.fit_intercept:  # nothing to take a mean up, and a constant column may stand
            centre, scale = np.zeros(kept.size), np.where(scale > 0, scale, np.abs(centre))
        # Firth is invariant; scaling still keeps the numbers of the solver near one
        if not self.standardize and not (self.penalty_ == "firth" and self.fit_intercept):
            scale = np.ones(kept.size)
        return centre, scale

    def _logit(self, X: np.ndarray) -> np.ndarray:
        return X @ self.coef_[0] + self.intercept_[0]

    def _intervals(self, model: Logistic, beta: np.ndarray) -> np.ndarray:
        level = _check.fraction(self.interval_level, "interval_level", closed="neither")
        lowest = -model.loss(beta) - float(chi2.ppf(level, 1)) / 2
        first = int(self.fit_intercept)
        ends = np.tile([-np.inf, np.inf], (self.coef_.shape[1], 1))
        for position, column in enumerate(self._kept):
            found = [self._profile_end(model, beta, first + position, side, lowest) for side in (-1, 1)]
            ends[column] = np.array(found) / self._scale[position]
        return ends

    def _profile_end(self, model: Logistic, beta: np.ndarray, j: int, side: int, lowest: float) -> float:
        """Where the profile log-likelihood of coefficient `j` falls to `lowest`, below or above the maximum."""
        start = beta.copy()

        def above(value: float) -> float:
            start[j] = value
            start[:] = model.minimise(start, Steps(self.max_iter, 1e-10), fixed=j).coefficients
            return -model.loss(start) - lowest

        inner, step = float(beta[j]), 1.0
        outer = inner + side * step
        while above(outer) > 0:
            step *= 2
            if step > 1e6:
                return side * np.inf
            inner, outer = outer, outer + side * step
        return float(brentq(above, inner, outer, xtol=1e-9, rtol=1e-10))


def _likeliest(model: Logistic, slopes: np.ndarray, start: np.ndarray) -> tuple[Logistic, np.ndarray, float]:
    """The model under the normal prior of most evidence, its coefficients, nearly, and the prior's variance."""
    best, found = -np.inf, (model, start, _VARIANCES[0])
    for variance in _VARIANCES:  # from narrow to wide: each fit starts from its neighbour's, a few steps away
        tried = replace(model, precision=np.where(slopes, 1 / variance, 0.0))
        start = tried.minimise(start, Steps(50, 1e-5)).coefficients
        evidence = tried.evidence(start)
        if evidence > best:
            best, found = evidence, (tried, start, variance)
        elif evidence < best - _HOPELESS:
            break
    return found
