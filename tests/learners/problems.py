"""Rows that the tests of learners share, and the boosters that they ask alike."""

import numpy as np
import pytest
from scipy.special import expit

from rareclass.learners import (
    RareCatBoostClassifier,
    RareHistGradientBoostingClassifier,
    RareLGBMClassifier,
    RareXGBClassifier,
)

BOOSTERS = (RareLGBMClassifier, RareXGBClassifier, RareCatBoostClassifier, RareHistGradientBoostingClassifier)
WITH_OFFSETS = BOOSTERS[:3]
QUIET = {"collapse_alarm": False, "random_state": 0}


def bumps(n: int, seed: int = 0, base: float = -5.0):
    """A problem that trees like: two steps and an interaction; X (n, 3), y, true log-odds."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    z = base + 2.5 * (X[:, 0] > 1) + 2.5 * (np.abs(X[:, 1]) > 1.5) + 2.0 * ((X[:, 0] > 0) & (X[:, 2] > 1))
    return X, rng.random(n) < expit(z), z


def make(kind, **options):
    pytest.importorskip(
        {"RareXGBClassifier": "xgboost", "RareCatBoostClassifier": "catboost"}.get(kind.__name__, "numpy")
    )
    return kind(**{**QUIET, **options})


def many_columns(seed=0, n=30_000):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 12))
    truth = expit(-5.5 + 0.8 * X[:, :5].sum(axis=1))
    return X, rng.random(n) < truth, truth
