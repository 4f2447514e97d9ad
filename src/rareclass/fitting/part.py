"""One split of a table, encoded: what a learner is fitted on and what it scores."""

from dataclasses import dataclass, replace

import numpy as np

from rareclass.data.encode import TableEncoder
from rareclass.decisions.costs import Costs, RowCosts
from rareclass.fitting.arm import Arm, FittedArm
from rareclass.fitting.rows import Rows, at, costs_at
from rareclass.learners.named_columns import NamedColumns, asks_for_names
from rareclass.treatments.base import NoTreatment
from rareclass.treatments.sampling import SampledNegatives


@dataclass(frozen=True)
class Sampling:
    """How many rows of a large table are fitted, and the seed of everything that is drawn.

    `fit_rows` limits the rows of a fit: all events and so many rows altogether, half of them events where there are
    more; None fits on everything.
    """

    fit_rows: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class Known:
    """What a fit says of rows that it was fitted on: restored log-odds, labels and weights, each (m,)."""

    logit: np.ndarray
    y: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Part:
    """An encoded split."""

    index: np.ndarray  # (m,) the rows to fit on, as they are numbered in the table
    together: np.ndarray  # (m,) numbers of the rows that a split of these keeps together
    # X, y, weight: (m, d) rows to fit on: the training rows, or a sample of them
    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None
    costs: Costs | None  # costs of the rows to fit on
    times: np.ndarray | None  # times of the rows to fit on, where splits go forward
    shift: float  # log-odds that undo the sampling of the training rows
    test: np.ndarray  # (u, d) distinct rows to score
    expand: np.ndarray  # (t,) position in `test` of each row to score: equal rows are scored once
    encoder: TableEncoder  # fitted on the rows that `X` holds
    categorical: tuple[int, ...]  # columns that hold category codes
    seed: tuple[int, int]  # names the random stream of the fits on this part
    events_drawn: float = 1.0  # share of the events to fit on

    def fit(self, arm: Arm, *, n_jobs: int = 1) -> FittedArm:
        """Fit an arm on the rows of this part."""
        told = arm if self.costs is None else replace(arm, treatment=arm.treatment.with_costs(self.costs))
        if asks_for_names(arm.learner):
            levels = {name: list(known.levels) for name, known in self.encoder.categories_.items()}
            told = replace(told, learner=NamedColumns(arm.learner, list(self.encoder.feature_names), levels))
        sided = getattr(arm.learner, "takes_sides", False)
        if sided:
            told = replace(told, learner=arm.learner.with_sides(self.together, self.costs, self.times))
        fitted = told.fit(
            self.X,
            self.y,
            sample_weight=self.weight,
            categorical_features=self.categorical,
            shift=self.shift,
            seed=np.random.SeedSequence(self.seed),
            n_jobs=n_jobs,
        )
        if sided:
            fitted.learner.forget_sides()
        # names and levels, and costs by row, belong to these rows, not to the specification
        fitted = replace(fitted, arm=replace(fitted.arm, learner=arm.learner))
        if isinstance(self.costs, RowCosts):
            fitted = replace(fitted, arm=arm)
        if self.shift == 0 and self.events_drawn == 1:
            return fitted
        sampled = "log-odds shifted by the log of the share of negatives drawn"
        own = "" if isinstance(arm.treatment, NoTreatment) else f"; {fitted.restoration}"
        note = f"all events and {100 * np.exp(self.shift):.3g} % of the negatives drawn; {fitted.note}"
        if self.events_drawn < 1:
            sampled = "log-odds shifted by the log of the ratio of the shares of negatives and events drawn"
            shares = (100 * self.events_drawn, 100 * self.events_drawn * np.exp(self.shift))
            note = f"{shares[0]:.3g} % of the events and {shares[1]:.3g} % of the negatives drawn; {fitted.note}"
        return replace(fitted, note=note, restoration=sampled + own)

    def score(self, fitted: FittedArm) -> np.ndarray:
        """Restored log-odds (t,) of the rows to score."""
        return fitted.logit(self.test)[self.expand]

    def known(self, fitted: FittedArm, among: np.ndarray | None = None) -> Known:
        """What the fit says of rows that it was fitted on: all events, and no more others than there are rows to score.

        `among` are numbers of rows in the table: only these.
        """
        mine = np.ones(self.y.size, dtype=bool) if among is None else np.isin(self.index, among)
        others = np.flatnonzero(mine & ~self.y)
        step = max(1, others.size // max(self.expand.size, 1)) if self.expand.size else 1
        rows = np.concatenate([np.flatnonzero(mine & self.y), others[self.seed[1] % step :: step]])
        weight = np.ones(rows.size) if self.weight is None else self.weight[rows]
        return Known(fitted.logit(self.X[rows]), self.y[rows], weight)


def encode_part(rows: Rows, sampling: Sampling, train: np.ndarray, test: np.ndarray, *, number: int) -> Part:
    """Encode the split (train, test) of a table; `number` names its random stream."""
    fitted, shift, events = _sample(rows.y, sampling, train, np.random.default_rng([sampling.seed, number]))
    weight, own_shift = rows.to_fit(fitted)
    features = rows.features
    fit_table = features.take(fitted)
    encoder = TableEncoder(rows.schema.columns).fit(fit_table)
    encoded = encoder.transform(fit_table)
    _, first, expand = np.unique(rows.same[test], return_index=True, return_inverse=True)
    return Part(
        index=fitted,
        together=rows.together[fitted],
        X=encoded.matrix,
        y=rows.y[fitted],
        weight=weight,
        costs=costs_at(rows.costs, fitted),
        times=at(rows.times, fitted),
        shift=shift + own_shift,
        test=encoder.transform(features.take(test[first])).matrix if test.size else encoded.matrix[:0],
        expand=expand,
        encoder=encoder,
        categorical=tuple(encoded.categorical),
        seed=(sampling.seed, number),
        events_drawn=events,
    )


def _sample(
    y: np.ndarray, sampling: Sampling, train: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, float, float]:
    """Rows to fit on, the log-odds that undo how they were drawn, and the share of the events among them."""
    limit = sampling.fit_rows
    if limit is None or train.size <= limit:
        return train, 0.0, 1.0
    events, share = np.flatnonzero(y[train]), 1.0
    if events.size > max(limit // 2, 1):
        share = max(limit // 2, 1) / events.size
        drawn = rng.choice(events, size=round(share * events.size), replace=False)
        train = train[np.union1d(drawn, np.flatnonzero(~y[train]))]
    kept = SampledNegatives(rows=limit).choose(y[train], rng)
    if kept is None:
        return train, -float(np.log(share)), share
    return train[kept.rows], kept.shift - float(np.log(share)), share
