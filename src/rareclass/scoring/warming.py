"""Compile all that scoring runs, so that the first row of a new process finds it on disk."""

from dataclasses import replace

import numpy as np

from rareclass.kernels.bridging import bridged
from rareclass.kernels.linear import combined, linear_scores, quantile_parts, quantile_scores, without_infinite
from rareclass.kernels.log_odds_maps import mapped, shifted
from rareclass.kernels.radial import Coded, Numeric, RadialParts, radial_scores
from rareclass.kernels.radial_reasons import radial_reasons
from rareclass.kernels.repeated import repeated
from rareclass.kernels.trees import FEW, FlatTrees
from rareclass.kernels.words import word_features


def warm() -> str | None:
    """Compile the scoring kernels; returns the folder that they are kept in, None where none can be written."""
    X, out = np.zeros((FEW + 1, 2)), np.empty(FEW + 1)
    whole, one, two = np.zeros(1, np.int64), np.ones(1), np.arange(2)
    without_infinite(X, X.copy())
    linear_scores(X, np.ones(2), 0.0, out)
    features = (whole, one, one), (two, one, one), (one, np.ones((4, 1)), np.ones((4, 1))), (whole, two, one)
    quantile_scores(X, *features, 0.0, out)
    quantile_parts(X, *features, one.repeat(2), X.copy())
    numeric, coded = Numeric(whole, two, one, one, one, one[None]), Coded(whole, whole, one, whole[None])
    kernels = RadialParts(numeric, coded, one, one, 1.0, 0.0)
    radial_scores(X, kernels, out)
    radial_reasons(X, kernels, (one, whole))
    bridged(X, out, 0.0)
    combined(X[:1].copy(), one, one, one, 40.0, np.empty(2))
    mapped(out, 0.0, np.full(6, np.nan), 0, one, one, one)
    shifted(out, X, 0, one, one, 0.0)
    trees = FlatTrees.stump(feature=0, threshold=0.0, left=0.0, right=1.0, n_features=2)
    trees.score(X)
    trees.score(X[:1])
    replace(trees, cover=np.array([2.0, 1.0, 1.0])).contributions(X)
    word_features(["a word"], 4)
    repeated(b"", 0)
    folder: str | None = mapped._cache.cache_path  # type: ignore[attr-defined]
    return folder
