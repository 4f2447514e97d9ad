"""Retraining: the recipe of a bundle on new data."""

from typing import Any

import numpy as np

from rareclass.artifact.bundle import Bundle, kept_parameters
from rareclass.artifact.network import NETWORK
from rareclass.artifact.trained import trained_bundle
from rareclass.data.problem import counted
from rareclass.data.read import read_table
from rareclass.errors import BundleError
from rareclass.fitting.rows import at
from rareclass.lifecycle.field import stored_costs
from rareclass.treatments.registry import UnknownTreatment


def replay(
    bundle: Bundle,
    X: Any,
    y: Any,
    *,
    sample_weight: Any = None,
    keep_probability: Any = None,
    costs: Any = None,
    groups: Any = None,
    times: Any = None,
    n_jobs: int = 1,
) -> Bundle:
    """Fit the arm of a bundle anew: same learner, treatment, calibration, rule or tiers, slices, reasons and seed.

    Tiers are cut anew: by the costs that are stored, or those given here; capacities by the periods of `times`, or by
    the rows a period held before.

    Parameters
    ----------
    bundle : Bundle
    X : table of shape (n, d)
        Must hold the columns that the bundle was trained on; others are ignored.
    y : array-like of shape (n,)
    sample_weight, keep_probability, costs, groups, times : optional
        As in `RareClassifier.fit`. Costs by row are not stored: give those of these rows.

    Returns
    -------
    Bundle
        A challenger; nothing is written.

    Raises
    ------
    BundleError
        When the bundle does not say how it was made, or with a treatment of one's own.

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass import RareClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(4000, 2))
    >>> y = rng.random(4000) < 1 / (1 + np.exp(4 - X[:, 0]))
    >>> model = RareClassifier("logistic_regression", treatment="class_weight", cv=3).fit(X, y)
    >>> newer = replay(Bundle(model, recipe={"rows": 4000}), X[:3000], y[:3000])
    >>> newer.model.model_.arm.name
    'logistic_regression+class_weight'
    """
    if not bundle.recipe:
        raise BundleError("The bundle holds no recipe, so it cannot be replayed. Train it with compare or train.")
    table = read_table(X)
    old = bundle.model.model_
    old.schema.check(table)
    model = type(bundle.model).from_model(old, **kept_parameters(bundle.model)).set_params(n_jobs=n_jobs)
    if isinstance(model.treatment, UnknownTreatment):
        raise BundleError(
            f"The treatment {model.treatment.label!r} is none of rareclass's, so the bundle cannot be replayed. Fit a "
            "RareClassifier with it and save that."
        )
    if isinstance(model.estimator, str) and model.estimator == NETWORK:
        raise BundleError(
            "The bundle holds a network of one's own, which only PyTorch can train again. Train it there, and save it "
            "with rareclass.torch.save_network."
        )
    if costs is None:
        costs = stored_costs(bundle)  # what slices cost, and where tiers begin
    features = table.select([c.name for c in old.schema.columns])
    model.fit(features, y, sample_weight, costs=costs, groups=groups, times=times, keep_probability=keep_probability)
    new = model.model_
    weight, keep = (None if v is None else np.asarray(v, dtype=float) for v in (sample_weight, keep_probability))
    recipe = {**bundle.recipe, "fingerprint": new.schema.fingerprint(table)}
    recipe |= {"rows": int(new.oof_y.size), "events": int(new.oof_y.sum()), "replayed": True}
    return trained_bundle(
        model,
        table.take(new.oof_row),
        new.oof_y,
        weight=at(counted(weight, keep), new.oof_row),
        whole=table,
        recipe=recipe,
        name=bundle.name,
        target=bundle.target,
        evidence={"out_of_fold": new.evidence, "test": None},
        reasons=None if bundle.reasons is None else bundle.reasons.within(new.schema.names),
    )
