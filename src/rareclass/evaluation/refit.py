"""What is left of a ranking without the columns that the audit named: the same fits on the same folds, once more."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rareclass.evaluation.judge import ArmResult, Judged
from rareclass.evaluation.results import Finding
from rareclass.fitting.design import Design
from rareclass.fitting.out_of_fold import ranking_of, score_arms
from rareclass.uncertainty.interval import confidence_interval


def without_columns(
    design: Design,
    rows: Judged,
    tested: np.ndarray,
    results: Sequence[ArmResult],
    champion: ArmResult,
    names: Sequence[str],
    *,
    n_jobs: int = 1,
) -> list[Finding]:
    """A note with the average precision of the champion (of a blend its best member) with and without these columns.

    Parameters
    ----------
    rows, tested : Judged, ndarray
        The rows that are judged, and their places among the out-of-fold scores.
    results : sequence of ArmResult
        All arms, from which the best fitted one stands in for a blend: one fit each fold is cheap, four are not.
    """
    schema = design.rows.schema
    left = tuple(c for c in schema.columns if c.name not in names)
    fitted = [r for r in results if not r.arm.is_blend and r.arm.treatment.label == champion.arm.treatment.label]
    if not names or not left or not (fitted or not champion.arm.is_blend):
        return []
    judge = champion if not champion.arm.is_blend else max(fitted, key=lambda r: r.average_precision.estimate)
    fewer = replace(design, rows=replace(design.rows, schema=replace(schema, columns=left)))
    (scores,) = score_arms(fewer, [judge.arm], n_jobs=n_jobs)
    ranking = ranking_of(fewer, scores)[tested]
    before = judge.average_precision
    after = confidence_interval("average_precision", rows.y, ranking, **rows.interval_options())
    them = f"Without column {names[0]!r}" if len(names) == 1 else f"Without the {len(names)} columns named here"
    title = (
        f"{them} {judge.name} reaches an average precision of {after.estimate:.3f} [{after.low:.3f}, {after.high:.3f}] "
        f"instead of {before.estimate:.3f}."
    )
    evidence = f"fitted anew on the same folds, without {', '.join(names)}"
    remedy = "If they are not known before the event, the lower figure is the true one: drop them and compare again."
    return [Finding("without-named-columns", "note", title, evidence, remedy)]
