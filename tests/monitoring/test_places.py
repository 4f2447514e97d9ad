"""Bins of features and distances to reference events."""

import numpy as np
import pytest

from rareclass.artifact.reference import sketched
from rareclass.monitoring.places import MISSING, UNKNOWN, Places


def rows(n=400, seed=0):
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.normal(size=n), rng.normal(size=n), rng.integers(0, 4, n)]).astype(float)


def test_bins_follow_quantiles_codes_and_what_is_missing():
    X = rows()
    places = Places(sketched(X, np.arange(400) < 100, categorical=(2,)))
    found = places.of(np.array([[np.nan, 0.0, 3.0], [-99.0, 99.0, 7.0], [0.0, 0.0, np.nan]]))
    assert found[0].tolist() == [MISSING, found[2, 1], 3]
    assert found[1, 0] < found[2, 0] < found[1, 1]
    assert found[1, 2] == UNKNOWN
    assert found[2, 2] == MISSING


def test_distances_are_means_to_the_nearest_five_reference_events():
    X = rows()
    sketches = sketched(X, np.arange(400) < 100, categorical=(2,))
    places = Places(sketches)
    anchors = sketches["events"][::2][:, :2]
    spread = sketches["events"][:, :2].std(axis=0)
    new = rows(7, seed=1)
    apart = np.sqrt((((new[:, None, :2] - anchors) / spread) ** 2).sum(-1))
    assert places.distances(new) == pytest.approx(np.sort(apart, axis=1)[:, :5].mean(axis=1), rel=1e-5)
    assert places.event_distances.size == 50


def test_without_reference_events_there_are_no_distances():
    sketches = sketched(rows(), np.arange(400) < 100)
    del sketches["events"]
    assert np.isnan(Places(sketches).distances(rows(3))).all()
