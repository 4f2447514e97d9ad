import numpy as np
import pytest

from rareclass.over_sampling import GeometricSMOTE
from rareclass.over_sampling.geometric import in_ball

rng = np.random.default_rng(0)
X = rng.normal(size=(400, 2))
y = np.repeat([1, 0], [30, 370])


def test_points_fill_the_ball_evenly():
    axis = np.tile([1.0, 0.0, 0.0], (40_000, 1))
    points = in_ball(rng.normal(size=(40_000, 3)), rng.random(40_000), axis, 0.0, 0.0)
    radius = np.linalg.norm(points, axis=1)
    # In d dimensions the radius has distribution r^d.
    assert abs((radius < 0.5).mean() - 0.125) < 4 * np.sqrt(0.125 * 0.875 / 40_000)
    assert np.abs(points.mean(axis=0)).max() < 0.02


@pytest.mark.parametrize(("truncation", "low", "high"), [(1.0, 0, 1), (-1.0, -1, 0), (0.5, -0.5, 1), (-0.25, -1, 0.75)])
def test_truncation_mirrors_the_far_part(truncation, low, high):
    axis = np.tile([0.6, 0.8], (5000, 1))
    points = in_ball(rng.normal(size=(5000, 2)), rng.random(5000), axis, truncation, 0.0)
    along = points @ [0.6, 0.8]
    assert along.min() >= low - 1e-12
    assert along.max() <= high + 1e-12


def test_full_deformation_and_truncation_give_smotes_lines():
    method = GeometricSMOTE(deformation_factor=1.0, selection_strategy="minority", random_state=0)
    out, _ = method.fit_resample(X, y)
    a, b = X[method.parents_[:, 0]], X[method.parents_[:, 1]]
    line, step = b - a, out[400:] - a
    share = (step * line).sum(axis=1) / (line**2).sum(axis=1)
    assert np.allclose(step, share[:, None] * line)
    assert ((share >= 0) & (share <= 1)).all()


@pytest.mark.parametrize("strategy", ["minority", "majority", "combined"])
def test_new_rows_stay_within_reach_of_the_surface_point(strategy):
    method = GeometricSMOTE(selection_strategy=strategy, random_state=0)
    out, _ = method.fit_resample(X, y)
    centre, surface = X[method.parents_[:, 0]], X[method.parents_[:, 1]]
    reach = np.linalg.norm(surface - centre, axis=1)
    assert (np.linalg.norm(out[400:] - centre, axis=1) <= reach + 1e-12).all()
    other = np.sqrt(((X[:30, None] - X[None, 30:]) ** 2).sum(axis=2)).min(axis=1)[method.parents_[:, 0]]
    if strategy == "majority":
        assert np.allclose(reach, other)
    elif strategy == "minority":
        assert (y[method.parents_[:, 1]] == 1).all()
    else:
        assert (reach <= other + 1e-12).all()
        assert {0, 1} == set(y[method.parents_[:, 1]])
