"""scikit-learn's HistGradientBoosting, guarded for rare events by its parameters and by the bins it is given."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.ensemble import HistGradientBoostingClassifier

from rareclass import _types
from rareclass.errors import InputError
from rareclass.learners._context import Rows
from rareclass.learners._dialect import Dialect, Setting, by_position
from rareclass.learners._guarded import GuardedBooster, Task
from rareclass.learners._passed_on import class_ratio

_CATEGORIES = 254


@dataclass(eq=False, repr=False)
class RareHistGradientBoostingClassifier(GuardedBooster):
    """HistGradientBoosting that does not collapse on rare events.

    The library has no public offset or custom loss, so the guard is its regularisation, the size of its trees, no
    early stopping on a handful of events, and features cut where the events lie. The guard and the number of trees are
    chosen by out-of-fold log-loss, log-odds are recalibrated, and a `CollapseWarning` is raised, as in
    `RareLGBMClassifier`; prefer that one where LightGBM loads: it also limits the Newton step and takes offsets.

    It takes the parameters of `sklearn.ensemble.HistGradientBoostingClassifier`; those that are "auto" are set for
    rare events.

    Parameters
    ----------
    learning_rate, max_iter, max_leaf_nodes, min_samples_leaf, l2_regularization, max_features : number or "auto", \
default="auto"
        Set by the guard where "auto". `l2_regularization` is in units of expected events. A number of trees of your
        own fixes the guard as well.
    loss, max_depth, max_bins, monotonic_cst, interaction_cst, early_stopping, scoring, validation_fraction, \
