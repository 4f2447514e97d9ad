"""CatBoost, guarded for rare events."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check, _types
from rareclass._lazy import need
from rareclass.errors import InputError
from rareclass.learners._context import Rows
from rareclass.learners._guarded import GuardedBooster, Task
from rareclass.learners._passed_on import PassedOn, class_ratio

_ALIASES = {
    **dict.fromkeys(("n_estimators", "num_boost_round", "num_trees"), "iterations"),
    **{"eta": "learning_rate", "max_depth": "depth", "reg_lambda": "l2_leaf_reg"},
}


class RareCatBoostClassifier(PassedOn, GuardedBooster):
    """CatBoost started at the prevalence, with a penalty and small trees for rare events.

    Its symmetric trees collapse less than those of other boosters; guards, the choice among them, undone class
    weights, calibrated log-odds and the alarm are those of `RareLGBMClassifier`. Needs
    ``pip install "rareclass[catboost]"``. Nothing is written to disk (``allow_writing_files=False``).

    It takes the parameters of `catboost.CatBoostClassifier` (also by the alias names, such as `n_estimators`); those
    that are "auto" are set for rare events, the others are passed on.

    Parameters
    ----------
    iterations, learning_rate, depth, l2_leaf_reg : number or "auto", default="auto"
        Set by the guard where "auto". A number of trees of your own fixes the guard as well.
    scale_pos_weight : float, optional
        Used in training and undone in the log-odds; `class_weights` and `auto_class_weights` are refused.
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
        Further parameters of CatBoost, passed on (`monotone_constraints`, `early_stopping_rounds`, ...).

    Attributes
    ----------
    guard_ : str
    parameters_ : dict
    model_ : catboost.CatBoostClassifier
        Fitted on binned columns where `event_bins` is on.
    oof_rows_, oof_logit_ : ndarray of shape (m,)
        Training rows that the choice was made on, and their out-of-fold log-odds.
    shift_, slope_ : float
        log-odds = shift + slope * (raw value + intercept_).

    Examples
    --------
    >>> import numpy as np, pytest
    >>> _ = pytest.importorskip("catboost")
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(2000, 3))
    >>> y = X[:, 0] + 0.3 * rng.normal(size=2000) > 2.2
    >>> model = RareCatBoostClassifier(random_state=0, iterations=50).fit(X, y)
    >>> bool(model.predict_proba(X)[y, 1].mean() > 0.2)
    True
    """

    title = "CatBoost, guarded"
    loss_library = "catboost"
    trusted = ("catboost.core.CatBoostClassifier",)
    _TREES = "iterations"

    def __init__(
        self,
        *,
        iterations: float | str = "auto",
        learning_rate: float | str = "auto",
        depth: float | str = "auto",
        l2_leaf_reg: float | str = "auto",
        scale_pos_weight: float | None = None,
        guard: str = "auto",
        event_bins: bool = True,
        calibrate: bool = True,
        collapse_alarm: bool = True,
        categorical_features: ArrayLike | None = None,
        random_state: _types.Seed = None,
        n_jobs: int | None = 1,
        **kwargs: Any,
    ) -> None:
        self.iterations = iterations
        self.learning_rate = learning_rate
        self.depth = depth
        self.l2_leaf_reg = l2_leaf_reg
        self.scale_pos_weight = scale_pos_weight
        self.guard = guard
        self.event_bins = event_bins
        self.calibrate = calibrate
        self.collapse_alarm = collapse_alarm
        self.categorical_features = categorical_features
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.kwargs = kwargs

    def _guards(self, events: int) -> dict[str, dict[str, Any]]:
        depth = 4 if events < 300 else 5 if events < 3000 else 6
        steady = {
            "iterations": 200 if events < 3000 else 400,
            "learning_rate": 0.06,
            "depth": depth,
            "l2_leaf_reg": 1.0,
            "_ordered": False,
        }
        return {
            "steady": steady,
            "cautious": {**steady, "depth": 3, "l2_leaf_reg": 10.0},
            "bold": {**steady, "depth": depth + 1, "l2_leaf_reg": 0.3},
        }

    def _given_ratio(self, rows: Rows) -> float:
        given = 1.0 if self.scale_pos_weight is None else self.scale_pos_weight
        weights, automatic = self.kwargs.get("class_weights"), self.kwargs.get("auto_class_weights")
        if weights is not None and not hasattr(weights, "get"):
            weights = dict(zip(self.classes_.tolist(), weights, strict=False))
        if automatic is None:
            return class_ratio(weights, given, rows, self.classes_)
        _check.one_of(automatic, "auto_class_weights", ("Balanced", "SqrtBalanced"))
        balanced = class_ratio("balanced", 1.0, rows, self.classes_)
        return given * (balanced if automatic == "Balanced" else float(np.sqrt(balanced)))

    def _train(self, task: Task) -> Any:
        objective = self.kwargs.get("loss_function", self.kwargs.get("objective", "Logloss"))
        if objective != "Logloss":
            raise InputError(f"RareCatBoostClassifier fits log-odds by cross-entropy; got {objective!r}.")
        catboost = need("catboost", extra="catboost")
        known = self._not_given(task.parameters, _ALIASES)
        further = {k: v for k, v in self.kwargs.items() if k not in ("class_weights", "auto_class_weights")}
        fixed = {"thread_count": self.n_jobs, "verbose": False, "allow_writing_files": False}
        model = catboost.CatBoostClassifier(random_seed=task.seed, **fixed, **{**known, **further})
        evaluation: dict[str, Any] = {}
        if task.stop:
            pools = [catboost.Pool(part.X, part.y.astype(int), baseline=part.start) for part in task.stop]
            evaluation = {"eval_set": pools, **task.options}
        rows = task.rows
        pool = catboost.Pool(rows.X, rows.y.astype(int), weight=rows.weight, baseline=task.start)
        return model.fit(pool, **evaluation)

    def _starts_itself(self) -> bool:
        return False

    def _raw(self, model: Any, X: np.ndarray, stages: list[int]) -> np.ndarray:
        raw = {"prediction_type": "RawFormulaVal", "thread_count": self.n_jobs or 1}
        return np.array([model.predict(X, ntree_end=count, **raw) for count in stages], dtype=np.float64)

    def _all_trees(self, model: Any) -> list[int]:
        return [int(model.tree_count_)]
