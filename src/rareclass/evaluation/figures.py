"""Points of every picture, computed here so that the report only draws."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rareclass.evaluation import results
from rareclass.evaluation.judge import Judged, Judgement
from rareclass.kernels.logits import sigmoid
from rareclass.metrics.curve import ThresholdCurve
from rareclass.uncertainty.bands import grouped_rate_band, precision_band, recall_band
from rareclass.uncertainty.costed_curve import threshold_costs
from rareclass.uncertainty.interval import confidence_interval
from rareclass.uncertainty.reliability import reliability_table
from rareclass.uncertainty.sample import make_sample

POINTS = 160
TOP = (50, 100, 500)
"""Numbers of alerts that a team may have time for."""


def figure_data(
    rows: Judged, score: np.ndarray, judgement: Judgement, ranking: np.ndarray | None = None
) -> results.FiguresRecord:
    """Curves, bands, bins and counts of one arm; the curves of ranking by `ranking` where it is given."""
    by = score if ranking is None else ranking
    curve = ThresholdCurve.from_predictions(rows.y, by, sample_weight=rows.weight)
    decision = judgement.decision
    return results.FiguresRecord(
        precision_recall=results.PrecisionRecallPoints(**_precision_recall(rows, by, curve)),
        roc=results.RocPoints(**_roc(rows, by, curve)),
        reliability=results.ReliabilityBins(**_reliability(rows, score)),
        cost=_cost(rows, score, judgement),
        histogram=results.ScoreCounts(**_histogram(rows, score)),
        confusion=results.ConfusionRecord(
            threshold=None if decision.per_row else decision.threshold, **judgement.acted["confusion"]
        ),
        top=_top(rows, by),
    )


def _at(values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Positions in ascending `values` of the first entry not below each wanted one."""
    return np.clip(np.searchsorted(values, wanted, side="left"), 0, values.size - 1)


def _band(
    rows: Judged, score: np.ndarray, curve: ThresholdCurve, metric: str, at: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Limits of precision or recall at the points `at` of the curve of `score`."""
    if rows.groups is None:
        band = {"precision": precision_band, "recall": recall_band}[metric]
        return band(curve.cells(at), rows.level)
    sample = make_sample(rows.y, score, sample_weight=rows.weight, groups=rows.groups)
    down, up = grouped_rate_band(sample, metric, curve.thresholds[at], rows.level)
    value = getattr(curve, metric)[at]
    return np.maximum(value - down, 0.0), np.minimum(value + up, 1.0)


def _precision_recall(rows: Judged, score: np.ndarray, curve: ThresholdCurve) -> dict[str, results.Points]:
    recall = np.asarray(curve.recall)
    spaced = np.unique(np.concatenate([np.linspace(0, 1, POINTS), np.geomspace(1e-3, 1, 20)]))
    at = np.unique(_at(recall, spaced))
    at = at[np.asarray(curve.tp + curve.fp)[at] > 0]
    low, high = _band(rows, score, curve, "precision", at)
    return _lists(recall=recall[at], precision=curve.precision[at], low=low, high=high)


def _roc(rows: Judged, score: np.ndarray, curve: ThresholdCurve) -> dict[str, results.Points]:
    fpr, tpr = np.asarray(curve.false_positive_rate), np.asarray(curve.recall)
    spaced = np.unique(np.concatenate([[0.0], np.geomspace(1e-5, 1, POINTS // 2), np.linspace(0, 1, POINTS // 2)]))
    at = np.unique(np.concatenate([_at(fpr, spaced), [fpr.size - 1]]))
    low, high = _band(rows, score, curve, "recall", at)
    return _lists(fpr=fpr[at], tpr=tpr[at], low=low, high=high)


def _reliability(rows: Judged, score: np.ndarray) -> dict[str, results.Points]:
    """Bins of about equal expected events, so that the top scores, where the alerts are, show."""
    how: dict[str, Any] = {"sample_weight": rows.weight, "groups": rows.groups, "level": rows.level}
    t = reliability_table(rows.y, sigmoid(score), by="expected", **how)
    return _lists(
        mean_predicted=t.predicted,
        observed=t.observed,
        low=t.observed_low,
        high=t.observed_high,
        count=t.rows,
        events=t.positives,
    )


def _top(rows: Judged, score: np.ndarray) -> list[results.TopRecord]:
    """What the rows with the highest scores hold, with the rows that tie with the last of them."""
    found = []
    order = np.sort(score)[::-1]
    for wanted in TOP:
        if wanted < score.size:
            flagged = (score >= order[wanted - 1]).astype(np.float64)
            precision, recall = (
                confidence_interval(name, rows.y, flagged, threshold=0.5, **rows.interval_options())
                for name in ("precision", "recall")
            )
            found.append(results.TopRecord(alerts=int(flagged.sum()), precision=precision, recall=recall))
    return found


def _cost(rows: Judged, score: np.ndarray, judgement: Judgement) -> results.CostPoints | None:
    """Cost per row, with its band, when every row at or above one probability is flagged; and of the decision."""
    if rows.costs is None:
        return None
    how: dict[str, Any] = {"sample_weight": rows.weight, "groups": rows.groups, "level": rows.level}
    curve = threshold_costs(rows.y, sigmoid(score), rows.costs, **how)
    last = curve.thresholds.size - 1
    # dense at the top, where the alerts are: the thresholds ascend
    above = np.concatenate([np.linspace(0, last, POINTS // 4), np.geomspace(1, last + 1, POINTS) - 1]).astype(int)
    at = np.unique(last - above)
    points = _lists(threshold=curve.thresholds[at], cost=curve.cost[at], low=curve.low[at], high=curve.high[at])
    decision = judgement.decision
    return results.CostPoints(
        chosen=None if decision.per_row else decision.threshold,
        decided=judgement.acted["expected_cost"],
        flag_none=curve.flag_none,
        flag_all=curve.flag_all,
        **points,
    )


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