n_iter_no_change, tol, verbose
        As in scikit-learn, but for `early_stopping`, which is off: its validation part would hold a handful of events.
    warm_start : False
        Taken for uniformity and refused otherwise: more trees would go unjudged.
    class_weight : None, "balanced" or dict
        Used in training and undone in the log-odds.
    guard : {"auto", "steady", "cautious", "bold", "steady_ordered"}, default="auto"
        As in `RareLGBMClassifier`.
    event_bins : bool, default=True
        Cut numeric features around the values of events (half of the cuts) and at quantiles (the other half).
        Up to 255 bins a feature; of wide tables 18,000 bins in all, and 64 a feature at least.
    calibrate : bool, default=True
    collapse_alarm : bool, default=True
    categorical_features : sequence of int, optional
        Columns that hold category codes or, in a frame, text; numbers or names. Split natively; codes from 253 on
        share one category. Category columns of a frame need not be named ("from_dtype" says the same as None).
    random_state : int, Generator or None, default=None
    n_jobs : int, default=1
        Accepted for uniformity; scikit-learn sets its threads by OpenMP.

    Attributes
    ----------
    guard_ : str
    parameters_ : dict
    model_ : sklearn.ensemble.HistGradientBoostingClassifier
    oof_rows_, oof_logit_ : ndarray of shape (m,)
        Training rows that the choice was made on, and their out-of-fold log-odds.
    shift_, slope_ : float
        log-odds = shift + slope * raw score.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(3000, 3))
    >>> y = X[:, 0] + 0.3 * rng.normal(size=3000) > 2.2
    >>> model = RareHistGradientBoostingClassifier(random_state=0).fit(X, y)
    >>> bool(model.predict_proba(X)[y, 1].mean() > 0.3)
    True
    """

    title = "HistGradientBoosting, guarded"
    takes_offset = False
    _TRANSLATED = frozenset({"loss"})
    trusted = (
        "functools.partial",
        "sklearn._loss._loss.CyHalfBinomialLoss",
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.utils.validation.check_array",
    )
    _TREES = "max_iter"
    loss: str = "log_loss"
    _: KW_ONLY
    learning_rate: float | str = "auto"
    max_iter: float | str = "auto"
    max_leaf_nodes: float | str = "auto"
    max_depth: int | None = None
    min_samples_leaf: float | str = "auto"
    l2_regularization: float | str = "auto"
    max_features: float | str = "auto"
    max_bins: int = 255
    monotonic_cst: ArrayLike | Mapping[str, int] | None = None
    interaction_cst: Sequence[Collection[int]] | str | None = None
    early_stopping: bool | str = False
    scoring: str | Callable | None = "loss"
    validation_fraction: float | None = 0.1
    n_iter_no_change: int = 10
    tol: float = 1e-7
    verbose: int = 0
    warm_start: bool = False
    class_weight: Mapping[Any, float] | str | None = None
    guard: str = "auto"
    event_bins: bool = True
    calibrate: bool = True
    collapse_alarm: bool = True
    categorical_features: ArrayLike | str | None = None
    random_state: _types.Seed = None
    n_jobs: int | None = 1

    def _guards(self, events: int) -> dict[str, dict[str, Any]]:
        leaves = 7 if events < 100 else 15 if events < 3000 else 31
        steady = {
            "learning_rate": 0.1,
            "max_iter": 100 if events < 3000 else 200,
            "max_leaf_nodes": leaves,
            "min_samples_leaf": 5 if events < 300 else 20,
            "l2_regularization": 1.0,
            "max_features": 0.7,
            "_ordered": False,
        }
        cautious = {"max_leaf_nodes": max(4, leaves // 2), "l2_regularization": 5.0, "max_features": 0.5}
        return {
            "steady": steady,
            "cautious": {**steady, **cautious, "learning_rate": 0.05},
            "bold": {**steady, "max_leaf_nodes": 2 * leaves + 1, "l2_regularization": 0.3, "max_features": 0.4},
            "steady_ordered": {**steady, "_ordered": True},
        }

    def _given_ratio(self, rows: Rows) -> float:
        return class_ratio(self.class_weight, 1.0, rows, self.classes_)

    def _dialect(self) -> Dialect:
        return Dialect(refused={"warm_start": "guard and trees are chosen anew in each fit; leave it out"})

    def _check_values(self, settings: Mapping[str, Setting]) -> None:
        if self.loss != "log_loss":
            raise InputError(
                f"`loss` must be 'log_loss', the only one scikit-learn has here; got {self.loss!r}. "
                "RareLGBMClassifier, RareXGBClassifier and RareCatBoostClassifier take others."
            )

    def _most_bins(self) -> int:
        return min(int(self.max_bins), super()._most_bins())

    def _train(self, task: Task) -> Any:
        if task.stop:
            raise InputError("HistGradientBoosting takes no `eval_set`; RareLGBMClassifier does.")
        names = list(getattr(self, "feature_names_in_", ()))
        known = {"early_stopping": self.early_stopping, **task.parameters}
        for name in ("monotonic_cst", "interaction_cst"):
            if name in known and not isinstance(known[name], str):
                known[name] = by_position(known[name], names, name)
        # the library cannot bin a column without any value: zeros survive harmlessly
        X, empty = _fewer_codes(task.rows.X, task.codes), np.isnan(task.rows.X).all(axis=0)
        if empty.any():
            X = np.where(empty, 0.0, X)
        codes = task.codes & ~empty
        model = HistGradientBoostingClassifier(
            **known, categorical_features=codes if codes.any() else None, random_state=task.seed
        )
        return model.fit(X, task.rows.y.astype(int), sample_weight=task.rows.weight)

    def _raw(self, model: Any, X: np.ndarray, stages: list[int]) -> np.ndarray:
        codes = model.is_categorical_
        X = X if codes is None else _fewer_codes(X, codes)
        if len(stages) == 1 and stages[0] >= model.n_iter_:
            return np.asarray(model.decision_function(X), dtype=np.float64)[None, :]
        wanted = [min(stage, model.n_iter_) for stage in stages]
        steps = islice(model.staged_decision_function(X), max(wanted))
        kept = {count: np.ravel(score).copy() for count, score in enumerate(steps, start=1) if count in wanted}
        return np.array([kept[count] for count in wanted])

    def _all_trees(self, model: Any) -> list[int]:
        return [model.n_iter_]

    @property
    def n_iter_(self) -> int:
        """Number of trees; with more than two classes that of the longest model."""
        models = [self] if len(self.classes_) == 2 else self.members_
        return max(int(member.model_.n_iter_) for member in models)


def _fewer_codes(X: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Codes beyond what the library can split share the last category."""
    if not codes.any():
        return X
    X = X.copy()
    X[:, codes] = np.minimum(X[:, codes], _CATEGORIES - 1)
    return X
