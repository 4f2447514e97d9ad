"""What a comparison costs in reference seconds, before its first fit: from rows, columns, events, never the clock."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from rareclass.fitting.arm import Arm
from rareclass.fitting.design import Design
from rareclass.kernels.evenly import evenly
from rareclass.learners.blend import MEMBERS
from rareclass.learners.forest import drawn_for_tree
from rareclass.learners.table import LEARNERS

CODED = 1.5
"""Numeric columns that one of codes costs as much as."""

CORES = 2
"""Of the reference machine, whatever this one has: a plan depends on data, options and seed only."""

Numbers = tuple[float, ...]
Powers = tuple[float, float, float, float]

LEARNER_SECONDS: dict[str, tuple[Numbers, Numbers]] = {
    "lightgbm": ((19_800, 1180, 16.8, 0.479, 16.6), (103, 12.3)),
    "lightgbm_library_default": ((9660, 0, 28.1, 1.66, 15.3), (18, 10.7)),
    "xgboost": ((13_200, 849, 8.72, 0.605, 13.4), (85.6, 2.58)),
    "catboost": ((482, 553, 154, 1.66, 17.3), (87.2, 0.297)),
    "hist_gradient_boosting": ((105_000, 396, 0, 1.41, 13.7), (147, 8.67)),
    "logistic_regression": ((319, 0, 0.0877), (153,)),
    "kernel_logistic": ((109, 1.73, 0, 0.105), (77.1, 0.335)),
    "random_forest": ((0, 212, 17.6), (4.18,)),
    "extra_trees": ((1.84e6, 40.3, 4.47), (5.2,)),
    "net": ((3.4e6, 0.33), (0.5,)),
}
"""Nanoseconds of each of the `operations` of a fit on one core, and of scoring a row. This, and what follows, is
measured by `benchmarks/plan_costs.py`."""

FORESTS = {"random_forest", "extra_trees"}

STAGE_SECONDS: dict[str, Powers] = {
    "read": (-12.55, 0.77, 0.74, -0.08),
    "audit": (-8.10, 0.26, 1.15, 0.06),
    "encode": (-16.45, 0.90, 1.06, -0.11),
    "judge": (-3.10, 0.16, 0.0, 0.13),
    "figures": (-5.61, 0.25, 0.0, -0.08),
    "keep": (-14.42, 0.82, 1.14, -0.06),
}
"""Seconds of what every comparison does: reading and splitting a table, the audit of its columns, encoding a part,
judging an arm, drawing it, and what a bundle keeps of the rows: exp(a) rows^b columns^c events^d."""

START = 4.0
"""Seconds until everything is imported and compiled, and of writing the report."""

AUDITED = 20_000
"""Rows without an event that the audit looks at."""

CHECKED = (50_000, 1_000_000)
"""Rows, and values of features in them, on which the compiled champion is compared with the fitted one."""

FIT_ROWS = (40_000, 28_000, 20_000, 14_000, 10_000, 7000, 5000, 3500, 2500, 1750)
"""On how many rows an arm may be fitted where a budget is short."""

A_SET = 2
"""How many steps through a tree more it takes to look a code up in a set of them than a number at a cut."""
HINGED = 40
"""Numeric columns up to which logistic regression tries hinges: eight features for each where there are else two."""
INDICATORS = 150
"""Levels of codes that get a feature."""
NETS, NET_UNITS, NET_EPOCHS, NET_BATCHES = 5, 64, 25, 16
"""Nets that are trained at once, units of each of their two layers, epochs that it takes until they stop, and batches
of an epoch, unless these get very small or large."""
NET_OTHERS = 100_000
"""Rows without an event that nets learn from, where there are no more than 50 for each event."""
PENALISED = (2000, 4000, 5)
"""Events, other rows, and other rows for each event, on which its penalty is chosen."""
KERNELS = ((3000, 10_000, 512), (1000, 4000, 256))
"""Events, other rows, unless five for each event are more, and landmarks of a kernel machine's last fit, and of those
that choose its penalty."""
KERNEL_PLACES = (40_000, 128)
"""Landmarks times columns, at most, unless the landmarks are fewer than these."""


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
    levels : tuple of int
        Distinct values of each column, the first ones those of codes; empty where all are numbers that differ.
    codes : int
        Columns that hold codes.
    differing : float
        Share of the scored rows that differ from one another: equal rows are encoded and scored once.
    """

    rows: int
    events: int
    columns: int
    parts: int
    scored: int
    fitted: int
    fitted_events: int
    may_shrink: bool = True
    levels: tuple[int, ...] = ()
    codes: int = 0
    differing: float = 1.0

    def smaller(self) -> list["Work"]:
        """This, and the same with fits on fewer and fewer rows."""
        sizes = [n for n in FIT_ROWS if n < self.fitted] if self.may_shrink else []
        return [self, *(replace(self, fitted=n, fitted_events=min(self.fitted_events, n // 2)) for n in sizes)]

    def bins(self, most: int) -> float:
        """Bins of all columns together, at most so many of each."""
        mean = float(np.minimum(self.levels, most).mean()) if self.levels else most
        return self.columns * min(mean, self.fitted)

    @property
    def sorted_columns(self) -> float:
        """Columns by what it costs to order their values: one with 255 of them or more counts as one."""
        levels = np.array(self.levels if self.levels else 255)
        return self.columns * float(np.log2(np.minimum(levels, 255) + 1).mean() / 8)

    @property
    def _new(self) -> float:
        """Rows that a fit scores and did not see."""
        return self.differing * self.scored / self.parts

    def fit(self, arm: Arm) -> float:
        """Seconds of one fit on one core."""
        treated = self._treated(arm)
        return _priced(operations(_known(arm), treated)[0], LEARNER_SECONDS[_known(arm)][0])

    def score(self, arm: Arm, rows: float) -> float:
        """Seconds of scoring so many rows on one core."""
        return rows * _priced(operations(_known(arm), self._treated(arm))[1], LEARNER_SECONDS[_known(arm)][1])

    def fits(self, arm: Arm) -> float:
        """Seconds of cross-fitting an arm on all cores; none for a blend, which is made of scores.

        Each fit scores the rows that it did not see, and as many that it saw.
        """
        if arm.is_blend:
            return 0.0
        known = min(self.scored / self.parts, self.fitted)
        return self.parts * (self.fit(arm) + self.score(arm, self._new + known)) / CORES

    def arm(self, arm: Arm) -> float:
        """Seconds of cross-fitting and judging an arm."""
        return self.fits(arm) + self._stage("judge", self.scored) + self._stage("figures", self.scored)

    def fixed(self, needed: Sequence[Arm]) -> float:
        """Seconds of all else: reading, audit, encoding, and the deployed model, a blend of members or an arm alone."""
        stages = self._stage("read", self.rows) + self._stage("audit", min(self.rows, AUDITED + self.events))
        encoded = (self.parts + 1) * self._stage("encode", self.fitted + self._new)
        fitted = [a for a in needed if not a.is_blend]
        blended = [a for a in fitted if len(fitted) < len(needed) and a.learner_name in MEMBERS]
        deployed = max((sum(map(self._deployed, arms)) for arms in (blended, *([a] for a in fitted))), default=0.0)
        return START + stages + encoded + deployed + self._stage("keep", self.scored)

    def _deployed(self, arm: Arm) -> float:
        """Seconds of the last fit, of scoring locked and fitted rows, and of the check of the compiled form."""
        checked = min(self.scored, CHECKED[0], CHECKED[1] / self.columns)
        rows = self.differing * max(self.rows - self.scored, 0) + min(self.scored, self.fitted) + 2 * checked
        return self.fit(arm) / CORES + self.score(arm, rows)

    def _stage(self, stage: str, rows: float) -> float:
        return seconds_of(STAGE_SECONDS[stage], rows, self.columns, self.events)

    def _treated(self, arm: Arm) -> "Work":
        """The same with the rows and events that a treatment leaves."""
        rows, events = arm.treatment.left(self.fitted, self.fitted_events)
        return replace(self, fitted=rows, fitted_events=events)


def work_of(design: Design, *, full: bool = False) -> Work:
    """The work of a design before anything is fitted."""
    y, limit = design.rows.y, design.sampling.fit_rows
    train = max((train for train, _ in design.split.parts), key=len)
    fitted = min(train.size, limit or train.size)
    columns = sorted(design.rows.schema.columns, key=lambda c: c.kind != "category")
    codes = sum(c.kind == "category" for c in columns)
    some = design.rows.features.take(evenly(y.size, 10_000))
    scored = sum(len(test) for _, test in design.split.parts)
    same = design.rows.same[design.split.scored]
    differing = sum(np.unique(same[test]).size for _, test in design.split.parts)
    return Work(
        rows=y.size,
        events=int(y.sum()),
        columns=round(len(columns) + (CODED - 1) * codes),
        parts=len(design.split.parts),
        scored=scored,
        fitted=fitted,
        fitted_events=min(int(design.y[train].sum()), fitted),
        may_shrink=not full,
        levels=tuple(_distinct(some[c.name]) for c in columns),
        codes=codes,
        differing=differing / scored,
    )


def _distinct(values: pa.ChunkedArray) -> int:
    """Number of values that differ, where some are not missing."""
    found = values.unify_dictionaries().unique()  # `count_distinct` takes no dictionaries
    return len(found) - bool(found.null_count)


def operations(learner: str, work: Work) -> tuple[Numbers, Numbers]:
    """Counts of what one fit does on the rows of `work`, and of what scoring a row does; `LEARNER_SECONDS` prices them.

    Boosters grow leaves, bin values, score rows after each tree, add them up by bins, and look at the bins of leaves.
    Forests grow trees, sort the drawn rows into leaves, and look at columns in each node. A regression makes features,
    multiplies each two of them in every Newton step, and solves. A kernel machine does so with kernels about landmarks.
    Nets take steps and multiply.
    """
    rows, events, columns = work.fitted, work.fitted_events, work.columns
    if learner == "net":
        return _of_nets(work)
    if learner == "kernel_logistic":
        return _of_kernels(work)
    growth = LEARNERS[learner].growth(events, columns)
    if growth is None:
        return _of_regression(work)
    if learner in FORESTS:
        drawn = min(rows, events + drawn_for_tree(events))
        depth = float(np.log2(max(drawn, 2)))
        walked = growth.trees * drawn * depth
        return (growth.trees, walked, walked * max(growth.share * columns, 1)), (growth.trees * depth,)
    leaves, depth = growth.trees * growth.leaves, float(np.log2(growth.leaves))
    walked = growth.share * rows * columns * growth.trees * depth
    bins = growth.share * leaves * work.bins(growth.bins)
    fit = (leaves, rows * work.sorted_columns, rows * growth.trees, walked, bins)
    coded = work.codes / max(len(work.levels), 1)
    return fit, (work.sorted_columns, growth.trees * depth * (1 + A_SET * coded))


def _of_regression(work: Work) -> tuple[Numbers, Numbers]:
    numeric = max(work.columns - CODED * work.codes, 0.0)
    indicators = min(sum(work.levels[: work.codes]), INDICATORS)
    most, others, each = PENALISED
    seen = min(work.fitted_events, most)
    judged = min(work.fitted, seen + max(others, each * seen))
    made = products = solved = 0.0
    for width in (8, 2) if numeric <= HINGED else (2,):  # 15 fits to choose among five penalties, some four steps each
        features = width * numeric + indicators + 1
        made += judged * features
        products += 45 * judged * features**2
        solved += 70 * features**3
    return (made + work.fitted * features, products + 5 * work.fitted * features**2, solved), (work.sorted_columns,)


def _of_kernels(work: Work) -> tuple[Numbers, Numbers]:
    """Kernels, distances by column, products of features in Newton steps, solutions; and of scoring a row."""
    kernels = products = solved = 0.0
    limit = max(KERNEL_PLACES[1], KERNEL_PLACES[0] // max(work.columns, 1))
    for (events, others, marks), steps in zip(KERNELS, (7, 40), strict=True):
        seen = min(work.fitted_events, events)
        rows = min(work.fitted, seen + max(others, 5 * seen))
        most = min(marks, rows, limit)
        kernels += rows * most
        products += steps * rows * most**2
        solved += steps * most**3
    most = min(KERNELS[0][2], work.fitted, limit)
    return (kernels, kernels * work.columns, products, solved), (work.columns, most * work.columns)


def _of_nets(work: Work) -> tuple[Numbers, Numbers]:
    """Steps and products with the weights in some `NET_EPOCHS`; and products of scoring a row."""
    numeric = max(work.columns - CODED * work.codes, 0.0)
    features = (8 if work.columns <= HINGED else 3) * numeric + min(sum(work.levels[: work.codes]), INDICATORS)
    products = NETS * NET_UNITS * (features + NET_UNITS + 1)
    passed = NET_EPOCHS * min(work.fitted, work.fitted_events + max(NET_OTHERS, 50 * work.fitted_events))
    batch = min(max(passed // NET_EPOCHS // NET_BATCHES, 32), 512)
    return (passed / batch, passed * products), (products,)


def _known(arm: Arm) -> str:
    """The learner whose costs are known; of one's own those of LightGBM."""
    return arm.learner_name if arm.learner_name in LEARNER_SECONDS else "lightgbm"


def _priced(counts: Numbers, nanoseconds: Numbers) -> float:
    return 1e-9 * float(np.dot(counts, nanoseconds))
