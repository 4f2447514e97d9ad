"""A graph that says something else is refused, and the columns that make it differ are named."""

import numpy as np
import pyarrow as pa
import pytest
from tests.scoring.test_scorer import fitted, table

from rareclass.errors import InputError
from rareclass.scoring import Scorer
from rareclass.scoring.export.checking import Answers, refuse_difference
from rareclass.scoring.export.hard_rows import hard_tables
from rareclass.scoring.export.to_onnx import onnx_graph

pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def exported():
    scorer = Scorer.from_model(*fitted("lightgbm", ["x", "shop", "ok"]))
    return scorer, Answers(onnx_graph(scorer, {}).SerializeToString())


def test_the_graph_of_a_scorer_is_equal_to_it(exported):
    scorer, ask = exported
    refuse_difference(scorer, ask, [*hard_tables(scorer, {}), table(300, seed=1)[0]])


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (lambda feeds: feeds | {"x": feeds["x"].astype(np.float32).astype(float) + 1e-3}, "by the column 'x';"),
        (lambda feeds: feeds | {"shop": np.where(feeds["shop"] == "b", "a", feeds["shop"])}, "by the column 'shop';"),
    ],
)
def test_a_difference_names_the_columns(exported, wrong, named):
    scorer, ask = exported
    with pytest.raises(InputError, match=named):
        refuse_difference(scorer, lambda feeds: ask(wrong(feeds)), hard_tables(scorer, {}))


def test_one_row_that_is_answered_otherwise_alone_is_refused(exported):
    scorer, ask = exported

    def alone(feeds):
        found = ask(feeds)
        return found | {"logit": found["logit"] + 1e-3 * (found["logit"].size == 1)}

    with pytest.raises(InputError, match="in 1 of 1 rows"):
        refuse_difference(scorer, alone, hard_tables(scorer, {}))


def test_another_decision_is_refused(exported):
    scorer, ask = exported
    with pytest.raises(InputError, match="decides otherwise"):
        refuse_difference(scorer, lambda feeds: ask(feeds) | {"alert": np.ones(len(feeds["x"]), bool)}, [pa_rows()])


def pa_rows():
    return pa.table({"x": [0.0, -9.0], "shop": ["a", "zzz"], "ok": [True, None]})
