"""Learners that stay sound when events are rare: guarded boosters, forests, few-event regression and their blend."""

from rareclass._lazy import lazy_names

__all__ = [
    "FewEventsLogisticRegression",
    "QuantileLogisticRegression",
    "RareBlendClassifier",
    "RareCatBoostClassifier",
    "RareForestClassifier",
    "RareHistGradientBoostingClassifier",
    "RareLGBMClassifier",
    "RareXGBClassifier",
    "make_learner",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "FewEventsLogisticRegression": "few_events_logistic",
        "QuantileLogisticRegression": "quantile_logistic",
        "RareBlendClassifier": "blend",
        "RareCatBoostClassifier": "catboost_guarded",
        "RareForestClassifier": "forest",
        "RareHistGradientBoostingClassifier": "hist_gradient_boosting",
        "RareLGBMClassifier": "lgbm",
        "RareXGBClassifier": "xgb",
        "make_learner": "registry",
    },
)
