"""Few-event logistic regression against published coefficients, brute-force optimisers and its own identities."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from rareclass.errors import DroppedWarning, InputError, TooFewEventsError
from rareclass.learners import FewEventsLogisticRegression

# Heinze and Schemper 2002 (Stat Med 21:2409), endometrial cancer: neovascularisation, pulsatility index of the
# uterine artery, endometrium height, histology grade (0 = low, 1 = high)
_ENDOMETRIAL = """
0,13,1.64,0 0,16,2.26,0 0,8,3.14,0 0,34,2.68,0 0,20,1.28,0 0,5,2.31,0 0,17,1.8,0 0,10,1.68,0 0,26,1.56,0 0,17,2.31,0
0,8,2.01,0 0,7,1.89,0 0,20,3.15,0 0,10,1.23,0 0,18,1.27,0 0,16,1.76,0 0,18,2,0 0,8,2.64,1 0,29,0.88,1 0,12,1.27,1
0,20,1.37,1 1,38,0.97,1 1,22,1.14,1 1,7,0.88,1 1,25,0.91,1 1,15,0.58,1 0,7,0.97,1 0,28,1.5,0 0,11,1.33,0 0,19,2.37,0
0,10,1.82,0 0,10,3.13,0 0,18,1.31,0 0,14,1.92,0 0,21,1.64,0 0,11,2.01,0 0,17,1.88,0 0,25,1.93,0 0,16,2.11,0 0,19,1.29,0
0,15,1.72,0 0,33,0.75,0 0,24,1.92,0 0,48,1.84,1 0,12,1.11,1 0,19,1.61,1 0,2,1.18,1 1,22,1.44,1 1,40,1.18,1 1,5,0.93,1
1,0,1.17,1 0,21,1.19,1 0,15,1.06,1 0,29,2.02,0 0,15,2.29,0 0,12,2.33,0 0,3,2.9,0 0,20,1.7,0 0,23,1.41,0 0,12,2.25,0
0,22,1.54,0 0,42,1.97,0 0,15,1.75,0 0,13,2.16,0 0,14,2.57,0 0,19,1.37,0 0,12,3.61,0 0,13,2.04,0 0,10,2.17,0 0,12,1.69,1
1,49,0.27,1 0,6,1.84,1 0,5,1.3,1 0,17,0.96,1 1,11,1.01,1 1,21,0.98,1 0,5,0.35,1 1,19,1.02,1 0,33,0.85,1
"""

# urinary tract infections (sex2 of the R package logistf): counts of case, age, oc, vic, vicl, vis, dia
_SEX2 = (
    "1000010:1 1001000:14 1001010:3 1001100:10 1001110:12 1001111:1 1010000:44 1010001:3 1011000:15 1011001:1 "
    "1011010:2 1011100:7 1011110:3 1101000:2 1101010:1 1101011:1 1101100:1 1101111:1 1110000:5 1111000:3 "
    "0000010:1 0001000:2 0001010:1 0001100:8 0001110:18 0010000:42 0010010:1 0011000:1 0011100:5 0011110:6 "
    "0101100:2 0101110:4 0110000:14 0110010:1 0111000:1 0111110:2"
)


def endometrial() -> tuple[np.ndarray, np.ndarray]:
    """X (79, 3) and y (79,); NV separates."""
    rows = np.array([[float(v) for v in row.split(",")] for row in _ENDOMETRIAL.split()])
    return rows[:, :3], rows[:, 3].astype(int)


def sex2() -> tuple[np.ndarray, np.ndarray]:
    """X (239, 6) and y (239,); dia separates."""
    rows = [
        [int(digit) for digit in pattern]
        for pattern, count in (item.split(":") for item in _SEX2.split())
        for _ in range(int(count))
    ]
    table = np.array(rows, dtype=float)
    return table[:, 1:], table[:, 0].astype(int)


def test_firth_gives_the_published_endometrial_coefficients_and_profile_intervals():
    X, y = endometrial()
    model = FewEventsLogisticRegression(interval_level=0.95).fit(X, y)
    np.testing.assert_allclose(model.coef_[0], [2.92927330, -0.03475175, -2.60416387], rtol=3e-6)
    assert model.penalised_intercept_ == pytest.approx(3.77455951, rel=3e-6)
    published = [[0.6097244, 7.85463171], [-0.1244587, 0.04045547], [-4.3651832, -1.23272106]]
    np.testing.assert_allclose(model.coef_interval_, published, rtol=1e-5)


def test_firth_gives_the_published_sex2_coefficients_and_profile_intervals():
    X, y = sex2()
    model = FewEventsLogisticRegression(interval_level=0.95).fit(X, y)
    published = [-1.10598131, -0.06881673, 2.26887464, -2.11140817, -0.78831694, 3.09601166]
    np.testing.assert_allclose(model.coef_[0], published, rtol=5e-6)
    assert model.penalised_intercept_ == pytest.approx(0.12025405, rel=1e-5)
    assert model.coef_interval_[5] == pytest.approx([0.7745682, 8.03029352], rel=1e-5)


def test_the_corrected_intercept_makes_expected_equal_observed_events():
    X, y = endometrial()
    model = FewEventsLogisticRegression(penalty="firth").fit(X, y)
    assert model.predict_proba(X)[:, 1].sum() == pytest.approx(y.sum(), abs=1e-8)


@pytest.mark.parametrize("penalty", ["log_f", "ridge"])
def test_log_f_and_ridge_equal_a_brute_force_optimiser(penalty):
    X, y = endometrial()
    Z = (X - X.mean(axis=0)) / X.std(axis=0)

    def objective(beta):
        u = beta[0] + Z @ beta[1:]
        prior = (
            np.sum(0.5 * beta[1:] - np.logaddexp(0, beta[1:]))
            if penalty == "log_f"
            else -0.5 * np.sum(beta[1:] ** 2) / 2
        )
        return -(np.sum(y * u - np.logaddexp(0, u)) + prior)

    best = minimize(objective, np.zeros(4), method="BFGS", options={"gtol": 1e-10}).x
    model = FewEventsLogisticRegression(penalty=penalty, C=2.0).fit(X, y)
    np.testing.assert_allclose(model.coef_[0] * X.std(axis=0), best[1:], rtol=1e-4)
    np.testing.assert_allclose(model.decision_function(X), best[0] + Z @ best[1:], rtol=1e-4, atol=1e-5)


def test_log_f_equals_plain_likelihood_with_pseudo_rows():
    X, y = sex2()
    model = FewEventsLogisticRegression(penalty="log_f", standardize=False).fit(X, y)
    design = np.column_stack([np.ones(len(y)), X])
    pseudo = np.column_stack([np.zeros(6), np.eye(6)])
    rows = np.vstack([design, pseudo, pseudo])
    outcome = np.concatenate([y, np.ones(6), np.zeros(6)])
    weight = np.concatenate([np.ones(len(y)), np.full(12, 0.5)])
    beta = np.concatenate([model.intercept_, model.coef_[0]])
    assert np.abs(rows.T @ (weight * (outcome - expit(rows @ beta)))).max() < 1e-4


@pytest.mark.parametrize("penalty", ["firth", "log_f", "ridge"])
def test_separated_classes_give_finite_coefficients(penalty):
    X = np.r_[np.zeros(50), np.ones(5)][:, None]
    y = np.r_[np.zeros(50), np.ones(5)]
    model = FewEventsLogisticRegression(penalty=penalty).fit(X, y)
    assert np.isfinite(model.coef_).all()
    assert 0 < model.coef_[0, 0] < 10


def test_firth_on_a_two_by_two_table_adds_one_half_to_each_cell():
    # for a saturated model the modified score equals adding 1/2 to every cell (Firth 1993, section 4)
    X = np.repeat([0.0, 0.0, 1.0, 1.0], [30, 4, 9, 0])[:, None]
    y = np.repeat([0, 1, 0, 1], [30, 4, 9, 0])
    model = FewEventsLogisticRegression(penalty="firth", intercept_correction=False).fit(X, y)
    assert model.coef_[0, 0] == pytest.approx(np.log(0.5 / 9.5) - np.log(4.5 / 30.5), rel=1e-6)
    assert model.intercept_[0] == pytest.approx(np.log(4.5 / 30.5), rel=1e-6)


@pytest.mark.parametrize("penalty", ["firth", "log_f", "ridge"])
def test_weights_equal_repeated_rows(penalty):
    X, y = sex2()
    rng = np.random.default_rng(0)
    times = rng.integers(0, 4, size=len(y))
    weighted = FewEventsLogisticRegression(penalty=penalty).fit(X, y, sample_weight=times)
    repeated = FewEventsLogisticRegression(penalty=penalty).fit(np.repeat(X, times, axis=0), np.repeat(y, times))
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-5)
    np.testing.assert_allclose(weighted.intercept_, repeated.intercept_, rtol=1e-4)


@pytest.mark.parametrize("penalty", ["auto", "firth", "log_f", "ridge"])
def test_units_of_columns_do_not_matter(penalty):
    X, y = endometrial()
    one = FewEventsLogisticRegression(penalty=penalty).fit(X, y)
    other = FewEventsLogisticRegression(penalty=penalty).fit(X * [1.0, 1000.0, 0.001], y)
    np.testing.assert_allclose(one.decision_function(X), other.decision_function(X * [1.0, 1000.0, 0.001]), rtol=1e-6)


@pytest.mark.parametrize("penalty", ["auto", "firth"])
def test_an_offset_takes_over_its_share_of_the_score(penalty):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(4000, 2))
    known = 2.0 * X[:, 0] - 3
    y = rng.uniform(size=4000) < expit(known + X[:, 1])
    model = FewEventsLogisticRegression(penalty=penalty).fit(X, y, offset=known)
    # standard errors are near 0.1; the first coefficient and the intercept are already in the offset
    np.testing.assert_allclose([model.coef_[0, 0], model.coef_[0, 1], model.intercept_[0]], [0, 1, 0], atol=0.35)


def test_dependent_and_constant_columns_are_dropped_with_a_warning():
    X, y = endometrial()
    wide = np.column_stack([X, X[:, 0] + 2 * X[:, 1], np.ones(len(y))])
    with pytest.warns(DroppedWarning, match="2 of 5 columns"):
        model = FewEventsLogisticRegression(interval_level=0.9).fit(wide, y)
    same = FewEventsLogisticRegression(penalty="firth").fit(X, y)
    np.testing.assert_allclose(model.decision_function(wide), same.decision_function(X), rtol=1e-6)
    assert model.dropped_.size == 2
    assert np.isinf(model.coef_interval_[model.dropped_]).all()


def test_missing_values_and_one_class_are_refused_in_a_sentence():
    X, y = endometrial()
    holes = X.copy()
    holes[0, 0] = np.nan
    with pytest.raises(InputError, match=r"cannot take missing values.*QuantileLogisticRegression"):
        FewEventsLogisticRegression().fit(holes, y)
    with pytest.raises(TooFewEventsError, match="one class only"):
        FewEventsLogisticRegression().fit(X, np.zeros(len(y)))
    with pytest.raises(InputError, match="penalty"):
        FewEventsLogisticRegression(penalty="lasso").fit(X, y)


def test_intervals_cover_the_truth_with_few_events():
    rng = np.random.default_rng(5)
    inside = []
    for _ in range(60):
        X = rng.normal(size=(400, 2))
        y = rng.uniform(size=400) < expit(-4 + 1.0 * X[:, 0])
        if y.sum() < 3:
            continue
        low, high = FewEventsLogisticRegression(interval_level=0.95).fit(X, y).coef_interval_[0]
        inside.append(low <= 1.0 <= high)
    # nominal 0.95 minus two Monte Carlo standard errors of 60 runs
    assert np.mean(inside) >= 0.95 - 2 * np.sqrt(0.95 * 0.05 / len(inside))


def many_columns(seed, *, columns=34, rows=800, level=-3.4):
    """Some 40 events in `columns` columns, each of which tells a little; X, y and the true log-odds."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, columns))
    z = level + X @ (0.25 * rng.normal(size=columns))
    return X, rng.random(rows) < expit(z), z


