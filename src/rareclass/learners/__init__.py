"""Learners that stay sound when events are rare: guarded boosters, forests, few-event regression and their blend."""

from rareclass._lazy import lazy_names

__all__ = [
    "FewEventsLogisticRegression",
    "LossBoosterClassifier",
    "QuantileLogisticRegression",
    "RareBlendClassifier",
    "RareCatBoostClassifier",
    "RareForestClassifier",
    "RareHistGradientBoostingClassifier",
    "RareLGBMClassifier",
    "RareXGBClassifier",
    "booster_objective",
    "make_learner",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "FewEventsLogisticRegression": "few_events_logistic",
        "LossBoosterClassifier": "loss_booster",
        "QuantileLogisticRegression": "quantile_logistic",
        "RareBlendClassifier": "blend",
        "RareCatBoostClassifier": "catboost_guarded",
        "RareForestClassifier": "forest",
        "RareHistGradientBoostingClassifier": "hist_gradient_boosting",
        "RareLGBMClassifier": "lgbm",
        "RareXGBClassifier": "xgb",
        "booster_objective": "objectives",
        "make_learner": "registry",
    },
)
