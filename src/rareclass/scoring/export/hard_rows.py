"""Rows on which a form of the scorer is compared with it: training events, and rows made of hard values."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from rareclass.kernels.evenly import evenly
from rareclass.scoring.export.columns import places
from rareclass.scoring.members import QuantileLinear, takes_missing
from rareclass.scoring.radial import Radial
from rareclass.scoring.scorer import Scorer

_ROWS, _CUTS, _FEW = 2_000, 400, 60
_ODD = (0.0, -0.0, -1.0, 0.5, 1e-300, 2.0**53 + 2, -(2.0**63), 1e9)
_HUGE = (3.5e38, -1e300, 1e30)
_UNKNOWN = "a level that nobody saw"
_DAY = 86_400_000_000  # microseconds
_FAR = np.array(
    ["0001-01-01", "1582-10-15", "1969-12-31T23:59:59.999999", "2000-02-29", "9999-12-31"], "datetime64[us]"
)


def hard_tables(scorer: Scorer, sketches: Mapping[str, Any]) -> Iterator[pa.Table]:
    """Tables of typed rows.

    Parameters
    ----------
    scorer : Scorer
    sketches : mapping of arrays
        What `reference.npz` keeps of the training rows; may be empty.

    Yields
    ------
    pyarrow.Table
        The training events as far as they can be decoded; rows of quantiles, of the scorer's own cuts and the numbers
        next to them, missing and unknown values (unless the scorer takes none) and odd ones; the same with huge ones.
    """
    rng = np.random.default_rng(0)
    events = sketches.get("events")
    if events is not None and len(events):
        yield pa.table({name: _decoded(scorer, name, kind, events[:, at]) for name, kind, at in places(scorer.encoder)})
    for odd in (_ODD, _HUGE):
        yield pa.table(
            {
                name: _drawn(scorer, name, kind, _known(scorer, sketches, at), odd, rng)
                for name, kind, at in places(scorer.encoder)
            }
        )


def refused_flags(scorer: Scorer, sketches: Mapping[str, Any]) -> Iterator[pa.Table]:
    """A few of the hard rows with numbers in Boolean columns, most of which the scorer refuses; none without such."""
    flags = [name for name, kind in scorer.encoder.columns if kind == "boolean"]
    if flags:
        *_, table = hard_tables(scorer, sketches)
        few, rng = table.slice(0, _FEW), np.random.default_rng(1)
        odd = {name: pa.array(rng.choice([0.0, 1.0, 1.0, *_ODD, *_HUGE], few.num_rows)) for name in flags}
        yield pa.table({name: odd.get(name, few[name]) for name in few.column_names})


def cuts(member: Any, feature: int) -> np.ndarray:
    """Values of an encoded column at which a member changes: thresholds of its trees, knots of its quantiles."""
    found = [np.empty(0)]
    for flat in np.atleast_1d(np.array(getattr(member, "trees", ()), dtype=object)):
        found.append(flat.threshold[(flat.feature == feature) & (flat.category < 0)])
    if isinstance(member, QuantileLinear):
        (column, _, _), (begin, quantile, _) = member.numeric, member.knots
        found += [quantile[begin[k] : begin[k + 1]] for k in np.flatnonzero(column == feature)]
    if isinstance(member, Radial):
        column, begin, quantile, *_ = member.parts.numeric
        found += [quantile[begin[k] : begin[k + 1]] for k in np.flatnonzero(column == feature)]
    found += [cuts(part, feature) for part in getattr(member, "members", ())]
    every = np.unique(np.concatenate(found))
    return every[np.isfinite(every)]


def _known(scorer: Scorer, sketches: Mapping[str, Any], feature: int) -> np.ndarray:
    """Quantiles of a column, its cuts, and the numbers next above them."""
    own = cuts(scorer.member, feature)
    own = own[evenly(own.size, _CUTS)]
    seen = np.asarray(sketches["quantiles"][feature]) if "quantiles" in sketches else np.linspace(-3, 3, 50)
    return np.concatenate([seen[np.isfinite(seen)], own, np.nextafter(own, np.inf)])


def _drawn(
    scorer: Scorer, name: str, kind: str, known: np.ndarray, odd: tuple[float, ...], rng: np.random.Generator
) -> pa.Array:
    gone = (rng.random(_ROWS) < 0.1) & takes_missing(scorer.member)
    if kind == "category":
        levels = _levels(scorer, name)
        return pa.array(rng.choice(levels, _ROWS), pa.string(), mask=gone)
    if kind == "boolean":
        return pa.array(rng.random(_ROWS) < 0.5, mask=gone)
    if kind == "time":
        known = known if known.size else np.zeros(1)
        micros = (rng.choice(known, _ROWS) * _DAY).astype(np.int64) + rng.integers(-_DAY, _DAY, _ROWS)
        moments = np.where(rng.random(_ROWS) < 0.05, rng.choice(_FAR, _ROWS), micros.astype("datetime64[us]"))
        return pa.array(moments, pa.timestamp("us"), mask=gone)
    strange = rng.random(_ROWS) < 0.05
    values = np.where(strange, rng.choice(odd, _ROWS), rng.choice(known if known.size else np.array(odd), _ROWS))
    return pa.array(values, pa.float64(), mask=gone)


def _levels(scorer: Scorer, name: str) -> np.ndarray:
    """Levels of a column, and one that training did not see where the scorer takes those."""
    known = scorer.encoder.saved["categories"][name]
    unknown = [_UNKNOWN] if known["rare"] or takes_missing(scorer.member) or not known["levels"] else []
    return np.array([*known["levels"], *known["rare"], *unknown], dtype=object)


def _decoded(scorer: Scorer, name: str, kind: str, values: np.ndarray) -> pa.Array:
    """Typed values that are encoded like these, or nearly so (dates to the day's fraction, one of the rare levels)."""
    gone = np.isnan(values)
    whole = np.where(gone, 0.0, values)
    if kind == "category":
        levels = [*scorer.encoder.saved["categories"][name]["levels"], _UNKNOWN]
        return pa.array([levels[min(int(code), len(levels) - 1)] for code in whole], pa.string(), mask=gone)
    if kind == "boolean":
        return pa.array(whole > 0, mask=gone)
    if kind == "time":
        return pa.array((whole * _DAY).astype(np.int64).astype("datetime64[us]"), pa.timestamp("us"), mask=gone)
    return pa.array(values, pa.float64(), mask=gone)
