"""Diagnosis of a data set before anything is fitted."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass._types import Label, Rows, Weights
from rareclass.advisor.evidence import BY_ID
from rareclass.advisor.facts import table_facts
from rareclass.data.duplicates import count_duplicates
from rareclass.data.read import read_table
from rareclass.data.schema import Schema
from rareclass.data.target import encode_target
from rareclass.evaluation.columns import column_findings
from rareclass.evaluation.results import Advice, Finding
from rareclass.evaluation.textbook import chart_records, facts_of
from rareclass.evaluation.textbook_records import ChartRecord
from rareclass.kernels.intervals import wilson

UNTREATED = "leave the data as they are, then move the threshold"
UNWEIGHTED = "no weights, or at most the square root, undone exactly"
BAYES = "from costs by the Bayes rule on calibrated probabilities"
SPLIT_FIRST = "split first; resample inside the training part only"


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """What a data set holds and what it allows.

    Attributes
    ----------
    rows, events : int
    prevalence, imbalance_ratio : float
    columns : list of (name, kind)
    missing : dict
        Share of missing values of each column that has some.
    duplicates, conflicting : int
        Rows that repeat an earlier one; rows whose features also occur with the other label.
    allows : list of str
        What so many events can and cannot show.
    advice : list of Advice
    findings : list of Finding
    facts : list of str
        What this table shows about its events: drift, the strongest columns, missing values, telling levels.
    notes : list of str
    textbook : list of ChartRecord
        The path of this table through each of the textbook's flowcharts.
    weight : float or None
        Sum of the weights, where rows have some: then prevalence and imbalance are weighted.
    """

    rows: int
    events: int
    prevalence: float
    imbalance_ratio: float
    pos_label: str
    columns: list[tuple[str, str]]
    missing: dict[str, float]
    duplicates: int
    conflicting: int
    allows: list[str]
    advice: list[Advice]
    findings: list[Finding] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    textbook: list[ChartRecord] = field(default_factory=list)
    weight: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def diagnose(
    X: Rows,
    y: ArrayLike,
    *,
    pos_label: Label | None = None,
    categorical: Sequence[str] = (),
    drop: Sequence[str] = (),
    sample_weight: Weights = None,
) -> Diagnosis:
    """Say what a data set holds, what its number of events allows, and what to do first.

    Parameters
    ----------
    X : table or array of shape (n, d)
    y : array-like of shape (n,)
    pos_label : label, optional
    categorical, drop : sequences of column names
    sample_weight : array-like of shape (n,), optional
        How much each row counts; of a sample, 1 / the probability with which it was kept.

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass.advisor import diagnose
    >>> d = diagnose(np.arange(300.0)[:, None], np.arange(300) < 12)
    >>> d.events, round(d.imbalance_ratio)
    (12, 24)
    """
    table = read_table(X)
    truth, positive, _ = encode_target(_check.column(y, "y"), pos_label)
    _check.same_length(X=table, y=truth)
    schema = Schema.infer(table, drop=tuple(drop), categorical=tuple(categorical))
    features = table.select([c.name for c in schema.columns])
    repeats = count_duplicates(features, truth)
    missing = {n: features[n].null_count / max(truth.size, 1) for n in features.column_names if features[n].null_count}
    events = int(truth.sum())
    weight = _check.weights(sample_weight, truth.size)
    how: dict[str, Any] = {"weight": weight}
    counts = np.ones(truth.size) if weight is None else weight
    of_events, of_others = float(counts @ truth), float(counts @ ~truth)
    prevalence = of_events / (of_events + of_others)
    return Diagnosis(
        rows=int(truth.size),
        events=events,
        prevalence=prevalence,
        imbalance_ratio=of_others / of_events,
        pos_label=str(positive),
        columns=[(c.name, c.kind) for c in schema.columns],
        missing=missing,
        duplicates=repeats.repeated,
        conflicting=0 if repeats.conflicting is None else repeats.conflicting,
        allows=what_events_allow(events),
        advice=advise(events, truth.size),
        findings=column_findings(features, truth, categorical=categorical, **how),
        facts=table_facts(features, truth, schema, **how),
        notes=list(schema.notes),
        textbook=chart_records(facts_of(truth.size, prevalence, schema)),
        weight=None if weight is None else of_events + of_others,
    )


def what_events_allow(events: int) -> list[str]:
    """What so many events can and cannot show, in sentences with numbers."""
    low, high = (float(np.squeeze(v)) for v in wilson(np.array([0.8 * events]), np.array([float(events)]), 0.95))
    said = [f"A recall of 80 % measured on all {events:,} events is known to lie in [{low:.0%}, {high:.0%}]."]
    if events < 10:
        said.append(
            "Fewer than 10 events: no model can be selected; a penalised logistic model or rules are all that is "
            "justified."
        )
    elif events < 50:
        said.append("Fewer than 50 events: models can be fitted, but most differences between them are noise.")
    elif events < 200:
        said.append("Fewer than 200 events: large differences can be seen; calibration can be checked only roughly.")
    else:
        said.append("Enough events to rank clearly different models and to check calibration.")
    return said


def advise(events: int, rows: int) -> list[Advice]:
    """Textbook suggestions beside measured ones; the evidence ids lead to `rareclass.advisor.EVIDENCE`."""
    learner = "guarded boosting, or the blend"
    if events < 500:
        learner = "the blend of guarded boosting, extra trees, and logistic regression on quantiles and kernels"
    if events < 50:
        learner = "penalised logistic regression; forests with leaves of at least 5 rows"
    undone = "all events and 10 to 50 negatives each, undone by the log of the share kept"
    said = [
        ("learner", "any booster with library defaults", learner, "collapse-lightgbm"),
        ("imbalance", "SMOTE until the classes are equal", UNTREATED, "smote-threshold"),
        ("weights", "scale_pos_weight = negatives/positives", UNWEIGHTED, "collapse-lightgbm"),
        ("threshold", "0.5, or the best of a grid", BAYES, "threshold-grid"),
        ("split", "resample, then split", SPLIT_FIRST, "leak-before-split"),
    ]
    if rows > 50_000:
        said.append(("size", "fit on everything", undone, "undersampling-prior"))
    return [
        Advice(topic=topic, textbook=textbook, measured=f"{ours} ({BY_ID[e].statement})", advised=ours, evidence_id=e)
        for topic, textbook, ours, e in said
    ]
