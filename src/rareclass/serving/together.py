"""Small requests that wait at the same moment are scored together: one pass over the model for all of their rows."""

import asyncio
import contextlib
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
_Asked = tuple[Scores, np.ndarray, asyncio.Future[Scored | None]]


class Together:
    """Scores what came in one turn of the event loop in the next, by model."""

    def __init__(self) -> None:
        self._waiting: list[_Asked] = []

    async def scored(self, scorer: Scores, X: np.ndarray) -> Scored:
        """Those of the rows X (n, width); raises what ``scorer.logit_of`` raises."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._score)
        future: asyncio.Future[Scored | None] = loop.create_future()
        self._waiting.append((scorer, X, future))
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
            start = 0
            for _, X, future in group:
                end = start + len(X)
                if not future.done():  # its client may have left
                    future.set_result(None if found is None else (found[0][start:end], found[1][start:end]))
                start = end


def scored(scorer: Scores, X: np.ndarray, **more: int) -> Scored:
    """Log-odds and probabilities of rows; `more` as `Scorer.logit_of` takes it."""
    logit = scorer.logit_of(X, **more)
    return logit, sigmoid(logit)
