"""Functions `evaluate(X, y)` that run a whole evaluation, by probes: labels at random must score like chance."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rareclass._types import Rows
from rareclass.audit.answers import Outcome, Target
from rareclass.audit.probes import (
    LOOKS,
    NOISE_COLUMNS,
    SURE,
    Asked,
    chance_gap,
    probe_rows,
    relabelled,
    rows_of,
    with_columns,
)
from rareclass.evaluation.faults import finding
from rareclass.evaluation.results import Finding
from rareclass.evaluation.score_faults import fitted_to
from rareclass.evaluation.split_faults import FEW

CHANCE = {"roc_auc": 0.5, "balanced_accuracy": 0.5, "matthews_corrcoef": 0.0, "average_precision": None}
"""Chance level of the numbers that a function may return; None is the prevalence."""
PARTS = 10
"""Parts that a single number is taken to be averaged over, where its chance level depends on that."""
SMALL = 0.12
"""ROC AUC above chance that a choice by test scores reaches; what was fitted on tested rows goes higher."""


@dataclass
class _Runs:
    """Excess of an evaluation over chance on labels that mean nothing."""

    above: list[float]
    spread: list[float]
    prevalence: list[float]
    cuts: list[set[str]]  # what the decisions of each run are best in

    @property
    def mean(self) -> float:
        return float(np.mean(self.above)) if self.above else float("nan")

    @property
    def z(self) -> float:
        """Standard errors above chance: each run in units of its own, which no run may vary by less than."""
        if not self.above:
            return float("nan")
        each = np.array(self.above) / np.maximum(self.spread, 1e-9)
        seen = float(np.std(each, ddof=1)) if each.size > 2 else 0.0
        return float(each.mean() / max(1.0, seen) * np.sqrt(each.size))

    def always_best(self) -> str:
        """The measure that the cuts of most runs are best in; by chance those of one run in thirty are."""
        often = Counter(name for cut in self.cuts for name in cut)
        name, runs = max(often.items(), key=lambda item: item[1], default=("", 0))
        return name if len(self.cuts) >= 4 and runs >= 0.75 * len(self.cuts) else ""

    def said(self) -> str:
        return f"{self.mean:+.3f} above chance in {len(self.above)} runs ({self.z:.0f} standard errors)"


class _Evaluation:
    """A function under probes and the rows that it is given."""

    def __init__(
        self, asked: Asked, X: Rows, target: Target, metric: str | None, beside: dict[str, np.ndarray]
    ) -> None:
        self.asked, self.X, self.target, self.metric, self.beside = asked, X, target, metric, beside

    def outcome(self, what: str, X: Rows, y: object) -> Outcome | None:
        answer = self.asked.call(what, X, y, **self.beside)
        found = self.target.outcome(answer)
        if answer is not None and found is None:
            said = (
                f"{what}: (y_true, y_score), a list of such pairs or a number was expected; got {type(answer).__name__}"
            )
            self.asked.add("probe-failed", said)
        return found

    def chance(self, what: str, X: Rows, unit: np.ndarray, rng: np.random.Generator) -> _Runs:
        """Runs with labels drawn at random, one for each unit: few where they are clear."""
        runs = _Runs([], [], [], [])
        looks = {number: (low, high) for number, low, high in LOOKS}
        for number in range(1, max(looks) + 1):
            event = relabelled(self.target.event, unit, rng)
            found = self.outcome(what, X, self.target.make(event))
            if found is None:
                return runs
            above, spread = self._above(found, event)
            if np.isfinite(above):
                runs.above.append(above)
                runs.spread.append(spread)
            if found.pairs:
                runs.prevalence.append(float(found.pooled[0].mean()))
            if found.flagged is not None:
                runs.cuts.append(best_in(*found.pairs[0], found.flagged > 0))
            if number in looks and not looks[number][0] < runs.z < looks[number][1]:
                break
        return runs

    def _above(self, found: Outcome, event: np.ndarray) -> tuple[float, float]:
        if found.pairs:
            return chance_gap(*found.pooled)
        if self.metric is None:
            return float("nan"), float("nan")
        level, spread = CHANCE[self.metric], float(np.sqrt(1 / (12 * event.sum())))
        if level is None:
            parts = len(found.values) if len(found.values) > 1 else PARTS
            level = chance_precision(event.sum() / parts, event.size / parts)
            spread *= 2 * level
        return float(np.mean(found.values)) - level, spread


def evaluation_findings(
    function: Callable,
    X: Rows,
    target: Target,
    units: np.ndarray,
    *,
    metric: str | None = None,
    beside: dict[str, np.ndarray] | None = None,
    seed: int = 0,
) -> list[Finding]:
    """Probe a function that evaluates: `evaluate(X, y)`.

    Parameters
    ----------
    function : callable
        Returns (y_true, y_score), a list of such pairs (one a fold), a mapping with these keys, or a number.
    X : rows (n, d)
    target : Target
    units : int array (n,)
        What must stay together: twins, groups.
    metric : {"roc_auc", "average_precision", "balanced_accuracy", "matthews_corrcoef"}, optional
        What the number is, where the function returns one.
    beside : mapping of str to array (n,), optional
        Further arguments by row: groups, times.
    """
    rng = np.random.default_rng(seed)
    rows = probe_rows(target.event, units, rng)
    X, target, units = rows_of(X, rows), target.take(rows), np.unique(units[rows], return_inverse=True)[1]
    asked = Asked(function)
    own = {k: np.asarray(v)[rows] for k, v in (beside or {}).items()}
    run = _Evaluation(asked, X, target, metric, own)
    plain = run.outcome("the rows as they are", X, target.y)
    fitted = plain is not None and _as_it_is(run, plain)
    if plain is not None and plain.values and metric is None:
        said = "the function returns a number of unknown meaning; name it with metric= or return (y_true, y_score)"
        asked.found.append(finding("not-probed", said))
    base = run.chance("labels at random", X, np.arange(target.event.size), rng)
    at_chance = _labels_at_random(run, base, plain, fitted, rng)
    if at_chance:
        _noise_columns(run, base, rng)
        _copies(run, base, units, rng)
    if asked.calls and not asked.answered:
        asked.found.append(finding("not-probed", "the function failed on every probe"))
    return asked.found


def _as_it_is(run: _Evaluation, found: Outcome) -> bool:
    """What the answer on the rows as they are shows; whether it was calibrated on the judged rows."""
    events = int(run.target.event.sum())
    if len(found.values) > 1 and events < FEW * len(found.values):
        said = f"{len(found.values)} scores of about {events / len(found.values):.0f} events each"
        run.asked.add("averaged-folds-few-events", said)
    for truth, score in [*found.pairs, *([found.pooled] if len(found.pairs) > 1 else [])]:
        if how := fitted_to(truth, score):
            run.asked.add("calibrated-on-judged-rows", how)
            return True
    return False


def _labels_at_random(
    run: _Evaluation, base: _Runs, plain: Outcome | None, fitted: bool, rng: np.random.Generator
) -> bool:
    """Name what makes labels at random predictable, or the test part richer; whether neither was seen."""
    real = float(run.target.event.mean())
    rate = float(np.mean(base.prevalence)) if base.prevalence else real
    richer = rate > 1.5 * real
    learned = base.z > SURE and base.mean > 0.01
    if learned and richer:
        run.asked.add("resampled-before-split", f"{base.said()}; {rate:.1%} events are tested, there are {real:.1%}")
    elif richer:
        said = f"{rate:.1%} of the tested rows are events, {real:.1%} of the rows are"
        run.asked.add("test-part-resampled", said)
    elif best := base.always_best():
        said = f"in {len(base.cuts)} runs with labels at random the cut was within 1 % of the best {best}"
        run.asked.add("threshold-on-judged-rows", said)
        return False
    elif learned and not fitted:
        binary = plain is not None and plain.pairs and np.unique(plain.pooled[1]).size <= 2
        if base.mean >= SMALL:
            run.asked.add("learns-what-is-not-there", base.said())
        elif binary:
            run.asked.add("threshold-on-judged-rows", base.said())
        elif not _noise_columns(run, base, rng):
            run.asked.add("test-part-used-twice", base.said())
    return not (learned or richer)


def chance_precision(events: float, rows: float) -> float:
    """Expected average precision of scores that mean nothing, which exceeds the prevalence where events are few.

    Each rank k holds an event with the same probability, and then (1 + (k - 1) (events - 1) / (rows - 1)) / k of the
    ranks up to it do.

    Examples
    --------
    >>> round(chance_precision(1, 2), 3), round(chance_precision(50, 500), 3)
    (0.75, 0.11)
    """
    k = np.arange(1, max(round(rows), 2) + 1)
    return float(((1 + (k - 1) * max(events - 1, 0) / (k.size - 1)) / k).mean())


def best_in(event: np.ndarray, score: np.ndarray, flagged: np.ndarray) -> set[str]:
    """Measures in which no other cut of these scores is better by more than 1 %; empty where nothing is flagged.

    Examples
    --------
    >>> event, score = np.array([True, False, True, False]), np.array([4.0, 3.0, 2.0, 1.0])
    >>> sorted(best_in(event, score, score > 1.5))
    ['F1', 'F2', 'balanced accuracy', 'g-mean']
    """
    if not flagged.any() or score[flagged].min() < score[~flagged].max(initial=-np.inf):
        return set()
    order = np.argsort(-score, kind="stable")
    last = np.append(np.diff(score[order]) != 0, True)
    tp = np.cumsum(event[order])[last].astype(float)
    alerts = np.arange(1, event.size + 1)[last]
    recall, fpr = tp / event.sum(), (alerts - tp) / (~event).sum()
    own = int(np.searchsorted(alerts, flagged.sum()))
    measures = {
        "F1": 2 * tp / (alerts + event.sum()),
        "F2": 5 * tp / (alerts + 4 * event.sum()),
        "balanced accuracy": (1 + recall - fpr) / 2,
        "g-mean": np.sqrt(recall * (1 - fpr)),
    }
    return {name for name, value in measures.items() if value[own] >= 0.99 * value.max() and value[own] > 0}


def _noise_columns(run: _Evaluation, base: _Runs, rng: np.random.Generator) -> bool:
    """Columns of noise: labels at random become predictable where columns are chosen or encoded by tested labels."""
    n = run.target.event.size
    if _has_text(run.X):
        levels = np.char.add("level", rng.integers(0, max(n // 6, 2), size=(n, 1)).astype(str))
        runs = _planted(run, "a category of noise", levels, rng)
        if runs.z > SURE and runs.mean > base.mean + 0.05:
            run.asked.add("encoded-before-split", f"{runs.said()} with a category of noise and labels at random")
            return True
    what = f"{NOISE_COLUMNS} columns of noise"
    runs = _planted(run, what, rng.normal(size=(n, NOISE_COLUMNS)), rng)
    # a choice by test scores shows without the noise as well
    chosen = base.z > 0.5 and base.mean > 0.35 * runs.mean
    if not runs.z > SURE or runs.mean < 0.03 or (chosen and base.z > SURE):
        return False
    code = "test-part-used-twice" if chosen else "selected-before-split"
    run.asked.add(code, f"{runs.said()} with {what} and labels at random")
    return True


def _planted(run: _Evaluation, what: str, values: np.ndarray, rng: np.random.Generator) -> _Runs:
    return run.chance(what, with_columns(run.X, values, "noise"), np.arange(run.target.event.size), rng)


def _has_text(X: Rows) -> bool:
    return hasattr(X, "columns") and any(np.asarray(X[c]).dtype.kind not in "biufMm" for c in X.columns)


def _copies(run: _Evaluation, base: _Runs, units: np.ndarray, rng: np.random.Generator) -> None:
    """Equal rows and groups with one label each: an evaluation that splits them knows the labels of tested rows."""
    together = np.bincount(units)[units] > 1
    if together.mean() < 0.1:
        return
    what = "one label for all equal rows" + (" and groups" if "groups" in run.beside else "")
    runs = run.chance(what, run.X, units, rng)
    if runs.z > SURE and runs.mean > max(0.05, base.mean + 0.03):
        code = "group-across-split" if "groups" in run.beside else "duplicates-across-split"
        run.asked.add(code, f"{runs.said()} with {what}, drawn at random; {together.mean():.0%} of the rows have such")
