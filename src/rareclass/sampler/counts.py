"""Rows of each class before and after, and how many were asked for."""

from collections.abc import Mapping

import numpy as np

from rareclass._types import Label, Strategy
from rareclass.kernels.matrix import is_one_seen_often
from rareclass.sampler.draw import Draw
from rareclass.sampler.target import Target


def _tally(codes: np.ndarray, size: int) -> np.ndarray:
    if is_one_seen_often(codes):
        return np.bincount(codes[:1], minlength=size) * codes.size
    return np.bincount(codes, minlength=size)


def class_counts(
    draw: Draw, target: Target, made_codes: np.ndarray, sampling_type: str, strategy: Strategy
) -> dict[Label, dict[str, int]]:
    """{label: {"before", "after", "asked"}}; "asked" only where `strategy`, once resolved, holds numbers."""
    size = len(target.labels)
    if draw.order is not None:
        kept_codes = target.codes if draw.kept is None else target.codes[draw.kept]
        after = np.bincount(np.concatenate((kept_codes, made_codes))[draw.order], minlength=size)
    else:
        kept = target.counts if draw.kept is None else np.bincount(target.codes[draw.kept], minlength=size)
        after = kept + _tally(made_codes, size)
    is_asked = sampling_type in ("over-sampling", "under-sampling") and isinstance(strategy, Mapping)
    counts: dict[Label, dict[str, int]] = {}
    for code, label in enumerate(target.labels):
        entry = counts[label] = {"before": int(target.counts[code]), "after": int(after[code])}
        if is_asked:
            number = strategy.get(label)  # type: ignore[union-attr]
            over = sampling_type == "over-sampling"
            entry["asked"] = entry["before"] + (number or 0) if over else entry["before"] if number is None else number
    return counts
