"""Damaged requests: the codec answers or refuses in a sentence; a small part of benchmarks/serving.py fuzz."""

from itertools import islice

import pytest

pytest.importorskip("orjson")

from benchmarks.serving_cases import LENGTH, cases
from tests.serving.codec import served

from rareclass.serving.answers import answer
from rareclass.serving.errors import Refused
from rareclass.serving.plain import read_plain, write_plain
from rareclass.serving.protocol.responses import write_infer
from rareclass.serving.requests import read_infer
from rareclass.serving.wire import orjson

CASES = 2_000


def outcome(case, model):
    """The refusal of a case, or None where it is answered."""
    try:
        if case.path == "/v1/score":
            request = read_plain(case.body).request(model)
            orjson.loads(write_plain(model, request, answer(model, request)))
        else:
            length = case.headers.get(LENGTH)
            request = read_infer(case.body, None if length is None else int(length), model)
            body, length = write_infer(model, request, answer(model, request))
            orjson.loads(body[:length])
    except Refused as refused:
        return refused
    return None


@pytest.mark.parametrize("name", ["mixed", "numbers"])
def test_only_refusals_escape(name):
    model, answered = served(name), 0
    for case in islice(cases(name, model.scorer.encoder.columns, seed=7), CASES):
        if not case.headers.get(LENGTH, "0").isdigit():
            continue  # which the service refuses before
        refused = outcome(case, model)
        if refused is None:
            answered += 1
            continue
        assert case.damage > 0, (refused, case)
        assert refused.status in (400, 413)
        assert refused.sentence.endswith((".", "?"))
        assert len(refused.sentence) < 600
        assert orjson.dumps({"error": refused.sentence})
    assert 0.2 < answered / CASES < 0.8
