"""LightGBM, XGBoost or CatBoost fitted on a loss of `rareclass.losses`; its link brings log-odds back."""

import tempfile
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _types
from rareclass._check import one_of
from rareclass._lazy import need
from rareclass.learners._bins import apply_cuts, fit_cuts
from rareclass.learners._context import FitContext, Rows
from rareclass.learners.base import RareLearner, categorical_columns
from rareclass.learners.lgbm import load_lightgbm
from rareclass.learners.objectives import BoosterObjective, booster_objective, usable_loss
from rareclass.losses.registry import LOSSES

LIBRARIES = ("lightgbm", "xgboost", "catboost")


@dataclass(eq=False, repr=False)
class LossBoosterClassifier(RareLearner):
    """A gradient booster whose objective is a loss of `rareclass.losses`.

    Training starts at the loss's best constant score, minimum Hessians and the ridge penalty are scaled to the loss's
    curvature, and `decision_function` returns log-odds: the loss's link of the score. For batch losses, which have no
    link, it returns the raw score, which ranks and needs a fitted calibration.

    When to use: to compare a loss (focal, asymmetric, ...) with cross-entropy. When not: as a cure for rarity; the
    guard of the boosters (`RareLGBMClassifier`) does more than any loss.

    Parameters
    ----------
    loss : RowLoss, BatchLoss, or their dictionary
    library : {"lightgbm", "xgboost", "catboost"}, default="lightgbm"
        CatBoost takes row losses only, and calls Python for every 1,000 rows, so it is several times slower.
    parameters : dict, optional
        Keywords of the library's classifier.
    event_bins : bool, default=False
        LightGBM only: cut numeric features around the values of events.
    categorical_features : sequence of int, optional
        Columns that hold category codes.
    random_state : int, Generator or None, default=None
    n_jobs : int, default=1

    Examples
    --------
    >>> from rareclass.losses import FocalLoss
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(4000, 2))
    >>> y = rng.random(4000) < 1 / (1 + np.exp(4 - X[:, 0]))
    >>> model = LossBoosterClassifier(FocalLoss(2.0), parameters={"n_estimators": 10}, random_state=0).fit(X, y)
    >>> bool(abs(model.predict_proba(X)[:, 1].mean() / y.mean() - 1) < 0.2)
    True
    """

    loss: Any
    _: KW_ONLY
    library: str = "lightgbm"
    parameters: dict[str, Any] | None = None
    event_bins: bool = False
    categorical_features: ArrayLike | None = None
    random_state: _types.Seed = None
    n_jobs: int = 1

    def _fit(self, rows: Rows, context: FitContext) -> None:
        one_of(self.library, "library", LIBRARIES)
        X, y, weight, rng = rows.X, rows.y, rows.weight, context.rng
        objective = booster_objective(usable_loss(self.loss), y, sample_weight=weight, offset=rows.offset)
        # Plain values where they can be read back, so that bundles accept the learner; a loss of the user's own cannot.
        self.objective_ = objective.to_dict() if is_ours(objective.loss) else objective
        codes = categorical_columns(self._code_columns(X.shape[1]), X.shape[1])
        start = objective.initial_scores(y.size, rows.offset)
        options = {"random_state": int(rng.integers(2**31)), "n_jobs": self.n_jobs, **(self.parameters or {})}
        if self.library == "xgboost":
            model = _xgboost_model(objective, options)
            self.booster_ = model.fit(X, y.astype(int), sample_weight=weight, base_margin=start)
            return
        if self.library == "catboost":
            pool = {"data": X, "label": y.astype(int), "weight": weight, "baseline": start}
            self.booster_ = _fit_catboost(objective, options, pool)
            return
        lightgbm = load_lightgbm()
        if self.event_bins:
            self.cuts_ = fit_cuts(X, y, rng, skip=codes)
            X = apply_cuts(X, self.cuts_)
            options |= {"min_data_in_bin": 1, "subsample_for_bin": X.shape[0]}
        scaled = lightgbm_options(objective, options)
        model = lightgbm.LGBMClassifier(verbose=-1, deterministic=True, force_row_wise=True, **scaled)
        coded = [int(j) for j in np.flatnonzero(codes)]
        model.fit(X, y.astype(int), sample_weight=weight, init_score=start, categorical_feature=coded)
        # through text, so that the objective does not travel with it
        self.booster_ = lightgbm.Booster(model_str=model.booster_.model_to_string())

    def _logit(self, X: np.ndarray) -> np.ndarray:
        kept = self.objective_
        objective = BoosterObjective.from_dict(kept) if isinstance(kept, dict) else kept
        if self.library == "xgboost":
            raw = self.booster_.predict(X, output_margin=True)
        elif self.library == "catboost":
            raw = self.booster_.predict(X, prediction_type="RawFormulaVal", thread_count=self.n_jobs)
        else:
            raw = self.booster_.predict(apply_cuts(X, self.cuts_) if self.event_bins else X, raw_score=True)
        raw = np.asarray(raw, dtype=np.float64)
        return raw + objective.start if objective.needs_calibration else objective.logit(raw)


def _xgboost_model(objective: BoosterObjective, options: dict[str, Any]) -> Any:
    xgboost = need("xgboost", extra="xgboost")
    scaled = {**options, **objective.xgboost_parameters()}
    for name, default in (("min_child_weight", 1.0), ("reg_lambda", 1.0)):
        given = options.get(name)
        scaled[name] = objective.curvature_ratio * (default if given is None else given)
    return xgboost.XGBClassifier(**scaled)


def _fit_catboost(objective: BoosterObjective, options: dict[str, Any], pool: dict[str, Any]) -> Any:
    catboost = need("catboost", extra="catboost")
    given = {k: v for k, v in options.items() if k not in ("random_state", "n_jobs")}
    if "reg_lambda" not in given:
        given["l2_leaf_reg"] = objective.curvature_ratio * given.get("l2_leaf_reg", 3.0)
    fixed = {"thread_count": options["n_jobs"], "verbose": False, "allow_writing_files": False}
    given = {"random_seed": options["random_state"], **fixed, **given, **objective.catboost_parameters()}
    model = catboost.CatBoostClassifier(**given)
    model.fit(catboost.Pool(**pool))
    # through a file, so that the objective does not travel with it
    with tempfile.TemporaryDirectory() as folder:
        model.save_model(f"{folder}/model.cbm")
        return catboost.CatBoostClassifier().load_model(f"{folder}/model.cbm")


def is_ours(loss: object) -> bool:
    """Whether the loss is one of `rareclass.losses`, which are known by name."""
    return LOSSES.name_of(type(loss)) is not None


def lightgbm_options(objective: BoosterObjective, options: dict[str, Any]) -> dict[str, Any]:
    """LightGBM's keywords with the objective, and with guards that act on as many rows as for cross-entropy."""
    scaled = {k: v for k, v in options.items() if k != "objective"}
    limit = scaled.pop("min_child_weight", None)
    known = objective.lightgbm_parameters()
    if limit is not None:
        known["min_sum_hessian_in_leaf"] = limit * objective.curvature_ratio
    if scaled.get("reg_lambda"):
        scaled["reg_lambda"] = scaled["reg_lambda"] * objective.curvature_ratio
    return {**scaled, **known}
