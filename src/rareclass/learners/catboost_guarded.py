"""CatBoost, guarded for rare events."""

import tempfile
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
from rareclass.learners._dialect import Dialect, Setting, is_off, library_refusals, spread
from rareclass.learners._guarded import GuardedBooster, Task
from rareclass.learners._own_loss import stop_metric
from rareclass.learners._passed_on import PassedOn, class_ratio
from rareclass.learners.objectives import CatBoostMetric

_ALIASES = spread(
    {
        "iterations": "n_estimators num_boost_round num_trees",
        "learning_rate": "eta",
        "depth": "max_depth",
        "l2_leaf_reg": "reg_lambda",
        "random_state": "random_seed",
        "n_jobs": "thread_count",
        "categorical_features": "cat_features",
        "loss_function": "objective",
        "rsm": "colsample_bylevel",
        "border_count": "max_bin",
        "min_data_in_leaf": "min_child_samples",
        "max_leaves": "num_leaves",
        "custom_metric": "custom_loss",
    }
)
_SPEAKS = frozenset({"verbose", "silent", "logging_level", "verbose_eval"})
_REFUSED = spread(
    {
        "codes are split as ordered numbers here, without statistics of the target; leave it out": "combinations_ctr "
        "counter_calc_method ctr_description ctr_history_unit ctr_leaf_count_limit ctr_target_border_count "
        "final_ctr_computation_mode gpu_cat_features_storage max_ctr_complexity one_hot_max_size per_feature_ctr "
        "simple_ctr store_all_simple_ctr",
        "features are numbers and codes; turn texts and embeddings into columns of numbers first": "dictionaries "
        "embedding_features feature_calcers text_features text_processing tokenizers",
        "labels are taken as they are, and `classes_` names them; leave it out": "allow_const_label class_names "
        "classes_count target_border",
        "it takes rows at random, with a handful of events; give rows to stop on as fit(..., eval_set=[(X, y)])": (
            "eval_fraction"
        ),
        "trees that start at the prevalence cannot be shrunk by CatBoost; raise `l2_leaf_reg` instead": ""
        "model_shrink_mode model_shrink_rate posterior_sampling",
        "the models of the inner folds would share its files; leave it out": "output_borders save_snapshot "
        "snapshot_file snapshot_interval",
    }
)


@cache
def _dialect() -> Dialect:
    known = set(signature(need("catboost", extra="catboost").CatBoostClassifier).parameters)
    return Dialect(
        known=frozenset(known | _SPEAKS),
        aliases=_ALIASES,
        refused=_REFUSED,
        of_values=frozenset({"input_borders", "per_float_feature_quantization"}),
        stopping=frozenset("best_model_min_trees early_stopping_rounds od_pval od_type od_wait use_best_model".split()),
        options=frozenset({"log_cerr", "log_cout", "metric_period", "plot", "plot_file"}) | _SPEAKS,
        options_of_eval=frozenset({"early_stopping_rounds", "use_best_model"}),
    )


