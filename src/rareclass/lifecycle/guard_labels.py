"""Labels that were tampered with: where new labels say what the champion holds for impossible."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.stats import binom, poisson

from rareclass._types import Flags, Floats
from rareclass.artifact.bundle import Bundle
from rareclass.kernels.intervals import wilson
from rareclass.kernels.logits import sigmoid
from rareclass.lifecycle.guard import Guard, Labelled
from rareclass.metrics.ranking import roc_auc_score

CONFIDENT = 0.25
"""Probability from which on the champion is taken at its word."""
LEAST = 8
"""Events that it must expect among such rows of a block, for their absence to say anything."""
GONE = 1 / 3
"""Observed over expected events in such a block, surely below which its labels are missing."""
PURE = 0.8
"""Share of events in a block, surely above which they were put there at once ..."""
SELDOM = 5.0
"""... where they are surely this many times as many as the champion expects."""
UNSEEN = 0.05
"""Share of all expected events that the lowest scores hold together, where hardly any event is to be met."""
STRAYED = 0.15
"""Share of the events there, surely above which they are too many to be true unless the challenger can tell them."""
BINS = 8
ERROR = 0.001
"""Chance of an alarm on honest labels, shared among the blocks."""

EITHER = (
    "Either labels were lost or set by mistake, or the kind of event that the champion learned has changed. Look at a "
    "few of these rows: if their labels are right, promote it all the same."
)
"""What a failed guard can mean: it cannot tell these apart, people can."""


@dataclass(frozen=True, kw_only=True)
class Scored:
    """Labelled rows with what both bundles say of them."""

    y: Flags
    p: Floats
    challenger: Floats
    matrix: np.ndarray
    names: tuple[str, ...]
    codes: dict[int, tuple[str, ...]]


class Block(NamedTuple):
    """Rows that share a value of a column, or a range of it."""

    said: str
    rows: Flags


def labels_guard(champion: Bundle, challenger: Bundle, parts: list[Labelled]) -> Guard:
    """Whether the labels of the judged rows, and of the training rows, contradict what the champion knows.

    Where fraudsters leave, the rows that look like fraud leave with them; where labels are lost, such rows stay and
    lose their label. So events that a confident champion expects and that are missing from a whole block of rows, a
    block in which all at once nearly every row is an event, and events strewn where neither bundle sees any risk speak
    of labels. A change of what is fraud among rows that stay the same looks alike; somebody has to look.
    """
    for part in parts:
        rows = scored(champion, challenger, part)
        for check in (_turned, _gone, _pure, _strewn):
            said = check(rows)
            if said:
                return Guard("labels", "failed", f"The labels look wrong in the {part.said}: {said} {EITHER}")
    if sum(part.y.sum() for part in parts) < 2 * LEAST:
        return Guard("labels", "cannot tell", "Too few events to compare the labels with what the champion expects.")
    return Guard("labels", "ok", "The labels agree with what the champion is confident of.")


def scored(champion: Bundle, challenger: Bundle, part: Labelled) -> Scored:
    model = champion.model.model_
    encoded = model.encoder.transform(part.table)
    codes = {j: model.encoder.categories_[encoded.feature_names[j]].levels for j in encoded.categorical}
    return Scored(
        y=part.y,
        p=sigmoid(model.logit_of(encoded.matrix)),
        challenger=challenger.model.model_.logit(part.table)[0],
        matrix=encoded.matrix,
        names=encoded.feature_names,
        codes=codes,
    )


def blocks(rows: Scored) -> Iterator[Block]:
    """All rows, then the levels of each category and ranges of each number."""
    yield Block("all", np.ones(rows.y.size, dtype=bool))
    for j, name in enumerate(rows.names):
        values = rows.matrix[:, j]
        missing = np.isnan(values)
        if missing.any():
            yield Block(f"those without {name!r}", missing)
        if j in rows.codes:
            for code, level in enumerate(rows.codes[j]):
                yield Block(f"those with {name!r} = {level}", values == code)
            continue
        known = values[~missing]
        ends = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1))) if known.size else np.empty(0)
        if ends.size == 2 or np.unique(known[:1000]).size == 2:
            for value in np.unique(known)[:2]:
                yield Block(f"those with {name!r} = {value:g}", values == value)
            continue
        for low, high in itertools.pairwise(ends):
            yield Block(f"those with {name!r} between {low:.4g} and {high:.4g}", (values >= low) & (values <= high))


def _turned(rows: Scored) -> str:
    """Whether events and other rows changed places."""
    positives = int(rows.y.sum())
    low = wilson(positives, rows.y.size, 1 - ERROR)[0]
    expected = float(rows.p.mean())
    if low > 0.5 and expected < 0.2:
        return f"{positives / rows.y.size:.0%} of them are events, where the champion expects {expected:.2%}."
    return ""


def _gone(rows: Scored) -> str:
    """Whether events that the champion is confident of are missing from a block."""
    sure = rows.p >= CONFIDENT
    p, y = rows.p[sure], rows.y[sure]
    if p.sum() < LEAST:
        return ""
    found = [(b.said, float(p[b.rows[sure]].sum()), int(y[b.rows[sure]].sum())) for b in blocks(rows)]
    tried = [f for f in found if f[1] >= LEAST]
    for said, expected, observed in tried:
        if poisson.cdf(observed, GONE * expected) < ERROR / len(tried):
            return (
                f"of {expected:.0f} events that the champion is confident of among {said}, {observed} are labelled so."
            )
    return ""


def _pure(rows: Scored) -> str:
    """Whether nearly all rows of a block are events all at once."""
    for block in blocks(rows):
        n, k, expected = int(block.rows.sum()), int(rows.y[block.rows].sum()), float(rows.p[block.rows].sum())
        if k >= LEAST and binom.sf(k - 1, n, PURE) < 0.1 and poisson.sf(k - 1, SELDOM * expected) < ERROR:
            return f"{k} of {n} rows among {block.said} are events, where the champion expects {expected:.1f}."
    return ""


def _strewn(rows: Scored) -> str:
    """Whether events are strewn over rows in which neither bundle sees any risk."""
    order = np.argsort(rows.p, kind="stable")
    low = order[np.cumsum(rows.p[order]) <= UNSEEN * rows.p.sum()]
    events, expected = int(rows.y[low].sum()), float(rows.p[low].sum())
    allowed = max(SELDOM * expected, STRAYED * rows.y.sum())
    if events < LEAST or poisson.sf(events - 1, allowed) > ERROR:
        return ""
    area = roc_auc_score(rows.y[low], rows.challenger[low])
    if area > 0.75:
        return ""
    return (
        f"{events} events lie where the champion expects {expected:.1f}, and the challenger cannot tell them from "
        f"other rows there either (area under the ROC curve {area:.2f})."
    )
