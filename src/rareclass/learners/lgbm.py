"""LightGBM, guarded for rare events."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from inspect import signature
from types import MappingProxyType, ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _types
from rareclass.errors import DependencyError, InputError
from rareclass.learners._context import Rows
from rareclass.learners._dialect import Dialect, Setting, is_off, library_refusals, spread
from rareclass.learners._guarded import GuardedBooster, Task
from rareclass.learners._own_loss import stop_metric
from rareclass.learners._passed_on import PassedOn, class_ratio
from rareclass.learners.objectives import LightGBMMetric

LIGHTGBM_TYPES = (
    "collections.OrderedDict",
    "collections.defaultdict",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
)
_FILES = "it belongs to LightGBM's command line and its files; read the table first, and leave it out"
_OTHER_LOSS = (
    "it belongs to another objective than 'binary'; leave it out, or give a loss of rareclass.losses as `loss`"
)
_REFUSED = spread(
    {
        _FILES: "config convert_model convert_model_language data group_column header ignore_column input_model "
        "is_provide_training_metric label_column metric_freq output_model output_result parser_config_file "
        "precise_float_parser pre_partition refit_decay_rate save_binary snapshot_freq task two_round valid "
        "weight_column",
        _OTHER_LOSS: "alpha auc_mu_weights bagging_by_query eval_at fair_c label_gain lambdarank_norm "
        "lambdarank_position_bias_regularization lambdarank_truncation_level multi_error_top_k num_class "
        "objective_seed poisson_max_delta_step reg_sqrt tweedie_variance_power",
        "it belongs to training on several machines; leave it out": "local_listen_port machine_list_filename machines "
        "num_machines time_out top_k",
        "it changes predictions alone; ask the fitted `booster_` for them": "num_iteration_predict pred_early_stop "
        "pred_early_stop_freq pred_early_stop_margin predict_contrib predict_disable_shape_check predict_leaf_index "
        "predict_raw_score start_iteration_predict",
        "scores are log-odds here; leave it at 1": "sigmoid",
    }
)
_ZERO = 1e-35  # what LightGBM takes for zero
_OF_VALUES = frozenset("linear_tree forcedbins_filename forcedsplits_filename max_bin_by_feature".split())


def load_lightgbm() -> ModuleType:
    """Import LightGBM, or say why it cannot be loaded (a missing libgomp, say) and what to use instead."""
    try:
        import lightgbm
    except (ImportError, OSError) as error:
        raise DependencyError(
            f"LightGBM cannot be loaded ({error}). Install lightgbm and the OpenMP runtime (libgomp), "
            "or use RareHistGradientBoostingClassifier, which needs scikit-learn only."
        ) from error
    return lightgbm


@cache
def _dialect() -> Dialect:
    # private, but the only place where the library says what it takes: unknown names it ignores without a word
    table = getattr(load_lightgbm().basic, "_ConfigAliases", None)
    groups = {} if table is None else dict(table._get_all_param_aliases())
    own = set(signature(RareLGBMClassifier).parameters) - {"loss"}  # LightGBM's other name of `objective`
    aliases = {word: min(own & {*words}, default=name) for name, words in groups.items() for word in words}
    aliases.pop("loss", None)
    return Dialect(
        known=frozenset(aliases),
        aliases={word: name for word, name in aliases.items() if word != name},
        refused=_REFUSED,
        of_values=_OF_VALUES,
        stopping=frozenset({"early_stopping_round"}),
        options=frozenset({"feature_name"}),
        options_of_eval=frozenset({"callbacks", "eval_metric", "eval_names", "eval_sample_weight"}),
    )


class RareLGBMClassifier(PassedOn, GuardedBooster):
    """LightGBM whose Newton step cannot explode on rare events.

    With few events the Hessian of a leaf is close to zero, and LightGBM's defaults (no regularisation, a minimum child
    weight of 0.001) take steps that destroy the ranking; weights such as `scale_pos_weight` make it worse. Here

    * the step is limited and regularised, the size of the trees follows the number of events,
    * features are cut where the events lie (`event_bins`),
    * the guard and the number of trees are chosen by out-of-fold log-loss on the events and a sample of other rows,
    * class weights are undone, and an intercept and a slope from the same out-of-fold scores make `predict_proba` a
      probability at the real prevalence,
    * a `CollapseWarning` is raised where the out-of-fold ranking is near chance or below a linear model.

    It takes the parameters of `lightgbm.LGBMClassifier`; those that are "auto" are set for rare events, any other value
    is passed on, and so are further parameters. It costs two to three times a plain fit on small data, little more on
    large data.

    Parameters
    ----------
    num_leaves, learning_rate, n_estimators, min_child_weight, min_child_samples, colsample_bytree, reg_lambda, \