class RareCatBoostClassifier(PassedOn, GuardedBooster):
    """CatBoost started at the prevalence, which learns slowly where events are rare.

    Its symmetric trees collapse less than those of other boosters. Each split looks at three columns in ten, and the
    fewer the events, the less is learnt in all: measured with `benchmarks/members.py`. Guards, the choice among them,
    undone class weights, calibrated log-odds and the alarm are those of `RareLGBMClassifier`. Nothing is written to
    disk (``allow_writing_files=False``).

    It takes the parameters of `catboost.CatBoostClassifier` (also by the alias names, such as `n_estimators`); those
    that are "auto" are set for rare events, the others are passed on.

    Parameters
    ----------
    iterations, learning_rate, depth, l2_leaf_reg : number or "auto", default="auto"
        Set by the guard where "auto". A number of trees of your own fixes the guard as well.
    scale_pos_weight : float, optional
        Used in training and undone in the log-odds, as are `class_weights` and `auto_class_weights`.
    loss : RowLoss, BatchLoss, their dictionary or name, default=None
        Trained on instead of cross-entropy, as in `RareLGBMClassifier`, but row losses only: CatBoost asks for
        derivatives in blocks of rows.
    loss_share : float in (0, 1], default=0.5
        How much of a row loss is trained on; the rest is cross-entropy, as in `RareLGBMClassifier`.
    guard : {"auto", "steady", "cautious", "bold"}, default="auto"
        As in `RareLGBMClassifier`.
    event_bins : bool, default=True
        Cut numeric features around the values of events (half of the cuts) and at quantiles (the other half).
        Up to 255 bins a feature; of wide tables 6,000 bins in all, and 64 a feature at least.
    calibrate : bool, default=True
    collapse_alarm : bool, default=True
    categorical_features : sequence of int, optional
        Columns that hold category codes or, in a frame, text; numbers or names (`cat_features` is another name for
        it). Category columns of a frame need not be named. Split as ordered codes, without statistics of the target.
    random_state : int, Generator or None, default=None
    n_jobs : int, default=1
    **kwargs
        Further parameters of CatBoost by any of its names (`monotone_constraints`, `thread_count`, ...). What cannot be
        honoured is refused by name: text and embedding features, statistics of categories, snapshots, other losses.

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
    takes_loss = True
    _TRANSLATED = frozenset({"auto_class_weights", "boost_from_average", "class_weights", "loss_function"})
    trusted = ("catboost.core.CatBoostClassifier",)
    _TREES = "iterations"
    _BINS = 6_000

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
        loss: Any = None,
        loss_share: float = 0.5,
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
        self.loss = loss
        self.loss_share = loss_share
        self.kwargs = kwargs

    def _guards(self, events: int) -> dict[str, dict[str, Any]]:
        steady: dict[str, Any] = {
            "iterations": 200 if events < 300 else 400,
            "learning_rate": 0.03 if events < 3000 else 0.06,
            "depth": 6,
            "l2_leaf_reg": 3.0,
            "_ordered": False,
        }
        if self._value("task_type") != "GPU":  # where CatBoost has no draw of columns
            steady["rsm"] = 0.3 if events < 100 else float(np.clip(8 / getattr(self, "n_features_in_", 8), 0.3, 1.0))
        return {
            "steady": steady,
            "cautious": {**steady, "depth": 4, "l2_leaf_reg": 10.0},
            "bold": {**steady, "depth": 7, "l2_leaf_reg": 1.0},
        }

    def _dialect(self) -> Dialect:
        return _dialect()

    def _check_values(self, settings: Mapping[str, Setting]) -> None:
        loss = settings.get("loss_function")
        if loss is not None and loss.value != "Logloss":
            raise InputError(
                f"RareCatBoostClassifier fits log-odds by cross-entropy; got {loss.typed}={loss.value!r}. "
                "Give another loss as `loss`, see rareclass.losses."
            )
        spoken = sorted(_SPEAKS & set(settings))
        if len(spoken) > 1:
            raise InputError(f"`{spoken[0]}` and `{spoken[1]}` say the same; give one of them.")

    def _given_ratio(self, rows: Rows) -> float:
        given = 1.0 if self.scale_pos_weight is None else self.scale_pos_weight
        weights, automatic = self._value("class_weights"), self._value("auto_class_weights")
        if weights is not None and not hasattr(weights, "get"):
            if np.ndim(weights) != 1 or len(weights) != 2:
                raise InputError(f"`class_weights` must be a mapping or one weight for each class; got {weights!r}.")
            weights = dict(zip(self.classes_.tolist(), weights, strict=True))
        if automatic in (None, "None"):
            return class_ratio(weights, given, rows, self.classes_)
        _check.one_of(automatic, "auto_class_weights", ("Balanced", "SqrtBalanced"))
        balanced = class_ratio("balanced", 1.0, rows, self.classes_)
        return given * (balanced if automatic == "Balanced" else float(np.sqrt(balanced)))

    def _most_bins(self) -> int:
        given = self._value("border_count")
        return super()._most_bins() if given is None else int(given) + 1

    def _start(self, rows: Rows) -> float:
        return 0.0 if is_off(self._value("boost_from_average")) else super()._start(rows)

    def _train(self, task: Task) -> Any:
        catboost = need("catboost", extra="catboost")
        known = task.parameters
        fixed = {"random_seed": task.seed, "thread_count": self._value("n_jobs"), "allow_writing_files": False}
        if not _SPEAKS & known.keys():
            fixed["verbose"] = False
        if "verbose_eval" in known:
            known = {**known, "verbose": known["verbose_eval"]}
            del known["verbose_eval"]
        if task.objective is not None:
            found = stop_metric(task.objective, known.get("eval_metric"))
            metric = CatBoostMetric(found, task.objective) if isinstance(found, str) else found
            fixed |= task.objective.catboost_parameters()
            # without rows to stop on nobody reads the metric
            known = {
                **({} if task.stop else {"metric_period": task.parameters["iterations"]}),
                **known,
                "eval_metric": metric,
            }
        names = list(getattr(self, "feature_names_in_", ())) or None
        rows, options = task.rows, dict(task.options)
        with library_refusals("CatBoost", catboost.CatBoostError):
            if task.stop:
                options["eval_set"] = [
                    catboost.Pool(part.X, part.y.astype(int), baseline=part.start, feature_names=names)
                    for part in task.stop
                ]
            model = catboost.CatBoostClassifier(**{**fixed, **known})
            pool = catboost.Pool(
                _not_refused(rows.X), rows.y.astype(int), weight=rows.weight, baseline=task.start, feature_names=names
            )
            model.fit(pool, **options)
        return model if task.objective is None else _without_objective(model)

    def _starts_itself(self) -> bool:
        return False

    def _raw(self, model: Any, X: np.ndarray, stages: list[int]) -> np.ndarray:
        raw = {"prediction_type": "RawFormulaVal", "thread_count": self._value("n_jobs") or 1}
        return np.array([model.predict(X, ntree_end=count, **raw) for count in stages], dtype=np.float64)

    def _all_trees(self, model: Any) -> list[int]:
        return [int(model.tree_count_)]


def _not_refused(X: np.ndarray) -> np.ndarray:
    """Features; as missing where no column varies: CatBoost refuses these, but grows empty trees on missing ones."""
    seen = X.astype(np.float32)
    same = (seen == seen[:1]) | (np.isnan(seen) & np.isnan(seen[:1]))
    return np.full_like(X, np.nan) if same.all() else X


def _without_objective(model: Any) -> Any:
    """The model as read from a file: CatBoost cannot copy or store one that holds an objective of one's own."""
    with tempfile.TemporaryDirectory() as folder:
        model.save_model(f"{folder}/model.cbm")
        return type(model)().load_model(f"{folder}/model.cbm")
