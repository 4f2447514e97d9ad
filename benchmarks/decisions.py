"""Decisions: regret of cost thresholds, error rates of bounds, speed of the exact search.

    python benchmarks/decisions.py regret [--simulations 200]
    python benchmarks/decisions.py bounds [--simulations 1000]
    python benchmarks/decisions.py speed  [--rows 10000000]
    python benchmarks/decisions.py sklearn

regret   Binormal scores whose posterior is known are distorted (straight line, focal link, none), the decision is made
         on some 100 or 300 events, and its true expected cost is compared with that of the best threshold of the same
         scores. Rules: the Bayes threshold on scores calibrated by `choose_calibration` on the same rows, the exact
         empirical search, and the 100-point grid between the lowest and highest score (scikit-learn's).
bounds   How often the true false-positive rate (recall) exceeds (misses) its bound.
speed    Wall time on one core for every rule, with and without the threshold interval.
sklearn  `TunedThresholdClassifierCV` on the same out-of-fold probabilities: value reached and time.
"""

import argparse
import os
import platform
import time
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, f1_score, make_scorer
from sklearn.model_selection import StratifiedKFold, TunedThresholdClassifierCV, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from rareclass.calibration import choose_calibration
from rareclass.data.binormal import simulate_scores
from rareclass.data.simulate import simulate_transactions
from rareclass.decisions import (
    AlertBudget,
    CostMatrix,
    FalsePositiveRateAtMost,
    Maximize,
    MinimumCost,
    PrecisionAtLeast,
    RecallAtLeast,
    best_threshold,
)
from rareclass.kernels.logits import log_sigmoid, logit, sigmoid
from rareclass.metrics.curve import ThresholdCurve

RATIOS = [1, 10, 100, 1_000, 10_000, 100_000]
SEPARATION = 2.0


def focal_score(true: np.ndarray, gamma: float = 2.0) -> np.ndarray:
    """Scores that the minimiser of the focal loss gives to rows with these log-odds (inverse of its Bayes link)."""
    z = np.linspace(-60, 60, 24_001)
    p, q = sigmoid(z), sigmoid(-z)
    link = gamma * z + np.log(p - gamma * q * log_sigmoid(z)) - np.log(q - gamma * p * log_sigmoid(-z))
    return np.interp(true, link, z)


DISTORTIONS = {
    "none": lambda t: t,
    "overconfident": lambda t: 1.7 * t + 3.0,
    "timid": lambda t: 0.5 * t - 2.0,
    "focal": focal_score,
    "under-sampled 1:1": lambda t: t + 6.9,
}


def regret(simulations: int) -> None:
    grid = np.linspace(-9.0, 12.0, 8_001)
    print(f"median (90th percentile) regret in % over {simulations} simulations, by missed event : false alarm")
    print(f"{'prevalence':>10s}{'events':>7s}  {'distortion':18s}{'rule':19s}" + "".join(f"{r:>18,d}" for r in RATIOS))
    all_costs = [CostMatrix(fp=1, fn=ratio) for ratio in RATIOS]
    for prevalence, events in ((0.001, 100), (0.003, 100), (0.01, 100), (0.01, 300)):
        true_on_grid = logit(prevalence) + SEPARATION * grid - SEPARATION**2 / 2
        law = simulate_scores(10, prevalence, separation=SEPARATION, seed=0)
        best = np.array([law.best_cost(fp=1, fn=ratio)[1] for ratio in RATIOS])
        for name, bend in DISTORTIONS.items():
            rules = ("Bayes, calibrated", "empirical search", "grid of 100")
            found = np.empty((len(rules), simulations, len(RATIOS)))
            for k in range(simulations):
                cuts = one_simulation(prevalence, events, k, bend, grid, true_on_grid, all_costs)
                for j, costs in enumerate(all_costs):
                    for r in range(len(rules)):
                        found[r, k, j] = law.expected_cost(cuts[r][j], fp=costs.fp, fn=costs.fn) / best[j] - 1
            for rule, value in zip(rules, 100 * found):
                cells = "".join(f"{np.median(v):9.2f} ({np.quantile(v, 0.9):6.1f})" for v in value.T)
                print(f"{prevalence:10g}{events:7d}  {name:18s}{rule:19s}{cells}", flush=True)


def one_simulation(prevalence, events, seed, bend, grid, true_on_grid, all_costs):
    """Cuts on the binormal score, three rules by ratios, decided on one draw."""
    n = round(1.2 * events / prevalence)  # so that nearly every draw holds at least `events`
    s = simulate_scores(n, prevalence, separation=SEPARATION, seed=seed)
    stated = bend(logit(s.probability))
    p = choose_calibration(stated, s.y).predict(bend(true_on_grid))
    curve = ThresholdCurve.from_arrays(s.y, s.score)
    coarse = coarse_grid(s.y, sigmoid(stated), s.score)
    bayes = [grid[np.argmax(p >= c.threshold)] if p[-1] >= c.threshold else np.inf for c in all_costs]
    search = [MinimumCost(c, search="empirical").choose(curve).threshold for c in all_costs]
    return bayes, search, [coarse(c) for c in all_costs]


