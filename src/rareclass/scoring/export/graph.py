"""ONNX graphs written as arithmetic: a `Value` is what a node gives, and operators on it add nodes."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np

from rareclass._lazy import need

OPSET, ML_OPSET, IR = 18, 5, 10
"""With trees in double precision, which onnxruntime 1.20 lacks; 1.21 to 1.23 answer some large models wrongly."""
ML = "ai.onnx.ml"
_LARGE = 1e150
"""Beyond, squares would overflow, and one added to them changes nothing."""


@dataclass(frozen=True, eq=False)
class Value:
    """What a node of a graph gives: an array of doubles (n, k), n rows, unless another kind is said."""

    __array_ufunc__ = None  # NumPy's arrays leave operators with a `Value` to it

    graph: "Graph"
    name: str

    def _with(self, kind: str, other: Any, *, swapped: bool = False) -> "Value":
        pair = (other, self) if swapped else (self, other)
        return self.graph.node(kind, *pair)

    def __add__(self, other: Any) -> "Value":
        return self._with("Add", other)

    def __radd__(self, other: Any) -> "Value":
        return self._with("Add", other, swapped=True)

    def __sub__(self, other: Any) -> "Value":
        return self._with("Sub", other)

    def __rsub__(self, other: Any) -> "Value":
        return self._with("Sub", other, swapped=True)

    def __mul__(self, other: Any) -> "Value":
        return self._with("Mul", other)

    def __rmul__(self, other: Any) -> "Value":
        return self._with("Mul", other, swapped=True)

    def __truediv__(self, other: Any) -> "Value":
        return self._with("Div", other)

    def __rtruediv__(self, other: Any) -> "Value":
        return self._with("Div", other, swapped=True)

    def __neg__(self) -> "Value":
        return self.graph.node("Neg", self)

    def __matmul__(self, other: Any) -> "Value":
        return self._with("MatMul", other)

    def __mod__(self, other: Any) -> "Value":
        """As Python's, for whole numbers."""
        return self._with("Mod", other)

    def __lt__(self, other: Any) -> "Value":
        return self._with("Less", other)

    def __le__(self, other: Any) -> "Value":
        return self._with("LessOrEqual", other)

    def __gt__(self, other: Any) -> "Value":
        return self._with("Greater", other)

    def __ge__(self, other: Any) -> "Value":
        return self._with("GreaterOrEqual", other)

    def equals(self, other: Any) -> "Value":
        """Where both are the same (Boolean)."""
        return self._with("Equal", other)

    def __and__(self, other: Any) -> "Value":
        return self._with("And", other)

    def is_missing(self) -> "Value":
        """Where it is NaN (Boolean)."""
        return self.graph.node("IsNaN", self)

    def as_kind(self, kind: type) -> "Value":
        """Converted to float, np.float32, np.int64 or bool; numbers are cut towards zero."""
        return self.graph.node("Cast", self, to=self.graph.kind(kind))

    def total(self) -> "Value":
        """The sum of each row (n, 1)."""
        return self.graph.node("ReduceSum", self, np.array([1]), keepdims=1)

    def at(self, columns: Any) -> "Value":
        """Columns by number."""
        return self.graph.node("Gather", self, np.asarray(columns, dtype=np.int64), axis=1)

    def shaped(self, *shape: int) -> "Value":
        """In another shape; -1 is what remains."""
        return self.graph.node("Reshape", self, np.array(shape, dtype=np.int64))


