"""The table of learners: names only. What a learner can do stands on its class, see `RareLearner`."""

from typing import Any

from rareclass._names import Names

LEARNERS: Names[Any] = Names(
    "learner",
    {
        "lightgbm": "rareclass.learners.lgbm:RareLGBMClassifier",
        "lightgbm_library_default": "rareclass.learners.library_default:LibraryDefaultLGBMClassifier",
        "hist_gradient_boosting": "rareclass.learners.hist_gradient_boosting:RareHistGradientBoostingClassifier",
        "logistic_regression": "rareclass.learners.quantile_logistic:QuantileLogisticRegression",
        "kernel_logistic": "rareclass.learners.kernel_logistic:KernelLogisticRegression",
        "random_forest": "rareclass.learners.forest:RareForestClassifier",
        "extra_trees": "rareclass.learners.extra_trees:RareExtraTreesClassifier",
        "blend": "rareclass.learners.blend:RareBlendClassifier",
        "xgboost": "rareclass.learners.xgb:RareXGBClassifier",
        "catboost": "rareclass.learners.catboost_guarded:RareCatBoostClassifier",
        "net": "rareclass.learners.net:RareNetClassifier",
    },
)

PACKAGES = {
    "lightgbm": "lightgbm",
    "lightgbm_library_default": "lightgbm",
    "xgboost": "xgboost",
    "catboost": "catboost",
    "net": "torch",
}
"""The package that a learner cannot do without."""


def classes_that(can: str) -> str:
    """The learners whose class says yes to `can` ("takes_offset", say), as messages list them."""
    able = (cls.__name__ for cls in map(LEARNERS.__getitem__, LEARNERS) if getattr(cls, can) and not cls.is_exhibit)
    return ", ".join(able)
