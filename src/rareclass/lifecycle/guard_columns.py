"""Columns that broke, or that know the label: judged and training rows against what the champion's rows were like."""

from collections.abc import Iterator

import numpy as np

from rareclass.artifact.bundle import Bundle
from rareclass.artifact.reference import SHARES, sketched
from rareclass.data.encode import Encoded
from rareclass.evaluation.columns import audit_columns
from rareclass.lifecycle.guard import Guard, Labelled, listed

FACTOR = 3.0
"""Spread over that of the champion's rows, beyond which a number is in another unit."""
MISSING = 0.25
"""Rise of the share of missing values that is told."""
COMMON = 0.01
"""Share of the champion's rows from which on the loss of a category is told, where `EXPECTED` rows should have it."""
EXPECTED = 30
LOST = 0.1
"""What is left of such a category, below which it is lost."""
JUMP = 0.1
"""Rise of the area under a column's ROC curve, from which on the audit looks at it."""
_QUARTILES = np.searchsorted(SHARES, [0.25, 0.75])
_TAILS = np.searchsorted(SHARES, [0.06, 0.94])


def features_guard(champion: Bundle, parts: list[Labelled]) -> Guard:
    """Whether a column that the champion uses broke: a lost category, another unit, no values, one value only."""
    if not champion.sketches:
        return Guard(
            "features", "cannot tell", "The champion keeps no sketches of its rows; train it anew to have them."
        )
    for part in parts:
        encoded = champion.model.model_.encoder.transform(part.table)
        said = next(_broken(champion, encoded, part.y), None)
        if said is not None:
            return Guard("features", "failed", f"{said} in the {part.said}. Is that so in service too?")
    return Guard("features", "ok", "Columns are as they were when the champion was trained.")


def _broken(champion: Bundle, encoded: Encoded, y: np.ndarray) -> Iterator[str]:
    old, new = champion.sketches, sketched(encoded.matrix, y, encoded.categorical)
    kinds = {c.name: c.kind for c in champion.model.model_.encoder.columns}
    rows = y.size
    for j, name in enumerate(encoded.feature_names):
        if name.partition(":")[0] not in kinds and name not in kinds:
            continue  # counts of words
        before, now = float(old["missing"][j]), float(new["missing"][j])
        if now - before > MISSING:
            yield f"Column {name!r} is missing in {now:.0%} of the rows (champion: {before:.0%})"
        if name in kinds and kinds[name] in ("number", "integer"):
            yield from _rescaled(name, old["quantiles"][j], new["quantiles"][j])
    yield from _lost_levels(champion, encoded, rows)


def _rescaled(name: str, old: np.ndarray, new: np.ndarray) -> Iterator[str]:
    if np.isnan(old).any() or np.isnan(new).any():
        return
    if new[0] == new[-1] and old[_TAILS[0]] < old[_TAILS[1]]:
        yield f"Column {name!r} holds one value only"
        return
    ratios = []
    for low, high in (_QUARTILES, _TAILS):
        before, now = old[high] - old[low], new[high] - new[low]
        if before > 0 and now > 0:
            ratios.append(now / before)
    far = [max(r, 1 / r) > FACTOR for r in ratios]
    if far and (all(far) or max(max(r, 1 / r) for r in ratios) > 3 * FACTOR):
        ratio = max(ratios, key=lambda r: abs(np.log(r)))
        yield f"Column {name!r} spreads {ratio:.3g} times as wide as in the champion's rows: another unit"


def _lost_levels(champion: Bundle, encoded: Encoded, rows: int) -> Iterator[str]:
    old, encoder = champion.sketches, champion.model.model_.encoder
    for k, j in enumerate(old["codes"]):
        name = encoded.feature_names[j]
        counts = old["code_counts"][old["code_begin"][k] : old["code_begin"][k + 1]]
        share = counts / max(int(old["rows"][0]), 1)
        codes = encoded.matrix[:, j]
        now = np.bincount(codes[~np.isnan(codes)].astype(int), minlength=counts.size)[: counts.size]
        lost = (share >= COMMON) & (share * rows >= EXPECTED) & (now < LOST * share * rows)
        levels = encoder.categories_[name].levels
        gone = [levels[code] for code in np.flatnonzero(lost) if code < len(levels)]
        if gone:
            yield f"The categories {listed(gone)} of column {name!r} are lost"
        unknown = encoded.unknown_counts.get(name, 0)
        if unknown > max(0.1 * rows, 10):
            yield f"Column {name!r} holds unknown categories in {unknown / rows:.0%} of the rows"


def leak_guard(champion: Bundle, challenger: Bundle, parts: list[Labelled]) -> Guard:
    """Whether the challenger leans on a column that knows the label: new to it, or of sudden power."""
    old, new = champion.model.model_.schema, challenger.model.model_.schema
    added = [c for c in new.names if c not in set(old.names)]
    for part in parts:
        kept = [c for c in added if c in part.table.column_names]
        grown = _grown(champion, part)
        suspects = [*kept, *(c for c in grown if c in new.names)]
        if not suspects:
            continue
        named = audit_columns(part.table.select(suspects), part.y)
        if named.names:
            title = named.findings[0].title
            return Guard(
                "leak",
                "failed",
                f"The challenger leans on {listed(list(named.names))}, of which the champion did not know it: {title}",
            )
    if added:
        said = f"The columns {listed(added)} are new to the champion; the audit finds nothing wrong with them."
        return Guard("leak", "ok", said)
    return Guard("leak", "ok", "No column knows more of the label than it did for the champion.")


def _grown(champion: Bundle, part: Labelled) -> list[str]:
    """Columns of the champion that separate the classes surely better than they did; all where that is unknown."""
    model = champion.model.model_
    encoded = model.encoder.transform(part.table)
    names = encoded.feature_names
    known = {c.name for c in model.encoder.columns}
    if not champion.sketches:
        return sorted(known & set(part.table.column_names))
    now = sketched(encoded.matrix, part.y, encoded.categorical)
    events = max(int(now["rows"][1]), 1)
    grown = []
    for j, name in enumerate(names):
        before, after = power(champion.sketches, j), power(now, j)
        missing = abs(now["event_missing"][j] - now["missing"][j]), champion.sketches["event_missing"][j]
        moved = missing[0] > JUMP and abs(missing[1] - champion.sketches["missing"][j]) < missing[0] / 2
        if moved or after - before > max(JUMP, 1 / np.sqrt(events)):
            grown.append(name if name in known else name.partition(":")[0])
    return [name for name in dict.fromkeys(grown) if name in known]


def power(sketch: dict[str, np.ndarray], j: int) -> float:
    """Area under the ROC curve of a column's values, in the better direction, as far as its sketch tells; 0.5 at least.

    Categories in order of their event rates. Of events against all rows, which with rare events are the others.
    """
    at = np.flatnonzero(sketch["codes"] == j)
    if at.size:
        begin, end = sketch["code_begin"][at[0]], sketch["code_begin"][at[0] + 1]
        events, rows = (sketch[k][begin:end].astype(float) for k in ("event_code_counts", "code_counts"))
        if not events.sum():
            return 0.5
        order = np.argsort(events / np.maximum(rows, 1), kind="stable")
        e, r = events[order] / events.sum(), rows[order] / rows.sum()
        return float(np.sum(e * (np.cumsum(r) - r / 2)))
    every, of_events = sketch["quantiles"][j], sketch["event_quantiles"][j]
    if np.isnan(every).any() or np.isnan(of_events).any():
        return 0.5
    area = float(np.interp(of_events[3:-3], every, SHARES).mean())
    return max(area, 1 - area)
