"""Leakage and evaluation mistakes that make rare-event scores too good to be true."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass.data.duplicates import duplicate_groups
from rareclass.data.encode import TableEncoder
from rareclass.data.read import read_table
from rareclass.data.schema import Schema
from rareclass.errors import InputError
from rareclass.evaluation.results import Finding
from rareclass.metrics.ranking import average_precision_score, roc_auc_score
from rareclass.uncertainty.interval import confidence_interval

SUSPICIOUS_AUC = 0.995
SAMPLE = 50_000
CHANCE_LEVEL = 0.99
"""Of the interval that must lie below chance: one random scorer in two hundred is called worse by chance."""


def audit(
    X: Any,
    y: Any,
    *,
    splits: Sequence[tuple[Any, Any]] | None = None,
    groups: Any = None,
    times: Any = None,
    y_score: Any = None,
    synthetic: Any = None,
    prevalence: float | None = None,
    pos_label: Any = None,
) -> list[Finding]:
    """Look for the mistakes that make an evaluation of rare events too good.

    Parameters
    ----------
    X : table or array of shape (n, d)
    y : array-like of shape (n,)
    splits : sequence of (train, test) index arrays, optional
        The evaluation to be judged. Without it, only the columns and labels are looked at.
    groups, times : array-like of shape (n,), optional
        Entities and times of the rows.
    y_score : array-like of shape (n,), optional
        Scores under judgement, out of fold.
    synthetic : Boolean array-like of shape (n,), optional
        Rows that a sampler made; none may be tested.
    prevalence : float in (0, 1), optional
        Real share of positives; test parts that differ much were resampled.
    pos_label : label, optional

    Returns
    -------
    list of Finding
        Worst first; empty when nothing was found.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.repeat(np.arange(20.0), 2)[:, None]
    >>> y = X[:, 0] >= 15
    >>> even, odd = np.arange(0, 40, 2), np.arange(1, 40, 2)
    >>> [f.code for f in audit(X, y, splits=[(even, odd)])][0]
    'duplicates-across-split'
    """
    table = read_table(X)
    truth = _check.binary_target(y, pos_label, "y")
    _check.same_length(X=table, y=truth, groups=groups, times=times, y_score=y_score, synthetic=synthetic)
    found = column_findings(table, truth)
    if splits is not None:
        rows = _Evaluated(
            y=truth,
            same=duplicate_groups(table),
            groups=None if groups is None else np.unique(_check.column(groups, "groups"), return_inverse=True)[1],
            times=None if times is None else _check.column(times, "times"),
            synthetic=None if synthetic is None else _check.column(synthetic, "synthetic").astype(bool),
            prevalence=prevalence,
        )
        found += _split_findings(rows, splits)
    if y_score is not None:
        found += score_findings(truth, _check.scores(y_score))
    rank = {"error": 0, "warning": 1, "note": 2}
    return sorted(found, key=lambda f: rank[f.severity])


def column_findings(table: Any, y: np.ndarray, *, seed: int = 0) -> list[Finding]:
    """Columns that alone separate the classes almost perfectly; judged on all events and sampled negatives."""
    rng = np.random.default_rng(seed)
    rows = np.flatnonzero(y)
    negatives = np.flatnonzero(~y)
    if negatives.size > SAMPLE:
        negatives = np.sort(rng.choice(negatives, SAMPLE, replace=False))
    rows = np.sort(np.concatenate([rows, negatives]))
    if rows.size == 0 or y[rows].all() or not y.any() or y.sum() < 5:
        return []
    part = table.take(rows)
    schema = Schema.infer(part)
    if not schema.columns:
        return []
    encoded = TableEncoder(schema.columns).fit(part).transform(part)
    found = []
    for j, name in enumerate(encoded.feature_names):
        if j in encoded.categorical:
            continue
        values = encoded.matrix[:, j]
        known = ~np.isnan(values)
        if known.mean() < 0.5 or not y[rows][known].any() or y[rows][known].all():
            continue
        auc = roc_auc_score(y[rows][known], values[known])
        if max(auc, 1 - auc) >= SUSPICIOUS_AUC:
            found.append(
                Finding(
                    "column-too-good",
                    "warning",
                    f"Column {name!r} alone separates the classes almost perfectly: is it known before the event?",
                    f"area under the ROC curve {max(auc, 1 - auc):.4f} on {int(known.sum()):,} rows",
                )
            )
    return found


@dataclass(frozen=True, kw_only=True)
class _Evaluated:
    """The rows that an evaluation used: labels, numbers of equal rows, and what else is known of them."""

    y: np.ndarray
    same: np.ndarray
    groups: np.ndarray | None
    times: np.ndarray | None
    synthetic: np.ndarray | None
    prevalence: float | None


def _split_findings(rows: _Evaluated, splits: Sequence[tuple[ArrayLike, ArrayLike]]) -> list[Finding]:
    found: list[Finding] = []
    for k, pair in enumerate(splits):
        train, test = (np.asarray(part) for part in pair)
        if train.dtype == bool:
            train, test = np.flatnonzero(train), np.flatnonzero(test)
        if train.size == 0 or test.size == 0 or max(train.max(), test.max()) >= rows.y.size:
            raise InputError(f"Split {k} is empty or points beyond the {rows.y.size} rows.")
        found += [
            Finding(code, severity, f"Split {k}: {title}", evidence)
            for code, severity, title, evidence in _one_split(rows, train, test)
        ]
    return found


def _one_split(rows: _Evaluated, train: np.ndarray, test: np.ndarray) -> Iterator[tuple[str, str, str, str]]:
    """Code, severity, title and evidence of what is wrong with one split."""
    y, of_test = rows.y, f"of {test.size:,} test rows"
    if shared := np.intersect1d(train, test).size:
        yield "rows-in-both-parts", "error", "rows are both fitted and tested.", f"{shared:,} rows"
    if repeated := int(np.isin(rows.same[test], rows.same[train]).sum()):
        title = "test rows repeat training rows exactly."
        yield "duplicates-across-split", "error", title, f"{repeated:,} {of_test}"
    if rows.groups is not None and (crossing := np.intersect1d(rows.groups[train], rows.groups[test]).size):
        yield "group-across-split", "error", "groups stand on both sides.", f"{crossing:,} groups"
    if rows.times is not None and (late := int((rows.times[train] >= rows.times[test].min()).sum())):
        title = "training rows are not before the test."
        yield "future-in-training", "error", title, f"{late:,} of {train.size:,} training rows"
    if rows.synthetic is not None and (made := int(rows.synthetic[test].sum())):
        yield "synthetic-rows-tested", "error", "synthetic rows are tested.", f"{made:,} {of_test}"
    events = int(y[test].sum())
    if events == 0:
        yield "no-event-tested", "error", "the test part holds no event.", f"0 events in {test.size:,} rows"
    elif events < 10:
        title = "scores rest on very few events."
        yield "few-events-tested", "warning", title, f"{events} events in {test.size:,} rows"
    if rows.prevalence is not None:
        rate, spread = y[test].mean(), np.sqrt(rows.prevalence * (1 - rows.prevalence) / test.size)
        if rate > 2 * rows.prevalence and rate - rows.prevalence > 5 * spread:
            title = "the test part is richer in events than reality."
            yield "test-part-resampled", "error", title, f"{rate:.3%} against {rows.prevalence:.3%}"


def score_findings(y: np.ndarray, score: np.ndarray) -> list[Finding]:
    found = []
    if np.unique(score).size == 1:
        found.append(Finding("constant-score", "error", "All scores are equal.", f"value {score[0]:g}"))
    elif np.unique(score).size == 2:
        found.append(
            Finding(
                "labels-instead-of-scores",
                "warning",
                "The scores take two values only: labels were given where scores belong.",
                "ranking metrics of labels say little",
            )
        )
    ap = average_precision_score(y, score)
    if y.mean() < 0.05 and ap > 0.99 and y.sum() >= 10:
        found.append(
            Finding(
                "too-good",
                "warning",
                "The ranking is almost perfect: look for a leak first.",
                f"average precision {ap:.4f} at a prevalence of {y.mean():.3%}",
            )
        )
    auc = confidence_interval("roc_auc", y, score, level=CHANCE_LEVEL)
    if auc.high < 0.5:
        evidence = f"area under the ROC curve {auc.estimate:.3f} [{auc.low:.3f}, {auc.high:.3f}] (99 %), chance 0.5"
        found.append(Finding("worse-than-chance", "error", "The scores rank worse than chance.", evidence))
    return found
