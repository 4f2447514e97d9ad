import numpy as np
import pytest
from scipy import stats

from rareclass.kernels.intervals import (
    blaker,
    clopper_pearson,
    logit_interval,
    paired_rate_limits,
    poisson_limits,
    weighted_sum_limits,
    wilson,
)


@pytest.mark.parametrize(
    ("k", "n", "expected"),
    [(8, 10, (0.49, 0.94)), (24, 30, (0.63, 0.90)), (80, 100, (0.71, 0.87)), (240, 300, (0.75, 0.84))],
)
def test_wilson_gives_the_published_intervals(k, n, expected):
    assert tuple(round(v, 2) for v in wilson(k, n)) == expected


@pytest.mark.parametrize(
    ("k", "n", "expected"),
    [(8, 10, (0.444, 0.975)), (24, 30, (0.614, 0.923)), (80, 100, (0.708, 0.873)), (240, 300, (0.750, 0.844))],
)
def test_clopper_pearson_gives_the_published_intervals(k, n, expected):
    assert tuple(round(v, 3) for v in clopper_pearson(k, n)) == expected


@pytest.mark.parametrize("k", [0, 1, 7, 20])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_binomial_intervals_agree_with_scipy(k, level):
    result = stats.binomtest(k, 20)
    for function, name in ((wilson, "wilson"), (clopper_pearson, "exact")):
        expected = result.proportion_ci(level, method=name)
        np.testing.assert_allclose(function(k, 20, level), (expected.low, expected.high), atol=1e-10)


@pytest.mark.parametrize(
    ("table", "expected"),
    [((36, 12, 2, 0), (0.0569, 0.3404)), ((36, 14, 0, 0), (0.1528, 0.4167)), ((1, 1, 7, 12), (-0.507, -0.026))],
)
def test_paired_rates_have_the_published_limits(table, expected):
    """Newcombe (1998), Stat. Med. 17:2635, and Fagerland, Lydersen, Laake (2017), chapter 8."""
    assert paired_rate_limits(*table) == pytest.approx(expected, abs=5e-4)
    both, only_a, only_b, neither = table
    low, high = paired_rate_limits(both, only_b, only_a, neither)
    assert (-high, -low) == pytest.approx(paired_rate_limits(*table))


def test_paired_rate_limits_cover_at_ten_trials():
    """Exact coverage over all tables of ten trials, nominal 95 %; the last but one hits negatively correlated."""
    tables = [(a, b, c, 10 - a - b - c) for a in range(11) for b in range(11 - a) for c in range(11 - a - b)]
    limits = np.array([paired_rate_limits(*t) for t in tables])
    for share in ((0.6, 0.1, 0.1, 0.2), (0.68, 0.25, 0.01, 0.06), (0.3, 0.3, 0.3, 0.1), (0.9, 0.05, 0.05, 0)):
        mass = stats.multinomial(10, share).pmf(tables)
        truth = share[1] - share[2]
        inside = (limits[:, 0] <= truth + 1e-12) & (truth - 1e-12 <= limits[:, 1])
        assert mass[inside].sum() >= 0.93


def test_one_sided_clopper_pearson_puts_the_whole_error_on_one_side():
    assert clopper_pearson(8, 10, 0.95, "lower") == (pytest.approx(clopper_pearson(8, 10, 0.9)[0]), 1.0)
    assert clopper_pearson(8, 10, 0.95, "upper") == (0.0, pytest.approx(clopper_pearson(8, 10, 0.9)[1]))
    with pytest.raises(ValueError, match="side"):
        clopper_pearson(8, 10, side="left")


def test_no_trials_leave_everything_open():
    for function in (wilson, clopper_pearson, blaker):
        assert function(0, 0) == (0.0, 1.0)


