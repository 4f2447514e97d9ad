"""How numbers and names are written in every report: significant digits, percent, intervals, plain words."""

import math
import re
from datetime import datetime
from typing import Any

from rareclass.decisions.saved import RULES
from rareclass.learners.registry import LEARNERS

NONE = "–"
VERDICTS = ("baseline", "helps", "no evidence", "cannot tell", "hurts")
METRICS = {
    "average_precision": "Average precision",
    "roc_auc": "ROC AUC",
    "expected_cost": "Expected cost per row",
    "brier_skill": "Brier skill",
    "observed_to_expected": "Observed / expected",
}


def finite(value: Any) -> float | None:
    """`value` as a finite float, else None (missing, NaN, infinite, no number)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def number(value: Any, digits: int = 3) -> str:
    """Significant digits without exponent where that stays readable: 0.0196, 1,240, 2.1e-06."""
    v = finite(value)
    if v is None:
        return NONE
    if v == 0:
        return "0"
    size = abs(float(f"{v:.{digits}g}"))  # rounding may add a digit: 9.999 becomes 10.0
    if size >= 10 ** (digits - 1):
        return minus(f"{v:,.0f}")
    if size < 1e-5:
        return minus(f"{v:.{digits - 2}e}")
    decimals = max(digits - 1 - math.floor(math.log10(size)), 0)
    return minus(f"{v:,.{decimals}f}")


def score(value: Any) -> str:
    """A metric in [0, 1] with three decimals; smaller ones keep two significant digits."""
    v = finite(value)
    if v is None:
        return NONE
    return number(v, 2) if 0 < abs(v) < 0.01 else minus(f"{v:.3f}")


def signed(value: Any) -> str:
    """A difference with its sign and three decimals."""
    v = finite(value)
    if v is None:
        return NONE
    return minus(f"{v:+.2g}" if 0 < abs(v) < 0.0005 else f"{v:+.3f}")


def percent(value: Any, digits: int = 2) -> str:
    """A share as percent, `digits` significant digits below ten percent: 0.16%, 4.5%, 83%."""
    v = finite(value)
    if v is None:
        return NONE
    p = 100 * v
    if 99.5 <= p < 100:
        return "99.9%" if p >= 99.9 else f"{p:.1f}%"
    return f"{p:.0f}%" if p == 0 or p >= 9.95 else f"{number(p, digits)}%"


def count(value: Any) -> str:
    """A whole number with thousands separators; weights are rounded."""
    v = finite(value)
    return NONE if v is None else minus(f"{v:,.0f}")


def counted(value: Any, one: str, many: str | None = None) -> str:
    """ "1 event", "12 events"."""
    return f"{count(value)} {one if finite(value) == 1 else many if many is not None else one + 's'}"


def seconds(value: Any) -> str:
    """Wall time: 0.4 s, 12 s, 3 min 5 s."""
    v = finite(value)
    if v is None:
        return NONE
    if v < 9.95:
        return f"{v:.1f} s"
    if v < 120:
        return f"{v:.0f} s"
    return f"{int(v // 60)} min {int(v % 60)} s"


def interval(low: Any, high: Any, write: Any = score) -> str:
    """ "[0.66, 0.87]", empty when neither end is known."""
    if finite(low) is None and finite(high) is None:
        return ""
    return f"[{write(low)}, {write(high)}]"


def times_chance(value: Any, chance: Any) -> str:
    """How often the chance level fits into a score: "498 times chance"."""
    v, c = finite(value), finite(chance)
    if v is None or not c:
        return ""
    ratio = v / c
    return f"{ratio:,.0f} times chance" if ratio >= 9.95 else f"{ratio:.1f} times chance"


def moment(created: Any) -> str:
    """An ISO time as 21 November 2026, 09:41 UTC; anything else as it is."""
    try:
        when = datetime.fromisoformat(str(created))
    except ValueError:
        return "" if created is None else str(created)
    zone = "" if when.tzinfo is None else f" {when.tzname()}"
    return f"{when.day} {when:%B %Y, %H:%M}{zone}"


def prose(text: Any) -> str:
    """A sentence with typographic minus signs before its numbers."""
    return re.sub(r"(?<![\w.\-])-(?=\d)", "−", str(text))


def minus(text: str) -> str:
    """Typographic minus sign."""
    return text.replace("-", "−") if text.startswith("-") else text


def rule_name(rule: Any) -> str:
    """A decision rule in words."""
    if isinstance(rule, dict):
        rule = rule.get("name", rule.get("rule", ""))
    text = "" if rule is None else str(rule)
    return str(RULES[text].title) if text in RULES else text.replace("_", " ")


def metric_name(metric: str) -> str:
    """A metric in words."""
    return METRICS.get(metric, metric.replace("_", " ").capitalize())


def learner_name(learner: Any, label: Any = None) -> str:
    """A learner in words; an unknown one is shown as it is."""
    if label:
        return str(label)
    text = "" if learner is None else str(learner)
    return LEARNERS[text].title if text in LEARNERS else text


def treatment_name(treatment: Any) -> str:
    """A treatment in words."""
    text = "" if treatment is None else str(treatment)
    return "untreated" if text in ("", "none") else text.replace("_", " ").replace("(", " (")
