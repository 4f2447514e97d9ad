"""Arithmetic of graphs against NumPy's, in double precision out to the tails."""

import numpy as np
import pytest

from rareclass.kernels import logits
from rareclass.scoring.export import graph as g
from rareclass.scoring.export.checking import session

pytest.importorskip("onnxruntime")

FAR = np.concatenate([[0.0, -0.0, 1e-300, 1e300, -1e300, 709.0, -745.0], np.random.default_rng(0).normal(size=50) * 40])


def answered(made, x):
    """What a function of a value gives for the rows of x (n, k)."""
    graph = g.Graph({"x", "y"})
    kind = graph.kind(x.dtype.type)
    graph.inputs.append(graph.onnx.helper.make_tensor_value_info("x", kind, ["n", x.shape[1]]))
    graph.node("Identity", made(g.Value(graph, "x")), to_name="y")
    graph.outputs.append(graph.onnx.helper.make_tensor_value_info("y", graph.kind(float), None))
    return session(graph.model({}, "").SerializeToString()).run(None, {"x": x})[0]


@pytest.mark.parametrize(
    ("ours", "numpys", "x"),
    [
        (g.arcsinh, np.arcsinh, FAR),
        (g.arcsinh, np.arcsinh, FAR * 1e-12),
        (g.log1p, np.log1p, np.abs(FAR)),
        (g.log1p, np.log1p, np.clip(FAR, -1, 1) * 1e-9),
        (g.softplus, logits.softplus, FAR),
        (g.sigmoid, logits.sigmoid, FAR),
        (g.logit, logits.logit, np.linspace(1e-9, 1 - 1e-9, 99)),
        (g.exp, np.exp, np.clip(FAR, -700, 700)),
    ],
)
def test_functions_are_those_of_numpy_to_the_last_digits(ours, numpys, x):
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(answered(ours, x[:, None])[:, 0], numpys(x), rtol=1e-14, atol=1e-300)


def test_operators_take_arrays_and_numbers_on_both_sides():
    x = np.array([[3.0, -2.0]])
    found = answered(lambda v: (np.array([[1.0, 2.0]]) - v) * 2.0 + 1.0 / v - (-v) / np.array([4.0]), x)
    np.testing.assert_array_equal(found, (np.array([[1.0, 2.0]]) - x) * 2.0 + 1.0 / x + x / 4.0)


def test_points_are_counted_and_joined_by_lines_in_each_column():
    rng = np.random.default_rng(0)
    parts = [np.unique(rng.normal(size=size)) for size in (1, 2, 5, 64, 100)]
    values = [rng.normal(size=part.size) for part in parts]
    at, value, begin = np.concatenate(parts), np.concatenate(values), np.cumsum([0, *(p.size for p in parts)])
    x = np.concatenate(
        [rng.normal(size=(60, 5)) * 2, [[p[0] for p in parts], [p[-1] for p in parts]], np.full((1, 5), 1e300)]
    )
    counted = answered(lambda v: g.place(v, at, begin).as_kind(float), x)
    joined = answered(lambda v: g.interpolated(v, at, value, begin), x)
    for j, (points, heights) in enumerate(zip(parts, values)):
        np.testing.assert_array_equal(counted[:, j], np.searchsorted(points, x[:, j], side="right"))
        np.testing.assert_allclose(joined[:, j], np.interp(x[:, j], points, heights), rtol=1e-13, atol=1e-13)
