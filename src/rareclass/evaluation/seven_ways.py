"""The textbook's seven ways on one table: what each would decide, judged by the seven numbers of the classic table."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from rareclass.decisions.costs import CostMatrix
from rareclass.decisions.maximize import Maximize
from rareclass.decisions.minimum_cost import MinimumCost
from rareclass.errors import InputError
from rareclass.evaluation.comparison import Comparison
from rareclass.evaluation.judge import ArmResult, Judged, decide
from rareclass.evaluation.seven_records import NUMBERS, SevenWaysRecord, WayRecord
from rareclass.fitting.arm import Arm, make_arm
from rareclass.fitting.out_of_fold import folds_of
from rareclass.kernels.logits import sigmoid
from rareclass.uncertainty.estimate import Interval
from rareclass.uncertainty.interval import confidence_interval
from rareclass.uncertainty.paired import paired_difference

SEVEN_WAY = "seven-way"
HALF, TUNED, BY_COSTS = "one half of what it says", "best F1 on the other folds", "from the costs"
ARMS = {
    "none": "none",
    "over-sampling": "random_over",
    "under-sampling": "random_under(negatives_per_event=1)",
    "SMOTE": "smote",
    "weights": "class_weight",
}
WAYS: dict[str, tuple[str, str]] = {
    **{way: (treatment, HALF) for way, treatment in ARMS.items()},
    "weights + threshold": ("class_weight", TUNED),
    "cost matrix": ("none", BY_COSTS),
}
"""Treatment and threshold of each way."""
NO_COSTS = (
    "No costs were given: a missed event counts as much as a false alarm, and the cost is the share of wrong "
    "decisions. Give --cost-fp and --cost-fn."
)


def preset_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of `compare` for the seven ways of one learner, LightGBM where none is named.

    Raises
    ------
    InputError
        Treatments, a rule or several learners are named beside it.
    """
    learner, treatments = options.get("learners", "auto"), options.get("treatments", "auto")
    if treatments != "auto":
        raise InputError("The preset seven-way names its treatments itself. Leave out --treatments, or the preset.")
    if options.get("decision") is not None:
        raise InputError("The preset seven-way decides each way in its own manner. Give costs instead of a rule.")
    if not isinstance(learner, str) or "," in learner or learner == "blend":
        raise InputError(f"The seven ways are those of one learner; got {learner!r}. Name one, or none.")
    return {**options, "learners": preset("lightgbm" if learner == "auto" else learner), "treatments": "auto"}


def preset(learner: str = "lightgbm") -> list[Arm]:
    """The five arms that the seven ways are read from."""
    return [make_arm((learner, treatment)) for treatment in ARMS.values()]


def seven_ways_of(comparison: Comparison) -> SevenWaysRecord:
    """The seven ways, from the out-of-fold scores of a comparison of the arms of `preset`.

    The first five alarm where the learner, as it was fitted and before the way back to the real prevalence, says one
    half or more. The tuned threshold of a row is the best of the rows of the other folds.

    Raises
    ------
    InputError
        The comparison holds no such arms.

    Examples
    --------
    >>> from rareclass.evaluation import compare
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(400) % 10 == 0
    >>> X = rng.normal(size=(400, 3)) + y[:, None]
    >>> found = seven_ways_of(compare(X, y, learners=preset("logistic_regression"), folds=2, n_jobs=1))
    >>> [way.way for way in found.ways]  # doctest: +NORMALIZE_WHITESPACE
    ['none', 'over-sampling', 'under-sampling', 'SMOTE', 'weights', 'weights + threshold', 'cost matrix']
    """
    found = {r.arm.treatment.label: r for r in comparison.results if r.name in comparison.asked}
    labels = {treatment: make_arm(("lightgbm", treatment)).treatment.label for treatment in ARMS.values()}
    left_out = [way for way, (treatment, _) in WAYS.items() if labels[treatment] not in found]
    if "none" in left_out:
        raise InputError("The seven ways need the untreated arm. Compare the arms of `preset`.")
    arms = {way: found[labels[treatment]] for way, (treatment, _) in WAYS.items() if way not in left_out}
    design, scores = comparison.design, arms["none"].scores
    tested = np.flatnonzero(scores.oof.tested)
    rows = Judged.out_of_fold(design, level=comparison.level, folds=folds_of(design, scores)).take(tested)
    notes = [f"{way} is missing: its arm was not run." for way in left_out]
    if rows.costs is None:
        rows = replace(rows, costs=CostMatrix(fp=1.0, fn=1.0))
        notes.append(NO_COSTS)
    acted = {way: _alarms(r, WAYS[way][1], rows, tested) for way, r in arms.items()}
    ways = [
        WayRecord(way=way, arm=r.name, threshold=WAYS[way][1], numbers=_numbers(r, rows, acted[way]))
        for way, r in arms.items()
    ]
    return SevenWaysRecord(ways=ways, sentences=_sentences(ways, rows, acted), notes=notes)


def _alarms(r: ArmResult, threshold: str, rows: Judged, tested: np.ndarray) -> np.ndarray:
    """The decisions (n,) of a way on the tested rows, 0 or 1."""
    if threshold == BY_COSTS:
        p, decision = sigmoid(r.logit[tested]), decide(MinimumCost(rows.costs), rows, r.logit[tested])
        return (decision.apply(p, rows.costs) if decision.per_row else decision.apply(p)).astype(np.float64)
    said = r.scores.as_fitted[tested]
    if threshold == HALF:
        return (said >= 0).astype(np.float64)
    fold, alarms = r.scores.oof.fold[tested], np.zeros(said.size)
    for one in np.unique(fold):
        here = fold == one
        others = np.flatnonzero(~here)
        chosen = decide(Maximize("f1"), rows.take(others), said[others])
        alarms[here] = chosen.apply(sigmoid(said[here]))
    return alarms


def _numbers(r: ArmResult, rows: Judged, acted: np.ndarray) -> dict[str, Interval]:
    """The seven numbers of a way, with intervals."""
    how = {"threshold": 0.5, **rows.interval_options()}
    labels = [name for name in NUMBERS if name not in ("average_precision", "expected_cost")]
    made = {name: confidence_interval(name, rows.y, acted, **how) for name in labels}
    made["average_precision"] = r.average_precision
    made["expected_cost"] = confidence_interval("expected_cost", rows.y, acted, costs=rows.costs, **how)
    return {name: made[name] for name in NUMBERS}


def _sentences(ways: Sequence[WayRecord], rows: Judged, acted: Mapping[str, np.ndarray]) -> list[str]:
    """Which way is best by F1 and by cost, and which are not surely worse on the same rows."""
    said = []
    for name, title, sign in (("f1", "F1", 1), ("expected_cost", "cost", -1)):
        known = [w for w in ways if np.isfinite(w.numbers[name].estimate)]
        if len(known) < 2:
            continue
        best = max(known, key=lambda w: sign * w.numbers[name].estimate)
        how: dict[str, Any] = {"threshold": 0.5, **rows.interval_options()}
        how["level"] = 1 - (1 - rows.level) / (len(known) - 1)
        how |= {"costs": rows.costs} if name == "expected_cost" else {}
        others = [w for w in known if w is not best]
        equal = []
        for w in others:
            pair = (acted[best.way], acted[w.way])[::sign]  # of costs the other's less the best one's
            if not paired_difference(name, rows.y, *pair, **how).low > 0:
                equal.append(w.way)
        rest = f"not surely worse: {', '.join(equal)}" if equal else "every other way is surely worse"
        said.append(f"Best {title}: {best.way} ({rest}).")
    return said
