"""Choosing, fitting and testing the model that is deployed."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from rareclass.cascade.classifier import classifier_of
from rareclass.evaluation.judge import ArmResult, Judged, Judgement, judge
from rareclass.evaluation.plan import DEFAULT
from rareclass.evaluation.results import LuckRecord
from rareclass.fitting.assemble import Held, Wanted, assemble
from rareclass.fitting.classifier import RareClassifier
from rareclass.fitting.design import Design
from rareclass.fitting.out_of_fold import ArmScores, fit_side_by_side, matrix_of
from rareclass.learners.registry import is_exhibit
from rareclass.uncertainty.luck import joint_gains, luck_of_choice
from rareclass.uncertainty.paired import paired_difference


class Choice(NamedTuple):
    """The champion, why it is one in a sentence, and how much of its number is luck (None where nothing was ranked)."""

    arm: ArmResult
    reason: str
    luck: LuckRecord | None


def choose_champion(
    results: Sequence[ArmResult],
    rows: Judged,
    tested: np.ndarray,
    baseline: str,
    *,
    ranked: bool,
    rivals: int = 1,
    asked: Sequence[str] = (),
) -> Choice:
    """The default, unless another arm is surely better.

    Only arms that were `asked` for may be deployed; where nobody chose, all but exhibits. The default is the blend,
    else the baseline, else the first arm that may. The level is divided by the number of `rivals`, those among them
    that did not run included (Bonferroni), so that with many the luckiest does not win.
    """
    shown = {r.name: r for r in results if r.name in asked or not asked}
    may = {name: r for name, r in shown.items() if not is_exhibit(r.arm.learner_name)} or shown
    first = next((may[name] for name in asked if name in may), next(iter(may.values())))
    default = may.get(DEFAULT) or may.get(baseline) or first
    which = "the default" if default.name in (DEFAULT, baseline) else "the first that was asked for,"
    if not ranked:
        return Choice(default, f"Too few events to rank: cannot tell; {default.name} is deployed by default.", None)
    others = [r for r in may.values() if r is not default]
    own = default.average_precision.estimate
    how = {**rows.interval_options(), "level": 1 - (1 - rows.level) / max(len(others), rivals)}
    luck = _luck(default, others, rows, tested, how["level"])
    for r in sorted(others, key=lambda r: -r.average_precision.estimate):
        if r.average_precision.estimate <= own:
            break
        d = paired_difference("average_precision", rows.y, r.ranking[tested], default.ranking[tested], **how)
        if d.low > 0:
            reason = f"It ranks better than {which} {default.name} by {d.estimate:.3f} [{d.low:.3f}, {d.high:.3f}]."
            return Choice(r, reason, luck)
    if len(may) == 1 and asked:
        return Choice(default, f"The only arm that was asked for (average precision {own:.3f}).", luck)
    said = which[0].upper() + which[1:].rstrip(",")
    among = " that was asked for" if asked else ""
    return Choice(default, f"{said}; no other arm{among} ranks surely better (average precision {own:.3f}).", luck)


def _luck(
    default: ArmResult, rivals: Sequence[ArmResult], rows: Judged, tested: np.ndarray, level: float
) -> LuckRecord | None:
    """How much of the champion's average precision is luck, when it is chosen by the rule above."""
    if not rivals:
        return None
    scores = [r.ranking[tested] for r in rivals]
    weights = {"sample_weight": rows.weight, "groups": rows.groups}
    gains, covariance = joint_gains("average_precision", rows.y, default.ranking[tested], scores, **weights)
    needed = stdtrit(max(rows.events - 1, 1), 0.5 + level / 2) * np.sqrt(np.diag(covariance))

    def choose(gains: np.ndarray) -> np.ndarray:
        sure = gains > needed
        return np.where(sure.any(axis=1), np.where(sure, gains, -np.inf).argmax(axis=1), -1)

    luck = luck_of_choice(gains, covariance, choose, random_state=rows.seed)
    return LuckRecord(arms=len(rivals) + 1, metric="average_precision", luck=luck)


def fit_champion(design: Design, champion: ArmResult, members: Sequence[ArmScores], wanted: Wanted) -> RareClassifier:
    """Fit the champion on the development rows; calibration and decision come from its out-of-fold scores.

    Parameters
    ----------
    members : sequence of ArmScores
        Scores of the members of a blend; of the champion itself otherwise.
    """
    held = Held(
        raw=champion.scores.oof.score,
        unsliced=champion.unsliced,
        logit=champion.logit,
        members=matrix_of(members),
        known=[m.known for m in members],
        decision=champion.judgement.decision,
    )
    part = design.whole()
    each = fit_side_by_side(part, [m.arm for m in members], n_jobs=wanted.n_jobs)
    model = assemble(design, wanted, part, each, held)
    return classifier_of(
        model,
        calibration=wanted.calibration,
        cv=design.split.folds,
        fit_rows=design.sampling.fit_rows,
        random_state=design.sampling.seed,
    )


def judge_test(design: Design, model: RareClassifier, *, level: float) -> tuple[Judged, np.ndarray, Judgement] | None:
    """The champion on the locked test part: the rows, its log-odds and the judgement; None where none is locked."""
    test = design.split.test
    if not test.size or not design.rows.y[test].any():
        return None
    rows = Judged.of(design, test, level=level)
    logit = model.positive_logit(design.rows.table.take(test))
    return rows, logit, judge(rows, logit, model.decision_)