def regret(model, seed):
    """Mean log-loss (nats) on many new rows above that of the true log-odds."""
    X, y, _ = many_columns(seed)
    unseen, _, z = many_columns(seed, rows=20_000)
    u, p = model.fit(X, y).decision_function(unseen), expit(z)
    return float(np.mean(np.logaddexp(0, u) - p * u - np.logaddexp(0, z) + p * z))


def test_as_it_comes_it_loses_no_more_than_ridge_with_many_columns_and_few_events():
    seeds = range(8)
    ours = [regret(FewEventsLogisticRegression(), seed) for seed in seeds]
    ridge = [regret(make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)), seed) for seed in seeds]
    firth = [regret(FewEventsLogisticRegression(penalty="firth"), seed) for seed in seeds]
    assert np.mean(ours) < 0.8 * np.mean(ridge)
    assert np.mean(ours) < 0.8 * np.mean(firth)


def test_the_prior_is_the_one_under_which_the_rows_are_likeliest():
    # one column, so that the marginal likelihood is an integral over two numbers, and the intercept's prior is flat
    rng = np.random.default_rng(1)
    x = rng.normal(size=60)
    x = (x - x.mean()) / x.std()
    y = rng.random(60) < expit(-1 + 0.6 * x)
    at, slope = np.meshgrid(np.linspace(-4, 2, 80), np.linspace(-3, 4, 120))

    def evidence(variance):
        u = at[..., None] + slope[..., None] * x
        prior = -0.5 * np.log(2 * np.pi * variance) - slope**2 / (2 * variance)
        return np.log(np.exp((y * u - np.logaddexp(0, u)).sum(axis=-1) + prior).sum())

    tried = [0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0]
    model = FewEventsLogisticRegression().fit(x[:, None], y)
    assert max(tried, key=evidence) == model.C_


