"""What drives a compiled model: contributions over events and all rows, effects, reasons of rows.

They are measured on the features of its reasons: columns, and groups of columns.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.special import stdtrit

from rareclass.evaluation.comparison import Comparison
from rareclass.evaluation.drivers import GROUP, DriverRecord, DriversRecord, EffectRecord, ExplainedRecord, ReasonRecord
from rareclass.evaluation.judge import Judged
from rareclass.fitting.classifier import RareClassifier
from rareclass.fitting.model import FittedModel
from rareclass.fitting.sample import RowSample
from rareclass.kernels.evenly import evenly
from rareclass.kernels.logits import sigmoid
from rareclass.kernels.threads import thread_count
from rareclass.scoring.reasons import ReasonRules
from rareclass.scoring.scorer import Scorer
from rareclass.uncertainty.estimate import Interval

LISTED, FIRST, DRAWS = 20, 5, 400
"""Features that are listed, those whose place is followed over rows drawn anew, and how often these are drawn."""
EFFECTS, POINTS, LEVELS, EFFECT_ROWS = 6, 20, 12, 200
"""Columns whose effect is drawn, at how many numbers or levels, averaged over how many rows."""
TOP, REASONS = 10, 4
TIED = 1e-9
"""Part of a mean by which another may differ and tie with it: equal columns differ by rounding."""


TESTED, TRAINED = "locked test part", "rows that it was fitted on"
"""The rows on which it is measured what drives a model, in words."""


def with_drivers(comparison: Comparison, rules: ReasonRules | None = None) -> Comparison:
    """The comparison with its champion compiled, and what drives it: on the locked test part, where there is one.

    Measured once, and anew with other `rules` of reasons.
    """
    if comparison.drivers is not None and rules is None:
        return comparison
    rows, split, model = comparison.design.rows, comparison.design.split, comparison.best_model_
    index, part = (split.dev, TRAINED) if comparison.test is None else (split.test, TESTED)
    rules = None if rules is None else rules.within(rows.schema.names)
    scorer = Scorer.from_model(model, rows.table.take(split.dev), rules)
    seed = comparison.design.sampling.seed
    sample = RowSample.of(rows.features, rows.y, index=index, weight=rows.weight, groups=rows.groups, seed=seed)
    found = what_drives(model.model_, scorer, sample, part=part)
    if part == TESTED and not scorer.why_no_reasons:
        judged = Judged.of(comparison.design, index, level=0.95)
        table = rows.features.take(index)
        found = replace(found, top=explained(model.model_, scorer, table, judged, rows.of_caller(index)))
    model.model_.evidence["drivers"] = found.evidence()
    return replace(comparison, drivers=found, scorer=scorer)


def measure_drivers(model: RareClassifier, scorer: Scorer | None = None) -> None:
    """Add to the evidence of a fitted model what drives it, where rows of its training are at hand.

    What is known stays, unless `scorer` groups its reasons otherwise. Without one, columns are grouped by their rank
    correlation on these rows.
    """
    fitted, sample = model.model_, model.model_.sample
    known = fitted.evidence.get("drivers")
    if sample is None or (known is not None and (scorer is None or _as_reasons(known, scorer))):
        return
    if scorer is None:
        scorer = Scorer.from_model(model, sample.table.take(sample.evenly))
    fitted.evidence["drivers"] = what_drives(fitted, scorer, sample, part=TRAINED).evidence()


def _as_reasons(known: Mapping[str, Any], scorer: Scorer) -> bool:
    """Whether what is known to drive a model are features of the scorer's reasons."""
    return {c["name"] for c in known["columns"]} <= set(scorer.rules.names(scorer.columns))


