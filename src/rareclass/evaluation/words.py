"""How numbers and names are written in reports and model cards: significant digits, percent, intervals, words."""

import math
import re
from collections.abc import Callable
from datetime import datetime

from rareclass.decisions.saved import RULES
from rareclass.learners.table import LEARNERS

NONE = "–"
Write = Callable[[object], str]
"""How the values of one metric are written."""
METRICS = {
    "average_precision": "Average precision",
    "roc_auc": "ROC AUC",
    "recall": "Events caught (recall)",
    "precision": "Alerts that are right (precision)",
    "expected_cost": "Expected cost per row",
    "saving": "Saved per row against flagging none",
    "brier_skill": "Brier skill",
    "observed_to_expected": "Observed / expected",
    "calibration_slope": "Calibration slope",
}


def finite(value: object) -> float | None:
    """`value` as a finite float, else None (missing, NaN, infinite, no number)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def number(value: object, digits: int = 3) -> str:
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


def score(value: object) -> str:
    """A metric in [0, 1] with three decimals; smaller ones keep two significant digits."""
    v = finite(value)
    if v is None:
        return NONE
    return number(v, 2) if 0 < abs(v) < 0.01 else minus(f"{v:.3f}")


def signed(value: object) -> str:
    """A difference with its sign and three decimals."""
    v = finite(value)
    if v is None:
        return NONE
    return minus(f"{v:+.2g}" if 0 < abs(v) < 0.0005 else f"{v:+.3f}")


def moved(value: object) -> str:
    """A change of the log-odds with its sign and two decimals."""
    v = finite(value)
    return NONE if v is None else minus(f"{v:+.2f}")


def percent(value: object, digits: int = 2) -> str:
    """A share as percent, `digits` significant digits below ten percent: 0.16%, 4.5%, 83%."""
    v = finite(value)
    if v is None:
        return NONE
    p = 100 * v
    if 99.5 <= p < 100:
        return "99.9%" if p >= 99.9 else f"{p:.1f}%"
    return f"{p:.0f}%" if p == 0 or p >= 9.95 else f"{number(p, digits)}%"


def count(value: object) -> str:
    """A whole number with thousands separators; weights are rounded."""
    v = finite(value)
    return NONE if v is None else minus(f"{v:,.0f}")


def counted(value: object, one: str, many: str | None = None) -> str:
    """ "1 event", "12 events"."""
    return f"{count(value)} {one if finite(value) == 1 else many if many is not None else one + 's'}"


def sized(rows: object, events: object, weight: object = None) -> str:
    """ "3,000 rows with 143 events"; with a sum of weights it is said that figures beside it are weighted."""
    said = f"{counted(rows, 'row')} with {counted(events, 'event')}"
    return said if finite(weight) is None else f"{said}, weighted"


def prevalence(share: object, weight: object = None, by: object = None) -> str:
    """ ", prevalence 4.77%", to stand after counts of rows; with a sum of weights: by what these rows count."""
    if finite(share) is None:
        return ""
    if finite(weight) is None:
        return f", prevalence {percent(share, 3)}"
    column = f" by {by}" if by else ""
    return f"; weighted{column} (sum of weights {count(weight)}), the prevalence is {percent(share, 3)}"


def seconds(value: object) -> str:
    """Wall time: 0.4 s, 12 s, 3 min 5 s."""
    v = finite(value)
    if v is None:
        return NONE
    if v < 9.95:
        return f"{v:.1f} s"
    if v < 120:
        return f"{v:.0f} s"
    return f"{int(v // 60)} min {int(v % 60)} s"


def ratio(value: object) -> str:
    """A ratio that is 1 when all is right, with two decimals."""
    v = finite(value)
    return NONE if v is None else f"{v:,.2f}"


def writer(metric: str) -> Callable[[object], str]:
    """The one way in which the values of a metric are written."""
    known = {"expected_cost": number, "saving": number, "observed_to_expected": ratio, "calibration_slope": ratio}
    return percent if metric in ("recall", "precision") else known.get(metric, score)


def interval(low: object, high: object, write: Callable[[object], str] = score) -> str:
    """ "[0.66, 0.87]", empty when neither end is known."""
    if finite(low) is None and finite(high) is None:
        return ""
    return f"[{write(low)}, {write(high)}]"


def ranks(low: object, high: object) -> str:
    """Ranks from the best to the worst: "1", "2 to 4"."""
    return count(low) if low == high else f"{count(low)} to {count(high)}"


def times_chance(value: object, chance: object) -> str:
    """How often the chance level fits into a score: "498 times chance"."""
    v, c = finite(value), finite(chance)
    if v is None or not c:
        return ""
    ratio = v / c
    return f"{ratio:,.0f} times chance" if ratio >= 9.95 else f"{ratio:.1f} times chance"


def moment(created: str | None) -> str:
    """An ISO time as 21 November 2026, 09:41 UTC; anything else as it is."""
    try:
        when = datetime.fromisoformat(str(created))
    except ValueError:
        return "" if created is None else str(created)
    zone = "" if when.tzinfo is None else f" {when.tzname()}"
    return f"{when.day} {when:%B %Y, %H:%M}{zone}"


def prose(text: str) -> str:
    """A sentence with typographic minus signs before its numbers."""
    return re.sub(r"(?<![\w.\-])-(?=\d)", "−", text)


def minus(text: str) -> str:
    """Typographic minus sign."""
    return text.replace("-", "−") if text.startswith("-") else text


def rule_title(rule: str) -> str:
    """A decision rule in words."""
    return str(RULES[rule].title) if rule in RULES else rule.replace("_", " ")


def metric_title(metric: str) -> str:
    """A metric in words."""
    return METRICS.get(metric, metric.replace("_", " ").capitalize())


def learner_title(learner: str, label: str | None = None) -> str:
    """A learner in words; an unknown one is shown as it is."""
    return label or (LEARNERS[learner].title if learner in LEARNERS else learner)


def treatment_title(treatment: str) -> str:
    """A treatment in words."""
    return "untreated" if treatment in ("", "none") else treatment.replace("_", " ").replace("(", " (")
