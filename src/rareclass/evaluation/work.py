"""What a comparison costs in reference seconds, before its first fit: from rows, columns, events, never the clock."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rareclass.fitting.arm import Arm
from rareclass.fitting.design import Design
from rareclass.learners.forest import drawn_for_tree

CODED = 1.5
"""Numeric columns that one of codes costs as much as."""

CORES = 2
"""Of the reference machine, whatever this one has: a plan depends on data, options and seed only."""

Powers = tuple[float, float, float, float]

LEARNER_SECONDS: dict[str, tuple[Powers, Powers]] = {
    "lightgbm": ((-9.13, 0.50, 0.88, 0.12), (-3.36, 0.0, 0.37, 0.0)),
    "lightgbm_library_default": ((-9.50, 0.50, 0.88, 0.12), (-3.70, 0.0, 0.14, 0.0)),
    "xgboost": ((-8.73, 0.50, 0.88, 0.12), (-4.20, 0.0, 0.37, 0.0)),
    "catboost": ((-7.25, 0.56, 0.41, 0.15), (-6.00, 0.0, 0.70, 0.0)),
    "hist_gradient_boosting": ((-6.37, 0.33, 0.67, 0.14), (-4.60, 0.0, 0.59, 0.0)),
    "logistic_regression": ((-9.17, 0.55, 0.79, 0.15), (-6.17, 0.0, 0.86, 0.0)),
    "few_events_logistic_regression": ((-9.17, 0.55, 0.79, 0.15), (-6.17, 0.0, 0.86, 0.0)),
    "random_forest": ((-9.40, 0.95, 0.37, 0.0), (-2.90, 0.0, 0.05, 0.0)),
    "extra_trees": ((-9.65, 0.95, 0.37, 0.0), (-2.90, 0.0, 0.05, 0.0)),
}
"""Seconds of a fit on one core, and of scoring 10,000 rows: exp(a) rows^b columns^c events^d. This, and what follows,
is measured by `benchmarks/plan_costs.py`, on a busy machine; the constants then follow the fits of nine real sets on a
quiet one. Rows of a forest are those of a tree."""

FORESTS = {"random_forest", "extra_trees"}

STAGE_SECONDS: dict[str, Powers] = {
    "read": (-10.90, 0.44, 0.68, 0.14),
    "audit": (-7.75, 0.19, 1.13, 0.11),
    "encode": (-18.0, 1.0, 1.0, 0.0),
    "judge": (-2.70, 0.10, 0.0, 0.18),
    "figures": (-5.18, 0.20, 0.0, 0.0),
}
"""Seconds of what every comparison does: reading and splitting a table, the audit of its columns, encoding a part,
judging an arm, drawing it."""

START = 4.0
"""Seconds until everything is imported, and of writing the report."""

FIT_ROWS = (40_000, 28_000, 20_000, 14_000, 10_000, 7000, 5000, 3500, 2500)
"""On how many rows an arm may be fitted where a budget is short."""


def seconds_of(powers: Powers, rows: float, columns: float, events: float) -> float:
    """exp(a) rows^b columns^c events^d."""
    size = np.log([max(rows, 1.0), max(columns, 1.0), max(events, 1.0)])
    return float(np.exp(powers[0] + np.dot(powers[1:], size)))


@dataclass(frozen=True, kw_only=True)
class Work:
    """What there is to fit, score and judge.

    Attributes
    ----------
    rows, events : int
        Of the table.
    columns : int
        Features; those that hold codes count as several, see `CODED`.
    parts : int
        Fits of each arm that are scored.
    scored : int
        Rows that they score together.
    fitted, fitted_events : int
        Rows of the largest of these fits, and events among them.
    may_shrink : bool
        Whether fewer rows may be fitted.
    """

    rows: int
    events: int
    columns: int
    parts: int
    scored: int
    fitted: int
    fitted_events: int
    may_shrink: bool = True

    def smaller(self) -> list["Work"]:
        """This, and the same with fits on fewer and fewer rows."""
        sizes = [n for n in FIT_ROWS if n < self.fitted] if self.may_shrink else []
        return [self, *(replace(self, fitted=n, fitted_events=min(self.fitted_events, n // 2)) for n in sizes)]

    def fit(self, arm: Arm) -> float:
        """Seconds of one fit on one core, and of scoring a share of the rows."""
        rows, events = arm.treatment.left(self.fitted, self.fitted_events)
        fit, score = LEARNER_SECONDS.get(arm.learner_name, LEARNER_SECONDS["lightgbm"])
        if arm.learner_name in FORESTS:
            rows = min(rows, events + drawn_for_tree(events))
        new = self.scored / self.parts / 10_000 * seconds_of(score, rows, self.columns, events)
        return seconds_of(fit, rows, self.columns, events) + new

    def fits(self, arm: Arm) -> float:
        """Seconds of cross-fitting an arm on all cores; none for a blend, which is made of scores."""
        return 0.0 if arm.is_blend else self.parts * self.fit(arm) / CORES

    def arm(self, arm: Arm) -> float:
        """Seconds of cross-fitting and judging an arm."""
        return self.fits(arm) + self._stage("judge", self.scored) + self._stage("figures", self.scored)

    def fixed(self, needed: Sequence[Arm]) -> float:
        """Seconds of all else: reading, audit, encoding, and the last fits, of all arms that may be needed."""
        stages = self._stage("read", self.rows) + self._stage("audit", self.rows)
        encoded = (self.parts + 1) * self._stage("encode", self.fitted + self.scored / self.parts)
        last = sum(self.fit(a) for a in needed if not a.is_blend) / CORES
        return START + stages + encoded + last

    def _stage(self, stage: str, rows: float) -> float:
        return seconds_of(STAGE_SECONDS[stage], rows, self.columns, self.events)


def work_of(design: Design, *, full: bool = False) -> Work:
    """The work of a design before anything is fitted."""
    y, limit = design.rows.y, design.sampling.fit_rows
    train = max((train for train, _ in design.split.parts), key=len)
    fitted = min(train.size, limit or train.size)
    return Work(
        rows=y.size,
        events=int(y.sum()),
        columns=round(sum(CODED if c.kind == "category" else 1 for c in design.rows.schema.columns)),
        parts=len(design.split.parts),
        scored=sum(len(test) for _, test in design.split.parts),
        fitted=fitted,
        fitted_events=min(int(design.y[train].sum()), fitted),
        may_shrink=not full,
    )
