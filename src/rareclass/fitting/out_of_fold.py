"""Fit arms on identical, once-encoded splits and keep the out-of-fold scores."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from rareclass.crossfit import Folds, OutOfFold, out_of_fold
from rareclass.errors import InputError
from rareclass.fitting.arm import Arm, FittedArm
from rareclass.fitting.blend import blend_out_of_fold
from rareclass.fitting.design import Design
from rareclass.fitting.heard import Heard, listen, listening
from rareclass.fitting.part import Known, Part


@dataclass(frozen=True, kw_only=True)
class ArmScores:
    """Out-of-fold log-odds (m,) of one arm over the rows that a design scores, restored but not calibrated.

    `known` is what each fit says of rows that it was fitted on, `undone` the shift by which its treatment was undone.
    """

    arm: Arm
    oof: OutOfFold
    seconds: float
    rows: int
    exact: bool
    note: str
    restoration: str
    known: tuple[Known, ...] = ()
    undone: tuple[float, ...] = ()
    warnings: tuple[Heard, ...] = ()

    @property
    def as_fitted(self) -> np.ndarray:
        """The log-odds (m,) before the way back, but for offsets and links; NaN where never tested."""
        if not self.undone:
            return self.oof.score
        return np.where(self.oof.tested, self.oof.score - np.take(self.undone, self.oof.fold), np.nan)


@dataclass(frozen=True)
class Watch:
    """Who looks on.

    `starts` may refuse an arm, `ends` hears the seconds that it took on one core, `fails` says whether an arm whose fit
    failed is to be left out; else the error ends the run.
    """

    starts: Callable[[Arm], bool] = lambda arm: True
    ends: Callable[[Arm, float], None] = lambda arm, seconds: None
    fails: Callable[[Arm, Exception], bool] = lambda arm, error: False


Fit = tuple[FittedArm, np.ndarray, Known, list[Heard]]


def score_arms(design: Design, arms: Sequence[Arm], *, n_jobs: int = 1, watch: Watch = Watch()) -> list[ArmScores]:
    """Cross-fit the arms in order, on parts that are encoded once.

    Fits run side by side, each on one core, rather than each on several: small fits gain little from threads of their
    own, and lose much when the machine is busy. The scores are the same for any `n_jobs`.

    Raises whatever a fit raises, once the fits under way have ended, unless `watch` leaves that arm out.
    """
    parts = design.parts()
    done: list[tuple[Arm, list[Fit]]] = []
    with _single_cores(n_jobs) as pool:

        def fit(arm: Arm, part: Part) -> Fit:
            with listen() as said:
                model = part.fit(arm)
                score = part.score(model)
                if not np.isfinite(score).all():
                    raise InputError(f"{arm.name} returned scores that are not {score.size} finite numbers.")
                return model, score, part.known(model), said

        waiting: list[tuple[Arm, list[Future[Fit]]]] = []
        with ExitStack() as stopped:  # by whatever a fit raises
            stopped.callback(pool.shutdown, cancel_futures=True)
            for arm in arms:
                # At most one arm waits behind the one that runs, so that the clock decides late.
                while len(waiting) > 1:
                    done.append(_collected(*waiting.pop(0), watch))
                if watch.starts(arm):
                    waiting.append((arm, [pool.submit(fit, arm, part) for part in parts]))
            done += [_collected(*pair, watch) for pair in waiting]
            stopped.pop_all()
    return [_scores(design, arm, fits) for arm, fits in done if fits]


def fit_side_by_side(part: Part, arms: Sequence[Arm], *, n_jobs: int = 1, watch: Watch = Watch()) -> list[FittedArm]:
    """Arms fitted on the rows of one part: several side by side, each on one core; a lone one on all of them.

    Raises whatever a fit raises, unless `watch` leaves that arm out and another one is left.
    """
    if len(arms) == 1:
        return [part.fit(arms[0], n_jobs=n_jobs)]

    def fit(arm: Arm) -> tuple[FittedArm, list[Heard]]:
        with listen() as said:
            return part.fit(arm), said

    with _single_cores(n_jobs) as pool:
        fits = [pool.submit(fit, arm) for arm in arms]
    errors = [(arm, e) for arm, f in zip(arms, fits, strict=True) if (e := f.exception()) is not None]
    fatal = next((e for arm, e in errors if not (isinstance(e, Exception) and watch.fails(arm, e))), None)
    if fatal is not None or len(errors) == len(arms):
        raise errors[0][1] if fatal is None else fatal
    done = [f.result() for f in fits if f.exception() is None]
    for heard in dict.fromkeys(heard for _, said in done for heard in said):
        heard.again(stacklevel=4)
    return [model for model, _ in done]


@contextmanager
def _single_cores(n_jobs: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that fit on one core each, heard one by one."""
    # OpenMP counts threads for each thread that calls it, hence the initializer; BLAS for the whole process.
    pool = ThreadPoolExecutor(n_jobs, initializer=threadpool_limits, initargs=(1,))
    with listening(), threadpool_limits(1), pool:
        yield pool


