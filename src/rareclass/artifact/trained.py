"""A model that was just fitted as a bundle, with what its training rows leave for later."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from rareclass.artifact.bundle import Bundle, reference_of
from rareclass.artifact.incoming import RANGES, training_ranges
from rareclass.artifact.reference import sketched
from rareclass.data.sides import clean_times
from rareclass.data.sketch import RowSketch
from rareclass.fitting.classifier import RareClassifier

PERIOD = "period"
"""Key of a recipe: the times of the oldest and the newest row that the model was fitted on."""


def period_of(times: np.ndarray | None) -> dict[str, Any]:
    """What a recipe says of the times (n,) of the rows that its model was fitted on; nothing where there are none."""
    if times is None:
        return {}
    clean = clean_times(times)
    ends = clean.min(), clean.max()
    return {PERIOD: [str(end) if clean.dtype.kind == "M" else float(end) for end in ends]}


def trained_bundle(
    model: RareClassifier,
    rows: pa.Table,
    y: np.ndarray,
    *,
    weight: np.ndarray | None,
    whole: pa.Table,
    recipe: Mapping[str, Any],
    **said: Any,
) -> Bundle:
    """The bundle of a fitted model: reference counts, ranges and sketches for monitoring, and a sketch of its rows.

    Parameters
    ----------
    model : RareClassifier
    rows : table
        Those that it was fitted on (n).
    y, weight : ndarray of shape (n,)
        Whether each is an event, and what it counts.
    whole : table
        The table whose ranges are remembered.
    recipe : mapping
        What rebuilds the model, without the sketch of its rows.
    **said
        Further fields of `Bundle`.
    """
    fit = model.model_
    encoded = fit.encoder.transform(rows)
    return Bundle(
        model,
        reference=reference_of(fit, weight) | {RANGES: training_ranges(fit.schema, whole)},
        recipe={**recipe, "sketch": RowSketch.of(encoded.matrix, y).to_dict()},
        sketches=sketched(encoded.matrix, y, encoded.categorical),
        rows=rows,
        **said,
    )
