"""Alert budgets: as many alerts as can be worked on, each period."""

import re
import warnings
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass.decisions.decision import Decision
from rareclass.decisions.periods import rows_per_period
from rareclass.decisions.points import OperatingPoints
from rareclass.decisions.ranking import Grouping, flag_best, period_codes
from rareclass.decisions.rule import DecisionRule, rates_of_rows
from rareclass.errors import InputError, NoOpWarning


@dataclass(frozen=True)
class AlertBudget(DecisionRule):
    """The highest scores, as many as there are hands to work on them.

    No calibration and no costs are needed, only the ranking.

    One rule says which rows are flagged, for counts and shares alike. Without `periods` each row is compared with the
    stored threshold, which flagged as many of the rows that it was chosen on as the budget allows: the same rows are
    flagged whether they come one by one, in batches or as a whole. With `periods`, exactly the best
    ``min(alerts, rows)`` of each period are flagged; ties are settled by `keys`, else by the order of rows. One label
    for all rows makes one period of them.

    Parameters
    ----------
    alerts : int >= 1, optional
        Alerts a period.
    per : str, default="run"
        What a period is: "run" (the rows that the threshold is chosen on), or "hour", "day", "week", "month",
        "group", ...; the labels themselves are passed as `periods`.
    rate : float in (0, 1], optional
        Instead of `alerts`: the share of rows.
    rows_per_period : float > 0, optional
        Rows that a period holds, for the threshold of a budget per period when the curve or data come without
        periods. `RareClassifier` and `compare` count them where `times` are dates.
    by_entity : bool, default=False
        Count entities (cards, patients, machines) instead of rows: each once a period, by its best row.

    Examples
    --------
    >>> from rareclass.decisions import best_threshold
    >>> y, s, day = [0, 1, 0, 1], [0.9, 0.8, 0.2, 0.1], ["mon", "mon", "tue", "tue"]
    >>> chosen = best_threshold(y, s, AlertBudget(1, per="day"), periods=day)
    >>> chosen.apply(s, periods=day).tolist(), chosen.alert_rate
    ([True, False, True, False], 0.5)
    """

    kind: ClassVar[str] = "alert_budget"
    title: ClassVar[str] = "alert budget"
    alerts: int | None = None
    per: str = "run"
    rate: float | None = None
    rows_per_period: float | None = None
    by_entity: bool = False

    def __post_init__(self) -> None:
        if (self.alerts is None) == (self.rate is None):
            raise InputError("An alert budget is either a number of `alerts` or a `rate`; give one of them.")
        if self.alerts is not None:
            object.__setattr__(self, "alerts", _check.whole_number(self.alerts, "alerts", low=1))
        else:
            object.__setattr__(self, "rate", _check.fraction(self.rate, "rate", closed="right"))
        if not isinstance(self.per, str) or not self.per:
            raise InputError(f'`per` must be a word such as "run" or "day"; got {self.per!r}.')
        if self.rows_per_period is not None:
            size = _check.fraction(self.rows_per_period, "rows_per_period", high=np.inf, closed="neither")
            object.__setattr__(self, "rows_per_period", size)

    @classmethod
    def parse(cls, text: str) -> "AlertBudget":
        """A budget from "100", "100/day" or "0.5%".

        Examples
        --------
        >>> AlertBudget.parse("100/day").alerts, AlertBudget.parse("0.5%").rate
        (100, 0.005)
        """
        share = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", text)
        if share:
            return cls(rate=float(share[1]) / 100)
        match = re.fullmatch(r"\s*(\d+)\s*(?:/\s*([A-Za-z]\w*))?\s*", text)
        if not match:
            raise InputError(f"An alert budget must look like 100, 100/day or 0.5%; got {text!r}.")
        return cls(int(match[1]), per=match[2] if match[2] is not None else "run")

    def explain(self, threshold: float) -> str:
        if np.isfinite(threshold):
            return " New rows are compared with it one by one; given `periods`, exactly the best of each are flagged."
        return " More rows than the budget allows share the highest score; give `periods`, whose ties are settled."

    def with_times(self, times: ArrayLike | None, weight: np.ndarray | None = None) -> "AlertBudget":
        if self.per == "run" or self.rows_per_period is not None or self.alerts is None:
            return self
        if times is None:
            raise self._unknown_size()
        return replace(self, rows_per_period=rows_per_period(times, self.per, weight))

    def _unknown_size(self) -> InputError:
        return InputError(
            f"A budget of {self.alerts} alerts per {self.per} needs to know how many rows share a {self.per}: name "
            "a column of dates with `times` (in Python: or pass `periods` to best_threshold, or `rows_per_period`)."
        )

    @property
    def most(self) -> float:
        """Alerts a period, or share of its rows."""
        return float(self.alerts) if self.alerts is not None else float(self.rate)  # type: ignore[arg-type]

    def _allowed(self, n: float) -> float:
        """Alerts among the `n` rows of a curve."""
        if self.rate is not None:
            return n * self.rate
        assert self.alerts is not None
        if self.rows_per_period is not None:
            return n * min(self.alerts / self.rows_per_period, 1.0)
        if self.per != "run":
            raise self._unknown_size()
        return float(self.alerts)

    def feasible(self, points: OperatingPoints) -> np.ndarray:
        return points.alerts <= self._allowed(points.n) * (1 + 1e-12) + 1e-9

    def objective(self, points: OperatingPoints) -> np.ndarray:
        return np.asarray(points.alerts, dtype=np.float64)

    def value(self, points: OperatingPoints) -> np.ndarray:
        return np.asarray(points.alerts, dtype=np.float64)

    def flag(self, score: np.ndarray, threshold: float, grouping: Grouping) -> np.ndarray:
        if self.by_entity and grouping.entities is None:
            raise InputError("This budget counts entities; pass `entities`, the entity of each row.")
        if not self.by_entity and grouping.entities is not None:
            raise InputError("This budget counts rows; `entities` would have no effect. Set `by_entity=True`.")
        if grouping.periods is None and grouping.entities is None:
            if grouping.keys is not None:
                raise InputError("`keys` settle ties within `periods`; give those too, or leave the keys out.")
            return np.asarray(score >= threshold, dtype=bool)
        return self.rank(score, grouping)

    def rank(self, score: np.ndarray, grouping: Grouping) -> np.ndarray:
        """The best rows (n,) of each period; warns where a share of a period is less than one row."""
        flagged = flag_best(score, self.most, share=self.rate is not None, **grouping._asdict())
        if self.rate is not None:
            period = period_codes(grouping.periods, score.size)
            periods = np.unique(period).size
            empty = periods - np.unique(period[flagged]).size
            if empty:
                warnings.warn(
                    f"A share of {self.rate:.4g} is less than one row in {empty} of {periods} period(s): "
                    "none is flagged there. Give longer periods, or none, for the stored threshold.",
                    NoOpWarning,
                    stacklevel=4,
                )
        return flagged

    def phrase(self) -> str:
        what = "entities" if self.by_entity else "rows"
        if self.rate is not None:
            return f"the best {self.rate:.4g} of the {what} of each {self.per}"
        return f"the best {self.alerts} {what} of each {self.per}"


def decide_budget(
    rule: AlertBudget, y: np.ndarray, score: np.ndarray, weight: np.ndarray | None, grouping: Grouping
) -> Decision:
    """Decision of a budget with periods or entities: the exact selection, and its median cut as threshold."""
    flagged = rule.rank(score, grouping)
    period = period_codes(grouping.periods, y.size)
    count = int(period.max()) + 1
    cut = np.full(count, np.inf)
    np.minimum.at(cut, period[flagged], score[flagged])
    w = np.ones(y.size) if weight is None else weight
    spread = np.quantile(cut[np.isfinite(cut)], [0.5, 0.025, 0.975]) if np.isfinite(cut).any() else np.full(3, np.inf)
    why = (
        f"{rule.phrase()[0].upper()}{rule.phrase()[1:]}: {int(flagged.sum())} alerts in {count} period(s), "
        f"{float(w[flagged & y].sum()):.6g} of {float(w[y].sum()):.6g} events among them. The threshold is the median "
        "of the periods' cuts."
    )
    return Decision(
        rule=rule,
        threshold=float(spread[0]),
        value=float(flagged.sum()) / count,
        interval=(float(spread[1]), float(spread[2])),
        why=why,
        **rates_of_rows(y, flagged, w),
    )