def coarse_grid(y: np.ndarray, p: np.ndarray, score: np.ndarray):
    """Threshold on the binormal score that a 100-point linspace over the stated probabilities would choose."""
    order = np.argsort(p, kind="stable")
    cuts = np.linspace(p.min(), p.max(), 100)
    first = np.searchsorted(p[order], cuts)
    tp = y.sum() - np.concatenate([[0], np.cumsum(y[order])])[first]
    alerts = y.size - first
    ranked = np.append(np.sort(score), np.inf)

    def choose(costs: CostMatrix) -> float:
        total = costs.total(tp, alerts - tp, y.sum() - tp, (~y).sum() - (alerts - tp))
        return float(ranked[first[int(np.argmin(total))]])

    return choose


def bounds(simulations: int) -> None:
    print(
        f"share of {simulations} simulations in which the true rate breaks its bound; allowed: delta + 2 standard "
        "errors"
    )
    for alpha, delta, negatives in ((0.05, 0.05, 1_000), (0.05, 0.2, 200), (0.01, 0.1, 2_000), (0.001, 0.05, 5_000)):
        rule, plain = FalsePositiveRateAtMost(alpha, confidence=1 - delta), FalsePositiveRateAtMost(alpha)
        broken, broken_plain, used = 0, 0, []
        for k in range(simulations):
            s = simulate_scores(negatives + 100, 0.05, events=100, seed=k)
            curve = ThresholdCurve.from_arrays(s.y, s.score)
            rate = s.false_positive_rate(rule.choose(curve).threshold)
            broken += rate > alpha
            used.append(rate)
            broken_plain += s.false_positive_rate(plain.choose(curve).threshold) > alpha
        report("false-positive rate", alpha, delta, f"{negatives} negatives", broken, broken_plain, simulations, used)
    for floor, delta, events in ((0.8, 0.05, 60), (0.9, 0.1, 100), (0.5, 0.2, 30)):
        rule, plain = RecallAtLeast(floor, confidence=1 - delta), RecallAtLeast(floor)
        broken, broken_plain, used = 0, 0, []
        for k in range(simulations):
            s = simulate_scores(3_000, 0.05, events=events, seed=k)
            curve = ThresholdCurve.from_arrays(s.y, s.score)
            rate = s.recall(rule.choose(curve).threshold)
            broken += rate < floor
            used.append(rate)
            broken_plain += s.recall(plain.choose(curve).threshold) < floor
        report("recall", floor, delta, f"{events} events", broken, broken_plain, simulations, used)


def report(what, bound, delta, size, broken, broken_plain, n, used) -> None:
    allowed = delta + 2 * np.sqrt(delta * (1 - delta) / n)
    print(
        f"{what:20s} bound {bound:<6g} delta {delta:<5g} {size:16s} broken {broken / n:.3f} (allowed {allowed:.3f}), "
        f"without confidence {broken_plain / n:.3f}; mean true rate {np.mean(used):.5f}"
    )


def speed(rows: int) -> None:
    rng = np.random.default_rng(0)
    p = sigmoid(rng.normal(-8, 1.8, rows))
    y = rng.random(rows) < p
    print(f"{rows:,} distinct scores, {int(y.sum()):,} events; seconds, best of 3, with and without threshold interval")
    rules = [
        MinimumCost(CostMatrix(1, 100)), MinimumCost(CostMatrix(1, 100), search="empirical"), Maximize("f1"),
        Maximize("matthews_corrcoef"), Maximize(lambda tp, fp, fn, tn: tp - 0.1 * fp), RecallAtLeast(0.9, 0.95),
        PrecisionAtLeast(0.05, 0.95), FalsePositiveRateAtMost(0.01, 0.95), AlertBudget(1000),
        Maximize("f1").subject_to(FalsePositiveRateAtMost(0.001)),
    ]  # fmt: skip
    best_threshold(y[:1000] | (np.arange(1000) < 5), p[:1000], Maximize("f1"))  # compile
    for rule in rules:
        taken = []
        for n_bootstrap in (200, 0):
            best = np.inf
            for _ in range(3):
                start = time.process_time()
                best_threshold(y, p, rule, n_bootstrap=n_bootstrap)
                best = min(best, time.process_time() - start)
            taken.append(best)
        print(f"{rule.phrase()[:70]:72s}{taken[0]:7.2f}{taken[1]:7.2f}", flush=True)
    start = time.process_time()
    best_threshold(y, p, MinimumCost({"fp": 1.0, "fn": rng.uniform(10, 1000, rows)}))
    print(f"{'costs by row':72s}{time.process_time() - start:7.2f}")
    day = np.sort(rng.integers(0, 180, rows))
    start = time.process_time()
    best_threshold(y, p, AlertBudget(100, per="day"), periods=day)
    print(f"{'the best 100 rows of each of 180 days':72s}{time.process_time() - start:7.2f}")


