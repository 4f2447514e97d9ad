"""The deployed model as plain arrays: rows in, log-odds, probabilities and decisions out."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np

from rareclass import _check
from rareclass._names import Names
from rareclass._types import Rows
from rareclass.decisions.costs import as_costs
from rareclass.errors import CostError, InputError
from rareclass.kernels.logits import moved_threshold, sigmoid
from rareclass.scoring.files import SCORER, Folder, damaged
from rareclass.scoring.maps import CalibrationMap, calibration_map
from rareclass.scoring.members import Member, read_member, saved_member, takes_missing
from rareclass.scoring.rows import RowEncoder
from rareclass.scoring.saved import UNFIT, flag, number, refuse_unlike

_HELPERS: Names[Any] = Names(
    "helper", {"compile": "rareclass.scoring.compiling:compile_model", "load": "rareclass.scoring.slow:load_uncompiled"}
)
"""What needs training libraries, imported when it is called for."""
_BLOCK = 4_096
"""Rows that one thread scores at a time: what they need stays in its cache."""


class Raw(Protocol):
    """What gives log-odds (n,) of encoded rows, before the way back and the calibration."""

    def logit(self, X: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True)
class Cut:
    """How probabilities become decisions: a threshold for all rows, or each row by its own costs."""

    threshold: float
    per_row: bool = False
    shift: float = 0.0  # log-odds by which the prevalence has moved
    by_entity: bool = False

    @classmethod
    def of(cls, saved: Mapping[str, Any]) -> Self:
        """The cut of a saved decision (`Decision.to_dict`)."""
        saved = {"per_row": False, "shift": 0.0, "parameters": {}, **saved}
        per_row, threshold = flag(saved, "per_row"), saved["threshold"]
        if threshold in ("inf", "-inf"):
            threshold = float(threshold)
        elif threshold is None and per_row:
            threshold = float("nan")
        else:
            threshold = number(saved, "threshold", low=0.0, high=1.0)
        by_entity = flag({"by_entity": False} | saved["parameters"], "by_entity")
        return cls(threshold, per_row, number(saved, "shift"), by_entity)

    def flag(self, probability: np.ndarray, costs: Any) -> np.ndarray:
        """Which rows are flagged (n,)."""
        if self.by_entity:
            raise InputError(
                "This decision's budget counts entities, which rows alone do not tell. Use `Bundle.model.predict` with "
                "`entities` and `periods`."
            )
        if not self.per_row:
            if costs is not None:
                raise CostError("This decision uses one threshold for all rows; leave the costs out.")
            return np.asarray(probability >= self.threshold, dtype=bool)
        if costs is None:
            raise CostError(
                "This decision weighs each row by its own costs, which were not given: pass those of these rows as "
                "`costs`."
            )
        own = as_costs(costs, n=probability.size)
        with np.errstate(invalid="ignore"):
            return np.asarray(probability >= moved_threshold(own.threshold, -self.shift), dtype=bool)


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
        why_not: str = "",
    ) -> None:
        self.why_not = why_not
        self.encoder, self.member, self.added = encoder, member, added
        self.calibration, self.cut = calibration, cut
        self._needs_values = self.exact and not takes_missing(member)
        if isinstance(member, Member) and member.columns_read > encoder.width:
            raise InputError(
                f"The scorer reads {member.columns_read} columns of rows that have {encoder.width}; it is damaged."
            )

    @classmethod
    def from_model(cls, model: Any, rows: Rows | None = None) -> "Scorer":
        """Compile a fitted `RareClassifier` of one rare class, and compare the two.

        Parameters
        ----------
        model : RareClassifier
        rows : table, optional
            Rows to compare on, those of training best; rows with missing, unknown and extreme values are added.

        Raises
        ------
        InputError
            The model is not fitted, or has more than two classes.
        """
        return _HELPERS["compile"](model, rows)

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
                member: Raw = read_member(state["scorer"], folder.arrays(SCORER))
            else:
                member = _HELPERS["load"](folder) if learner is None else learner
            arm = {"level": 0.0} | state["arm"]
            scorer = cls(
                encoder=RowEncoder(state["encoder"]),
                member=member,
                added=number(arm, "shift") + number(arm, "level"),
                calibration=calibration_map(state["calibrator"]),
                cut=Cut.of(state["decision"]),
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

    def encoded(self, rows: Rows) -> Any:
        """A table as the matrix that members read, with counts of what training never saw (`Encoded`)."""
        return self.encoder.encoded(rows)

    def logit_of(self, X: np.ndarray, *, threads: int = 1) -> np.ndarray:
        """Calibrated log-odds (n,) of encoded rows (n, d), float64 in row order."""
        _check.whole_number(threads, "threads", low=1)
        if self._needs_values:
            self._refuse_missing(X)
        n = X.shape[0]
        if n == 0:
            return np.empty(0)
        if n <= _BLOCK or not self.exact:
            return self._block(X)
        parts = [slice(start, start + _BLOCK) for start in range(0, n, _BLOCK)]
        out = np.empty(n)

        def work(part: slice) -> None:
            out[part] = self._block(X[part])

        if threads == 1:
            for part in parts:
                work(part)
        else:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(work, parts))
        return out

    def saved(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What a bundle keeps of the member: values for JSON, and arrays."""
        return saved_member(self.member), self.member.arrays()  # type: ignore[attr-defined,arg-type]

    def _block(self, X: np.ndarray) -> np.ndarray:
        z = self.member.logit(X)
        if not self.calibration.apply(z, self.added):
            raise InputError("The model gives no number for some of these rows: their values are too large for it.")
        return z

    def _refuse_missing(self, X: np.ndarray) -> None:
        gone = np.isnan(X)
        if gone.any():
            row, column = np.argwhere(gone)[0]
            raise InputError(
                f"Column {self.encoder.column_of(int(column))!r} holds no value (or an unknown one) in row {row}, and "
                "this model takes none missing. Fill it as it was filled for training."
            )