def what_drives(fitted: FittedModel, scorer: Scorer, sample: RowSample, *, part: str) -> DriversRecord:
    """What drives a model, measured on rows that are at hand.

    Contributions are those of `Scorer.contributions`, grouped as the scorer's reasons are. Intervals hold 95 % and
    count groups of rows where there are some; ranks are those of rows (groups) drawn anew, with the same model.

    Parameters
    ----------
    fitted : FittedModel
    scorer : Scorer
        Its compiled form.
    sample : RowSample
    part : str
        Which rows these are, in words.
    """
    told = DriversRecord(
        part=part,
        rows=int(sample.evenly.size),
        events=int(sample.events.size),
        weighted=bool(np.ptp(sample.weight) > 0),
    )
    if scorer.why_no_reasons:
        return replace(told, why_not=scorer.why_no_reasons if scorer.exact else scorer.why_not, compiled=scorer.exact)
    X = scorer.encoded(sample.table).matrix
    parts = scorer.contributions_of(X, threads=thread_count())[:, :-1]
    places = scorer.rules.places(scorer.columns)
    found = _features(fitted, parts, places, sample)
    gate = scorer.gate_contributions_of(X)
    listed = found[:LISTED]
    strength = sample.weight[sample.events] @ np.abs(parts[sample.events])
    columns = [scorer.columns[_strongest(places[f.name], strength)] for f in listed]
    return replace(
        told,
        columns=listed,
        gate=[] if gate is None else _features(fitted, gate, places, sample)[:FIRST],
        more=len(found) - len(listed),
        unused=int(np.count_nonzero(~parts.any(axis=0))),
        effects=_effects(fitted, scorer, X[sample.evenly], sample.weight[sample.evenly], columns),
    )


def _strongest(places: Sequence[int], strength: np.ndarray) -> int:
    """The strongest of these columns; of tied ones the first."""
    most = strength[list(places)].max()
    return next(j for j in places if strength[j] * (1 + TIED) >= most)


def _features(
    fitted: FittedModel, parts: np.ndarray, places: Mapping[str, Sequence[int]], sample: RowSample
) -> list[DriverRecord]:
    """The columns and groups that contribute, the strongest for events first; `parts` (n, d) are those of columns."""
    size = np.column_stack([np.abs(parts[:, own].sum(axis=1)) for own in places.values()])
    every, events = ((size[part], sample.weight[part], sample.units[part]) for part in (sample.evenly, sample.events))
    over_rows, over_events = mean_intervals(*every), mean_intervals(*events)
    rank = drawn_ranks(*events, np.random.default_rng(sample.seed))
    low, high = np.quantile(rank, [0.025, 0.975], axis=0, method="nearest").astype(int)
    first = (rank <= FIRST).mean(axis=0)
    order = np.lexsort([[-v.estimate for v in over_rows], [-v.estimate for v in over_events]])
    used, names = np.asarray(size.any(axis=0)), list(places)
    kinds = {c.name: c.kind for c in fitted.schema.columns}
    return [
        DriverRecord(
            name=names[j],
            kind=kinds.get(names[j], GROUP) if len(places[names[j]]) == 1 else GROUP,
            events=over_events[j],
            rows=over_rows[j],
            rank_low=int(low[j]),
            rank_high=int(high[j]),
            first=float(first[j]),
        )
        for j in order
        if used[j]
    ]


def mean_intervals(values: np.ndarray, weight: np.ndarray, units: np.ndarray) -> list[Interval]:
    """Weighted means of columns (n, d) with 95 % t intervals that count units (groups, or rows).

    The variance is that of a ratio, by linearisation over units; NaN limits where there are fewer than two.

    Examples
    --------
    >>> found = mean_intervals(np.array([[1.0], [2.0], [3.0]]), np.ones(3), np.arange(3))[0]
    >>> [round(v, 3) for v in (found.estimate, found.low, found.high)]  # never below 0: the values are sizes
    [2.0, 0.0, 4.484]
    """
    share = weight / weight.sum()
    mean = share @ values
    _, unit = np.unique(units, return_inverse=True)
    number = int(unit.max()) + 1
    half = np.full(mean.shape, np.nan)
    if number > 1:
        parts = np.zeros((number, values.shape[1]))
        np.add.at(parts, unit, share[:, None] * (values - mean))
        half = stdtrit(number - 1, 0.975) * np.sqrt(number / (number - 1) * (parts**2).sum(axis=0))
    return [
        Interval(float(m), max(float(m - h), 0.0) if h == h else float(h), float(m + h), method="t")
        for m, h in zip(mean, half, strict=True)
    ]


