"""Leakage and evaluation mistakes that make rare-event scores too good to be true."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from rareclass import _check
from rareclass.data.duplicates import duplicate_groups
from rareclass.data.encode import Encoded, TableEncoder
from rareclass.data.read import read_table
from rareclass.data.schema import Schema
from rareclass.evaluation.columns import column_findings
from rareclass.evaluation.faults import worst_first
from rareclass.evaluation.results import Finding
from rareclass.evaluation.score_faults import score_findings
from rareclass.evaluation.split_faults import Evaluated, split_findings


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
        known = encoded(table)
        rows = Evaluated(
            y=truth,
            same=duplicate_groups(table),
            matrix=known.matrix,
            names=known.feature_names,
            groups=None if groups is None else np.unique(_check.column(groups, "groups"), return_inverse=True)[1],
            times=None if times is None else _check.column(times, "times"),
            synthetic=None if synthetic is None else _check.column(synthetic, "synthetic").astype(bool),
            prevalence=prevalence,
        )
        found += split_findings(rows, splits)
    if y_score is not None:
        found += score_findings(truth, _check.scores(y_score))
    return worst_first(found)


def encoded(table: pa.Table) -> Encoded:
    """All rows of a table as a matrix, for what is looked at in all of them."""
    return TableEncoder(Schema.infer(table).columns).fit(table).transform(table)
