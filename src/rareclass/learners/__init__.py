"""Learners that stay sound when events are rare: guarded boosters, forests, few-event regression and their blend."""

from rareclass._lazy import lazy_names

__all__ = [
    "FewEventsLogisticRegression",
    "QuantileLogisticRegression",
    "RareForestClassifier",
    "RareHistGradientBoostingClassifier",
    "RareLGBMClassifier",
    "make_learner",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "FewEventsLogisticRegression": "few_events_logistic",
        "QuantileLogisticRegression": "quantile_logistic",
        "RareForestClassifier": "forest",
        "RareHistGradientBoostingClassifier": "hist_gradient_boosting",
        "RareLGBMClassifier": "lgbm",
        "make_learner": "registry",
    },
)