def test_intervals_are_vectorised():
    low, high = wilson(np.array([0, 8]), np.array([10, 10]))
    assert low[0] == 0
    assert high[1] == pytest.approx(wilson(8, 10)[1])
    low, high = clopper_pearson(np.array([0, 10]), 10)
    assert (low[0], high[1]) == (0.0, 1.0)


@pytest.mark.parametrize("n", [5, 10, 30])
def test_blaker_covers_always_and_is_never_wider_than_clopper_pearson(n):
    ours = np.array([blaker(k, n) for k in range(n + 1)])
    exact = np.array([clopper_pearson(k, n) for k in range(n + 1)])
    assert (ours[:, 0] >= exact[:, 0] - 1e-9).all()
    assert (ours[:, 1] <= exact[:, 1] + 1e-9).all()
    assert np.diff(ours, axis=1).mean() < 0.97 * np.diff(exact, axis=1).mean()
    p = np.linspace(0.001, 0.999, 1999)
    mass = stats.binom.pmf(np.arange(n + 1)[:, None], n, p)
    inside = (ours[:, :1] <= p) & (p <= ours[:, 1:])
    assert (mass * inside).sum(axis=0).min() >= 0.95 - 1e-6


def test_blaker_equals_a_direct_search_over_its_definition():
    n, grid = 10, np.linspace(0.0005, 0.9995, 4001)
    mass = stats.binom.pmf(np.arange(n + 1)[:, None], n, grid)
    below, above = mass.cumsum(axis=0), mass[::-1].cumsum(axis=0)[::-1]
    smaller_tail = np.minimum(below, above)
    for k in range(n + 1):
        # a value is accepted when outcomes with a tail at most as likely have together more than 5 %
        accepted = (mass * (smaller_tail <= smaller_tail[k] * (1 + 1e-9))).sum(axis=0) > 0.05
        inside = grid[accepted]
        assert blaker(k, n)[0] == pytest.approx(inside[0] if k else 0.0, abs=3e-4)
        assert blaker(k, n)[1] == pytest.approx(inside[-1] if k < n else 1.0, abs=3e-4)


@pytest.mark.parametrize(
    ("events", "expected"), [(10, (0.0504, 0.5407)), (30, (0.0927, 0.3795)), (100, (0.1328, 0.2898))]
)
def test_logit_interval_gives_the_published_values(events, expected):
    assert tuple(round(v, 4) for v in logit_interval(0.2, events)) == expected


def test_logit_interval_at_the_edge_is_the_exact_binomial_one():
    assert logit_interval(1.0, 10) == (pytest.approx(0.025**0.1), 1.0)
    assert logit_interval(0.0, 10) == (0.0, pytest.approx(1 - 0.025**0.1))


def test_poisson_limits_equal_those_of_chi_square():
    for k in (0, 1, 5, 50):
        low, high = poisson_limits(k)
        assert low == pytest.approx(stats.chi2.ppf(0.025, 2 * k) / 2 if k else 0.0)
        assert high == pytest.approx(stats.chi2.ppf(0.975, 2 * k + 2) / 2)


def test_weighted_sum_of_one_count_is_its_poisson_interval_scaled():
    low, high = poisson_limits(7)
    assert weighted_sum_limits([7], [3.0]) == (pytest.approx(3 * low), pytest.approx(3 * high))
    assert weighted_sum_limits([7], [-3.0]) == (pytest.approx(-3 * high), pytest.approx(-3 * low))


def test_weighted_sum_covers_at_few_rare_events_of_large_value():
    # 1,000 simulations: nominal 95 %, allowed down by two Monte Carlo standard errors
    rng = np.random.default_rng(0)
    rate, value = np.array([1.5, 40.0]), np.array([100.0, 1.0])
    truth = float(rate @ value)
    covered = [
        low <= truth <= high for low, high in (weighted_sum_limits(rng.poisson(rate), value) for _ in range(1000))
    ]
    assert np.mean(covered) >= 0.95 - 2 * np.sqrt(0.05 * 0.95 / 1000)
