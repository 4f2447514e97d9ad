"""Learners that stay sound when events are rare: guarded boosters, forests, few-event regression and their blend."""

from rareclass._lazy import lazy_names

_HOMES = {
    "blend": "RareBlendClassifier",
    "catboost_guarded": "RareCatBoostClassifier",
    "extra_trees": "RareExtraTreesClassifier",
    "few_events_logistic": "FewEventsLogisticRegression",
    "forest": "RareForestClassifier",
    "hist_gradient_boosting": "RareHistGradientBoostingClassifier",
    "kernel_logistic": "KernelLogisticRegression",
    "net": "RareNetClassifier",
    "lgbm": "RareLGBMClassifier",
    "objectives": "booster_objective",
    "quantile_logistic": "QuantileLogisticRegression",
    "registry": "make_learner",
    "xgb": "RareXGBClassifier",
}
_GONE = {"LossBoosterClassifier": "Guarded boosters take the loss themselves: RareLGBMClassifier(loss=FocalLoss())."}
__getattr__, __dir__, __all__ = lazy_names(__name__, _HOMES, _GONE)
