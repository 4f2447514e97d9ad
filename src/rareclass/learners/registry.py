"""Learners by name, as the comparison and the command line use them.

What a learner can do, and what a person reads of it, stands on its class: see `RareLearner`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rareclass import _types
from rareclass._lazy import lazy_names
from rareclass._names import Names

if TYPE_CHECKING:
    from rareclass.learners.base import RareLearner

LEARNERS: "Names[RareLearner]" = Names(
    "learner",
    {
        "lightgbm": "rareclass.learners.lgbm:RareLGBMClassifier",
        "lightgbm_library_default": "rareclass.learners.library_default:LibraryDefaultLGBMClassifier",
        "hist_gradient_boosting": "rareclass.learners.hist_gradient_boosting:RareHistGradientBoostingClassifier",
        "logistic_regression": "rareclass.learners.quantile_logistic:QuantileLogisticRegression",
        "random_forest": "rareclass.learners.forest:RareForestClassifier",
        "blend": "rareclass.learners.blend:RareBlendClassifier",
        "xgboost": "rareclass.learners.xgb:RareXGBClassifier",
        "catboost": "rareclass.learners.catboost_guarded:RareCatBoostClassifier",
    },
)

# bundles that were saved while it stood here name this module
__getattr__, __dir__ = lazy_names(__name__, {"LibraryDefaultLGBMClassifier": "rareclass.learners.library_default"})


def is_exhibit(learner: str) -> bool:
    """Whether a learner of this name is only shown, as a warning, and never deployed."""
    return learner in LEARNERS and LEARNERS[learner].is_exhibit


def classes_that(can: str) -> str:
    """The learners whose class says yes to `can` ("takes_offset", say), as messages list them."""
    able = (cls.__name__ for cls in map(LEARNERS.__getitem__, LEARNERS) if getattr(cls, can) and not cls.is_exhibit)
    return ", ".join(able)


def make_learner(
    name: str,
    *,
    categorical_features: Sequence[int] = (),
    events: int | None = None,
    random_state: _types.Seed = 0,
    n_jobs: int = 1,
) -> "RareLearner":
    """Return an unfitted learner by its name.

    Parameters
    ----------
    name : str
        One of `LEARNERS`.
    categorical_features : sequence of int
        Columns of the encoded matrix that hold codes.
    events : int, optional
        Number of events, where it is known; learners otherwise count them when they are fitted.
    random_state : int, Generator or None, default=0
    n_jobs : int, default=1

    Raises
    ------
    InputError
        The name is unknown.

    Examples
    --------
    >>> make_learner("logistic_regression").takes_offset
    True
    """
    cls: Any = LEARNERS[name]
    columns = tuple(int(j) for j in categorical_features)
    made: RareLearner = cls(categorical_features=columns, random_state=random_state, n_jobs=n_jobs)
    return made
