"""Simulated transactions: the stated probabilities are true, drift and delay do what they say, seeds repeat."""

import numpy as np
import pyarrow as pa
import pytest

from rareclass.data import Schema, TableEncoder, simulate_transactions, table_fingerprint
from rareclass.errors import InputError


@pytest.fixture(scope="module")
def simulated():
    return simulate_transactions(200_000, prevalence=0.01, seed=1)


def test_the_mean_probability_is_the_prevalence():
    for prevalence in (1e-5, 0.001, 0.1, 0.5):
        p = simulate_transactions(20_000, prevalence=prevalence).probability
        assert p.mean() == pytest.approx(prevalence, rel=1e-9)


def test_outcomes_agree_with_the_stated_probabilities(simulated):
    """Chi-square over 20 bins of equal expected events; false alarm rate 1 in 10,000."""
    from scipy.stats import chi2

    p, y = simulated.probability, simulated.y
    order = np.argsort(p)
    bins = np.minimum((np.cumsum(p[order]) / p.sum() * 20).astype(int), 19)
    expected, variance = np.bincount(bins, p[order]), np.bincount(bins, (p * (1 - p))[order])
    statistic = np.sum((np.bincount(bins, y[order]) - expected) ** 2 / variance)
    assert chi2.sf(statistic, 20) > 1e-4


def test_outcomes_agree_with_the_probabilities_in_every_visible_group(simulated):
    """Observed against expected in each level of each category and where values are missing: |z| < 5 in 60 groups."""
    p, y = simulated.probability, simulated.y
    for name in ("category", "channel", "country", "system", "new_device", "distance_km", "customer_age"):
        column = simulated.table.column(name)
        if not pa.types.is_dictionary(column.type):
            column = column.is_null()
        levels = column.to_pylist()
        for level in set(levels):
            rows = np.array([v == level for v in levels])
            z = (y[rows].sum() - p[rows].sum()) / np.sqrt((p[rows] * (1 - p[rows])).sum())
            assert abs(z) < 5, (name, level)


def test_the_best_average_precision_is_that_of_the_true_ranking(simulated):
    from sklearn.metrics import average_precision_score

    found = average_precision_score(simulated.y, simulated.probability)
    assert found == pytest.approx(simulated.best_average_precision, abs=0.05)
    assert 0.3 < simulated.best_average_precision < 0.7


@pytest.mark.parametrize("prevalence", [0.001, 0.003, 0.03])
def test_the_task_is_neither_trivial_nor_hopeless_at_any_prevalence(prevalence):
    best = simulate_transactions(300_000, prevalence=prevalence, seed=5).best_average_precision
    assert 0.3 < best < 0.7


