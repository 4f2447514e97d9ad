"""Fit every arm on identical, once-encoded splits and keep the out-of-fold scores."""

import threading
import warnings as python_warnings
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from threadpoolctl import threadpool_limits

from rareclass.crossfit import OutOfFold, out_of_fold
from rareclass.decisions.costs import Costs
from rareclass.errors import RareclassWarning
from rareclass.evaluation.design import Design
from rareclass.treatments.arm import Arm, FittedArm
from rareclass.treatments.blend import blend_members, blend_out_of_fold
from rareclass.treatments.parts import Part, Source, fit_on


@dataclass(frozen=True)
class ArmScores:
    """Out-of-fold log-odds of one arm over the development rows, restored but not calibrated."""

    arm: Arm
    oof: OutOfFold
    seconds: float
    rows: int
    exact: bool
    note: str
    restoration: str
    warnings: list[str] = field(default_factory=list)


def source_of(design: Design, costs: Costs | None = None) -> Source:
    """The table of a design, with the costs of its rows, as a source of encoded splits."""
    return Source(
        design.table, design.schema.columns, design.y, design.duplicate_id, design.sample_weight, design.fit_rows,
        design.seed, costs,
    )  # fmt: skip


def prepare_parts(design: Design, costs: Costs | None = None) -> list[Part]:
    """All splits of the design, encoded."""
    source = source_of(design, costs)
    return [source.part(design.dev[train], design.dev[test], number=k) for k, (train, test) in enumerate(design.splits)]


class CrossFitter:
    """Fit arms on all parts with a few threads, each fit on one core.

    Fits run side by side rather than each on several cores: small fits gain little from threads of their own, and
    lose much when the machine is busy.
    """

    def __init__(self, design: Design, parts: Sequence[Part], *, n_jobs: int):
        self.design = design
        self.parts = parts
        self.n_jobs = n_jobs
        self._arm = threading.local()

    def run(
        self, arms: Sequence[Arm], *, starts: Callable[[Arm], bool], ends: Callable[[Arm, float], None]
    ) -> list[ArmScores]:
        """Cross-fit the arms in order; `starts` may refuse an arm, `ends` hears its seconds on one core.

        Raises whatever a fit raises, once the fits under way have ended.
        """
        said: dict[str, list[str]] = {}
        done: dict[str, list[tuple[FittedArm, np.ndarray]]] = {}
        pool = ThreadPoolExecutor(self.n_jobs, initializer=threadpool_limits, initargs=(1,))
        # OpenMP counts threads for each thread that calls it, hence the initializer; BLAS for the whole process.
        with python_warnings.catch_warnings(), threadpool_limits(1), pool:
            python_warnings.simplefilter("always", RareclassWarning)
            python_warnings.showwarning = self._hear(said)
            waiting: list[tuple[Arm, list[Future]]] = []
            for arm in arms:
                # At most one arm waits behind the one that runs, so that the clock decides late.
                while len(waiting) > 1:
                    self._collect(waiting.pop(0), done, ends)
                if starts(arm):
                    waiting.append((arm, [pool.submit(self._fit, arm, k) for k in range(len(self.parts))]))
            while waiting:
                self._collect(waiting.pop(0), done, ends)
        return [self._scores(arm, done[arm.name], said.get(arm.name, [])) for arm in arms if arm.name in done]

    def _fit(self, arm: Arm, k: int) -> tuple[FittedArm, np.ndarray]:
        self._arm.name = arm.name
        model = fit_on(self.parts[k], arm, seed=self.design.seed, number=k, n_jobs=1)
        return model, model.logit(self.parts[k].test)[self.parts[k].expand]

    @staticmethod
    def _collect(waiting: tuple[Arm, list[Future]], done: dict, ends: Callable[[Arm, float], None]) -> None:
        arm, futures = waiting
        try:
            done[arm.name] = [f.result() for f in futures]
        except BaseException:
            for f in futures:
                f.cancel()
            raise
        ends(arm, sum(model.seconds for model, _ in done[arm.name]))

    def _hear(self, said: dict[str, list[str]]) -> Callable[..., None]:
        def show(message, category, filename, lineno, file=None, line=None) -> None:
            if issubclass(category, RareclassWarning):
                heard = said.setdefault(getattr(self._arm, "name", ""), [])
                if str(message) not in heard:
                    heard.append(str(message))

        return show

    def _scores(self, arm: Arm, fitted: list[tuple[FittedArm, np.ndarray]], said: list[str]) -> ArmScores:
        scores = iter(score for _, score in fitted)
        oof = out_of_fold(self.design.dev.size, self.design.splits, lambda train, test: next(scores))
        last = fitted[-1][0]
        seconds = float(np.mean([model.seconds for model, _ in fitted]))
        return ArmScores(arm, oof, seconds, last.rows, last.exact, last.note, last.restoration, said)


def member_scores(scores: Sequence[ArmScores]) -> tuple[list[ArmScores], np.ndarray]:
    """The members of the blend among the arms that ran, and their out-of-fold log-odds (n, k)."""
    by_name = {s.arm.name: s for s in scores}
    members = [by_name[m.name] for m in blend_members() if m.name in by_name]
    return members, np.column_stack([m.oof.score for m in members])


def blend_scores(design: Design, scores: Sequence[ArmScores], arm: Arm) -> ArmScores:
    """The blend of the arms that were cross-fitted already: no further fit."""
    members, matrix = member_scores(scores)
    fold = members[0].oof.fold
    weight = None if design.sample_weight is None else design.sample_weight[design.dev]
    blended = blend_out_of_fold(matrix, design.dev_y(), fold, sample_weight=weight, forward=design.forward)
    said = ", ".join(m.arm.learner_name for m in members)
    return ArmScores(
        arm, OutOfFold(blended, fold), sum(m.seconds for m in members), members[0].rows, True,
        f"weighted mean of the log-odds of {said}", members[0].restoration,
    )  # fmt: skip