max_delta_step : number or "auto", default="auto"
        Set by the guard where "auto". A number of trees of your own fixes the guard as well (to the first one).
    boosting_type, max_depth, subsample_for_bin, objective, class_weight, min_split_gain, subsample, subsample_freq, \
reg_alpha, importance_type
        As in LightGBM. `objective` is None or "binary"; give other losses as `loss`.
        `class_weight`, `scale_pos_weight` and `is_unbalance` are used in training and undone in the log-odds.
    loss : RowLoss, BatchLoss, their dictionary or name, default=None
        Trained on instead of cross-entropy: ``FocalLoss(2.0)``, "LDAMLoss" (counts are then those of the rows), or an
        object with value, gradient, hessian and link. It is trained on the scale of log-odds, where it is cross-entropy
        whose rows weigh as much as the loss says for their score; so guards, offsets and all that follows stay. Losses
        of all rows together (Tversky, pairwise, average precision) have no link and take no offsets: their scores
        become log-odds by the recalibration alone, so leave `calibrate` on.
        Beside `eval_set`, `eval_metric` is then "log_loss" (of the probabilities, the default) or "average_precision".
    loss_share : float in (0, 1], default=0.5
        How much of a row loss is trained on; the rest is cross-entropy, so that no row weighs less than half of what it
        does there. With 1, strong class weights hardly tell likely events apart; average precision falls by a fifth.
    guard : {"auto", "steady", "cautious", "bold", "steady_ordered"}, default="auto"
        "cautious" regularises more, "bold" grows larger trees, "steady_ordered" splits category codes like numbers;
        "auto" chooses.
    event_bins : bool, default=True
        Cut numeric features around the values of events (half of the cuts) and at quantiles (the other half).
        Up to 255 bins a feature; of wide tables 18,000 bins in all, and 64 a feature at least.
    calibrate : bool, default=True
        Bring log-odds to the real prevalence by an intercept and a slope from out-of-fold scores.
    collapse_alarm : bool, default=True
    categorical_features : sequence of int, optional
        Columns that hold category codes or, in a frame, text; numbers or names. Split natively by LightGBM. Category
        columns of a frame need not be named.
    random_state : int, Generator or None, default=None
    n_jobs : int, default=1
    **kwargs
        Further parameters of LightGBM by any of its names (`monotone_constraints`, `verbosity`, `num_trees`, ...).
        What cannot be honoured is refused by name: random forests (`boosting_type="rf"`), files, several machines,
        other objectives; linear trees need ``event_bins=False``.

    Attributes
    ----------
    guard_ : str
    parameters_ : dict
        Values of the guarded parameters that were used.
    model_ : lightgbm.LGBMClassifier
        Fitted on binned columns where `event_bins` is on.
    oof_rows_, oof_logit_ : ndarray of shape (m,)
        Training rows that the choice was made on, and their out-of-fold log-odds.
    shift_, slope_ : float
        log-odds = shift + slope * (raw score + intercept_).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(5000, 3))
    >>> y = X[:, 0] + 0.3 * rng.normal(size=5000) > 2.3
    >>> model = RareLGBMClassifier(random_state=0).fit(X, y)
    >>> bool(model.predict_proba(X)[y, 1].mean() > 0.3)
    True
    """

    title = "LightGBM, guarded"
    takes_loss = True
    inside_blend = MappingProxyType({"collapse_alarm": False})
    _TRANSLATED = frozenset({"use_missing", "zero_as_missing"})
    trusted = LIGHTGBM_TYPES

    def __init__(
        self,
        *,
        boosting_type: str = "gbdt",
        num_leaves: float | str = "auto",
        max_depth: int = -1,
        learning_rate: float | str = "auto",
        n_estimators: float | str = "auto",
        subsample_for_bin: int = 200_000,
        objective: str | None = None,
        class_weight: Mapping[Any, float] | str | None = None,
        min_split_gain: float = 0.0,
        min_child_weight: float | str = "auto",
        min_child_samples: float | str = "auto",
        subsample: float = 1.0,
        subsample_freq: int = 0,
        colsample_bytree: float | str = "auto",
        reg_alpha: float = 0.0,
        reg_lambda: float | str = "auto",
        max_delta_step: float | str = "auto",
        random_state: _types.Seed = None,
        n_jobs: int | None = 1,
        importance_type: str = "split",
        guard: str = "auto",
        event_bins: bool = True,
        calibrate: bool = True,
        collapse_alarm: bool = True,
        categorical_features: ArrayLike | None = None,
        loss: Any = None,
        loss_share: float = 0.5,
        **kwargs: Any,
    ) -> None:
        self.boosting_type = boosting_type
        self.num_leaves = num_leaves
        self.max_depth = max_depth
        self.learning_rate = learning_rate
        self.n_estimators = n_estimators
        self.subsample_for_bin = subsample_for_bin
        self.objective = objective
        self.class_weight = class_weight
        self.min_split_gain = min_split_gain
        self.min_child_weight = min_child_weight
        self.min_child_samples = min_child_samples
        self.subsample = subsample
        self.subsample_freq = subsample_freq
        self.colsample_bytree = colsample_bytree
        self.reg_alpha = reg_alpha
        self.reg_lambda = reg_lambda
        self.max_delta_step = max_delta_step
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.importance_type = importance_type
        self.guard = guard
        self.event_bins = event_bins
        self.calibrate = calibrate
        self.collapse_alarm = collapse_alarm
        self.categorical_features = categorical_features
        self.loss = loss
        self.loss_share = loss_share
        self.kwargs = kwargs

    def _guards(self, events: int) -> dict[str, dict[str, Any]]:
        leaves = 10 if events < 300 else 15 if events < 3000 else 31
        steady = {
            "num_leaves": leaves,
            "learning_rate": 0.05,
            "n_estimators": 200 if events < 3000 else 400,
            "reg_lambda": 1.0,
            "min_child_weight": 0.1,
            "min_child_samples": 20,
            "max_delta_step": 1.0,
            "colsample_bytree": 0.7,
            "_ordered": False,
        }
        cautious = {"num_leaves": max(4, leaves // 2), "reg_lambda": 10.0, "min_child_weight": 1.0}
        bold = {"num_leaves": 2 * leaves + 1, "reg_lambda": 0.3, "min_child_weight": 0.03, "colsample_bytree": 0.4}
        return {
            "steady": steady,
            "cautious": {**steady, **cautious, "colsample_bytree": 0.5},
            "steady_ordered": {**steady, "_ordered": True},
            "bold": {**steady, **bold},
        }

    def _dialect(self) -> Dialect:
        return _dialect()

    def _check_values(self, settings: Mapping[str, Setting]) -> None:
        objective = settings.get("objective")
        if objective is not None and objective.value not in (None, "binary"):
            raise InputError(
                f"RareLGBMClassifier fits log-odds by cross-entropy; got {objective.typed}={objective.value!r}. "
                "Give another loss as `loss`, see rareclass.losses."
            )
        boosting = settings.get("boosting_type")
        if boosting is not None and boosting.value in ("rf", "random_forest"):
            raise InputError(
                f"`{boosting.typed}={boosting.value!r}` averages trees, which no guard limits. "
                "Use rareclass.learners.RareForestClassifier."
            )
        machines = settings.get("tree_learner")
        if machines is not None and machines.value != "serial":
            raise InputError(f"`{machines.typed}` other than 'serial' trains on several machines; leave it out.")

    def _given_ratio(self, rows: Rows) -> float:
        given = self._value("scale_pos_weight")
        unbalanced = bool(self._value("is_unbalance"))
        balanced = "balanced" if unbalanced and self.class_weight is None else self.class_weight
        return class_ratio(balanced, 1.0 if given is None else given, rows, self.classes_)

    def _drawn_ratio(self) -> float:
        if not self._value("subsample_freq"):
            return 1.0
        positive, negative = self._value("pos_bagging_fraction"), self._value("neg_bagging_fraction")
        return (1.0 if positive is None else positive) / (1.0 if negative is None else negative)

    def _clean(self, X: np.ndarray, codes: np.ndarray) -> np.ndarray:
        if is_off(self._value("use_missing")):
            return np.where(np.isnan(X) & ~codes, 0.0, X)
        if self._value("zero_as_missing"):
            return np.where((np.abs(X) <= _ZERO) & ~codes, np.nan, X)
        return X

    def _most_bins(self) -> int:
        given = self._value("max_bin")
        return super()._most_bins() if given is None else int(given)

    def _stages_hold(self) -> bool:
        # trees that are dropped for a while weigh less afterwards
        return self._value("boosting_type") != "dart"

    def _start(self, rows: Rows) -> float:
        return 0.0 if is_off(self._value("boost_from_average")) else super()._start(rows)

    def _train(self, task: Task) -> Any:
        lightgbm = load_lightgbm()
        known = dict(task.parameters)
        if self._is_auto("min_child_samples"):
            known["min_child_samples"] = min(known["min_child_samples"], max(1, task.rows.y.size // 4))
        fixed: dict[str, Any] = {"verbosity": -1, "deterministic": True}
        if "force_col_wise" not in known:
            fixed["force_row_wise"] = True
        if self.event_bins:
            fixed |= {"min_data_in_bin": 1, "subsample_for_bin": task.rows.y.size}
        if task.objective is not None:
            fixed |= {"objective": task.objective, "metric": "None"}  # its own log-loss would misread the scores
        options = {"random_state": task.seed, "n_jobs": self._value("n_jobs"), **fixed, **known}
        model = lightgbm.LGBMClassifier(**options)
        with library_refusals("LightGBM", lightgbm.basic.LightGBMError):
            try:
                return model.fit(
                    task.rows.X,
                    task.rows.y.astype(int),
                    sample_weight=task.rows.weight,
                    init_score=task.start,
                    categorical_feature=[int(j) for j in np.flatnonzero(task.codes)],
                    **self._evaluation(model, task),
                )
            except lightgbm.basic.LightGBMError as error:
                if task.objective is None or "num_features()) > (0)" not in str(error):
                    raise
        # no column can be split: LightGBM refuses only an objective of one's own then, and no tree leaves the start
        return self._train(replace(task, objective=None))

    @staticmethod
    def _evaluation(model: Any, task: Task) -> dict[str, Any]:
        """Arguments of the library's fit for early stopping; `eval_set` was renamed in LightGBM 4.7."""
        if not task.stop:
            return dict(task.options)
        known = {"eval_init_score": [part.start for part in task.stop], **task.options}
        if task.objective is not None:
            found = stop_metric(task.objective, known.get("eval_metric"))
            known["eval_metric"] = LightGBMMetric(found, task.objective) if isinstance(found, str) else found
        features, labels = [part.X for part in task.stop], [part.y.astype(int) for part in task.stop]
        if "eval_X" in signature(model.fit).parameters:
            return {"eval_X": tuple(features), "eval_y": tuple(labels), **known}
        return {"eval_set": list(zip(features, labels, strict=True)), **known}

    def _raw(self, model: Any, X: np.ndarray, stages: list[int]) -> np.ndarray:
        booster, total, before = model.booster_, np.zeros(X.shape[0]), 0
        scores = np.empty((len(stages), X.shape[0]))
        # growing may end early where no split is left
        for k, count in enumerate(min(stage, booster.num_trees()) for stage in stages):
            if count > before:
                total = total + booster.predict(X, raw_score=True, start_iteration=before, num_iteration=count - before)
                before = count
            scores[k] = total
        return scores

    def _all_trees(self, model: Any) -> list[int]:
        best = model.best_iteration_
        return [int(best) if best else model.booster_.num_trees()]

    @property
    def booster_(self) -> Any:
        """LightGBM's own booster, fitted on binned columns where `event_bins` is on."""
        return self.model_.booster_
