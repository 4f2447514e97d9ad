"""Numbers of one arm from its scores: metrics with intervals, calibration, decision, paired verdict."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from rareclass.decisions.decision import Decision
from rareclass.decisions.rule import DecisionRule
from rareclass.kernels.logits import sigmoid
from rareclass.metrics.calibration import brier_skill_score, observed_to_expected
from rareclass.metrics.costs import expected_cost
from rareclass.metrics.curve import ThresholdCurve
from rareclass.treatments.restore import cross_calibrated
from rareclass.uncertainty.interval import Interval, confidence_interval
from rareclass.uncertainty.paired import paired_difference

NEGLIGIBLE = 0.1
"""A difference below this share of the baseline's average precision is no gain worth a treatment."""


@dataclass(frozen=True)
class Judged:
    """Rows that are judged together: the truth, their weights, costs, groups and fold."""

    y: np.ndarray
    fold: np.ndarray
    weight: np.ndarray | None = None
    groups: np.ndarray | None = None
    costs: Any = None
    forward: bool = False
    level: float = 0.95
    seed: int = 0

    def interval_options(self) -> dict[str, Any]:
        """Arguments that every interval over these rows shares."""
        return {
            "level": self.level, "sample_weight": self.weight, "groups": self.groups, "random_state": self.seed,
        }  # fmt: skip

    def take(self, index: np.ndarray) -> "Judged":
        """The same for the rows `index`."""
        rows: dict[str, Any] = {
            k: (None if getattr(self, k) is None else getattr(self, k)[index]) for k in ("weight", "groups")
        }
        return replace(self, y=self.y[index], fold=self.fold[index], costs=costs_of(self.costs, index), **rows)


@dataclass
class ArmResult:
    """All that is said about one arm. `raw` are restored, `logit` calibrated log-odds; NaN where never tested."""

    name: str
    learner: str
    treatment: str
    raw: np.ndarray
    logit: np.ndarray
    metrics: dict[str, Interval]
    calibration: dict[str, float]
    decision: Decision
    decision_metrics: dict[str, Any]
    seconds: float
    rows: int
    exact: bool
    note: str
    restoration: str
    difference: Any = None
    verdict: str = ""
    sentence: str = ""
    warnings: list[str] = field(default_factory=list)


def costs_of(costs: Any, index: np.ndarray) -> Any:
    """Costs of the rows `index`: class costs stay, costs by row are taken."""
    return costs.take(index) if hasattr(costs, "take") else costs


def score_metrics(rows: Judged, score: np.ndarray) -> dict[str, Interval]:
    """Ranking and probability metrics with intervals. `score` are calibrated log-odds (n,)."""
    return {
        name: confidence_interval(name, rows.y, score, **rows.interval_options())
        for name in ("average_precision", "roc_auc")
    }


def calibration_numbers(rows: Judged, score: np.ndarray) -> dict[str, Any]:
    """Observed/expected, Brier skill and the skill that a cross-fitted monotone recalibration would reach."""
    p = sigmoid(score)
    ceiling = cross_calibrated(
        score, rows.y, rows.fold, method="isotonic", sample_weight=rows.weight, forward=rows.forward
    )
    return {
        "observed_to_expected": float(observed_to_expected(rows.y, p, sample_weight=rows.weight)),
        "brier_skill": float(brier_skill_score(rows.y, p, sample_weight=rows.weight)),
        "brier_skill_ceiling": float(brier_skill_score(rows.y, sigmoid(ceiling), sample_weight=rows.weight)),
    }


def decide(rule: DecisionRule, rows: Judged, score: np.ndarray) -> Decision:
    """The decision of `rule` on calibrated probabilities of rows that the model did not see."""
    curve = ThresholdCurve.from_predictions(rows.y, sigmoid(score), sample_weight=rows.weight)
    return rule.choose(curve)