@dataclass(eq=False)
class Graph:
    """A graph that grows.

    Parameters
    ----------
    taken : names
        Names of inputs and outputs, which no value between them may have.
    """

    taken: Collection[str] = ()
    nodes: list[Any] = field(default_factory=list)
    inputs: list[Any] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)
    constants: dict[tuple[str, tuple[int, ...], bytes], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._numbers = count()
        self.onnx = need("onnx", extra="onnx")

    def kind(self, kind: type) -> int:
        """ONNX's number of a kind of values; `str` and NumPy's types."""
        found: int = self.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(object if kind is str else kind))
        return found

    def input(self, name: str, kind: type, about: str) -> Value:
        """An input of the shape (n, 1)."""
        info = self.onnx.helper.make_tensor_value_info(name, self.kind(kind), ["n", 1], about)
        self.inputs.append(info)
        return Value(self, name)

    def output(self, value: Value, name: str, kind: type, about: str) -> None:
        """An output of the shape (n,)."""
        self.node("Reshape", value, np.array([-1]), to_name=name)
        self.outputs.append(self.onnx.helper.make_tensor_value_info(name, self.kind(kind), ["n"], about))

    def node(self, op: str, *given: Any, domain: str = "", to_name: str | None = None, **attributes: Any) -> Value:
        """What an operator gives of values, arrays and numbers."""
        names = [part.name if isinstance(part, Value) else self.constant(part).name for part in given]
        name = self._free() if to_name is None else to_name
        self.nodes.append(self.onnx.helper.make_node(op, names, [name], domain=domain, **attributes))
        return Value(self, name)

    def constant(self, array: Any) -> Value:
        """An array; Python's numbers are doubles. Equal ones are kept once."""
        array = np.asarray(array, dtype=np.float64) if isinstance(array, int | float) else np.asarray(array)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self.constants:
            self.constants[key] = self.onnx.numpy_helper.from_array(array, self._free())
        return Value(self, self.constants[key].name)

    def tensor(self, array: np.ndarray) -> Any:
        """An array as the attribute of a node."""
        return self.onnx.numpy_helper.from_array(array)

    def side_by_side(self, values: list[Value]) -> Value:
        """Columns of several values."""
        return values[0] if len(values) == 1 else self.node("Concat", *values, axis=1)

    def model(self, said: Mapping[str, str], about: str) -> Any:
        """The finished model with what is said of it."""
        helper = self.onnx.helper
        graph = helper.make_graph(self.nodes, "rareclass", self.inputs, self.outputs, list(self.constants.values()))
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(ML, ML_OPSET)]
        made = helper.make_model(
            graph,
            opset_imports=opsets,
            ir_version=IR,
            producer_name="rareclass",
            producer_version=said.get("rareclass", ""),
            doc_string=about,
        )
        helper.set_model_props(made, dict(said))
        return made

    def _free(self) -> str:
        return next(name for number in self._numbers if (name := f"{number:x}") not in self.taken)


def where(condition: Value, one: Any, other: Any) -> Value:
    """`one` where the condition holds, `other` elsewhere."""
    return condition.graph.node("Where", condition, one, other)


def _of_one(op: str) -> Callable[[Value], Value]:
    return lambda x: x.graph.node(op, x)


exp, log, sqrt, absolute, floor = map(_of_one, ("Exp", "Log", "Sqrt", "Abs", "Floor"))


def larger(x: Value, y: Any) -> Value:
    """The larger of two; NaN where one of them is."""
    return x.graph.node("Max", x, y)


def smaller(x: Value, y: Any) -> Value:
    """The smaller of two; NaN where one of them is."""
    return x.graph.node("Min", x, y)


def log1p(x: Value) -> Value:
    """log(1 + x) for x > -1, exact for small x too: the error of 1 + x is divided out."""
    one = x + 1.0
    apart = one - 1.0
    same = apart.equals(0.0)
    return where(same, x, log(one) * (x / where(same, 1.0, apart)))


def arcsinh(x: Value) -> Value:
    """The inverse hyperbolic sine, which onnxruntime has in float32 only."""
    size = absolute(x)
    near = smaller(size, _LARGE)
    found = where(size > near, log(size) + np.log(2.0), log1p(near + near * near / (sqrt(near * near + 1.0) + 1.0)))
    return where(x < 0.0, -found, found)


def softplus(x: Value) -> Value:
    """log(1 + exp(x))."""
    return larger(x, 0.0) + log1p(exp(-absolute(x)))


def sigmoid(z: Value) -> Value:
    """Probability of a log-odds."""
    small = exp(-absolute(z))
    return where(z >= 0.0, 1.0, small) / (small + 1.0)


def logit(p: Value) -> Value:
    """Log-odds of a probability."""
    return log(p) - log1p(-p)


def place(x: Value, at: np.ndarray, begin: np.ndarray) -> Value:
    """How many of the ascending points of each column are at most x (n, k); whole numbers.

    `at` (q,) are the points of all columns one after the other, those of column j from `begin[j]` to `begin[j + 1]`.
    Found by halving, all rows and columns at once.
    """
    graph, size = x.graph, np.diff(begin).astype(np.int64)[None, :]
    before, last = begin[:-1].astype(np.int64)[None, :] - 1, np.maximum(begin[1:].astype(np.int64) - 1, 0)[None, :]
    found = graph.constant(np.zeros_like(size))
    for step in 2 ** np.arange(int(size.max(initial=1)).bit_length() - 1, -1, -1):
        further = found + step
        known = graph.node("Gather", at, smaller(further + before, last))
        found = where((known <= x) & (further <= size), further, found)
    return found


def interpolated(x: Value, at: np.ndarray, value: np.ndarray, begin: np.ndarray) -> Value:
    """Piecewise linear through the points (at, value) of each column, flat beyond; see `place`."""
    graph, first, last = x.graph, begin[:-1].astype(np.int64)[None, :], begin[1:].astype(np.int64)[None, :] - 1
    x = larger(x, at[first])
    low = larger(place(x, at, begin) + (first - 1), first)
    high = smaller(low + np.int64(1), last)
    start, end, below, above = (graph.node("Gather", of, i) for of in (at, value) for i in (low, high))
    width = where(end > start, end - start, 1.0)
    return (above - below) / width * (x - start) + below