def test_a_few_hundred_events_can_be_learnt(simulated):
    """A gradient booster trained on 300 frauds reaches an average precision between 0.15 and the best possible one."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import average_precision_score

    table = simulated.table
    schema = Schema.infer(table, target="fraud", drop=["customer", "time", "merchant"])
    encoder = TableEncoder(schema).fit(table.slice(0, 30_000))
    model = HistGradientBoostingClassifier(
        max_iter=60, learning_rate=0.1, max_leaf_nodes=8, l2_regularization=10, early_stopping=False, random_state=0
    ).fit(encoder.transform(table.slice(0, 30_000)).matrix, simulated.y[:30_000])
    score = model.predict_proba(encoder.transform(table.slice(100_000)).matrix)[:, 1]
    found = average_precision_score(simulated.y[100_000:], score)
    assert 0.15 < found < simulated.best_average_precision


def test_the_table_is_realistic_and_holds_no_probability(simulated):
    table = simulated.table
    assert "probability" not in table.column_names
    assert {simulated.target, simulated.group, simulated.time} <= set(table.column_names)
    assert np.all(np.diff(simulated.times.astype(np.int64)) >= 0)
    span = simulated.times[-1] - simulated.times[0]
    assert np.timedelta64(178, "D") < span < np.timedelta64(180, "D")
    assert pa.types.is_dictionary(table.column("country").type)
    assert table.column("amount").type == pa.float32()
    kinds = {c.name: c.kind for c in Schema.infer(table, target="fraud").columns}
    assert kinds["time"] == "time"
    assert kinds["category"] == "category"
    assert kinds["new_device"] == "boolean"
    assert not Schema.infer(table, target="fraud").dropped


def test_history_columns_agree_with_brute_force():
    simulated = simulate_transactions(2_000, months=1, prevalence=0.1)
    second, customer = simulated.times.astype(np.int64), simulated.groups
    last, count = (simulated.table.column(c).to_pylist() for c in ("minutes_since_last", "payments_24h"))
    for i in range(2_000):
        before = np.flatnonzero(customer[:i] == customer[i])
        if before.size:
            assert last[i] == pytest.approx((second[i] - second[before[-1]]) / 60, rel=1e-6)
        else:
            assert last[i] is None
        # payments at the very same second as the window's edge belong to it
        assert count[i] == np.count_nonzero(second[before] >= second[i] - 86_400)


def test_missing_values_can_be_switched_off_and_up():
    none = simulate_transactions(20_000, missing=0.0).table
    many = simulate_transactions(20_000, missing=0.4).table
    assert none.column("customer_age").null_count == 0
    assert 0.3 < many.column("customer_age").null_count / 20_000 < 0.5
    online = np.array(none.column("channel").to_pylist()) == "online"
    np.testing.assert_array_equal(none.column("new_device").is_null().to_numpy(), ~online)
    np.testing.assert_array_equal(none.column("distance_km").is_null().to_numpy(), online)


def test_prevalence_drift_raises_the_odds_and_no_drift_keeps_them():
    def slope(drift):
        simulated = simulate_transactions(200_000, prevalence=0.01, drift=drift, seed=2)
        halves = np.array_split(simulated.probability, 2)
        return halves[1].mean() / halves[0].mean()

    # each row's odds rise by e^2 over the period, so by about e between the halves; large probabilities saturate
    assert 1.5 < slope("prevalence") < 2.8
    assert slope({"prevalence": 2.0}) > slope("prevalence")
    assert 0.85 < slope(None) < 1.2


def test_covariate_drift_moves_payments_online():
    simulated = simulate_transactions(100_000, drift="covariates")
    online = np.array(simulated.table.column("channel").to_pylist()) == "online"
    first, *_, last = np.array_split(online, 5)
    assert last.mean() > 1.3 * first.mean()


def test_concept_drift_moves_fraud_online():
    simulated = simulate_transactions(300_000, drift={"concept": 2.0}, prevalence=0.01)
    online = np.array(simulated.table.column("channel").to_pylist()) == "online"
    quarters = np.array_split(np.arange(online.size), 4)
    share = [np.average(online[rows], weights=simulated.probability[rows]) for rows in quarters]
    assert share[-1] > share[0] + 0.1


def test_labels_arrive_late_by_the_mean_delay():
    simulated = simulate_transactions(100_000, prevalence=0.05, label_delay=10.0)
    y = simulated.y
    assert np.isnat(simulated.label_time[~y]).all()
    waited = (simulated.label_time[y] - simulated.times[y]).astype(float) / 86_400
    assert waited.min() >= 0
    assert waited.mean() == pytest.approx(10, abs=5 * 10 / np.sqrt(2 * y.sum()))
    at = simulated.times[50_000]
    known = simulated.known_labels(at)
    assert not known[50_001:].any() or simulated.times[np.flatnonzero(known).max()] <= at
    assert 0 < known[:50_000].sum() < y[:50_000].sum()
    at_once = simulate_transactions(1_000, prevalence=0.2, label_delay=0)
    np.testing.assert_array_equal(at_once.known_labels(at_once.times[-1]), at_once.y)


def test_the_same_seed_gives_the_same_table_and_another_seed_another():
    one, two, other = (table_fingerprint(simulate_transactions(5_000, seed=s).table) for s in (3, 3, 4))
    assert one == two != other
    generator = simulate_transactions(5_000, seed=np.random.default_rng(3))
    assert table_fingerprint(generator.table) == one


def test_signal_makes_it_easier():
    weak, strong = (simulate_transactions(50_000, signal=s).best_average_precision for s in (0.3, 1.5))
    assert weak < 0.1 < 0.4 < strong


@pytest.mark.parametrize(
    "options",
    [
        {"n": 5},
        {"n": 1_000, "prevalence": 0.0},
        {"n": 1_000, "prevalence": 0.9},
        {"n": 1_000, "months": 0},
        {"n": 1_000, "missing": 0.9},
        {"n": 1_000, "drift": "weather"},
        {"n": 1_000, "drift": {"concept": float("nan")}},
        {"n": 1_000, "label_delay": -1.0},
        {"n": 1_000, "seed": -1},
    ],
)
def test_unusable_arguments_get_a_sentence(options):
    with pytest.raises(InputError):
        simulate_transactions(options.pop("n"), **options)
