"""Whether a graph says what the scorer says: on rows at hand, and on rows made to be hard."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from rareclass._lazy import need
from rareclass.errors import InputError
from rareclass.kernels.logits import apart, logit, sigmoid
from rareclass.scoring.export.columns import OUTPUTS, typed
from rareclass.scoring.scorer import Scorer

TOLERANCE = 1e-6
"""How far the two may be `apart`."""
_ALONE, _FEW = 60, 7


def session(content: bytes, threads: int = 0) -> Any:
    """An ONNX file as onnxruntime runs it on the processor; 0 threads leave their number to it."""
    runtime = need("onnxruntime", extra="onnx")
    options = runtime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, threads  # errors only
    return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


class Answers:
    """A graph as onnxruntime answers it: typed rows to log-odds, probability and alert (n,)."""

    def __init__(self, content: bytes, threads: int = 0) -> None:
        self._session = session(content, threads)

    def __call__(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return dict(zip(OUTPUTS, self._session.run(list(OUTPUTS), dict(feeds)), strict=True))


Ask = Callable[[Mapping[str, np.ndarray]], dict[str, np.ndarray]]


def refuse_difference(scorer: Scorer, ask: Ask, tables: Iterable[pa.Table]) -> None:
    """Raise where a graph and the scorer differ on these tables: all rows together, a few, one, or with one thread.

    Raises
    ------
    InputError
        Log-odds differ by more than `TOLERANCE`; the sentence names the columns. Or an alert does.
    """
    for table in tables:
        _refuse(scorer, ask, table)
        for size, most in ((1, _ALONE), (_FEW, 10 * _FEW)):
            for start in range(0, min(most, table.num_rows), size):
                _refuse(scorer, ask, table.slice(start, size))


def _refuse(scorer: Scorer, ask: Ask, table: pa.Table) -> None:
    wanted, found = _asked(scorer, ask, table)
    off = apart(found["logit"], wanted)
    if (off > TOLERANCE).any():
        worst = int(np.argmax(off))
        raise InputError(
            f"The graph's log-odds differ from the scorer's in {int((off > TOLERANCE).sum()):,} of {off.size:,} rows "
            f"({found['logit'][worst]:.9g} instead of {wanted[worst]:.9g}), by {_columns(scorer, ask, table, off)}; it "
            "was not written. Serve the bundle itself, and report this."
        )
    threshold = float(logit(np.clip(scorer.cut.threshold, 0.0, 1.0)))
    clear = apart(wanted, np.full(wanted.size, threshold)) > TOLERANCE
    if (found["alert"] != scorer.flag(sigmoid(wanted)))[clear].any():
        raise InputError("The graph decides otherwise than the scorer on some rows; it was not written.")


def _asked(scorer: Scorer, ask: Ask, table: pa.Table) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Log-odds (n,) of the scorer, NaN where it refuses a row, and what the graph says."""
    try:
        wanted = scorer.logit(table)
    except InputError:  # a value is missing, or too large
        wanted = np.array([_alone(scorer, table.slice(i, 1)) for i in range(table.num_rows)])
    return wanted, ask(typed(table, scorer.encoder))


def _alone(scorer: Scorer, row: pa.Table) -> float:
    try:
        return float(scorer.logit(row)[0])
    except InputError:
        return float("nan")


def _columns(scorer: Scorer, ask: Ask, table: pa.Table, off: np.ndarray) -> str:
    """Which columns make the worst row differ: those whose value in the best row, taken alone, at least halves it."""
    names = scorer.columns
    rows = np.full((len(names), len(names)), int(np.argmax(off)))
    np.fill_diagonal(rows, int(np.argmin(off)))
    mixed = pa.table({name: table[name].take(pa.array(row)) for name, row in zip(names, rows, strict=True)})
    wanted, found = _asked(scorer, ask, mixed)
    far = apart(found["logit"], wanted)
    guilty = [repr(name) for name, left in zip(names, far) if left <= off.max() / 2]
    return ("the column " if len(guilty) == 1 else "the columns ") + ", ".join(guilty or map(repr, names))