def test_it_shrinks_few_events_much_and_many_hardly():
    def shrinkage(X, y):
        ours, firth = (FewEventsLogisticRegression(penalty=penalty).fit(X, y).coef_ for penalty in ("auto", "firth"))
        return np.linalg.norm(ours) / np.linalg.norm(firth)

    assert shrinkage(*many_columns(0)[:2]) < 0.85
    assert 0.97 < shrinkage(*many_columns(0, columns=3, rows=40_000)[:2]) < 1.01


def test_the_scale_of_weights_changes_nothing_and_expected_equal_observed_events():
    X, y, _ = many_columns(1)
    weight = np.random.default_rng(0).uniform(0.5, 2, y.size)
    one, other = (FewEventsLogisticRegression().fit(X, y, scale * weight) for scale in (1.0, 1e-4))
    np.testing.assert_allclose(one.coef_, other.coef_, rtol=1e-8)
    assert weight @ one.predict_proba(X)[:, 1] == pytest.approx(weight @ y, rel=1e-6)


def test_separated_classes_get_a_finite_slope_and_as_many_events_as_there_are():
    X, y = np.r_[np.zeros(50), np.ones(5)][:, None], np.r_[np.zeros(50), np.ones(5)]
    model = FewEventsLogisticRegression().fit(X, y)
    # a standard deviation of the widest prior at most, of a column of this spread
    assert 0 < model.coef_[0, 0] < np.sqrt(10) / X.std()
    assert model.converged_
    assert model.predict_proba(X)[:, 1].sum() == pytest.approx(5, rel=1e-8)


