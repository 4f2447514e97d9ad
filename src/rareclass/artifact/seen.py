"""Whether rows that are to judge a bundle are those that it was trained on."""

import numpy as np
import pyarrow as pa

from rareclass.artifact.bundle import Bundle
from rareclass.data.sketch import RowSketch
from rareclass.evaluation.results import Finding

MUCH = 0.1
"""Share of rows seen in training, beyond what repeats anyway, that is told."""


def seen_before(bundle: Bundle, features: pa.Table, y: np.ndarray) -> list[Finding]:
    """Whether rows that are to judge a bundle are those it was trained on, by its fingerprint or by its sketch."""
    remedy = "Evaluate on rows that the model has not seen; compare's locked test part, or later ones."
    model, recipe = bundle.model.model_, bundle.recipe
    whole = model.schema.fingerprint(features) == recipe.get("fingerprint")
    if "sketch" not in recipe:
        share, sure, repeated = float(whole), whole, 0.0
    else:
        sketch = RowSketch.from_dict(recipe["sketch"])
        share, spread = sketch.overlap(model.encoder.transform(features).matrix, y)
        repeated = sketch.repeated
        sure = share - 3 * spread > repeated + MUCH or (whole and share > 0)
    if not sure:
        return []
    title = "These rows are those that the model was trained on: the figures below say nothing about new rows."
    evidence = "rows that are equal in all features and in their label"
    if whole:
        evidence = "the fingerprint of the table is that of the training table"
    if share < 0.95:
        title = f"About {min(share, 1):.0%} of these rows were in the training of this model: the figures are too good."
    if repeated > 0.01:
        evidence += f"; in the training rows {repeated:.0%} repeat another one"
    return [Finding("evaluated-on-training-rows", "error", title, evidence, remedy)]
