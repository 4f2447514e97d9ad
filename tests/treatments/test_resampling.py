"""Every sampler by name: what it made is fitted, the ratio is brought back, and nothing happens in silence."""

import warnings

import numpy as np
import pytest
from tests.treatments.known import cell_logits, cells

from rareclass import combine, over_sampling, under_sampling
from rareclass.errors import InputError, NoOpWarning, RareclassWarning
from rareclass.treatments import make_treatment
from rareclass.treatments.base import NoTreatment
from rareclass.treatments.names import CLEANING, SAMPLERS, UNDER
from rareclass.treatments.resampling import Resampling, fill_missing, principal_axes

RNG = np.random.default_rng


def mixed(n=600, seed=0):
    """Two overlapping classes (6 % events), a gap in the first column, codes with gaps in the last."""
    rng = RNG(seed)
    y = np.arange(n) < 0.06 * n
    X = rng.normal(size=(n, 4)) + np.where(y, 1.0, 0.0)[:, None]
    X[:, 1] *= 1000
    X[rng.random(n) < 0.1, 0] = np.nan
    X[:, 3] = rng.integers(0, 5, n)
    X[rng.random(n) < 0.1, 3] = np.nan
    return X, y


def quietly(treatment, X, y, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RareclassWarning)
        return treatment.prepare(X, y, rng=RNG(0), **options)


def test_every_sampler_of_the_package_has_a_name():
    exported = {*over_sampling.__all__, *under_sampling.__all__, *combine.__all__}
    # the two that need more than a name: a sampler of two others, and one that keeps with known probabilities
    assert exported - set(SAMPLERS.values()) == {"CombinedSampler", "NegativeSampler"}


@pytest.mark.parametrize("name", [n for n in SAMPLERS if n != "smoten"])
def test_every_sampler_works_on_a_mixed_table_with_gaps(name):
    X, y = mixed()
    weight = np.where(y, 2.0, 1.0)
    training = quietly(make_treatment(name), X, y, sample_weight=weight, categorical_features=(3,))
    events, others = training.y.sum(), (~training.y).sum()
    assert training.X.shape == (training.y.size, 4)
    assert (events, others) != (y.sum(), (~y).sum()), training.note
    assert training.exact == name.startswith("random_")
    mass = training.sample_weight
    ratio = mass[training.y].sum() / mass[~training.y].sum()
    assert training.shift == pytest.approx(np.log(2 * y.sum() / (~y).sum() / ratio))
    assert set(training.X[~np.isnan(training.X[:, 3]), 3]) <= set(range(5))  # codes of a parent, never between
    if training.rows is not None:
        np.testing.assert_array_equal(training.X, X[training.rows])
    if name in UNDER or name in CLEANING:
        assert events == y.sum()
    if name in UNDER:
        assert others == events
    if training.synthetic and name not in ("ccr", "cluster_centroids"):
        made = ~(training.X[:, None, 1] == X[None, :, 1]).any(axis=1)
        assert made.sum() == pytest.approx(events - y.sum(), abs=40)
        assert not np.isnan(training.X[made][:, :3]).any()


def test_codes_alone_are_for_smoten_and_numbers_for_the_others():
    rng = RNG(0)
    X, y = rng.integers(0, 4, size=(300, 3)).astype(float), np.arange(300) < 30
    X[::11, 1] = np.nan
    training = Resampling("SMOTEN").prepare(X, y, categorical_features=(0, 1, 2), rng=rng)
    assert training.y.sum() == 270
    assert set(np.unique(training.X[~np.isnan(training.X)])) == set(range(4))
    with pytest.raises(InputError, match="'smoten' compares categories only, and 3 column"):
        Resampling("SMOTEN").prepare(X, y, rng=rng)
    with pytest.raises(InputError, match="'smote' looks for neighbours among numbers, and all columns hold categories"):
        Resampling().prepare(X, y, categorical_features=(0, 1, 2), rng=rng)
    assert Resampling("RandomOverSampler").prepare(X, y, categorical_features=(0, 1, 2), rng=rng).y.sum() == 270


@pytest.mark.parametrize("method", ["RandomOverSampler", "RandomUnderSampler"])
def test_copies_and_random_subsets_are_undone_to_the_known_rate(method):
    X, y = cells(200_000)
    training = Resampling(method, ratio=0.2).prepare(X, y, rng=RNG(0))
    assert training.exact
    plain = cell_logits(NoTreatment().prepare(X, y, rng=RNG(0)))
    fewest = min((~training.y[training.X[:, 0] == c]).sum() for c in range(3))
    events = [y[X[:, 0] == c].sum() for c in range(3)]
    error = 4.5 / np.sqrt(np.minimum(fewest, events))
    assert np.all(np.abs(cell_logits(training) + training.shift - plain) < error)


def test_a_ratio_of_a_cleaning_method_and_an_unknown_method_are_refused():
    X, y = mixed()
    with pytest.raises(InputError, match="'tomek_links' drops the rows that its rule names; it has no `ratio`"):
        Resampling("TomekLinks", ratio=0.5).prepare(X, y, rng=RNG(0))
    with pytest.raises(InputError, match="Did you mean 'SMOTE'"):
        Resampling("SMOT").prepare(X, y, rng=RNG(0))


def apart(n=300):
    """Separable: nothing is hard, nothing is at a border."""
    rng, y = RNG(0), np.arange(n) < 20
    return rng.normal(size=(n, 2)) + np.where(y, 50.0, 0.0)[:, None], y


