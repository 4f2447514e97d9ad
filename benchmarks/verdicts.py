"""Arms of equal merit through the whole of `compare`: how often a verdict says otherwise, how lucky the champion is.

    python benchmarks/verdicts.py [--arms 20] [--runs 100] [--rows 1500] [--events 60] [--signal 1] [--shared 0]

Each arm is a linear model on a column of its own, the baseline too; the columns are exchangeable, the truth under
noise (`--signal 0`: noise alone, which ranks no better than chance). `--shared 0.9` gives the columns that much of
their noise in common, as arms on the same features have it. Shown: the share of runs with any "helps" or "hurts" among
the verdicts on the arms (asked: at most 5 %), the same at 95 % each as it was before, the share in which another than
the default is deployed, and the champion's average precision less that of all arms on average, which is luck, beside
the luck that is said. About 3 s a run on one core.

Measured with `--runs 80`: any verdict 0.0 % (20.0 % at 95 % each), not the default 0.0 %; luck of the champion
+0.0047 ± 0.0028, said 0.0026.
"""

import argparse
import warnings

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from rareclass.decisions import CostMatrix
from rareclass.evaluation import compare, run
from rareclass.evaluation.plan import Plan
from rareclass.fitting.arm import make_arm
from rareclass.kernels.logits import sigmoid
from rareclass.kernels.newton import fit_intercept
from rareclass.uncertainty import paired_difference


class OneColumn(ClassifierMixin, BaseEstimator):
    """Log-odds of two normal distributions of equal variance, in the column that the name says."""

    gives_logit = True

    def fit(self, X, y):
        x = np.asarray(X)[:, self.column]
        events, others = x[y == 1], x[y == 0]
        self.classes_ = np.array([0, 1])
        self.slope_ = (events.mean() - others.mean()) / x.var()
        self.intercept_ = np.log(events.size / others.size) - self.slope_ * (events.mean() + others.mean()) / 2
        return self

    def decision_function(self, X):
        return self.intercept_ + self.slope_ * np.asarray(X)[:, self.column]


def equal_arms(count: int) -> Plan:
    """A plan of `count` arms and a baseline, each on a column of its own."""
    kinds = [type(f"Column{k:02d}", (OneColumn,), {"column": k}) for k in range(count + 1)]
    arms = [make_arm((kind(), "none")) for kind in kinds]
    return Plan(arms, arms[0].name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arms", type=int, default=20)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--rows", type=int, default=1500)
    parser.add_argument("--events", type=int, default=60)
    parser.add_argument("--signal", type=float, default=1.0)
    parser.add_argument("--shared", type=float, default=0.0)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    run.make_plan = lambda *given, **how: equal_arms(asked.arms)
    found = []
    for seed in range(asked.runs):
        rng = np.random.default_rng(seed)
        truth = 1.5 * rng.normal(size=asked.rows)
        intercept = fit_intercept(truth, float(asked.events), np.ones(asked.rows))
        y = rng.random(asked.rows) < sigmoid(truth + intercept)
        noise = np.sqrt(asked.shared) * rng.normal(size=(asked.rows, 1))
        noise = noise + np.sqrt(1 - asked.shared) * rng.normal(size=(asked.rows, asked.arms + 1))
        X = asked.signal * truth[:, None] + noise
        got = compare(X, y, test_share=0, costs=CostMatrix(fp=1, fn=10), n_jobs=1, random_state=seed)
        others = [r for r in got.results if r.name != got.baseline]
        differences = [r.verdict.difference for r in others]
        each = [paired_95(got[r.name], got[got.baseline], y) for r in others]
        mean = np.mean([r.average_precision.estimate for r in got.results])
        luck = got[got.champion].average_precision.estimate - mean
        said = got.champion_luck.luck
        any_now = any(d.low > 0 or d.high < 0 for d in differences)
        found.append((any_now, any(each), got.champion != got.baseline, luck, said))
    shares = np.array(found, dtype=float)
    any_now, any_before, switched, luck, said = shares.mean(axis=0)
    error = shares[:, 3].std() / np.sqrt(asked.runs)
    print(f"{asked.arms} equal arms beside the baseline, {asked.events} events in {asked.rows} rows, "
          f"signal {asked.signal:g}, shared noise {asked.shared:g}, {asked.runs} runs")  # fmt: skip
    print(
        f"any verdict: {any_now:.1%}; at 95 % each: {any_before:.1%}; another than the default deployed: {switched:.1%}"
    )
    print(f"luck of the champion {luck:+.4f} ± {error:.4f}, said {said:.4f}")


def paired_95(arm, base, y: np.ndarray) -> bool:
    """Whether the difference excludes zero at 95 %, uncorrected."""
    d = paired_difference("average_precision", y, arm.ranking, base.ranking)
    return bool(d.low > 0 or d.high < 0)


if __name__ == "__main__":
    main()
