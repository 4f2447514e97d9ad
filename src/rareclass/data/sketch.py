"""A small sketch of the rows that a model was fitted on, to tell later how many of other rows were among them."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from rareclass.data.duplicates import hashed_rows

BITS = 4_096
HELD = 1_024
"""Rows that a sketch holds: a quarter of its bits at most."""


@dataclass(frozen=True)
class RowSketch:
    """Which of the rows with the smallest hashes were there, as bits that several rows share.

    512 bytes, whatever the table. The sketch says of many rows how many were there, and little of a single one: a row
    that never was there finds its bit set one time in five, and most rows of a large table are not held at all.

    Attributes
    ----------
    bits : str
        `BITS` bits as hexadecimal digits.
    limit : int
        Rows whose hash is below are held.
    repeated : float
        Share of the rows that equal another one: as many equal rows are to be expected among new ones.
    """

    bits: str
    limit: int
    repeated: float

    @classmethod
    def of(cls, matrix: np.ndarray, y: np.ndarray) -> Self:
        """The sketch of encoded rows (n, d) and their labels (n,)."""
        distinct, counts = np.unique(_hashes(matrix, y), return_counts=True)
        limit = int(distinct[HELD]) if distinct.size > HELD else 2**64 - 1
        held = np.zeros(BITS, dtype=bool)
        held[distinct[:HELD] % BITS] = True
        repeated = float(counts[counts > 1].sum() / max(counts.sum(), 1))
        return cls(np.packbits(held).tobytes().hex(), limit, repeated)

    def overlap(self, matrix: np.ndarray, y: np.ndarray) -> tuple[float, float]:
        """Share of these rows that was there, with its standard error; (0, inf) where too few can be looked at."""
        hashes = _hashes(matrix, y)
        looked_at = hashes[hashes < np.uint64(self.limit)]
        if looked_at.size < 10:
            return 0.0, float("inf")
        held = np.unpackbits(np.frombuffer(bytes.fromhex(self.bits), np.uint8)).astype(bool)
        chance = held.mean()
        met = held[looked_at % BITS].mean()
        # the bit of a row that was not there is set by chance
        spread = np.sqrt(max(met * (1 - met), chance * (1 - chance)) / looked_at.size)
        return float(max(met - chance, 0) / (1 - chance)), float(spread / (1 - chance))

    def to_dict(self) -> dict[str, Any]:
        """JSON-safe values."""
        return {"bits": self.bits, "limit": str(self.limit), "repeated": self.repeated}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """What `to_dict` described."""
        return cls(values["bits"], int(values["limit"]), values["repeated"])


def _hashes(matrix: np.ndarray, y: np.ndarray) -> np.ndarray:
    return hashed_rows(np.column_stack([matrix, np.asarray(y, dtype=np.float64)]))
