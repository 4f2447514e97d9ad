"""The deployed model as plain arrays: rows in, log-odds, probabilities and decisions out."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, Self

import numpy as np

from rareclass import _check
from rareclass._names import Names
from rareclass._types import Rows
from rareclass.errors import InputError
from rareclass.kernels.bridging import bridged
from rareclass.kernels.logits import sigmoid
from rareclass.kernels.threads import in_blocks
from rareclass.scoring.contributions import contributions
from rareclass.scoring.cut import Cut
from rareclass.scoring.files import Folder, damaged
from rareclass.scoring.maps import CalibrationMap, SliceMap, calibration_map
from rareclass.scoring.members import Member, read_member, saved_member, takes_missing, why_no_reasons
from rareclass.scoring.reasons import CORRELATION, Reason, ReasonRules, refuse_other, top_reasons
from rareclass.scoring.rows import RowEncoder, collected
from rareclass.scoring.saved import UNFIT, flag, number, refuse_unlike
from rareclass.scoring.staged import Staged

_HELPERS: Names[Any] = Names(
    "helper", {"compile": "rareclass.scoring.compiling:compile_model", "load": "rareclass.scoring.slow:load_uncompiled"}
)
"""What needs training libraries, imported when it is called for."""
_BLOCK = 4_096
"""Rows that one thread scores at a time: what they need stays in its cache."""
_STEP = 1e-4
"""Log-odds on either side of the baseline between which the slope of a calibration is taken."""
_EXPLAINED = 256
"""Rows that one thread explains at a time."""


NO_GROUPS = ReasonRules(groups={})


class Raw(Protocol):
    """What gives log-odds (n,) of encoded rows, before the way back and the calibration."""

    def logit(self, X: np.ndarray) -> np.ndarray: ...


class Scorer:
    """A deployed model as a small program of plain arrays, equal to the model that it was compiled from.

    It encodes rows as training did, adds up its members, brings their log-odds back to the real prevalence, calibrates
    and decides. It needs NumPy and numba only, answers one row in microseconds, and gives a row the same answer alone,
    in a batch and with any number of threads.

    Rows may be one mapping of column names to values (answers then have the shape (1,)), a list of mappings, or an
    Arrow, pandas or polars table; where all columns are numbers also a float array (d,) or (n, d) in the order of
    `columns`. Columns that the model does not know are ignored; None and NaN stand for no value, and so do infinite
    numbers.

    Attributes
    ----------
    columns : list of str
        The columns that rows must have, in the order of the schema.
    exact : bool
        Compiled, and found equal to the model; otherwise rows go through the learner as it was fitted (slow, and only
        where its library is installed).
    why_not : str
        Why it is not compiled; empty where it is.
    why_no_reasons : str
        Why `contributions` and `explain` have nothing to say; empty where they have.

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass import RareClassifier
    >>> X = np.random.default_rng(0).normal(size=(300, 2))
    >>> scorer = Scorer.from_model(RareClassifier(estimator="logistic_regression").fit(X, X[:, 0] > 1))
    >>> scorer.exact, scorer.probability({"x0": 0.3, "x1": -1.0}).shape
    (True, (1,))
    """

    def __init__(
        self,
        *,
        encoder: RowEncoder,
        member: Raw,
        added: float,
        calibration: CalibrationMap,
        cut: Cut,
        slices: SliceMap | None = None,
        rules: ReasonRules = NO_GROUPS,
        why_not: str = "",
    ) -> None:
        self.why_not = why_not
        self.encoder, self.member, self.added = encoder, member, added
        self.calibration, self.cut, self.slices, self.rules = calibration, cut, slices, rules
        self.why_no_reasons = f"the model is not compiled, because {why_not}" if why_not else why_no_reasons(member)
        self._needs_values = self.exact and not takes_missing(member)
        if isinstance(member, Member) and member.columns_read > encoder.width:
            raise InputError(
                f"The scorer reads {member.columns_read} columns of rows that have {encoder.width}; it is damaged."
            )

    @classmethod
    def from_model(cls, model: Any, rows: Rows | None = None, rules: ReasonRules | None = None) -> "Scorer":
        """Compile a fitted `RareClassifier` of one rare class, and compare the two.

        Parameters
        ----------
        model : RareClassifier
        rows : table, optional
            Rows to compare on, those of training best; rows with missing, unknown and extreme values are added.
        rules : ReasonRules, optional
            How `explain` groups and words reasons; columns are grouped by their rank correlation where `rows` are
            given.

        Raises
        ------
        InputError
            The model is not fitted, or has more than two classes; or `rules` name a column that it does not have.
        """
        return _HELPERS["compile"](model, rows, rules)

    @classmethod
    def load(cls, path: str | os.PathLike) -> Self:
        """The scorer of a bundle's folder, verified.

        Raises
        ------
        BundleError
            There is no bundle, or it was altered or damaged.
        """
        folder = Folder(path)
        return cls.from_folder(folder, folder.state())

    @classmethod
    def from_folder(cls, folder: Folder, state: Mapping[str, Any], learner: Any = None) -> Self:
        """The scorer of a folder whose `MODEL` was read; `learner` is that of the slow path, where it is loaded."""
        said = folder.scorer
        try:
            exact = flag(said, "exact")
            refuse_unlike(state)
            if exact:
                member: Raw = read_member(state["scorer"], folder.scorer_arrays())
            else:
                member = _HELPERS["load"](folder) if learner is None else learner
            arm = {"level": 0.0} | state["arm"]
            encoder = RowEncoder(state["encoder"])
            scorer = cls(
                encoder=encoder,
                member=member,
                added=number(arm, "shift") + number(arm, "level"),
                calibration=calibration_map(state["calibrator"]),
                cut=Cut.of(state["decision"]),
                slices=SliceMap.of(state.get("slices"), encoder.width),
                rules=ReasonRules.read(state.get("reasons"), encoder.names),
                why_not="" if exact else str(said.get("why_not")),
            )
            if exact:  # one row, so that what no check sees is seen before any row counts
                scorer._block(np.zeros((1, scorer.encoder.width)))
            return scorer
        except UNFIT as error:
            raise damaged(folder.path, error) from None

    @property
    def exact(self) -> bool:
        return not self.why_not

    @property
    def columns(self) -> list[str]:
        return self.encoder.names

    def logit(self, rows: Rows, *, threads: int = 1) -> np.ndarray:
        """Calibrated log-odds (n,) of the rare class at the real prevalence.

        Parameters
        ----------
        rows : mapping, list of mappings, table or array
        threads : int, default=1
            Side by side for blocks of rows; the answer does not depend on it.

        Raises
        ------
        SchemaError
            A column is missing or holds another kind of values than in training; the sentence names it.
        InputError
            The rows are of no known form or shape, or lack values that the model needs.
        """
        return self.logit_of(self.encoder.matrix(rows), threads=threads)

    def probability(self, rows: Rows, *, threads: int = 1) -> np.ndarray:
        """Probability (n,) of the rare class at the real prevalence; parameters as in `logit`."""
        return sigmoid(self.logit(rows, threads=threads))

    def decide(self, rows: Rows, *, costs: Any = None, threads: int = 1) -> np.ndarray:
        """Which rows (n,) the bundle's decision flags.

        Parameters
        ----------
        costs : mapping of arrays (n,), optional
            Costs of these rows, named fp, fn, tp, tn, where the decision is by row.
        """
        return self.flag(self.probability(rows, threads=threads), costs=costs)

    def flag(self, probability: np.ndarray, *, costs: Any = None) -> np.ndarray:
        """Which rows (n,) with these probabilities the bundle's decision flags."""
        return self.cut.flag(probability, costs)

    def tier(self, rows: Rows, *, costs: Any = None, threads: int = 1) -> np.ndarray:
        """Name of the alert tier (n,) of each row, by the stored thresholds; parameters as in `decide`."""
        return self.cut.tier(self.probability(rows, threads=threads), costs)

    def encoded(self, rows: Rows) -> Any:
        """A table as the matrix that members read, with counts of what training never saw (`Encoded`)."""
        return self.encoder.encoded(rows)

    def logit_of(self, X: np.ndarray, *, threads: int = 1) -> np.ndarray:
        """Calibrated log-odds (n,) of encoded rows (n, d), float64 in row order."""
        if self._needs_values:
            self._refuse_missing(X)
        block = _BLOCK if self.exact else max(X.shape[0], 1)
        return _in_blocks(self._block, (X,), (X.shape[0],), threads=threads, block=block)

    def contributions(self, rows: Rows, *, rules: ReasonRules | None = None, threads: int = 1) -> np.ndarray:
        """What each column adds to the log-odds of each row: (n, d + 1), the last column the baseline.

        A row's contributions and the baseline sum to its `logit`. The baseline is the log-odds of an average row of
        training (for kernels a typical one), at the deployed prevalence, and the same for all rows: a prior that moves
        changes it alone. For trees these are the path-dependent Shapley values of their scores; docs/reasons.md says
        how kernels, forests, blends and calibration share them out. A column that the model does not use has 0.

        Parameters
        ----------
        rows : mapping, list of mappings, table or array
        rules : ReasonRules, optional
            With its groups: one column a feature, in the order of ``rules.names(scorer.columns)``.
        threads : int, default=1

        Raises
        ------
        InputError
            The model is not compiled, or its bundle was written before reasons were kept.
        """
        parts = self.contributions_of(self.encoder.matrix(rows), threads=threads)
        return parts if rules is None else self._grouped(parts, self._own_rules(rules))

    def contributions_of(self, X: np.ndarray, *, threads: int = 1, known: np.ndarray | None = None) -> np.ndarray:
        """Contributions (n, d + 1) of the columns to the log-odds of encoded rows (n, width).

        Where these log-odds (n,) are `known`, as `logit_of` gave them, rows need not be scored again.
        """
        if self.why_no_reasons:
            raise InputError(f"There are no reasons: {self.why_no_reasons}.")
        if self._needs_values:
            self._refuse_missing(X)
        shape = (X.shape[0], len(self.columns) + 1)
        given = (X,) if known is None or self.slices is not None else (X, known)  # which holds the shifts by slice
        return _in_blocks(self._parts, given, shape, threads=threads, block=_EXPLAINED)

    def gate_contributions_of(self, X: np.ndarray) -> np.ndarray | None:
        """What each column adds to the log-odds of a cascade's gate (n, d), of encoded rows; None for other models."""
        if not isinstance(self.member, Staged):
            return None
        parts = contributions(self.member.members[0], X)[:, :-1]
        return np.asarray(np.add.reduceat(parts, self.encoder.starts, axis=1))

    def explain(
        self, rows: Rows, k: int = 4, *, rules: ReasonRules | None = None, threads: int = 1
    ) -> list[list[Reason]]:
        """The k columns that move each row's log-odds most, largest first, as one list of `Reason` a row.

        Columns that add nothing are left out. They say what the model used, not what causes the event.

        Parameters
        ----------
        rows : mapping, list of mappings, table or array
        k : int >= 1, default=4
        rules : ReasonRules, optional
            Groups and texts; those of the bundle by default, and its groups where these name none.
        threads : int, default=1

        Raises
        ------
        InputError
            As `contributions`; `rules` name a column that the model does not have, or `k` is no whole number above 0.
        """
        rows = collected(rows)
        X = self.encoder.matrix(rows)
        return self.explain_of(X, self.values(rows, X), k, rules=rules, threads=threads)

    def values(self, rows: Rows, X: np.ndarray) -> list[list[Any]]:
        """The values of rows as they were given, in the order of `columns`; X (n, width) are the encoded rows."""
        return self.encoder.values(rows, X)

    def explain_of(
        self,
        X: np.ndarray,
        values: Sequence[Sequence[Any]],
        k: int = 4,
        *,
        rules: ReasonRules | None = None,
        threads: int = 1,
        known: np.ndarray | None = None,
    ) -> list[list[Reason]]:
        """`explain` for encoded rows (n, width), and their values in the order of `columns`.

        Where their log-odds (n,) are `known`, as `logit_of` gave them, rows need not be scored again.
        """
        _check.whole_number(k, "k", low=1)
        rules = self._own_rules(rules)
        parts = self._grouped(self.contributions_of(X, threads=threads, known=known), rules)
        return top_reasons(parts[:, :-1], values, self.columns, rules, k)

    def saved(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What a bundle keeps of the member: values for JSON, and arrays."""
        return saved_member(self.member), self.member.arrays()  # type: ignore[attr-defined,arg-type]

    def _block(self, X: np.ndarray) -> np.ndarray:
        return self._by_slice(self._whole(X), X)

    def _by_slice(self, z: np.ndarray, X: np.ndarray) -> np.ndarray:
        """Add, in place, the shift of each row's slice."""
        if self.slices is not None:
            self.slices.apply(z, X)
        return z

    def _whole(self, X: np.ndarray) -> np.ndarray:
        """Calibrated log-odds of encoded rows, without the shifts by slice."""
        z = self.member.logit(X)
        if not self.calibration.apply(z, self.added):
            raise InputError("The model gives no number for some of these rows: their values are too large for it.")
        return z

    def _parts(self, X: np.ndarray, known: np.ndarray | None = None) -> np.ndarray:
        """Contributions (n, d + 1) of the columns, the baseline last; `known` is ``self._whole(X)``."""
        parts = contributions(self.member, X)
        around = parts[0, -1] + np.array([-_STEP, 0.0, _STEP])
        self.calibration.apply(around, self.added)
        slope = max((around[2] - around[0]) / (2 * _STEP), 0.0)
        moved = bridged(parts[:, :-1], self._whole(X) if known is None else known, float(around[1]), slope)
        base = self._by_slice(np.full(X.shape[0], around[1]), X)
        return np.column_stack([np.add.reduceat(moved, self.encoder.starts, axis=1), base])

    def _grouped(self, parts: np.ndarray, rules: ReasonRules) -> np.ndarray:
        places = rules.places(self.columns).values()
        out = np.empty((parts.shape[0], len(places) + 1))
        for k, own in enumerate(places):
            out[:, k] = parts[:, own].sum(axis=1) if len(own) > 1 else parts[:, own[0]]
        out[:, -1] = parts[:, -1]
        return out

    def _own_rules(self, rules: ReasonRules | None) -> ReasonRules:
        """The rules asked for, with the groups of the scorer where they name none."""
        if rules is None:
            return self.rules
        refuse_other(rules)
        if rules.correlation != CORRELATION:
            raise InputError(
                "`correlation` groups columns on the training rows, when a bundle is written; to explain rows, list "
                "the groups instead."
            )
        rules = rules if rules.groups is not None else replace(rules, groups=self.rules.groups)
        rules.check(self.columns)
        return rules

    def _refuse_missing(self, X: np.ndarray) -> None:
        gone = np.isnan(X)
        if gone.any():
            row, column = np.argwhere(gone)[0].tolist()
            raise InputError(
                f"Column {self.encoder.column_of(column)!r} holds no value (or an unknown one) in row {row + 1:,}, "
                "and this model takes none missing. Fill it as it was filled for training."
            )


def _in_blocks(
    work: Callable[..., np.ndarray], given: Sequence[np.ndarray], shape: tuple[int, ...], *, threads: int, block: int
) -> np.ndarray:
    """``work(*given)``, which has a row for each row of the arrays given and this shape, block by block."""
    _check.whole_number(threads, "threads", low=1)
    n = shape[0]
    if 0 < n <= block:
        return work(*given)
    out = np.empty(shape)

    def part(start: int, stop: int) -> None:
        out[start:stop] = work(*(array[start:stop] for array in given))

    in_blocks(part, n, block=block, small=block, threads=threads)
    return out
