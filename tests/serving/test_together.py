"""Requests that wait together get what each would get alone."""

import asyncio

import numpy as np
import pytest

from rareclass.errors import InputError
from rareclass.kernels.logits import sigmoid
from rareclass.serving.together import MOST_ROWS, Together


class Doubler:
    """Twice the first column; refuses rows that hold NaN."""

    def __init__(self):
        self.calls = []

    def logit_of(self, X):
        self.calls.append(len(X))
        if np.isnan(X).any():
            raise InputError("a value is missing")
        return 2 * X[:, 0]


def ask(*requests):
    async def all_at_once():
        together = Together()
        asked = [asyncio.ensure_future(together.scored(scorer, X)) for scorer, X in requests]
        return [_logits(found) for found in await asyncio.gather(*asked, return_exceptions=True)]

    return asyncio.run(all_at_once())


def _logits(found):
    """The log-odds of an answer, whose probabilities are theirs."""
    if isinstance(found, BaseException):
        return found
    logit, probability = found
    np.testing.assert_array_equal(probability, sigmoid(logit))
    return logit


def test_each_gets_its_own_rows_from_one_pass_a_model():
    a, b = Doubler(), Doubler()
    sizes = [1, 3, 2, 0, 1]
    matrices = [np.full((n, 2), float(i)) for i, n in enumerate(sizes)]
    found = ask(*[(a if i % 2 == 0 else b, X) for i, X in enumerate(matrices)])
    for i, values in enumerate(found):
        assert values.tolist() == [2.0 * i] * sizes[i]
    assert a.calls == [4]
    assert b.calls == [3]


def test_a_wrong_request_takes_no_other_with_it():
    scorer = Doubler()
    found = ask((scorer, np.ones((1, 2))), (scorer, np.full((1, 2), np.nan)), (scorer, np.zeros((2, 2))))
    assert found[0].tolist() == [2.0]
    assert isinstance(found[1], InputError)
    assert found[2].tolist() == [0.0, 0.0]


def test_no_turn_scores_more_rows_than_its_share():
    scorer = Doubler()
    found = ask(*[(scorer, np.full((MOST_ROWS // 2 + 1, 1), float(i))) for i in range(5)])
    assert [values[0] for values in found] == [0.0, 2.0, 4.0, 6.0, 8.0]
    assert max(scorer.calls) <= MOST_ROWS


def test_a_client_that_left_is_passed_over():
    scorer = Doubler()

    async def leave():
        together = Together()
        asked = [asyncio.ensure_future(together.scored(scorer, np.full((1, 1), float(i)))) for i in range(3)]
        await asyncio.sleep(0)
        asked[1].cancel()
        return [_logits(found) for found in await asyncio.gather(*asked, return_exceptions=True)]

    found = asyncio.run(leave())
    assert found[0].tolist() == [0.0]
    assert isinstance(found[1], asyncio.CancelledError)
    assert found[2].tolist() == [4.0]


@pytest.mark.parametrize("count", [1, 7])
def test_requests_one_after_the_other(count):
    scorer = Doubler()

    async def in_turn():
        together = Together()
        return [float((await together.scored(scorer, np.full((1, 1), float(i))))[0][0]) for i in range(count)]

    assert asyncio.run(in_turn()) == [2.0 * i for i in range(count)]
