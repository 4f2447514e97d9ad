import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from rareclass.over_sampling import CCR
from rareclass.over_sampling.ccr import radius_of

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 3))
y = np.repeat([1, 0], [20, 180])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(0, 10), max_size=30), st.floats(0.01, 20))
def test_a_sphere_spends_its_energy_exactly(distances, energy):
    distances = np.array(distances)
    radius = radius_of(distances, energy)
    spent = radius + np.maximum(radius - distances, 0).sum()
    assert np.isclose(spent, energy, rtol=1e-9)


@pytest.mark.parametrize("p", [1, 2])
def test_one_sphere_pushes_rows_to_its_surface_and_no_others(p):
    labels = np.array([1] + [0] * 199)
    method = CCR(energy=3.0, p=p, scaling=None, random_state=0)
    out, _ = method.fit_resample(X, labels)
    before = np.linalg.norm(X[1:] - X[0], ord=p, axis=1)
    after = np.linalg.norm(out[1:200] - X[0], ord=p, axis=1)
    radius = method.radii_[1][0]
    inside = before < radius
    assert inside.any()
    assert np.allclose(after[inside], radius)
    assert (out[1:200][~inside] == X[1:][~inside]).all()
    assert method.moved_.tolist() == (np.flatnonzero(inside) + 1).tolist()


def test_new_rows_lie_in_their_spheres_and_small_spheres_get_most():
    method = CCR(energy=1.0, scaling=None, random_state=0)
    out, _ = method.fit_resample(X, y)
    radii, base = method.radii_[1], method.parents_[:, 0]
    assert (np.abs(out[200:] - X[base]).sum(axis=1) <= radii[base] + 1e-12).all()
    counts = np.bincount(base, minlength=20)
    assert (np.abs(counts - (1 / radii) / (1 / radii).sum() * 160) <= 1).all()
    assert (out[:20] == X[:20]).all()


def test_a_row_on_top_of_a_rare_row_moves_somewhere():
    Z = np.vstack((X, X[0]))
    method = CCR(energy=0.5, scaling=None, random_state=0)
    out, _ = method.fit_resample(Z, np.append(y, 0))
    assert 200 in method.moved_
    assert np.isfinite(out).all()
    assert (out[200] != X[0]).all()


def test_a_moved_row_keeps_its_missing_value():
    Z = X.copy()
    Z[:, 2] = 0.0
    Z[150, 2] = np.nan
    Z[150, :2] = Z[0, :2] + 1e-3
    method = CCR(energy=1.0, scaling=None, random_state=0)
    out, _ = method.fit_resample(Z, y)
    assert 150 in method.moved_
    assert np.isnan(out[150, 2])
    assert np.isnan(out).sum() == 1


def test_moved_integers_are_not_truncated():
    # 2,000 rows at 1 around one rare row at 0 move to the surface at 1.4 or so: truncation would leave them all at 1.
    Z = sparse.csr_matrix(np.array([[0]] + [[1]] * 2000 + [[9]] * 10))
    method = CCR(energy=1000.0, p=2, scaling=None, random_state=0)
    for data in (Z, Z.toarray(), pd.DataFrame({"a": Z.toarray().ravel(), "b": 1.0})):
        out, _ = method.fit_resample(data, [1] + [0] * 2010)
        if isinstance(data, pd.DataFrame):
            moved = out["a"].to_numpy()[1:2001]
        else:
            moved = np.asarray(out[1:2001].sum(axis=1)).ravel()
        assert abs(moved.mean() - method.radii_[1][0]) < 5 * 0.5 / np.sqrt(2000)


def test_scaled_columns_move_in_their_own_unit():
    plain, large = CCR(random_state=0), CCR(random_state=0)
    a, _ = plain.fit_resample(X, y)
    b, _ = large.fit_resample(X * [1, 1e6, 1], y)
    assert np.allclose(a * [1, 1e6, 1], b, rtol=1e-6)
