"""Payments whose fraud moves, and a registry whose champion knows the days before."""

import numpy as np
import pyarrow as pa
from benchmarks.lifecycle_challengers import COSTS, world

from rareclass import RareClassifier
from rareclass.artifact.trained import period_of, trained_bundle
from rareclass.lifecycle import Registry


def payments(n, seed, *, begin=1.0, **moved):
    """`n` payments of a day from `begin` on, a thousand an hour or so."""
    rng = np.random.default_rng(seed)
    X, y = world(n, rng, **moved)
    return pa.table({**X, "fraud": y, "day": begin + np.sort(rng.random(n))})


def trained(rows, *, forward=True, **options):
    """A small model of these payments, as `rareclass train` would leave it."""
    options = {"calibration": "intercept", "cv": 2, "treatment": "none"} | options
    features, y = rows.select(["a", "b", "c", "d", "channel"]), rows["fraud"].to_numpy()
    times = rows["day"].to_numpy() if forward else None
    costs = None if "decision" in options else COSTS
    model = RareClassifier("logistic_regression", **options).fit(features, y, costs=costs, times=times)
    recipe = {"arm": model.model_.arm.name, "fingerprint": model.model_.schema.fingerprint(rows), **period_of(times)}
    return trained_bundle(model, features, y, weight=None, whole=rows, recipe=recipe, name="small", target="fraud")


def started(folder, bundle):
    """A registry whose champion is this bundle."""
    registry = Registry(folder, patience=0.2)
    registry.promote(registry.add(bundle), "the first")
    return registry
