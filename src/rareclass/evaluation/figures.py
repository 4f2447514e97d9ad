"""Points of every picture, computed here so that the report only draws."""

import numpy as np
from numpy.typing import ArrayLike

from rareclass.decisions.decision import Decision
from rareclass.evaluation import results
from rareclass.evaluation.judge import Judged, Judgement
from rareclass.kernels.intervals import wilson
from rareclass.kernels.logits import sigmoid
from rareclass.metrics.curve import ThresholdCurve
from rareclass.uncertainty.costed_curve import threshold_costs
from rareclass.uncertainty.reliability import reliability_table

POINTS = 160


def figure_data(
    rows: Judged, score: np.ndarray, judgement: Judgement, ranking: np.ndarray | None = None
) -> results.FiguresRecord:
    """Curves, bands, bins and counts of one arm; the curves of ranking by `ranking` where it is given."""
    by = score if ranking is None else ranking
    curve = ThresholdCurve.from_predictions(rows.y, by, sample_weight=rows.weight)
    decision = judgement.decision
    return results.FiguresRecord(
        precision_recall=results.PrecisionRecallPoints(**_precision_recall(curve, rows.level)),
        roc=results.RocPoints(**_roc(curve, rows.level)),
        reliability=results.ReliabilityBins(**_reliability(rows, score)),
        cost=_cost(rows, score, decision),
        histogram=results.ScoreCounts(**_histogram(rows, score)),
        confusion=results.ConfusionRecord(threshold=decision.threshold, **judgement.acted["confusion"]),
    )


def _at(values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Positions in ascending `values` of the first entry not below each wanted one."""
    return np.clip(np.searchsorted(values, wanted, side="left"), 0, values.size - 1)


def _precision_recall(curve: ThresholdCurve, level: float) -> dict[str, results.Points]:
    recall = np.asarray(curve.recall)
    spaced = np.unique(np.concatenate([np.linspace(0, 1, POINTS), np.geomspace(1e-3, 1, 20)]))
    at = np.unique(_at(recall, spaced))
    at = at[np.asarray(curve.tp + curve.fp)[at] > 0]
    flagged = np.asarray(curve.tp + curve.fp, dtype=float)[at]
    low, high = wilson(np.asarray(curve.tp, dtype=float)[at], flagged, level)
    precision = np.asarray(curve.tp, dtype=float)[at] / flagged
    return _lists(recall=recall[at], precision=precision, low=low, high=high)


def _roc(curve: ThresholdCurve, level: float) -> dict[str, results.Points]:
    fpr, tpr = np.asarray(curve.false_positive_rate), np.asarray(curve.recall)
    spaced = np.unique(np.concatenate([[0.0], np.geomspace(1e-5, 1, POINTS // 2), np.linspace(0, 1, POINTS // 2)]))
    at = np.unique(np.concatenate([_at(fpr, spaced), [fpr.size - 1]]))
    low, high = wilson(np.asarray(curve.tp, dtype=float)[at], np.full(at.size, float(curve.positives)), level)
    return _lists(fpr=fpr[at], tpr=tpr[at], low=low, high=high)


def _reliability(rows: Judged, score: np.ndarray) -> dict[str, results.Points]:
    """Bins of about equal expected events, so that the top scores, where the alerts are, show."""
    t = reliability_table(rows.y, sigmoid(score), by="expected", sample_weight=rows.weight, level=rows.level)
    return _lists(
        mean_predicted=t.predicted,
        observed=t.observed,
        low=t.observed_low,
        high=t.observed_high,
        count=t.rows,
        events=t.positives,
    )


def _cost(rows: Judged, score: np.ndarray, decision: Decision) -> results.CostPoints | None:
    """Cost per row, with its band, when every row at or above one probability is flagged."""
    if rows.costs is None:
        return None
    curve = threshold_costs(rows.y, sigmoid(score), rows.costs, level=rows.level, sample_weight=rows.weight)
    last = curve.thresholds.size - 1
    # dense at the top, where the alerts are: the thresholds ascend
    above = np.concatenate([np.linspace(0, last, POINTS // 4), np.geomspace(1, last + 1, POINTS) - 1]).astype(int)
    at = np.unique(last - above)
    points = _lists(threshold=curve.thresholds[at], cost=curve.cost[at], low=curve.low[at], high=curve.high[at])
    return results.CostPoints(chosen=decision.threshold, flag_none=curve.flag_none, flag_all=curve.flag_all, **points)


def _histogram(rows: Judged, score: np.ndarray) -> dict[str, results.Points]:
    low, high = np.quantile(score, [0.0005, 1.0])
    edges = np.linspace(np.floor(low * 2) / 2, np.ceil(high * 2) / 2 + 1e-9, 41)
    clipped = np.clip(score, edges[0], edges[-1])
    weight = np.ones(score.size) if rows.weight is None else rows.weight
    positives = np.histogram(clipped[rows.y], edges, weights=weight[rows.y])[0]
    negatives = np.histogram(clipped[~rows.y], edges, weights=weight[~rows.y])[0]
    return _lists(edges=edges, positives=positives, negatives=negatives)


def _lists(**arrays: ArrayLike) -> dict[str, results.Points]:
    return {k: [None if not np.isfinite(v) else float(f"{v:.6g}") for v in np.asarray(a)] for k, a in arrays.items()}
