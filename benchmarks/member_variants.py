"""Variants of the blend's CatBoost that were tried to reach the library's own default, and not taken.

The library's default learns the faster the more rows there are (its rate grows as their 0.43th power), starts at even
odds, looks at all columns in each split, and reads codes by statistics of the target. Each variant takes over a part.
"""

from collections.abc import Callable, Mapping
from typing import Any

import catboost
import numpy as np
import pandas as pd

from rareclass.fitting.arm import Arm
from rareclass.learners.catboost_guarded import RareCatBoostClassifier

_ONE_BY_ONE = 255
"""Codes of a column up to which each is split from the others."""
Rule = Callable[[int, int, Mapping[str, Any]], float]
"""A parameter from rows, events and the guard so far."""


class VariedCatBoost(RareCatBoostClassifier):
    """The member with other values of its guard, and codes as categories of the library where asked."""

    changes: Mapping[str, Rule | float | str] = {}

    def _fit(self, rows: Any, context: Any) -> Any:
        self.rows_ = rows.y.size
        return super()._fit(rows, context)

    def _guards(self, events: int) -> dict[str, dict[str, Any]]:
        steady = super()._guards(events)["steady"]
        for name, rule in self.changes.items():
            if name not in ("codes", "from_zero"):
                steady[name] = rule(self.rows_, events, steady) if callable(rule) else rule
        if "codes" in self.changes and self._code_columns(self.n_features_in_):
            steady["rsm"] = float(np.clip(8 / self.n_features_in_, 0.3, 1.0))
        return {"steady": steady}

    def _start(self, rows: Any) -> float:
        return 0.0 if "from_zero" in self.changes else super()._start(rows)

    def _train(self, task: Any) -> Any:
        how = self.changes.get("codes")
        if how is None or not task.codes.any():
            return super()._train(task)
        few = [np.unique(column).size <= _ONE_BY_ONE for column in task.rows.X.T]
        self.coded_ = np.flatnonzero(task.codes & (few if how == "one by one" else True))
        split = {"one_hot_max_size": _ONE_BY_ONE} if how == "one by one" else {}
        fixed = {"random_seed": task.seed, "thread_count": 1, "allow_writing_files": False, "verbose": False}
        pool = catboost.Pool(
            self._frame(task.rows.X),
            task.rows.y.astype(int),
            cat_features=list(self.coded_),
            weight=task.rows.weight,
            baseline=task.start,
        )
        return catboost.CatBoostClassifier(**fixed, **split, **task.parameters).fit(pool)

    def _frame(self, X: np.ndarray) -> pd.DataFrame:
        frame = pd.DataFrame(X)
        for j in self.coded_:
            frame[j] = frame[j].fillna(-1).astype(int)
        return frame

    def _raw(self, model: Any, X: np.ndarray, stages: list[int]) -> np.ndarray:
        return super()._raw(model, self._frame(X) if model.get_cat_feature_indices() else X, stages)


def _as_the_library(rows: int, _events: int, guard: Mapping[str, Any]) -> float:
    """The rate that CatBoost chooses for so many rows and trees."""
    return float(0.00236 * rows**0.427 * (200 / guard["iterations"]) ** 0.917)


def _by_events(_rows: int, events: int, guard: Mapping[str, Any]) -> float:
    """The same for ten rows an event, whatever the rows."""
    return float(0.0063 * events**0.427 * (200 / guard["iterations"]) ** 0.917)


def _never_slower(_rows: int, events: int, guard: Mapping[str, Any]) -> float:
    return float(np.clip(1.26 * events**0.43 / guard["iterations"], 0.03, 0.12))


VARIANTS: dict[str, dict[str, Rule | float | str]] = {
    "catboost_from_zero": {"from_zero": True},
    "catboost_rate_by_rows": {"iterations": 200, "learning_rate": _as_the_library},
    "catboost_rate_by_events": {"learning_rate": _by_events},
    "catboost_as_the_library": {"iterations": 500, "learning_rate": _as_the_library, "rsm": 1.0, "from_zero": True},
    "catboost_codes_by_statistics": {"learning_rate": _by_events, "codes": "statistics"},
    "catboost_codes_one_by_one": {"learning_rate": _never_slower, "codes": "one by one"},
}


def variants() -> dict[str, Arm]:
    """The variants as arms by name."""
    kinds = {name: type(name, (VariedCatBoost,), {"changes": changes}) for name, changes in VARIANTS.items()}
    return {name: Arm(kind(**kind.inside_arm)) for name, kind in kinds.items()}
