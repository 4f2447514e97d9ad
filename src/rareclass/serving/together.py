"""Small requests that wait at the same moment are scored together: one pass over the model for all of their rows."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from typing import Protocol

import numpy as np

from rareclass.errors import RareclassError
from rareclass.kernels.logits import sigmoid

MOST_ROWS = 256
"""Rows that are scored in one turn of the event loop."""


class Scores(Protocol):
    """What gives log-odds (n,) of encoded rows (n, width), each row's the same alone and among others."""

    def logit_of(self, X: np.ndarray, /, *, threads: int = 1) -> np.ndarray: ...


Scored = tuple[np.ndarray, np.ndarray]
"""Log-odds and probabilities (n,)."""
Then = Callable[[Scored | None], None]
"""Takes those of a request; None where its rows are still to be scored, alone."""
_Asked = tuple[Scores, np.ndarray, Then]


class Together:
    """Scores what came in one turn of the event loop in the next, by model."""

    def __init__(self) -> None:
        self._waiting: list[_Asked] = []

    def ask(self, scorer: Scores, X: np.ndarray, then: Then) -> None:
        """Tell `then` those of the rows X (n, width), in the next turn."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._score)
        self._waiting.append((scorer, X, then))

    async def scored(self, scorer: Scores, X: np.ndarray) -> Scored:
        """Those of the rows X (n, width); raises what ``scorer.logit_of`` raises."""
        future: asyncio.Future[Scored | None] = asyncio.get_running_loop().create_future()

        def then(known: Scored | None) -> None:
            if not future.done():  # its client may have left
                future.set_result(known)

        self.ask(scorer, X, then)
        found = await future
        return scored(scorer, X) if found is None else found

    def _score(self) -> None:
        scorer = self._waiting[0][0]
        group: list[_Asked] = []
        rest: list[_Asked] = []
        rows = 0
        for entry in self._waiting:
            if entry[0] is scorer and (not group or rows + len(entry[1]) <= MOST_ROWS):
                group.append(entry)
                rows += len(entry[1])
            else:
                rest.append(entry)
        self._waiting = rest
        if rest:
            asyncio.get_running_loop().call_soon(self._score)
        found = None
        try:
            if len(group) > 1:
                with contextlib.suppress(RareclassError):  # of which request, is seen when each is scored alone
                    found = scored(scorer, np.concatenate([X for _, X, _ in group]))
        finally:
            told: deque[tuple[Then, Scored | None]] = deque()
            start = 0
            for _, X, then in group:
                end = start + len(X)
                told.append((then, None if found is None else (found[0][start:end], found[1][start:end])))
                start = end
            _tell(told)


def _tell(told: deque[tuple[Then, Scored | None]]) -> None:
    """Tell each its own; an error of one is the event loop's to report, and the others are told in the next turn."""
    try:
        while told:
            then, known = told.popleft()
            then(known)
    finally:
        if told:
            asyncio.get_running_loop().call_soon(_tell, told)


def scored(scorer: Scores, X: np.ndarray, **more: int) -> Scored:
    """Log-odds and probabilities of rows; `more` as `Scorer.logit_of` takes it."""
    logit = scorer.logit_of(X, **more)
    return logit, sigmoid(logit)
