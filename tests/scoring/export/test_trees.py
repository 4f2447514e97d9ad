"""Trees as a node of a graph score every row as flat trees do: one row, a few, many, and with any number of threads."""

import numpy as np
import pytest
from tests.kernels.test_trees import random_trees, rows

from rareclass.scoring.export.checking import session
from rareclass.scoring.export.graph import Graph, Value
from rareclass.scoring.export.trees import score

pytest.importorskip("onnxruntime")

SIZES = {"stumps": [2] * 9, "leaves alone": [1, 4, 1], "none": [], "few": [5, 17], "many": [31] * 120, "one": [9]}


def answered(trees, X, threads=1, codes=None):
    graph = Graph({"X", "y"})
    graph.inputs.append(graph.onnx.helper.make_tensor_value_info("X", graph.kind(float), ["n", X.shape[1]]))
    graph.output(score(trees, Value(graph, "X"), codes or {}), "y", float, "")
    run = session(graph.model({}, "").SerializeToString(), threads)
    few = [run.run(None, {"X": X[i : i + size]})[0] for size in (1, 7) for i in range(0, 70, size)]
    return run.run(None, {"X": X})[0], np.concatenate(few)


@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES.keys())
@pytest.mark.parametrize("sets", [0, 3, 20])
def test_every_row_has_the_score_of_the_flat_trees(sizes, sets):
    trees, X = random_trees(3, sizes, sets=sets, bias=0.5, divisor=3.0), rows(3, 900)
    wanted = trees.score(X)
    for threads in (1, 3):
        whole, few = answered(trees, X, threads)
        np.testing.assert_allclose(whole, wanted, rtol=0, atol=1e-12)
        np.testing.assert_allclose(few, np.tile(wanted[:70], 2), rtol=0, atol=1e-12)


def test_numbers_that_count_as_missing_go_where_missing_ones_go():
    gap = [[-1e-35, 1e-35], [np.inf, -np.inf], [0.25, 1.0], [-1.5, -1.5]]
    trees, X = random_trees(5, [12] * 20, gap=np.array(gap)), rows(5, 900)
    whole, _ = answered(trees, X)
    np.testing.assert_allclose(whole, trees.score(X), rtol=0, atol=1e-12)
    assert np.abs(whole - random_trees(5, [12] * 20).score(X)).max() > 0.1


def test_sums_in_float32_are_rounded_tree_by_tree():
    trees, X = random_trees(7, [8] * 300, bias=np.float32(-4.7), single=True), rows(7, 900)
    values = trees.value.astype(np.float32).astype(np.float64)
    trees = type(trees).from_arrays({**trees.arrays(), "value": values})
    whole, few = answered(trees, X, threads=2)
    np.testing.assert_array_equal(whole, trees.score(X))
    np.testing.assert_array_equal(few, np.tile(trees.score(X[:70]), 2))
    exact = type(trees).from_arrays({**trees.arrays(), "single": np.asarray(False)})
    assert np.abs(exact.score(X) - whole).max() > 1e-6


def test_sets_need_no_more_than_the_codes_that_a_column_has():
    trees, X = random_trees(9, [12] * 20), rows(9, 900)
    X = np.where(np.isnan(X), np.nan, np.floor(np.clip(np.abs(X), 0, 6)))
    whole, _ = answered(trees, X, codes=dict.fromkeys(range(4), 7))
    np.testing.assert_allclose(whole, trees.score(X), rtol=0, atol=1e-12)
