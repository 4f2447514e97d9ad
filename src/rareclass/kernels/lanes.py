"""Eight float64 numbers at once, for compiled functions that do the same to each of a few numbers.

numba's vectorizer leaves short loops alone wherever it cannot tell that what is written is not what is read next. Here
`load` gives eight numbers of an array as one value; ``+ - * /`` with another such value or a float, `total` and `store`
become vector instructions of any width that the machine has. Each number is rounded as it would be alone.
"""

import operator
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, models, overload, register_model

LANES = 8
instruction: Any = intrinsic  # which numba types by what is defined, not by what is called
_EIGHT = ir.VectorType(ir.DoubleType(), LANES)
_WHOLE = ir.IntType(32)


class _Eight(types.Type):
    """The type of eight numbers."""


eight = _Eight(name="eight")


@register_model(_Eight)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: _Eight) -> None:
        super().__init__(manager, kind, _EIGHT)


def _pointer(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    return builder.bitcast(builder.gep(array.data, [arguments[1]]), _EIGHT.as_pointer())


def _some(vector: Any, places: list[int], builder: Any) -> Any:
    chosen = ir.Constant(ir.VectorType(_WHOLE, len(places)), places)
    return builder.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), chosen)


@instruction
def load(_: Any, array: Any, place: Any) -> Any:
    """The eight numbers of a float64 array (k,), contiguous, from this place (uint64) on."""

    def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        found = builder.load(_pointer(context, builder, signature, arguments))
        found.align = 8
        return found

    return eight(array, types.uint64), made


@instruction
def store(_: Any, array: Any, place: Any, value: Any) -> Any:
    """Write eight numbers to such an array."""

    def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[2], _pointer(context, builder, signature, arguments)).align = 8
        return context.get_dummy_value()

    return types.void(array, types.uint64, eight), made


@instruction
def total(_: Any, value: Any) -> Any:
    """The sum of the eight, pair by pair."""

    def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (found,) = arguments
        for half in (4, 2, 1):
            low, high = list(range(half)), list(range(half, 2 * half))
            found = builder.fadd(_some(found, low, builder), _some(found, high, builder))
        return builder.extract_element(found, _WHOLE(0))

    return types.float64(eight), made


@instruction
def _alike(_: Any, number: Any) -> Any:
    """Eight times the same number."""

    def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        first = builder.insert_element(ir.Constant(_EIGHT, ir.Undefined), arguments[0], _WHOLE(0))
        return _some(first, [0] * LANES, builder)

    return eight(types.float64), made


def _define(symbol: Any, name: str) -> None:
    """Let `symbol` work on eight numbers by the instruction of this name."""

    @instruction
    def both(_: Any, a: Any, b: Any) -> Any:
        return eight(eight, eight), lambda context, builder, _, arguments: getattr(builder, name)(*arguments)

    @overload(symbol, strict=False)  # the lambdas have no annotations
    def known(a: Any, b: Any) -> Any:
        if a == eight and b == eight:
            return lambda a, b: both(a, b)
        if a == eight and isinstance(b, types.Float):
            return lambda a, b: both(a, _alike(b))
        if isinstance(a, types.Float) and b == eight:
            return lambda a, b: both(_alike(a), b)
        return None


for _symbol, _name in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _define(_symbol, _name)