def scattered(n=300):
    """Each event alone among others."""
    return RNG(1).normal(size=(n, 3)), np.arange(n) < 4


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("adasyn", apart),
        ("borderline_smote", apart),
        ("tomek_links", apart),
        ("svm_smote", scattered),
        ("mwmote", scattered),
    ],
)
def test_a_method_that_can_do_nothing_says_so_and_the_learner_sees_the_data_as_they_are(name, rows):
    X, y = rows()
    with pytest.warns(NoOpWarning, match="changed nothing"):
        training = make_treatment(name).prepare(X, y, rng=RNG(0))
    np.testing.assert_array_equal(training.X, X)
    assert (training.shift, training.exact, training.synthetic) == (0, True, False)


@pytest.mark.parametrize("name", [n for n in SAMPLERS if n != "smoten"])
@pytest.mark.parametrize("events", [1, 2, 4])
def test_a_handful_of_events_never_ends_in_a_crash(name, events):
    X, _ = mixed(200)
    y = np.arange(200) < events
    training = quietly(make_treatment(name), X, y, categorical_features=(3,))
    assert training.y.any()
    assert not training.y.all()
    assert np.isfinite(training.shift)


@pytest.mark.parametrize("name", ["smote", "adasyn", "smote_enn", "geometric_smote"])
def test_neighbours_are_lowered_and_that_is_said(name):
    X, _ = mixed(200)
    with pytest.warns(RareclassWarning, match="was lowered from 5 to 3, because class 'event' has only 4 row"):
        make_treatment(name).prepare(X, np.arange(200) < 4, categorical_features=(3,), rng=RNG(0))


def test_neighbours_among_principal_components_leave_the_columns_as_they_are():
    rng = RNG(0)
    y = np.arange(400) < 40
    z = rng.normal(size=(400, 1)) + 2 * y[:, None]
    X = z @ [[1.0, 2.0, -1.0]] + rng.normal(scale=[0.05, 0.1, 0.05], size=(400, 3))
    plain, among = (make_treatment(n).prepare(X, y, rng=RNG(0)) for n in ("smote", "pca+smote"))
    assert among.X.shape[1] == 3
    np.testing.assert_array_equal(among.X[:400], X)
    assert among.shift == plain.shift
    made = among.X[400:]
    # one component holds 95 %: a made row is its parent, moved along that component
    axis = principal_axes(X / X.std(axis=0), 0.95)
    assert axis.shape == (1, 3)
    off = ((made[:, None] - X[None, y]) / X.std(axis=0)) @ (np.eye(3) - axis.T @ axis)
    nearest = np.abs(off).sum(axis=2).min(axis=1)
    np.testing.assert_allclose(nearest, 0, atol=1e-9)
    low, high = X[y].min(axis=0), X[y].max(axis=0)
    assert np.all(made > low - 0.5 * (high - low))
    assert np.all(made < high + 0.5 * (high - low))


def test_principal_axes_hold_the_share_that_is_asked_for():
    X = RNG(0).normal(size=(500, 4)) * [4.0, 2.0, 1.0, 0.1]
    for share in (0.5, 0.9, 0.99):
        axes = principal_axes(X, share)
        np.testing.assert_allclose(axes @ axes.T, np.eye(len(axes)), atol=1e-12)
        held = (X @ axes.T).var(axis=0).cumsum() / X.var(axis=0).sum()
        assert held[-1] >= share
        assert len(axes) == 1 or held[-2] < share
    with pytest.raises(InputError, match="share of the variance"):
        principal_axes(X, 1.5)


def test_missing_values_are_filled_by_the_median_and_the_rest_stays():
    X = np.array([[1.0, np.nan, np.nan], [np.nan, 4.0, np.nan], [5.0, 8.0, np.nan]])
    np.testing.assert_array_equal(fill_missing(X), [[1, 6, 0], [3, 4, 0], [5, 8, 0]])
    assert np.isnan(X).sum() == 5
    whole = np.ones((2, 2))
    assert fill_missing(whole) is whole


def test_a_milder_ratio_lies_half_way_and_what_is_left_is_foreseen():
    X, y = mixed()
    for name in SAMPLERS:
        treatment = make_treatment(name)
        milder = treatment.milder(10, 1000)
        assert (milder is None) == (name in CLEANING)
        assert milder is None or milder.label == f"{name}(ratio=0.1)"
        if name in ("smote", "near_miss", "random_under_sampler", "random_over_sampler", "cluster_centroids"):
            left = quietly(treatment, X, y, categorical_features=(3,))
            assert treatment.left(y.size, int(y.sum())) == (left.y.size, left.y.sum())
    assert make_treatment("smote").milder(400, 600) is None


@pytest.mark.parametrize("name", ["enn", "tomek_links", "all_knn", "smote_enn", "neighbourhood_cleaning"])
def test_one_event_on_a_point_that_many_rows_share_does_not_cost_all_of_them(name):
    rng = RNG(0)
    X = rng.normal(size=(500, 3))
    X[50:350] = X[0]  # 300 negatives stand where the first event stands
    y = np.arange(500) < 20
    shares = []
    for rows in (np.arange(500), np.arange(500)[::-1]):  # by the order of the table: all of them, or none
        training = quietly(make_treatment(name), X[rows], y[rows])
        shares.append(((X[0] == training.X).all(axis=1) & ~training.y).sum() / 300)
    assert min(shares) > 0.5
    assert shares[0] == pytest.approx(shares[1], abs=0.25)