def drawn_ranks(values: np.ndarray, weight: np.ndarray, units: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Ranks (draws, d), 1 the largest, of means of columns (n, d) where units are drawn anew; ties share the best.

    Means are not negative. They tie where they differ by no more than `TIED` of the smaller.
    """
    _, unit = np.unique(units, return_inverse=True)
    number = int(unit.max()) + 1
    drawn = rng.multinomial(number, np.full(number, 1 / number), size=DRAWS)
    means = (drawn[:, unit] * weight) @ values
    ordered = np.sort(means, axis=1)
    above = [
        ordered.shape[1] - np.searchsorted(o, m * (1 + TIED), side="right") for o, m in zip(ordered, means, strict=True)
    ]
    return np.array(above) + 1


def _effects(
    fitted: FittedModel, scorer: Scorer, X: np.ndarray, weight: np.ndarray, names: Sequence[str]
) -> list[EffectRecord]:
    """Partial dependence on the first of these that are one column of the matrix (dates and texts are several)."""
    features, codes = fitted.encoder.feature_names, fitted.encoder.categorical
    few = evenly(X.shape[0], EFFECT_ROWS)
    kinds = {c.name: c.kind for c in fitted.schema.columns}
    own = np.average(scorer.logit_of(X[few]), weights=weight[few])
    found = []
    for name in [n for n in names if n in features][:EFFECTS]:
        j = features.index(name)
        values, share = _points(X[:, j], weight, coded=j in codes)
        missing = np.isnan(X[:, j]).any()
        grid = [*values, np.nan] if missing else values
        Z = np.repeat(X[few][None], len(grid), axis=0)
        Z[:, :, j] = np.array(grid)[:, None]
        logit = scorer.logit_of(Z.reshape(-1, X.shape[1]), threads=thread_count()).reshape(len(grid), few.size)
        change = np.average(logit, axis=1, weights=weight[few]) - own
        worded = kinds[name] in ("category", "boolean")
        found.append(
            EffectRecord(
                name=name,
                kind=kinds[name],
                values=[] if worded else [float(v) for v in values],
                labels=[_level(fitted, name, v) for v in values] if worded else [],
                change=[float(v) for v in change[: len(values)]],
                share=[float(v) for v in share],
                missing=float(change[-1]) if missing else None,
            )
        )
    return found


def _points(column: np.ndarray, weight: np.ndarray, *, coded: bool) -> tuple[np.ndarray, np.ndarray]:
    """Values at which an effect is computed, and the share of all rows that lies nearest to each.

    The most frequent levels of a column of codes, all of few numbers, else quantiles.
    """
    known = ~np.isnan(column)
    values, at_value = np.unique(column[known], return_inverse=True)
    share = np.bincount(at_value, weight[known], minlength=values.size) / weight.sum()
    if coded:
        most = np.argsort(-share, kind="stable")[:LEVELS]
        return values[most], share[most]
    if values.size > POINTS:
        cuts = np.quantile(column[known], np.linspace(0.01, 0.99, POINTS), method="nearest")
        grid = np.unique(cuts)
        nearest = np.searchsorted((grid[1:] + grid[:-1]) / 2, values)
        return grid, np.bincount(nearest, share, minlength=grid.size)
    return values, share


def _level(fitted: FittedModel, name: str, code: float) -> str:
    if name not in fitted.encoder.categories_:  # a Boolean
        return "true" if code else "false"
    levels = fitted.encoder.categories_[name].levels
    return levels[int(code)] if code < len(levels) else "other levels"


def explained(
    fitted: FittedModel, scorer: Scorer, table: pa.Table, rows: Judged, numbers: np.ndarray
) -> list[ExplainedRecord]:
    """The highest-scored rows of a table with their reasons; of equal scores the earlier row first.

    `numbers` (n,) are the numbers of the rows in the user's table.
    """
    p = sigmoid(scorer.logit(table))
    flagged = fitted.decision.apply(p, rows.costs) if fitted.decision.per_row else fitted.decision.apply(p)
    first = np.argsort(-p, kind="stable")[:TOP]
    return [
        ExplainedRecord(
            row=int(numbers[i]),
            probability=float(p[i]),
            alert=bool(flagged[i]),
            event=bool(rows.y[i]),
            reasons=[ReasonRecord(name=r.feature, text=r.text, contribution=r.contribution) for r in reasons],
        )
        for i, reasons in zip(first, scorer.explain(table.take(first), k=REASONS), strict=True)
    ]