def test_columns_that_say_the_same_share_their_effect():
    X, y = endometrial()
    twice = FewEventsLogisticRegression().fit(X[:, [0, 1, 2, 2]], y)
    assert twice.dropped_.size == 0
    assert twice.coef_[0, 2] == pytest.approx(twice.coef_[0, 3], rel=1e-6)


def test_intervals_are_those_of_firth():
    X, y = endometrial()
    model = FewEventsLogisticRegression(interval_level=0.95).fit(X, y)
    assert model.penalty_ == "firth"
    assert FewEventsLogisticRegression().fit(X, y).penalty_ == "ridge"


@pytest.mark.parametrize("penalty", ["auto", "log_f", "ridge"])
def test_a_constant_column_stands_for_the_intercept_that_is_not_fitted(penalty):
    X, y = sex2()
    model = FewEventsLogisticRegression(penalty=penalty, fit_intercept=False)
    model.fit(np.column_stack([np.ones(len(y)), X]), y)
    assert np.isfinite(model.coef_).all()


def test_columns_far_from_zero_keep_the_intercept_right():
    # wine at density 0.99 +- 0.003: with coefficients of a thousand the intercept was found 60 nats off
    X, y, _ = many_columns(2, columns=4)
    far = FewEventsLogisticRegression(penalty="firth").fit(X / 1000 + 1, y)
    assert far.predict_proba(X / 1000 + 1)[:, 1].sum() == pytest.approx(y.sum(), rel=1e-6)