def _collected(arm: Arm, futures: list[Future[Fit]], watch: Watch) -> tuple[Arm, list[Fit]]:
    """The fits of an arm; none where it failed and is left out."""
    error = next((e for f in futures if (e := f.exception()) is not None), None)
    if isinstance(error, Exception) and watch.fails(arm, error):
        return arm, []
    fits = [f.result() for f in futures]
    watch.ends(arm, sum(model.seconds for model, *_ in fits))
    return arm, fits


def _scores(design: Design, arm: Arm, fits: Sequence[Fit]) -> ArmScores:
    scores = iter(score for _, score, *_ in fits)
    last = fits[-1][0]
    return ArmScores(
        arm=arm,
        oof=out_of_fold(design.y.size, design.split.parts, lambda train, test: next(scores)),
        seconds=float(np.mean([model.seconds for model, *_ in fits])),
        rows=last.rows,
        exact=last.exact,
        note=last.note,
        restoration=last.restoration,
        undone=tuple(model.undone for model, *_ in fits),
        known=tuple(known for *_, known, _ in fits),
        warnings=tuple(dict.fromkeys(heard for *_, said in fits for heard in said)),
    )


def matrix_of(scores: Sequence[ArmScores]) -> np.ndarray:
    """Out-of-fold log-odds (n, k) of k arms."""
    return np.column_stack([s.oof.score for s in scores])


def ranking_of(design: Design, scores: ArmScores) -> np.ndarray:
    """Scores (m,) to rank by: those of the fold models, each less the log-odds of events in its training part.

    A part that tests more events was fitted with fewer, so its scores lie lower for that alone; pooled over parts, few
    events would then rank below chance. In time order the prevalence is not arithmetic but news: scores stay.
    """
    ranking = scores.oof.score.copy()
    if design.split.forward:
        return ranking
    weight = np.ones(design.y.size) if design.weight is None else design.weight
    for train, test in design.split.parts:
        events, others = weight[train] @ design.y[train], weight[train] @ ~design.y[train]
        ranking[test] -= np.log(events / others)
    return ranking


def folds_of(design: Design, scores: ArmScores) -> Folds:
    """Which fit made each score."""
    return design.folds(scores.oof.fold)


def blend_scores(design: Design, arm: Arm, members: Sequence[ArmScores]) -> ArmScores:
    """The blend of arms that were cross-fitted already: no further fit."""
    fold = members[0].oof.fold
    blended = blend_out_of_fold(matrix_of(members), design.y, folds_of(design, members[0]), sample_weight=design.weight)
    said = ", ".join(m.arm.learner_name for m in members)
    return ArmScores(
        arm=arm,
        oof=OutOfFold(blended, fold),
        seconds=sum(m.seconds for m in members),
        rows=members[0].rows,
        exact=True,
        note=f"weighted mean of the log-odds of {said}",
        restoration=members[0].restoration,
    )
