"""Levels of one category column and their codes."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from rareclass.data.columns import canonical_texts, dictionary_codes


@dataclass(frozen=True)
class CategoryEncoder:
    """Codes of one column: `levels` in order of frequency, then one code for all `rare` and later levels."""

    levels: tuple[str, ...]  # levels with a code of their own; the code is the position
    # levels that were seen too seldom; they share the code ``len(levels)``. Without any, unknown levels are NaN
    rare: tuple[str, ...]

    @classmethod
    def learn(cls, column: pa.ChunkedArray, min_count: int, max_levels: int | None) -> "CategoryEncoder":
        """Count the levels of a training column."""
        counts = _level_counts(column)
        ordered = sorted(counts, key=lambda text: (-counts[text], text))
        kept = [text for text in ordered if counts[text] >= min_count]
        if max_levels is not None:
            kept = kept[:max_levels]
        if not kept:  # nothing repeats: pooling would leave a constant
            kept = ordered if max_levels is None else ordered[:max_levels]
        return cls(tuple(kept), tuple(text for text in ordered[len(kept) :]))

    def encode(self, column: pa.ChunkedArray) -> tuple[np.ndarray, int]:
        """Codes (n,) as float64 with NaN for missing, and how many rows hold a level that `learn` did not see."""
        rows, values = dictionary_codes(column)
        code_of, pooled = self._codes
        texts = canonical_texts(values)
        table = np.array([np.nan if t is None else code_of.get(t, pooled) for t in texts] + [np.nan], dtype=np.float64)
        new = np.array([t is not None and t not in code_of for t in texts] + [False], dtype=bool)
        return table[rows], int(np.count_nonzero(new[rows])) if new.any() else 0

    @cached_property
    def _codes(self) -> tuple[dict[str, float], float]:
        """Code of each level seen in fit, and the code of all others."""
        pooled = float(len(self.levels)) if self.rare else float("nan")
        codes = {text: float(i) for i, text in enumerate(self.levels)}
        return codes | dict.fromkeys(self.rare, pooled), pooled

    def to_dict(self) -> dict[str, Any]:
        """JSON-safe values."""
        return {"levels": list(self.levels), "rare": list(self.rare)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "CategoryEncoder":
        """What `to_dict` described."""
        return cls(tuple(values["levels"]), tuple(values["rare"]))


def _level_counts(column: pa.ChunkedArray) -> dict[str, int]:
    rows, values = dictionary_codes(column)
    found = np.bincount(rows[rows >= 0], minlength=len(values))
    counts: dict[str, int] = {}
    for text, count in zip(canonical_texts(values), found.tolist(), strict=True):
        if count and text is not None:
            counts[text] = counts.get(text, 0) + count
    return counts
