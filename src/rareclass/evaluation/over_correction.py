"""Over-correction: a treatment that catches the events by crying wolf, and the milder ratio that does better."""

from collections.abc import Sequence

import numpy as np

from rareclass.evaluation.judge import ArmResult, Judged
from rareclass.evaluation.plan import BUDGET, SHARE
from rareclass.evaluation.results import Finding
from rareclass.evaluation.work import Work
from rareclass.fitting.arm import Arm
from rareclass.fitting.as_fitted import AsFitted
from rareclass.fitting.design import Design
from rareclass.fitting.out_of_fold import ArmScores, Watch, ranking_of, score_arms
from rareclass.treatments.base import NoTreatment
from rareclass.uncertainty.paired import PairedInterval, paired_difference

MOST = 2
"""Arms that are fitted once more at a milder ratio."""
LEAST_EVENTS = 10


def over_corrected(
    design: Design,
    rows: Judged,
    tested: np.ndarray,
    results: Sequence[ArmResult],
    asked: Sequence[str],
    work: Work,
    *,
    n_jobs: int = 1,
) -> list[Finding]:
    """A note on each arm that somebody asked for and that cries wolf, with the milder ratio that does surely better.

    Half-way to the ratio of the data is fitted on the same folds; the data as they are count where they ran anyhow.
    Surely better is a higher F1 at the own cut: the interval of the paired difference lies above zero. At most `MOST`
    arms are fitted, each only where that is a small share of a usual budget.

    Parameters
    ----------
    rows, tested : Judged, ndarray
        The rows that are judged, and their places among the out-of-fold scores.
    asked : sequence of str
        Names of arms.
    """
    if rows.events < LEAST_EVENTS:
        return []
    by_name = {r.name: r for r in results}
    counts = (work.fitted_events, work.fitted - work.fitted_events)
    arms = [r for r in results if r.name in asked and not r.arm.is_blend]
    loud = [(r, AsFitted.of(r.scores, tested, rows.y, rows.weight)) for r in arms]
    loud = sorted((pair for pair in loud if pair[1].cries_wolf), key=lambda pair: pair[1].precision)
    found: list[Finding] = []
    fitted = 0
    for result, own in loud:
        milder = result.arm.treatment.milder(*counts)
        if milder is None:
            continue
        near, plain = (Arm(result.arm.learner, treatment) for treatment in (milder, NoTreatment()))
        others = [by_name[a.name].scores for a in (near, plain) if a.name in by_name]
        if near.name not in by_name and fitted < MOST and work.arm(near) <= SHARE * BUDGET:
            fitted += 1
            others += score_arms(design, [near], n_jobs=n_jobs, watch=Watch(fails=lambda arm, error: True))
        found += _better(design, rows, tested, result, own, others)
    return found


def _better(
    design: Design, rows: Judged, tested: np.ndarray, result: ArmResult, own: AsFitted, others: Sequence[ArmScores]
) -> list[Finding]:
    """The finding on one arm, if one of the others does surely better at its own cut."""
    best: tuple[PairedInterval, ArmScores, AsFitted] | None = None
    how = rows.interval_options()
    how["level"] = 1 - (1 - rows.level) / max(len(others), 1)
    for scores in others:
        said = AsFitted.of(scores, tested, rows.y, rows.weight)
        acted = (said.flagged.astype(float), own.flagged.astype(float))
        gain = paired_difference("f1", rows.y, *acted, threshold=0.5, **how)
        if gain.low > 0 and (best is None or gain.estimate > best[0].estimate):
            best = gain, scores, said
    if best is None:
        return []
    gain, scores, said = best
    ranks = paired_difference(
        "average_precision", rows.y, ranking_of(design, scores)[tested], result.ranking[tested], **how
    )
    plain = isinstance(scores.arm.treatment, NoTreatment)
    milder = "On the data as they are" if plain else f"At the milder ratio of {scores.arm.treatment.label!r}"
    title = (
        f"{result.name} over-corrects: as it is fitted, with the cut at 0.5, it {own.said}. {milder} the same learner "
        f"{said.said}."
    )
    evidence = (
        f"out of fold on the same folds, {rows.events:,} events: F1 {gain.estimate:+.3f} [{gain.low:+.3f}, "
        f"{gain.high:+.3f}] for the milder one; average precision {ranks.estimate:+.3f} [{ranks.low:+.3f}, "
        f"{ranks.high:+.3f}]"
    )
    name = scores.arm.treatment.label
    remedy = (
        f"Take '{name}' where you use scores as they are fitted. The probabilities and alerts of this run are brought "
        "back to the real share of events and do not cry wolf; for them only the average precision counts."
    )
    return [Finding("over-corrected", "note", title, evidence, remedy)]
