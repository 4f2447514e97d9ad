"""Fitted tree models as `FlatTrees`: any booster or forest by `flat_trees`, the guarded learners by `flat_guarded`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier, RandomForestClassifier

from rareclass.errors import InputError
from rareclass.kernels.trees import FlatTrees
from rareclass.learners._dialect import is_off
from rareclass.learners.forest import RareForestClassifier
from rareclass.scoring.readers._grown import as_single, through_bins
from rareclass.scoring.readers.catboost import from_catboost
from rareclass.scoring.readers.forests import from_forest, from_rare_forest
from rareclass.scoring.readers.hist_gradient_boosting import from_hist_gradient_boosting
from rareclass.scoring.readers.lightgbm import from_lightgbm
from rareclass.scoring.readers.xgboost import from_xgboost

_MOST_CODES = 254  # of HistGradientBoosting
_ZERO = 1e-35  # what RareLGBMClassifier takes for zero
_NO_GAP = (np.inf, -np.inf)


def flat_trees(model: Any, *, trees: int | None = None, cuts: Sequence[np.ndarray | None] | None = None) -> FlatTrees:
    """The trees of a fitted model of two classes.

    Parameters
    ----------
    model : booster or classifier of LightGBM, XGBoost or CatBoost, HistGradientBoostingClassifier, forest of \
scikit-learn, RareForestClassifier
        Its score is the raw margin of a booster, and the mean vote for `classes_[1]` of a forest.
    trees : int, optional
        Only so many trees of a booster of another library; all, or those up to its best iteration, by default.
    cuts : sequence of arrays or None, optional
        Event bins of each column that the model was fitted on; the trees then read the columns themselves.

    Raises
    ------
    InputError
        The model has no flat form; the sentence says why.
    """
    found = _read(model, trees)
    return found if cuts is None else through_bins(found, cuts)


def _read(model: Any, trees: int | None) -> FlatTrees:
    if isinstance(model, RareForestClassifier):
        return from_rare_forest(model)
    if isinstance(model, RandomForestClassifier | ExtraTreesClassifier):
        return from_forest(model)
    if isinstance(model, HistGradientBoostingClassifier):
        return from_hist_gradient_boosting(model)
    library = type(model).__module__.partition(".")[0]
    if library == "lightgbm":
        return from_lightgbm(model, trees)
    if library == "xgboost":
        return from_xgboost(model, trees)
    if library == "catboost":
        return from_catboost(model, trees)
    raise InputError(f"{type(model).__name__} has no trees that can be read; it keeps the slow path.")


def flat_guarded(learner: Any) -> tuple[FlatTrees, float, float]:
    """Trees, intercept and slope of a fitted guarded booster of two classes: log-odds = intercept + slope * score.

    Raises
    ------
    InputError
        The booster has no flat form; the sentence says why.
    """
    model = learner.model_
    if isinstance(model, HistGradientBoostingClassifier):
        coded = model.is_categorical_ is not None
        trees = from_hist_gradient_boosting(model, most_codes=_MOST_CODES if coded else None)
    else:
        trees = _read(model, learner._all_trees(model)[0])
    if learner.cuts_ is not None:
        trees = through_bins(trees, learner.cuts_)
    trees = _cleaned(trees, learner)
    return trees, float(learner.shift_ + learner.slope_ * learner.intercept_), float(learner.slope_)


def _cleaned(trees: FlatTrees, learner: Any) -> FlatTrees:
    """The trees with the user's own marks of missing values, which the learner reads before its library does."""
    library = type(learner.model_).__module__.partition(".")[0]
    if library == "lightgbm":
        coded = learner._code_mask(trees.n_features)
        if is_off(learner._value("use_missing")):
            zero = (trees.feature >= 0) & (trees.category < 0) & ~coded[trees.feature]
            return replace(trees, missing_left=np.where(zero, trees.threshold >= 0.0, trees.missing_left))
        if learner._value("zero_as_missing"):
            return replace(trees, gap=np.where(coded[:, None], _NO_GAP, [-_ZERO, _ZERO]))
    mark = learner._value("missing") if library == "xgboost" else None
    if mark is None or np.isnan(mark):
        return trees
    single = np.float32(mark)
    first = np.nextafter(as_single(np.nextafter(single, np.float32(-np.inf)).astype(np.float64)), np.inf)
    gap = np.array([first, as_single(np.array(single, dtype=np.float64))])
    return replace(trees, gap=np.tile(gap, (trees.n_features, 1)))
