"""Eight 32-bit whole numbers at once, and sums of products of pairs of 16-bit ones, for compiled functions.

Processors multiply short whole numbers faster than floating-point ones: one instruction multiplies sixteen and adds
them pair by pair, exactly. `lanes` has the same for eight float64 numbers.
"""

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, models, register_model

WHOLE_LANES = 8
instruction: Any = intrinsic  # which numba types by what is defined, not by what is called
_WHOLE = ir.IntType(32)
_EIGHT = ir.VectorType(_WHOLE, WHOLE_LANES)
_SIXTEEN = ir.VectorType(ir.IntType(16), 2 * WHOLE_LANES)


class _EightWhole(types.Type):
    """The type of eight whole numbers."""


eight_whole = _EightWhole(name="eight_whole")


@register_model(_EightWhole)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: _EightWhole) -> None:
        super().__init__(manager, kind, _EIGHT)


def _pointer(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    return builder.gep(array.data, [arguments[1]])


def _chosen(vector: Any, places: list[int], builder: Any) -> Any:
    chosen = ir.Constant(ir.VectorType(_WHOLE, len(places)), places)
    return builder.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), chosen)


@instruction
def load_whole(_: Any, array: Any, place: Any) -> Any:
    """The eight numbers of an int32 array (k,), contiguous, from this place (uint64) on."""

    def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _pointer(context, builder, signature, arguments)
        found = builder.load(builder.bitcast(pointer, _EIGHT.as_pointer()))
        found.align = 4
        return found

    return eight_whole(array, types.uint64), made


@instruction
def load_alike(_: Any, array: Any, place: Any) -> Any:
    """Eight times the number at this place (uint64) of such an array."""

    def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number = builder.load(_pointer(context, builder, signature, arguments))
        first = builder.insert_element(ir.Constant(_EIGHT, ir.Undefined), number, _WHOLE(0))
        return _chosen(first, [0] * WHOLE_LANES, builder)

    return eight_whole(array, types.uint64), made


@instruction
def store_whole(_: Any, array: Any, place: Any, value: Any) -> Any:
    """Write eight numbers to such an array."""

    def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _pointer(context, builder, signature, arguments)
        builder.store(arguments[2], builder.bitcast(pointer, _EIGHT.as_pointer())).align = 4
        return context.get_dummy_value()

    return types.void(array, types.uint64, eight_whole), made


@instruction
def add_products(_: Any, total: Any, left: Any, right: Any) -> Any:
    """``total + left * right``, each lane of both factors read as two 16-bit numbers whose products are added."""

    def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        total, left, right = arguments
        left, right = builder.bitcast(left, _SIXTEEN), builder.bitcast(right, _SIXTEEN)
        _, _, features = context.codegen().magic_tuple()
        if "+avx2" in features.split(","):
            kind = ir.FunctionType(_EIGHT, [_SIXTEEN, _SIXTEEN])
            multiply = builder.module.declare_intrinsic("llvm.x86.avx2.pmadd.wd", (), kind)
            return builder.add(total, builder.call(multiply, [left, right]))
        for first in (0, 1):
            places = list(range(first, 2 * WHOLE_LANES, 2))
            ours, theirs = (builder.sext(_chosen(side, places, builder), _EIGHT) for side in (left, right))
            total = builder.add(total, builder.mul(ours, theirs))
        return total

    return eight_whole(eight_whole, eight_whole, eight_whole), made


@instruction
def at_most(_: Any, value: Any, limit: Any) -> Any:
    """In each lane -1 where the number is at most the limit, otherwise 0."""

    def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.sext(builder.icmp_signed("<=", *arguments), _EIGHT)

    return eight_whole(eight_whole, eight_whole), made


@instruction
def smaller(_: Any, a: Any, b: Any) -> Any:
    """In each lane the smaller number of two."""

    def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.select(builder.icmp_signed("<", *arguments), *arguments)

    return eight_whole(eight_whole, eight_whole), made


@instruction
def either(_: Any, a: Any, b: Any) -> Any:
    """The bits that one of two has."""
    return eight_whole(eight_whole, eight_whole), lambda context, builder, _, arguments: builder.or_(*arguments)


@instruction
def which(_: Any, marks: Any) -> Any:
    """Bit i of the number found is set where lane i is not zero."""

    def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        is_set = builder.icmp_signed("!=", arguments[0], ir.Constant(_EIGHT, [0] * WHOLE_LANES))
        return builder.zext(builder.bitcast(is_set, ir.IntType(WHOLE_LANES)), ir.IntType(64))

    return types.int64(eight_whole), made


@instruction
def lowest(_: Any, bits: Any) -> Any:
    """Place of the lowest bit that is set; `bits` (int64) must not be zero."""

    def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), made
