"""Functions `fit_predict(X_train, y_train, X_test)`, and those that take `y_test` too, by probes."""

import inspect
from collections.abc import Callable
from functools import partial

import numpy as np

from rareclass._types import Rows
from rareclass.audit.answers import Target
from rareclass.audit.probes import Asked, probe_rows, rows_of
from rareclass.evaluation.faults import finding
from rareclass.evaluation.results import Finding

SAME = 1e-6
CHOICES = 3
"""Draws of the test labels: a choice among few may come out the same."""
CALLS = 7
"""Calls of each kind before a move is believed: answers of one kind fall apart so in one draw of 6,435 at most."""


def predictor_findings(
    function: Callable, X: Rows, target: Target, units: np.ndarray, far: np.ndarray, *, seed: int = 0
) -> list[Finding]:
    """Probe a function that fits on a training part and scores a test part.

    Parameters
    ----------
    function : callable (X_train, y_train, X_test) or (X_train, y_train, X_test, y_test)
        Returns scores, probabilities or labels of the test rows.
    X : rows (n, d)
    target : Target
    units : int array (n,)
        What stays together: equal rows, groups.
    far : float array (n,)
        How far each row is from the middle of the table.
    """
    rng = np.random.default_rng(seed)
    rows = probe_rows(target.event, units, rng)
    halves = rng.permutation(np.unique(units[rows]))
    test = np.isin(units[rows], halves[: halves.size // 3])
    train, test = rows[~test], rows[test]
    asked = Asked(function)
    probe = _Probe(asked, X, target, train, test)
    _probe_all(probe, far, rng)
    if asked.calls and not asked.answered:
        asked.found.append(finding("not-probed", "the function failed on every probe"))
    return asked.found


class _Probe:
    """One function, one split; what is left out of a call is as the split says."""

    def __init__(self, asked: Asked, X: Rows, target: Target, train: np.ndarray, test: np.ndarray) -> None:
        self.asked, self.X, self.target, self.train, self.test = asked, X, target, train, test
        self.takes_labels = takes(asked.function) == 4

    def scores(
        self,
        what: str,
        *,
        train: np.ndarray | None = None,
        learned: np.ndarray | None = None,
        test: np.ndarray | None = None,
        judged: np.ndarray | None = None,
    ) -> np.ndarray | None:
        """Scores of the test rows; `learned` and `judged` are other events of the training and test rows."""
        train, test = (self.train if train is None else train), (self.test if test is None else test)
        given = [rows_of(self.X, train), self._labels(train, learned), rows_of(self.X, test)]
        if self.takes_labels:
            given.append(self._labels(test, judged))
        answer = self.asked.call(what, *given)
        found = self.target.scores(answer, test.size)
        if answer is not None and found is None:
            said = f"{what}: {test.size} finite scores were expected, one for each test row"
            self.asked.add("probe-failed", said)
        return found

    def _labels(self, rows: np.ndarray, event: np.ndarray | None) -> object:
        part = self.target.take(rows)
        return part.y if event is None else part.make(event)


def _probe_all(probe: _Probe, far: np.ndarray, rng: np.random.Generator) -> None:
    event = probe.target.event[probe.test]
    plain = probe.scores("the rows as they are")
    if plain is None or not probe.takes_labels or not _test_labels_count(probe, plain, rng.permutation(event)):
        judged = probe.target.event[probe.test]
        what = "other rows beside the test rows"
        row_by_row(lambda rows: probe.scores(what, test=rows, judged=judged), probe.asked, probe.test, far)
    half = np.sort(rng.choice(probe.train, probe.train.size // 2, replace=False))
    learned = rng.permutation(probe.target.event[half])
    other = probe.scores("half of the training rows, with labels at random", train=half, learned=learned)
    if plain is not None and other is not None and np.unique(plain).size > 1 and gap(plain, other) < SAME:
        said = f"half of the training rows with other labels leave all {plain.size} predictions as they were"
        probe.asked.add("model-fitted-outside", said)


def row_by_row(
    score: Callable[[np.ndarray], np.ndarray | None], asked: Asked, test: np.ndarray, far: np.ndarray
) -> None:
    """Replace one half of the test part by copies of its most extreme row; the other half must score as before.

    Parameters
    ----------
    score : callable (row numbers) -> scores or None
    asked : Asked
        Where a finding goes.
    test : int array
    far : float array (n,)
        How far each row is from the middle of the table.
    """
    kept = np.arange(test.size) % 2 == 0
    rows = np.where(kept, test, test[np.argmax(far[test])])
    moved, _ = _Moves(score(test), lambda: score(test), kept).by(lambda: score(rows))
    if moved > 0:
        said = f"{moved:.0%} of {int(kept.sum())} predictions moved when the other half of the test rows was replaced"
        asked.add("predictions-depend-on-test-rows", said)


class _Moves:
    """Which share of the kept rows' scores another call moves, beyond what equal calls differ.

    A function may draw at random, or choose among few, so three answers tell little: a move that they show is
    believed when further calls of both kinds lie nearer to their own kind than to the other, one and all.
    """

    def __init__(self, first: np.ndarray | None, call: Callable[[], np.ndarray | None], kept: np.ndarray) -> None:
        self.call, self.kept = call, kept
        self.first, self.again = first, call()

    def by(self, call: Callable[[], np.ndarray | None]) -> tuple[float, np.ndarray | None]:
        """Share of the kept rows that `call` moves, 0 where that may be chance or a call fails; its first answer."""
        plain, again, other = self.first, self.again, call()
        if plain is None or again is None or other is None:
            return 0.0, other
        kept, spread, noise = self.kept, max(float(np.ptp(plain)), 1e-300), gap(plain, again)
        if gap(plain[kept], other[kept], spread) <= max(SAME, 3 * noise):
            return 0.0, other
        plains, others = [plain, again], [other]
        while len(others) < CALLS:
            for kind, answer in ((others, call()), (plains, self.call())):
                if answer is None:
                    return 0.0, other
                kind.append(answer)
            if not _apart(np.array(plains)[:, kept], np.array(others)[:, kept]):
                return 0.0, other
        return float(np.mean(np.abs(plain - other)[kept] > max(SAME, noise) * spread)), other


def _apart(one: np.ndarray, two: np.ndarray) -> bool:
    """Whether answers (calls, rows) of two kinds lie nearer to all of their own kind than to any of the other."""

    def wide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.abs(a[:, None] - b[None]).mean(axis=2)

    return bool(wide(one, two).min() > max(wide(one, one).max(), wide(two, two).max()))


def _test_labels_count(probe: _Probe, plain: np.ndarray, judged: np.ndarray) -> bool:
    """Whether predictions move with the test labels, and how."""
    moves = _Moves(plain, lambda: probe.scores("the same call again"), np.ones(plain.size, dtype=bool))
    for turn in range(CHOICES):
        drawn = np.roll(judged, turn * (plain.size // CHOICES))
        moved, other = moves.by(partial(probe.scores, "test labels at random", judged=drawn))
        if other is None:
            return False
        if moved > 0:
            break
    else:
        return False
    said = f"{moved:.0%} of {plain.size} predictions moved when the test labels were drawn at random"
    if np.unique(plain).size <= 2:
        probe.asked.add("threshold-on-judged-rows", said)
    elif in_one_order(plain, other):
        probe.asked.add("calibrated-on-judged-rows", f"{said}, in the same order")
    else:
        probe.asked.add("test-part-used-twice", said)
    return True


def gap(a: np.ndarray, b: np.ndarray, spread: float | None = None) -> float:
    """Mean absolute difference in units of the range of scores."""
    wide = max(float(np.ptp(a)), 1e-300) if spread is None else spread
    return float(np.abs(a - b).mean() / wide)


def in_one_order(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether one score rises, or falls, with the other, ties aside.

    Examples
    --------
    >>> in_one_order(np.array([1.0, 2.0, 3.0]), np.array([0.1, 0.1, 0.9]))
    True
    """
    for sign in (1, -1):
        steps = np.diff((sign * b)[np.lexsort((sign * b, a))])
        if (steps >= -1e-12).all():
            return True
    return False


def takes(function: Callable) -> int:
    """Number of arguments without default that a function takes by position; -1 where it cannot be read."""
    try:
        given = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return -1
    plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [p for p in given if p.kind in plain and p.default is inspect.Parameter.empty]
    return sum(p.name not in ("groups", "times") for p in needed)
