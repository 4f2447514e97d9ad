"""A small net for tables: several at once on quantile features, each blind to some rows, stopped where these say so."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check, _types
from rareclass.errors import InputError
from rareclass.kernels.network import NetParts, net_scores
from rareclass.learners._context import FitContext, InnerPlan, Rows, Unseen
from rareclass.learners._inner import inner_folds, sample_rows
from rareclass.learners._recalibrate import own_scale
from rareclass.learners.base import RareLearner, best_intercept
from rareclass.learners.quantile_features import QuantileFeatures

FEW_EVENTS = 10
"""Fewer cannot tell when to stop: a fixed number of epochs."""
_FIXED_EPOCHS = 20
_MANY_COLUMNS = 40
_OTHERS = (100_000, 50)
"""Rows without the event that are trained on at most: so many, or so many for each event."""


@dataclass(eq=False, repr=False, kw_only=True)
class RareNetClassifier(RareLearner):
    """Small feed-forward nets for tables with a rare class, trained by PyTorch (extra `torch`), scored without it.

    Columns become quantile features: normal scores, magnitudes and piecewise linear terms of numbers, an indicator and
    a learned value where they are missing, a learned vector for each frequent level of a category. Several nets of one
    shape are trained at once, each blind to one fold. Their bias starts at the prevalence, their weights are averaged
    over steps, and training stops by the average precision of the rows that each net does not see, all events of the
    table at the real prevalence. Where that is early, a net is nearly constant, and where it is late, too sure: a
    factor gives the log-odds of these rows the spread that their events show, and a constant makes them expect as many
    events as there are. The score is the mean of the nets' log-odds. Numbers beyond those of training count as the
    nearest of them: else a net would run on along its last slope, and a row with a mistyped number be certain not to be
    an event. With fewer than 10 events (or as few distinct ones) nothing could tell when to stop: all nets see all rows
    for a fixed number of epochs.

    Use it beside boosted trees, where some hundred events and smooth effects can be hoped for; it is seldom the best
    alone, and it is no default. It trains on one thread, so that results do not depend on their number: about ten
    seconds for 10,000 rows of 20 columns. Compiled, it scores a row of a batch in about 15 microseconds, one alone in
    about 100.

    Parameters
    ----------
    hidden : sequence of int, default=(64, 64)
        Units of the hidden layers (ReLU).
    nets : int >= 2, default=5
        Nets whose log-odds are averaged, and folds.
    learning_rate : float > 0, default=0.001
        Of AdamW.
    weight_decay : float >= 0, default=0.01
    dropout : float in [0, 1), default=0.1
    max_epochs : int >= 1, default=60
    patience : int >= 1, default=12
        Epochs without a better average precision after which training stops.
    min_level_rows : int, default=20
        A category level needs this many training rows (and at least 0.05 %) to get a vector of its own.
    categorical_features : sequence of int, optional
        Columns that hold category codes.
    device : str, default="cpu"
        Of PyTorch, for training only: "cuda" pays for tables of millions of rows. Its results differ in rounding.
    random_state : int, Generator or None, default=None
    n_jobs : int, default=1
        Accepted for uniformity.

    Attributes
    ----------
    features_ : QuantileFeatures
    weights_ : list of ndarray
        Of the layers, (nets, i, o) and (nets, o) by turns, on the columns that `features_` makes.
    parts_ : tuple of arrays
        The same as `rareclass.kernels.network.net_scores` takes them.
    n_iter_ : int
        Epochs that the weights have seen.
    precision_ : list of float
        Average precision after each epoch of the rows that each net does not see; NaN where all are seen.
    scale_ : float
        The factor of the log-odds after training; 1 where all nets see all rows.
    oof_rows_, oof_logit_ : ndarray of shape (m,)
        Training rows that nets are blind to, and the log-odds that these nets give them (NaN where all see all rows).

    References
    ----------
    Gorishniy et al. 2022, arXiv 2203.05556 (piecewise linear encodings); Gorishniy et al. 2024, arXiv 2410.24210 (many
    small nets trained at once). Folds for early stopping, and the features, are ours.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(1000, 2))
    >>> y = np.hypot(X[:, 0], X[:, 1]) + 0.2 * rng.normal(size=1000) < 0.4
    >>> model = RareNetClassifier(hidden=(16,), random_state=0).fit(X, y)
    >>> bool(model.predict_proba(X)[y, 1].mean() > 3 * y.mean())
    True
    """

    title = "Net on quantiles"
    judges_itself = True

    hidden: tuple[int, ...] = (64, 64)
    nets: int = 5
    learning_rate: float = 0.001
    weight_decay: float = 0.01
    dropout: float = 0.1
    max_epochs: int = 60
    patience: int = 12
    min_level_rows: int = 20
    categorical_features: ArrayLike | None = None
    device: str = "cpu"
    random_state: _types.Seed = None
    n_jobs: int = 1

    def _fit(self, rows: Rows, context: FitContext) -> Unseen:
        self._check_parameters()
        from rareclass.learners import _net_training as training

        rng, plan = context.rng, context.plan
        fitted, shift, plan = self._rows(rows, plan, rng)
        some = rows.take(fitted, shift)
        fold = np.full(fitted.size, -1)
        if plan.possible:
            fold[np.searchsorted(fitted, plan.rows)] = plan.fold
        self.features_ = QuantileFeatures(
            knots=rows.X.shape[1] - len(self._code_columns(rows.X.shape[1])) <= _MANY_COLUMNS,
            min_level_rows=self.min_level_rows,
            categorical_features=self._code_columns(rows.X.shape[1]),
            random_state=int(rng.integers(2**31)),
        ).fit(rows.X)
        Z = self.features_.transform(some.X)
        # unit variance would make much of what is seldom other than zero: rare levels, the last hinges
        scale = np.maximum(Z.std(axis=0), 1.0)
        weight = some.weights / some.weights.mean()
        nets = max(int(fold.max()) + 1, 2) if plan.possible and context.plan is not None else self.nets
        found = training.train(
            training.Material(Z=Z / scale, y=some.y, weight=weight, offset=some.offsets, fold=fold),
            training.Plan(
                hidden=tuple(self.hidden),
                nets=nets,
                start=best_intercept(some.y, some.weight, some.offset),
                learning_rate=self.learning_rate,
                weight_decay=self.weight_decay,
                dropout=self.dropout,
                epochs=self.max_epochs if plan.possible else min(self.max_epochs, _FIXED_EPOCHS),
                patience=self.patience,
                seed=int(rng.integers(2**31)),
                device=self.device,
            ),
        )
        first, *others = found.weights
        self.weights_ = [first.astype(np.float64) / scale[:, None], *others]
        self.n_iter_, self.precision_ = found.best, found.precision
        unseen = self._unseen(rows.X[plan.rows], plan)
        judged = rows.take(plan.rows, plan.shift)
        logit = unseen if plan.possible else net_scores(judged.X, self._parts_of(self.weights_))
        self.scale_ = 1.0
        if plan.possible:
            worth = judged.scaled().weights
            self.scale_ = own_scale(logit, judged.y, weight=worth, offset=judged.offsets)
        level = best_intercept(judged.y, judged.weight, judged.offsets + self.scale_ * logit)
        *_, last, bias = self.weights_
        self.weights_[-2:] = [self.scale_ * last, self.scale_ * bias + level]
        self.parts_ = self._parts_of(self.weights_)
        return Unseen(plan.rows, self.scale_ * unseen + level)

    def _check_parameters(self) -> None:
        if not len(self.hidden):
            raise InputError("`hidden` must hold at least one number of units.")
        for units in self.hidden:
            _check.whole_number(units, "hidden", low=1)
        for name, low in (("nets", 2), ("max_epochs", 1), ("patience", 1)):
            _check.whole_number(getattr(self, name), name, low=low)
        _check.fraction(self.learning_rate, "learning_rate", high=np.inf, closed="neither")
        _check.fraction(self.weight_decay, "weight_decay", high=np.inf, closed="left")
        _check.fraction(self.dropout, "dropout", closed="left")

    def _rows(
        self, rows: Rows, plan: InnerPlan | None, rng: np.random.Generator
    ) -> tuple[np.ndarray, float, InnerPlan]:
        """Rows to train on, what their sampling adds to the log-odds, and which of them nets are blind to."""
        rare = rows.rare
        events = int(rare.sum())
        fitted, shift = sample_rows(rare, rng, others=max(_OTHERS[0], _OTHERS[1] * events))
        shift = shift if rare is rows.y else -shift
        if plan is not None:
            fitted = np.union1d(fitted, plan.rows)
            others = int(np.count_nonzero(~rare[fitted]))
            shift = float(np.log(np.count_nonzero(~rare) / others)) * (1 if rare is rows.y else -1)
            return fitted, shift, plan
        fold = inner_folds(rows.X[fitted], rare[fitted], rng, folds=self.nets)
        if events < FEW_EVENTS or fold.max() + 1 < self.nets:
            fold = np.full(fitted.size, -1)
        return fitted, shift, InnerPlan(fitted, shift, fold)

    def _unseen(self, X: np.ndarray, plan: InnerPlan) -> np.ndarray:
        """Log-odds (m,) of rows by the nets that do not see them; unknown where all do."""
        found = np.full(X.shape[0], np.nan)
        if plan.possible:
            for k in range(self.weights_[0].shape[0]):
                rows = np.flatnonzero(plan.fold == k)
                found[rows] = net_scores(X[rows], self._parts_of([w[k : k + 1] for w in self.weights_]))
        return found

    def _parts_of(self, weights: list[np.ndarray]) -> NetParts:
        first, bias, *later = (np.asarray(w, dtype=np.float64) for w in weights)
        width = first.shape[0] * first.shape[2]
        coefficients = first.transpose(0, 2, 1).reshape(width, -1)
        each = [self.features_.linear_parts(c, float(b)) for c, b in zip(coefficients, bias.reshape(width))]
        numeric, knots, (hinge, _, mean), (column, begin, _), _ = each[0]
        weight = np.stack([one[2][1] for one in each], axis=-1)
        codes = np.stack([one[3][2] for one in each], axis=-1)
        base = np.array([one[4] for one in each]) - np.einsum("fk,fko->o", mean, weight)
        sizes = np.array([first.shape[2], *(w.shape[2] for w in later[::2])])
        by_net = [[w[k].ravel() for w in later] for k in range(first.shape[0])]
        flat, added = (np.concatenate([w for own in by_net for w in own[kind::2]]) for kind in (0, 1))
        return numeric, knots, hinge, np.ascontiguousarray(weight), (column, begin, codes), base, sizes, flat, added

    def _logit(self, X: np.ndarray) -> np.ndarray:
        return net_scores(X, self.parts_)