class Known(ClassifierMixin, BaseEstimator):
    """A classifier whose probabilities are the only feature: no time is spent on prediction."""

    def fit(self, X, y):
        self.classes_ = np.array([0, 1])
        return self

    def predict_proba(self, X):
        return np.column_stack([1 - X[:, 0], X[:, 0]])

    def predict(self, X):
        return (X[:, 0] >= 0.5).astype(int)


def transactions(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Numeric columns, standardised by fixed numbers, and labels of simulated card transactions."""
    simulated = simulate_transactions(rows, prevalence=0.003, seed=seed)
    table = simulated.table.to_pandas()
    y = table[simulated.target].astype(int).to_numpy()
    X = table.drop(columns=[simulated.target, simulated.time]).select_dtypes("number").fillna(0.0)
    return np.arcsinh(X.to_numpy(dtype=float)), y


def against_sklearn() -> None:
    X, y = transactions(60_000, seed=0)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    p = cross_val_predict(model, X, y, cv=folds, method="predict_proba")[:, 1]
    X_new, y_new = transactions(300_000, seed=1)
    p_new = model.fit(X, y).predict_proba(X_new)[:, 1]
    print(
        f"simulated transactions: {y.size:,} rows, {y.sum()} events; thresholds from the same out-of-fold probabilities"
    )
    print(f"fresh: {y_new.size:,} new transactions, {y_new.sum()} events, scored by the model fitted on all rows")
    print(
        f"{'task':34s}{'sklearn':>10s}{'ours':>10s}{'fresh: sklearn':>16s}{'ours':>10s}{'sklearn s':>12s}"
        f"{'ours s':>10s}{'ratio':>8s}{'with interval s':>17s}"
    )
    known = Known().fit(None, None)
    fitted = choose_calibration(logit(p), y)
    plain, calibrated = (p, p_new), tuple(fitted.predict(logit(v)) for v in (p, p_new))
    tasks = [("F1", make_scorer(f1_score), Maximize("f1"), plain, f1_score)]
    for ratio in (50, 200, 2000):

        def cost(y_true, y_pred, ratio=ratio):
            _, fp, fn, _ = confusion_matrix(y_true, y_pred).ravel()
            return -(fp + ratio * fn) / len(y_true)

        rule = MinimumCost(CostMatrix(1, ratio), search="empirical")
        tasks.append((f"cost, {ratio}:1, search", make_scorer(cost), rule, plain, cost))
        bayes = MinimumCost(CostMatrix(1, ratio))
        tasks.append((f"cost, {ratio}:1, Bayes, calibrated", make_scorer(cost), bayes, calibrated, cost))
    for name, scoring, rule, (score, new), value in tasks:
        start = time.perf_counter()
        theirs = TunedThresholdClassifierCV(known, scoring=scoring, cv="prefit", refit=False).fit(p[:, None], y)
        seconds = time.perf_counter() - start
        taken = []
        for n_bootstrap in (0, 200):
            best_threshold(y, score, rule, n_bootstrap=n_bootstrap)
            start = time.perf_counter()
            ours = best_threshold(y, score, rule, n_bootstrap=n_bootstrap)
            taken.append(time.perf_counter() - start)
        cut = theirs.best_threshold_
        print(
            f"{name:34s}{value(y, p >= cut):10.4f}{value(y, ours.apply(score)):10.4f}{value(y_new, p_new >= cut):16.4f}"
            f"{value(y_new, ours.apply(new)):10.4f}{seconds:12.3f}{taken[0]:10.4f}{seconds / taken[0]:8.0f}"
            f"{taken[1]:17.4f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["regret", "bounds", "speed", "sklearn"])
    parser.add_argument("--simulations", type=int)
    parser.add_argument("--rows", type=int, default=10_000_000)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    print(
        f"{time.strftime('%Y-%m-%d')} {platform.machine()}, {os.cpu_count()} cores, numpy {np.__version__}, "
        f"scikit-learn {sklearn.__version__}"
    )
    if options.what == "regret":
        regret(200 if options.simulations is None else options.simulations)
    elif options.what == "bounds":
        bounds(1000 if options.simulations is None else options.simulations)
    elif options.what == "speed":
        speed(options.rows)
    else:
        against_sklearn()


if __name__ == "__main__":
    main()