def decision_numbers(decision: Decision, rows: Judged, score: np.ndarray) -> dict[str, Any]:
    """Counts, rates with intervals and cost per row of `decision` on these rows."""
    p = sigmoid(score)
    flagged = decision.apply(p, rows.costs) if decision.per_row else decision.apply(p)
    weight = np.ones(p.size) if rows.weight is None else rows.weight
    counts = {
        "tp": float(weight[flagged & rows.y].sum()), "fp": float(weight[flagged & ~rows.y].sum()),
        "fn": float(weight[~flagged & rows.y].sum()), "tn": float(weight[~flagged & ~rows.y].sum()),
    }  # fmt: skip
    how = rows.interval_options()
    acted = flagged.astype(np.float64)
    out: dict[str, Any] = {"confusion": counts, "alert_rate": (counts["tp"] + counts["fp"]) / weight.sum()}
    for name in ("recall", "precision"):
        out[name] = confidence_interval(name, rows.y, acted, threshold=0.5, **how)
    if rows.costs is not None:
        out["expected_cost"] = confidence_interval(
            "expected_cost", rows.y, acted, threshold=0.5, costs=rows.costs, **how
        )
        trivial = {k: np.full(p.size, v, dtype=bool) for k, v in (("flag_none", False), ("flag_all", True))}
        for name, act in trivial.items():
            out[f"cost_{name}"] = float(expected_cost(rows.y, act, rows.costs, sample_weight=rows.weight))
    return out


def judgement(rows: Judged, score: np.ndarray, decision: Decision) -> tuple[dict[str, Any], dict[str, Any]]:
    """A model and its decision on rows that neither has seen: (plain values for a report, `decision_numbers`)."""
    numbers = decision_numbers(decision, rows, score)
    metrics = {k: v.to_dict() for k, v in score_metrics(rows, score).items()}
    metrics |= {k: numbers[k].to_dict() for k in ("recall", "precision", "expected_cost") if k in numbers}
    seen: dict[str, Any] = {k: numbers[k].estimate for k in ("recall", "precision", "expected_cost") if k in numbers}
    plain: dict[str, Any] = {k: v for k, v in numbers.items() if k not in seen}
    calibration = {k: v for k, v in calibration_numbers(rows, score).items() if k != "brier_skill_ceiling"}
    said: dict[str, Any] = {
        "rows": int(rows.y.size), "events": int(rows.y.sum()), "prevalence": float(rows.y.mean()), "metrics": metrics,
        "calibration": calibration, "decision": {**decision.to_dict(), **plain, **seen},
    }  # fmt: skip
    return said, numbers


def paired_verdict(
    rows: Judged, score: np.ndarray, base: np.ndarray, base_ap: float, *, ranked: bool, level: float
) -> tuple[Any, str]:
    """(difference of average precision to the baseline, verdict).

    helps / hurts: the interval excludes zero. no evidence: it holds zero and nothing beyond `NEGLIGIBLE` of the
    baseline. cannot tell: it holds zero and more.
    """
    difference = paired_difference(
        "average_precision", rows.y, score, base, level=level, sample_weight=rows.weight, groups=rows.groups,
        random_state=rows.seed,
    )  # fmt: skip
    if not ranked:
        return difference, "cannot tell"
    if difference.low > 0:
        return difference, "helps"
    if difference.high < 0:
        return difference, "hurts"
    band = NEGLIGIBLE * base_ap
    inside = -band <= difference.low and difference.high <= band
    return difference, "no evidence" if inside else "cannot tell"


def verdict_sentence(result: ArmResult, baseline: str, events: int) -> str:
    """The verdict of an arm in one sentence."""
    d = result.difference
    ap = result.metrics["average_precision"]
    if result.verdict == "baseline":
        return f"The baseline: average precision {ap.estimate:.3f} [{ap.low:.3f}, {ap.high:.3f}]."
    said = f"{d.estimate:+.3f} [{d.low:+.3f}, {d.high:+.3f}] average precision against {baseline}"
    if result.verdict == "helps":
        return f"Ranks better: {said}."
    if result.verdict == "hurts":
        return f"Ranks worse: {said}."
    if result.verdict == "no evidence":
        return f"No evidence of a difference that matters: {said}."
    half = max(d.high - d.low, 1e-12) / 2
    wanted = max(NEGLIGIBLE * ap.estimate, 0.01)
    needed = int(np.ceil(events * (half / wanted) ** 2))
    enough = f"; about {needed:,} events would settle a difference of {wanted:.2f}" if needed > events else ""
    return f"Cannot tell with {events} events: {said}{enough}."
