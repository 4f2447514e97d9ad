"""XGBoost, guarded for rare events."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _types
from rareclass._lazy import need
from rareclass.errors import InputError
from rareclass.learners._context import Rows
from rareclass.learners._guarded import GuardedBooster, Task
from rareclass.learners._passed_on import PassedOn, class_ratio

_ALIASES = {"eta": "learning_rate", "lambda": "reg_lambda", "num_boost_round": "n_estimators"}


class RareXGBClassifier(PassedOn, GuardedBooster):
    """XGBoost whose step is limited and regularised for rare events.

    XGBoost's defaults (a penalty of 1, a minimum child weight of 1) collapse less than those of other boosters, but
    lose ranking with few events: a child needs as many expected events as the minimum weight asks for. Guards, the
    choice among them, undone class weights, calibrated log-odds and the alarm are those of `RareLGBMClassifier`. Needs
    ``pip install "rareclass[xgboost]"``.

    It takes the parameters of `xgboost.XGBClassifier`; those that are "auto" are set for rare events, the others are
    passed on.

    Parameters
    ----------
    max_depth, learning_rate, n_estimators, min_child_weight, max_delta_step, subsample, colsample_bytree, reg_lambda \
: number or "auto", default="auto"
        Set by the guard where "auto". A number of trees of your own fixes the guard as well.
    objective : "binary:logistic", optional
        For other losses use `LossBoosterClassifier`.
    scale_pos_weight : float, optional
        Used in training and undone in the log-odds.
    guard : {"auto", "steady", "cautious", "bold"}, default="auto"
        As in `RareLGBMClassifier`.
    event_bins : bool, default=True
        Cut numeric features around the values of events (half of the cuts) and at quantiles (the other half).
    calibrate : bool, default=True
    collapse_alarm : bool, default=True
    categorical_features : sequence of int, optional
        Columns that hold category codes; split as ordered codes.
    random_state : int, Generator or None, default=None
    n_jobs : int, default=1
    **kwargs
        Further parameters of XGBoost, passed on (`monotone_constraints`, `early_stopping_rounds`, ...).

    Attributes
    ----------
    guard_ : str
    parameters_ : dict
    model_ : xgboost.XGBClassifier
        Fitted on binned columns where `event_bins` is on.
    oof_rows_, oof_logit_ : ndarray of shape (m,)
        Training rows that the choice was made on, and their out-of-fold log-odds.
    shift_, slope_ : float
        log-odds = shift + slope * (margin + intercept_).

    Examples
    --------
    >>> import numpy as np, pytest
    >>> _ = pytest.importorskip("xgboost")
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(3000, 3))
    >>> y = X[:, 0] + 0.3 * rng.normal(size=3000) > 2.2
    >>> model = RareXGBClassifier(random_state=0).fit(X, y)
    >>> bool(model.predict_proba(X)[y, 1].mean() > 0.2)
    True
    """

    title = "XGBoost, guarded"
    loss_library = "xgboost"
    trusted = ("xgboost.core.Booster", "xgboost.sklearn.XGBClassifier")

    def __init__(
        self,
        *,
        max_depth: float | str = "auto",
        learning_rate: float | str = "auto",
        n_estimators: float | str = "auto",
        objective: str | None = None,
        min_child_weight: float | str = "auto",
        max_delta_step: float | str = "auto",
        subsample: float | str = "auto",
        colsample_bytree: float | str = "auto",
        reg_lambda: float | str = "auto",
        scale_pos_weight: float | None = None,
        random_state: _types.Seed = None,
        n_jobs: int | None = 1,
        guard: str = "auto",
        event_bins: bool = True,
        calibrate: bool = True,
        collapse_alarm: bool = True,
        categorical_features: ArrayLike | None = None,
        **kwargs: Any,
    ) -> None:
        self.max_depth = max_depth
        self.learning_rate = learning_rate
        self.n_estimators = n_estimators
        self.objective = objective
        self.min_child_weight = min_child_weight
        self.max_delta_step = max_delta_step
        self.subsample = subsample
        self.colsample_bytree = colsample_bytree
        self.reg_lambda = reg_lambda
        self.scale_pos_weight = scale_pos_weight
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.guard = guard
        self.event_bins = event_bins
        self.calibrate = calibrate
        self.collapse_alarm = collapse_alarm
        self.categorical_features = categorical_features
        self.kwargs = kwargs

    def _guards(self, events: int) -> dict[str, dict[str, Any]]:
        depth = 3 if events < 300 else 4 if events < 3000 else 6
        steady = {
            "max_depth": depth,
            "learning_rate": 0.05,
            "n_estimators": 200 if events < 3000 else 400,
            "reg_lambda": 1.0,
            "min_child_weight": 0.1,
            "max_delta_step": 1.0,
            "subsample": 1.0,
            "colsample_bytree": 0.7,
            "_ordered": False,
        }
        bold = {"max_depth": depth + 2, "reg_lambda": 0.3, "min_child_weight": 0.03, "colsample_bytree": 0.4}
        return {
            "steady": steady,
            "cautious": {**steady, "max_depth": 2, "reg_lambda": 10.0, "min_child_weight": 1.0},
            "bold": {**steady, **bold},
        }

    def _given_ratio(self, rows: Rows) -> float:
        given = self.scale_pos_weight
        return class_ratio(None, 1.0 if given is None else given, rows, self.classes_)

    def _train(self, task: Task) -> Any:
        if self.objective not in (None, "binary:logistic"):
            raise InputError(
                f"RareXGBClassifier fits log-odds by cross-entropy; got objective={self.objective!r}. "
                "For another loss use rareclass.learners.LossBoosterClassifier."
            )
        xgboost = need("xgboost", extra="xgboost")
        known = self._not_given(task.parameters, _ALIASES)
        options = {"tree_method": "hist", **known, **self.kwargs}
        model = xgboost.XGBClassifier(random_state=task.seed, n_jobs=self.n_jobs, base_score=0.5, **options)
        evaluation: dict[str, Any] = {"verbose": False}
        if task.stop:
            evaluation |= {
                "eval_set": [(part.X, part.y.astype(int)) for part in task.stop],
                "base_margin_eval_set": [part.start for part in task.stop],
                **task.options,
            }
        rows = task.rows
        return model.fit(rows.X, rows.y.astype(int), sample_weight=rows.weight, base_margin=task.start, **evaluation)

    def _starts_itself(self) -> bool:
        # XGBoost's own base score would be one half, or an estimate that differs between versions
        return False

    def _raw(self, model: Any, X: np.ndarray, stages: list[int]) -> np.ndarray:
        margins = [model.predict(X, output_margin=True, iteration_range=(0, count)) for count in stages]
        return np.array(margins, dtype=np.float64)

    def _all_trees(self, model: Any) -> list[int]:
        if getattr(model, "early_stopping_rounds", None) is not None:
            return [int(model.best_iteration) + 1]
        return [model.get_booster().num_boosted_rounds()]
