"""XGBoost, guarded for rare events."""

from collections.abc import Mapping
from functools import cache
from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check, _types
from rareclass._lazy import need
from rareclass.errors import InputError
from rareclass.learners._context import Rows
from rareclass.learners._dialect import Dialect, Setting, by_position, library_refusals, spread
from rareclass.learners._guarded import GuardedBooster, Task
from rareclass.learners._own_loss import stop_metric
from rareclass.learners._passed_on import PassedOn, class_ratio
from rareclass.learners.objectives import XGBoostMetric

_ALIASES = spread(
    {
        "learning_rate": "eta",
        "reg_lambda": "lambda",
        "reg_alpha": "alpha",
        "gamma": "min_split_loss",
        "random_state": "seed",
        "n_jobs": "nthread",
        "n_estimators": "num_boost_round num_round",
    }
)
# parameters of the trees and of training that XGBoost's classifier takes without naming them
_NATIVE = frozenset(
    "disable_default_eval_metric max_cached_hist_node normalize_type one_drop rate_drop sample_type "
    "seed_per_iteration skip_drop updater".split()
)
_OTHER_LOSS = (
    "it belongs to another objective than 'binary:logistic'; leave it out, or give a loss of rareclass.losses as `loss`"
)
_REFUSED = spread(
    {
        _OTHER_LOSS: "aft_loss_distribution aft_loss_distribution_scale huber_slope lambdarank_bias_norm "
        "lambdarank_normalization lambdarank_num_pair_per_sample lambdarank_pair_method lambdarank_unbiased "
        "ndcg_exp_gain num_class quantile_alpha tweedie_variance_power",
        "one model is fitted for each class; leave it out": "multi_strategy",
        "the kinds of columns are set here; name those that hold codes in `categorical_features`": "feature_types",
        "it belongs to linear boosters; leave it out": "feature_selector top_k",
        "it changes trees that were grown before; leave it out": "process_type refresh_leaf",
    }
)


@cache
def _dialect() -> Dialect:
    classifier = need("xgboost", extra="xgboost").XGBModel
    return Dialect(
        known=frozenset(signature(classifier).parameters) - {"kwargs"} | {*_ALIASES, *_REFUSED} | _NATIVE,
        aliases=_ALIASES,
        refused=_REFUSED,
        stopping=frozenset({"early_stopping_rounds"}),
        options=frozenset({"verbose"}),
        options_of_eval=frozenset({"sample_weight_eval_set"}),
    )


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
        Give other losses as `loss`.
    scale_pos_weight : float, optional
        Used in training and undone in the log-odds.
    loss : RowLoss, BatchLoss, their dictionary or name, default=None
        Trained on instead of cross-entropy, as in `RareLGBMClassifier`, `eval_metric` with `eval_set` too.
    loss_share : float in (0, 1], default=0.5
        How much of a row loss is trained on; the rest is cross-entropy, as in `RareLGBMClassifier`.
    guard : {"auto", "steady", "cautious", "bold"}, default="auto"
        As in `RareLGBMClassifier`.
    event_bins : bool, default=True
        Cut numeric features around the values of events (half of the cuts) and at quantiles (the other half).
        Up to 255 bins a feature; of wide tables 18,000 bins in all, and 64 a feature at least.
    calibrate : bool, default=True
    collapse_alarm : bool, default=True
    categorical_features : sequence of int, optional
        Columns that hold category codes or, in a frame, text; numbers or names. Category columns of a frame need not
        be named. Split as ordered codes; natively with ``enable_categorical=True``.
    random_state : int, Generator or None, default=None
    n_jobs : int, default=1
    **kwargs
        Further parameters of XGBoost by any of its names (`monotone_constraints`, `missing`, `eta`, ...). What cannot
        be honoured is refused by name: linear boosters, `feature_types`, other objectives.

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
    takes_loss = True
    _TRANSLATED = frozenset({"base_score", "missing"})
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
        loss: Any = None,
        loss_share: float = 0.5,
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
        self.loss = loss
        self.loss_share = loss_share
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

    def _dialect(self) -> Dialect:
        return _dialect()

    def _check_values(self, settings: Mapping[str, Setting]) -> None:
        given = {k: setting.value for k, setting in settings.items()}
        if given.get("objective") not in (None, "binary:logistic"):
            raise InputError(
                f"RareXGBClassifier fits log-odds by cross-entropy; got objective={given['objective']!r}. "
                "Give another loss as `loss`, see rareclass.losses."
            )
        if given.get("booster") == "gblinear":
            raise InputError(
                "`booster='gblinear'` grows no trees. Use rareclass.learners.FewEventsLogisticRegression or "
                "QuantileLogisticRegression."
            )
        _check.fraction(given.get("base_score", 0.5), "base_score", closed="neither")

    def _given_ratio(self, rows: Rows) -> float:
        given = self.scale_pos_weight
        return class_ratio(None, 1.0 if given is None else given, rows, self.classes_)

    def _clean(self, X: np.ndarray, codes: np.ndarray) -> np.ndarray:
        mark = self._value("missing")
        if mark is None or np.isnan(mark):
            return X
        # the library compares in single precision
        return np.where(X.astype(np.float32) == np.float32(mark), np.nan, X)

    def _most_bins(self) -> int:
        given = self._value("max_bin")
        return super()._most_bins() if given is None else int(given)

    def _stages_hold(self) -> bool:
        # trees that are dropped for a while weigh less afterwards
        return self._value("booster") != "dart"

    def _start(self, rows: Rows) -> float:
        given = self._value("base_score")
        return super()._start(rows) if given is None else float(np.log(given) - np.log1p(-given))

    def _train(self, task: Task) -> Any:
        xgboost = need("xgboost", extra="xgboost")
        known = dict(task.parameters)
        names = list(getattr(self, "feature_names_in_", ()))
        for name in ("monotone_constraints", "interaction_constraints"):
            if name in known and not isinstance(known[name], str):  # a text is in the library's own grammar
                known[name] = by_position(known[name], names, name)
        if not isinstance(known.get("interaction_constraints", ""), str):
            known["interaction_constraints"] = str([list(group) for group in known["interaction_constraints"]])
        if known.get("enable_categorical"):
            known["feature_types"] = ["c" if coded else "q" for coded in task.codes]
        if task.objective is not None:
            found = stop_metric(task.objective, known.pop("eval_metric", None))
            metric = XGBoostMetric(found, task.objective) if isinstance(found, str) else found
            judged = {"eval_metric": metric} if task.stop else {}
            known |= {"objective": task.objective, "disable_default_eval_metric": True, **judged}
        options = {"tree_method": "hist", "random_state": task.seed, "n_jobs": self._value("n_jobs"), **known}
        model = xgboost.XGBClassifier(base_score=0.5, **options)
        evaluation: dict[str, Any] = {"verbose": False, **task.options}
        if task.stop:
            evaluation |= {
                "eval_set": [(part.X, part.y.astype(int)) for part in task.stop],
                "base_margin_eval_set": [part.start for part in task.stop],
            }
        rows = task.rows
        with library_refusals("XGBoost", xgboost.core.XGBoostError, ValueError):
            return model.fit(
                rows.X, rows.y.astype(int), sample_weight=rows.weight, base_margin=task.start, **evaluation
            )

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
