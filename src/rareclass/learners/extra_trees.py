"""Extremely randomised trees for rare events."""

from dataclasses import dataclass

from rareclass.learners.forest import RareForestClassifier


@dataclass(eq=False, repr=False, kw_only=True)
class RareExtraTreesClassifier(RareForestClassifier):
    """The forest for rare events whose splits are the best of random cuts: smoother, and several times faster to grow.

    Parameters, attributes and cost are those of `RareForestClassifier`; only `kind` is "extra_trees" by default. On the
    tables of docs/figures.md it has a lower log-loss than the forest and takes a fraction of its time.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(5000, 3))
    >>> y = X[:, 0] + 0.3 * rng.normal(size=5000) > 2.3
    >>> model = RareExtraTreesClassifier(n_estimators=50, random_state=0).fit(X, y)
    >>> bool(model.predict_proba(X)[y, 1].mean() > 0.3)
    True
    """

    title = "Extra trees for rare events"

    kind: str = "extra_trees"
