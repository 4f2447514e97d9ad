"""exp and log as plain arithmetic, so that compiled loops over rows run several rows at a time.

A call to the C library's exp keeps LLVM from vectorising a loop; these functions are polynomials with a relative error
of a few 1e-16 and make the objective of a booster several times cheaper than one with libm calls.
"""

from typing import Any

from llvmlite import ir
from numba import float64, int64
from numba.extending import intrinsic

from rareclass.kernels.compiled import compiled

# no re-association: the rounding trick in `exp_negative` depends on the order of its operations
OPTIONS: dict[str, Any] = {"error_model": "numpy", "fastmath": {"contract", "nsz"}}
LOG2_E = 1.4426950408889634
LN2 = 0.6931471805599453
LN2_HIGH = 6.93147180369123816490e-01  # ln 2 in two parts: the first has trailing zero bits, so k * LN2_HIGH is exact
LN2_LOW = 1.90821492927058770002e-10
ROUND = 6755399441055744.0  # 1.5 * 2^52: adding it leaves the nearest integer in the low bits
CURVATURE_FLOOR = 1e-16  # a leaf's sum of Hessians must not be exactly zero; XGBoost uses the same number


@intrinsic
def _bits(context, value):  # pragma: no cover - compiled
    """Bit pattern of a float64 as int64."""
    return int64(float64), lambda c, builder, s, args: builder.bitcast(args[0], ir.IntType(64))


@intrinsic
def _from_bits(context, value):  # pragma: no cover - compiled
    """float64 with a given bit pattern."""
    return float64(int64), lambda c, builder, s, args: builder.bitcast(args[0], ir.DoubleType())


@compiled(inline="always", **OPTIONS)
def exp_negative(x: float) -> float:  # pragma: no cover - compiled
    """exp(x) for x <= 0 (3.3e-308 below -708): exp(r) * 2^k with |r| <= ln(2)/2 by its Taylor series of degree 12."""
    x = max(x, -708.0)
    shifted = x * LOG2_E + ROUND
    k = shifted - ROUND
    r = x - k * LN2_HIGH - k * LN2_LOW
    r2 = r * r
    r4 = r2 * r2
    # pairs first (Estrin): the chain of dependent operations, not their number, limits the speed; and every constant
    # is multiplied, because a division by it would be carried out
    a = 1 / 24 + r * (1 / 120) + r2 * (1 / 720 + r * (1 / 5040))
    b = 1 / 40320 + r * (1 / 362880) + r2 * (1 / 3628800 + r * (1 / 39916800)) + r4 * (1 / 479001600)
    poly = 1.0 + (r + r2 * (1 / 2 + r * (1 / 6)) + r4 * (a + r4 * b))
    power = (_bits(shifted) << int64(52)) + int64(0x3FF0000000000000)  # type: ignore[call-arg]
    return poly * _from_bits(power)


@compiled(inline="always", **OPTIONS)
def log1p_ratio(e: float) -> float:  # pragma: no cover - compiled
    """log(1 + e) / e for e in [0, 1]: 2 atanh(s) / e with s = e / (2 + e) <= 1/3; no singularity at 0."""
    r = 1.0 / (2.0 + e)
    s = e * r
    s = s * s
    s2 = s * s
    s4 = s2 * s2
    a = 2.0 + s * (2 / 3) + s2 * (2 / 5 + s * (2 / 7))
    b = 2 / 9 + s * (2 / 11) + s2 * (2 / 13 + s * (2 / 15))
    c = 2 / 17 + s * (2 / 19) + s2 * (2 / 21 + s * (2 / 23))
    d = 2 / 25 + s * (2 / 27) + s2 * (2 / 29 + s * (2 / 31))
    return r * (a + s4 * (b + s4 * (c + s4 * d)))


@compiled(inline="always", **OPTIONS)
def log_positive(x: float) -> float:  # pragma: no cover - compiled
    """log(x) for normal x > 0: exponent and mantissa in [1/sqrt 2, sqrt 2) apart, then 2 atanh((f - 1) / (f + 1))."""
    bits = _bits(x) - int64(0x3FE6A09E667F3BCD)  # type: ignore[call-arg]  # the bits of sqrt(1/2): its own exponent then counts from zero
    k = bits >> int64(52)
    f = _from_bits(_bits(x) - (k << int64(52)))
    s = (f - 1.0) / (f + 1.0)
    s2 = s * s
    s4 = s2 * s2
    a = 2.0 + s2 * (2 / 3) + s4 * (2 / 5 + s2 * (2 / 7))
    b = 2 / 9 + s2 * (2 / 11) + s4 * (2 / 13 + s2 * (2 / 15))
    return float64(k) * LN2 + s * (a + s4 * s4 * (b + s4 * s4 * (2 / 17 + s2 * (2 / 19))))
