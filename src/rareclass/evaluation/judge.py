"""Numbers of one arm from its scores: metrics with intervals, calibration, decision, paired verdict."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from rareclass.crossfit import Folds
from rareclass.decisions.costs import Costs
from rareclass.decisions.decision import Decision
from rareclass.decisions.rule import DecisionRule
from rareclass.decisions.tier_rates import TierTable, tiers_of
from rareclass.decisions.tier_rule import ByTiers
from rareclass.evaluation.results import AppliedDecisionRecord, CalibrationRecord, JudgementRecord
from rareclass.fitting.arm import Arm
from rareclass.fitting.calibrate import cross_calibrated
from rareclass.fitting.design import Design
from rareclass.fitting.out_of_fold import ArmScores
from rareclass.fitting.rows import at, costs_at
from rareclass.fitting.slice_column import SliceColumn
from rareclass.fitting.slice_table import SliceTable
from rareclass.kernels.logits import sigmoid
from rareclass.metrics.calibration import brier_skill_score
from rareclass.metrics.costs import expected_cost
from rareclass.uncertainty.cross_fitted import cross_fitted
from rareclass.uncertainty.interval import Interval, confidence_interval
from rareclass.uncertainty.paired import PairedInterval, paired_difference

RANKING = ("average_precision", "roc_auc")
NEGLIGIBLE = 0.1
"""A difference below this share of the baseline's average precision is no gain worth a treatment."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Rows that are judged together: the truth, their weights, costs and groups, and which fit scored them.

    A design's own rows come as often as they were tested, with shares of their weight and as a group of their own.
    `folds` is None for rows that were not cross-fitted (a locked test part, new data).
    """

    y: np.ndarray
    weight: np.ndarray | None = None
    groups: np.ndarray | None = None
    costs: Costs | None = None
    slices: SliceColumn | None = None
    folds: Folds | None = None
    level: float = 0.95
    seed: int = 0

    @classmethod
    def of(cls, design: Design, index: np.ndarray, *, level: float) -> Self:
        """The rows `index` of a design's table."""
        rows = design.rows
        return cls(
            y=rows.y[index],
            weight=at(rows.weight, index),
            groups=at(rows.groups, index),
            costs=costs_at(rows.costs, index),
            level=level,
            seed=design.sampling.seed,
        )

    @classmethod
    def out_of_fold(cls, design: Design, *, level: float, folds: Folds) -> Self:
        """The rows that a design scores out of fold."""
        rows = cls.of(design, design.split.scored, level=level)
        return replace(rows, weight=design.weight, groups=design.groups, slices=design.slices, folds=folds)

    @property
    def events(self) -> int:
        """How many of the rows are events; one that was tested more than once is one."""
        again = None if self.folds is None else self.folds.row
        return int(self.y.sum()) if again is None else int(np.unique(again[self.y]).size)

    def interval_options(self) -> dict[str, Any]:
        """Arguments that every interval over these rows shares."""
        return {"level": self.level, "sample_weight": self.weight, "groups": self.groups, "random_state": self.seed}

    def take(self, index: np.ndarray) -> Self:
        """The same for the rows `index`."""
        return replace(
            self,
            y=self.y[index],
            weight=at(self.weight, index),
            groups=at(self.groups, index),
            costs=costs_at(self.costs, index),
            slices=None if self.slices is None else self.slices.take(index),
            folds=None if self.folds is None else self.folds.take(index),
        )


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What a model and its decision do on rows that neither has seen."""

    metrics: dict[str, Interval]  # average precision, ROC AUC, observed/expected and Brier skill
    calibration: dict[str, float]
    decision: Decision
    acted: dict[str, Any]  # counts, alert rate, recall, precision and cost per row of the decision
    tiers: TierTable | None = None  # what its alert tiers hold, where it has some

    @property
    def intervals(self) -> dict[str, Interval]:
        """All numbers that have an interval, by name."""
        return self.metrics | {k: v for k, v in self.acted.items() if isinstance(v, Interval)}


@dataclass(frozen=True)
class Verdict:
    """An arm beside the baseline: the paired difference (None for the baseline itself), a word and a sentence."""

    difference: PairedInterval | None
    word: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class ArmResult:
    """All that is said about one arm.

    `logit` are its calibrated out-of-fold log-odds (`unsliced`: before shifts by slice), `ranking` the scores it is
    ranked by: those of the fold models as they are, since calibrators of the parts would shuffle them. NaN where never
    tested.
    """

    scores: ArmScores
    logit: np.ndarray
    ranking: np.ndarray
    judgement: Judgement
    verdict: Verdict
    warnings: tuple[str, ...] = ()
    unsliced: np.ndarray | None = None

    @property
    def arm(self) -> Arm:
        return self.scores.arm

    @property
    def name(self) -> str:
        return self.scores.arm.name

    @property
    def average_precision(self) -> Interval:
        return self.judgement.metrics["average_precision"]


def score_metrics(rows: Judged, score: np.ndarray) -> dict[str, Interval]:
    """Ranking metrics of scores (n,) with intervals."""
    ap, auc = (confidence_interval(m, rows.y, score, **rows.interval_options()) for m in RANKING)
    return {"average_precision": ap, "roc_auc": auc if rows.folds is None else cross_fitted(auc)}


def probability_metrics(rows: Judged, score: np.ndarray) -> dict[str, Interval]:
    """Observed/expected and Brier skill of calibrated log-odds (n,), with intervals."""
    p, how = sigmoid(score), rows.interval_options()
    return {name: confidence_interval(name, rows.y, p, **how) for name in ("observed_to_expected", "brier_skill")}


def calibration_numbers(rows: Judged, score: np.ndarray, known: Mapping[str, Interval]) -> dict[str, float]:
    """The estimates of the probability metrics; of cross-fitted rows also the skill of a monotone recalibration."""
    found = {name: known[name].estimate for name in ("observed_to_expected", "brier_skill")}
    if rows.folds is not None:
        best = cross_calibrated(score, rows.y, rows.folds, method="isotonic", sample_weight=rows.weight)
        found["brier_skill_ceiling"] = float(brier_skill_score(rows.y, sigmoid(best), sample_weight=rows.weight))
    return found


def decide(rule: DecisionRule, rows: Judged, score: np.ndarray) -> Decision:
    """The decision of `rule` on calibrated probabilities of rows that the model did not see."""
    return rule.decided_on(rows.y, sigmoid(score), rows.weight, rows.costs)


def decision_numbers(decision: Decision, rows: Judged, score: np.ndarray) -> dict[str, Any]:
    """Counts, rates with intervals and cost per row of `decision` on these rows."""
    p = sigmoid(score)
    flagged = decision.apply(p, rows.costs) if decision.per_row else decision.apply(p)
    weight = np.ones(p.size) if rows.weight is None else rows.weight
    counts = {
        "tp": float(weight[flagged & rows.y].sum()),
        "fp": float(weight[flagged & ~rows.y].sum()),
        "fn": float(weight[~flagged & rows.y].sum()),
        "tn": float(weight[~flagged & ~rows.y].sum()),
    }
    how = rows.interval_options()
    acted = flagged.astype(np.float64)
    out: dict[str, Any] = {"confusion": counts, "alert_rate": (counts["tp"] + counts["fp"]) / weight.sum()}
    for name in ("recall", "precision"):
        out[name] = confidence_interval(name, rows.y, acted, threshold=0.5, **how)
    if rows.costs is not None:
        costs = decision.priced(p, rows.costs)
        out["expected_cost"] = confidence_interval("expected_cost", rows.y, acted, threshold=0.5, costs=costs, **how)
        nobody = np.zeros(p.size)
        spent = {"threshold": 0.5, "costs": costs, **how}
        saved = paired_difference("expected_cost", rows.y, nobody, acted, **spent)
        out["saving"] = Interval(saved.estimate, saved.low, saved.high, saved.level, saved.method)
        trivial = {k: np.full(p.size, v, dtype=bool) for k, v in (("flag_none", False), ("flag_all", True))}
        for name, act in trivial.items():
            out[f"cost_{name}"] = float(expected_cost(rows.y, act, costs, sample_weight=rows.weight))
    return out


def judge(rows: Judged, score: np.ndarray, decision: Decision, ranking: np.ndarray | None = None) -> Judgement:
    """A model, by its calibrated log-odds (n,), and its decision on rows that neither has seen.

    `ranking` are the scores to rank by, where calibration was not the same for all rows.
    """
    metrics = score_metrics(rows, score if ranking is None else ranking) | probability_metrics(rows, score)
    return Judgement(
        metrics=metrics,
        calibration=calibration_numbers(rows, score, metrics),
        decision=decision,
        acted=decision_numbers(decision, rows, score),
        tiers=tier_numbers(decision, rows, score),
    )


def tier_numbers(decision: Decision, rows: Judged, score: np.ndarray) -> TierTable | None:
    """What the tiers of `decision` hold of these rows; None where it has none."""
    rule = decision.rule
    if not isinstance(rule, ByTiers) or rule.cuts is None:
        return None
    how: dict[str, Any] = {"sample_weight": rows.weight, "groups": rows.groups, "level": rows.level}
    return tiers_of(rule.cuts, rows.y, sigmoid(score), costs=rows.costs, **how)


def judgement_record(
    rows: Judged, judged: Judgement, arm: str = "", slices: SliceTable | None = None
) -> JudgementRecord:
    """A judgement as it stands in results.json."""
    acted = {k: v.estimate if isinstance(v, Interval) else v for k, v in judged.acted.items()}
    return JudgementRecord(
        arm=arm,
        rows=int(rows.y.size),
        events=int(rows.y.sum()),
        prevalence=float(np.average(rows.y, weights=rows.weight)),
        weight=None if rows.weight is None else float(rows.weight.sum()),
        metrics=judged.intervals,
        calibration=CalibrationRecord(**judged.calibration),
        decision=AppliedDecisionRecord.from_dict({**judged.decision.to_dict(), **acted}),
        tiers=judged.tiers,
        slices=slices,
    )


def paired_verdict(rows: Judged, score: np.ndarray, base: np.ndarray, base_ap: float, *, ranked: bool) -> Verdict:
    """An arm's scores against the baseline's on the same rows, not yet in words.

    helps / hurts: the interval excludes zero. no evidence: it holds zero and nothing beyond `NEGLIGIBLE` of the
    baseline. cannot tell: it holds zero and more.
    """
    difference = paired_difference("average_precision", rows.y, score, base, **rows.interval_options())
    band = NEGLIGIBLE * base_ap
    if not ranked:
        word = "cannot tell"
    elif difference.low > 0:
        word = "helps"
    elif difference.high < 0:
        word = "hurts"
    else:
        word = "no evidence" if -band <= difference.low and difference.high <= band else "cannot tell"
    return Verdict(difference, word, "")


def verdict_sentence(verdict: Verdict, ap: Interval, baseline: str, events: int) -> str:
    """The verdict of an arm with average precision `ap` in one sentence."""
    d = verdict.difference
    if d is None:
        return f"The baseline: average precision {ap.estimate:.3f} [{ap.low:.3f}, {ap.high:.3f}]."
    said = f"{d.estimate:+.3f} [{d.low:+.3f}, {d.high:+.3f}] average precision against {baseline}"
    if verdict.word == "helps":
        return f"Ranks better: {said}."
    if verdict.word == "hurts":
        return f"Ranks worse: {said}."
    if verdict.word == "no evidence":
        return f"No evidence of a difference that matters: {said}."
    half = max(d.high - d.low, 1e-12) / 2
    wanted = max(NEGLIGIBLE * ap.estimate, 0.01)
    needed = int(np.ceil(events * (half / wanted) ** 2))
    enough = f"; about {needed:,} events would settle a difference of {wanted:.2f}" if needed > events else ""
    return f"Cannot tell with {events} events: {said}{enough}."
