"""A stream of scores whose capacity a `ThresholdController` keeps: stationary, and after a shift.

    python benchmarks/controller.py                    about a minute
    python benchmarks/controller.py --runs 50

Scores are log-odds: negatives normal(-6, 1.5), events normal(0, 2) at a prevalence of 0.1 %; the controller starts
from 200,000 known scores. `mean / cap`: alerts a period over capacity, over 30 periods of a stationary stream, and how
many standard errors of the mean its largest lies above 1.05. `worst`: largest period of all. `events`: events flagged,
as a share of those among as many best scores of the whole stream. Then a shift comes at the start of a period: `shift`
is that period over capacity, `next` the one after it, both averaged over runs, `largest` the largest period of a shift
in any run, `fixed` what the stored threshold flags.

Measured 2026-11-28, `--runs 10`, on a shared machine (counts do not depend on the load):

    gain 5, 10 runs, periods of 20,000 rows
     capacity mean / cap  errors  worst  events
            5      1.005    -1.0   1.60   0.959
           20      1.001    -2.3   1.30   0.955
          100      1.000    -6.7   1.13   0.999

     capacity shift                     shift   next  largest  fixed
            5 prevalence x 5             1.26   0.90     1.60   4.90
            5 prevalence x 20            1.54   0.90     2.00  18.20
            5 prevalence / 5             0.74   0.96     1.20   0.16
            5 scores + 1                 1.12   0.94     1.60   1.78
            5 scores + 3                 1.56   0.90     2.00   8.74
            5 scores - 1                 0.90   0.88     1.40   0.58
            5 negatives spread x 1.3     1.02   0.96     1.60   1.44
           20 prevalence x 5             1.33   0.98     1.50   3.85
           20 prevalence x 20            1.54   1.01     1.70  13.82
           20 prevalence / 5             0.92   0.98     1.05   0.43
           20 scores + 1                 1.16   0.97     1.30   3.84
           20 scores + 3                 1.42   0.95     1.60  77.53
           20 scores - 1                 0.80   0.91     1.00   0.54
           20 negatives spread x 1.3     1.19   0.97     1.35   4.95
          100 prevalence x 5             1.20   1.00     1.31   1.70
          100 prevalence x 20            1.60   1.01     1.67   4.21
          100 prevalence / 5             1.00   0.99     1.04   0.86
          100 scores + 1                 1.31   0.99     1.37   4.99
          100 scores + 3                 1.56   1.00     1.61  52.32
          100 scores - 1                 0.70   0.99     0.77   0.25
          100 negatives spread x 1.3     1.34   0.99     1.40   4.34
"""

import argparse

import numpy as np

from rareclass.decisions import ThresholdController


def stream(rng, rows, prevalence=0.001, added=0.0, wider=1.0):
    y = rng.random(rows) < prevalence
    return y, np.where(y, rng.normal(0, 2, rows), -6 + rng.normal(0, 1.5 * wider, rows)) + added


SHIFTS = {
    "prevalence x 5": {"prevalence": 0.005},
    "prevalence x 20": {"prevalence": 0.02},
    "prevalence / 5": {"prevalence": 0.0002},
    "scores + 1": {"added": 1.0},
    "scores + 3": {"added": 3.0},
    "scores - 1": {"added": -1.0},
    "negatives spread x 1.3": {"wider": 1.3},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--rows", type=int, default=20_000, help="rows a period")
    parser.add_argument("--gain", type=float, default=5.0)
    parser.add_argument("--capacities", type=int, nargs="+", default=[5, 20, 100])
    a = parser.parse_args()
    known = stream(np.random.default_rng(0), 200_000)[1]
    print(f"gain {a.gain:g}, {a.runs} runs, periods of {a.rows:,} rows")
    print(f"{'capacity':>9} {'mean / cap':>10} {'errors':>7} {'worst':>6} {'events':>7}")
    for capacity in a.capacities:
        each, share = [], []
        for run in range(a.runs):
            y, z = stream(np.random.default_rng([1, run]), 30 * a.rows)
            flagged = ThresholdController(known, capacity, a.rows, gain=a.gain).flag(z)
            each.append(flagged.reshape(30, -1).sum(axis=1))
            share.append(y[flagged].sum() / y[np.argsort(-z)[: 30 * capacity]].sum())
        count = np.array(each) / capacity
        mean = count.mean(axis=1)
        error = (count.std(axis=1, ddof=1) / np.sqrt(30)).mean()
        print(
            f"{capacity:>9} {mean.mean():>10.3f} {(mean.max() - 1.05) / error:>7.1f} {count.max():>6.2f} "
            f"{np.mean(share):>7.3f}"
        )
    print(f"\n{'capacity':>9} {'shift':<24} {'shift':>6} {'next':>6} {'largest':>8} {'fixed':>6}")
    for capacity in a.capacities:
        for name, change in SHIFTS.items():
            during, after, fixed = [], [], []
            for run in range(a.runs):
                rng = np.random.default_rng([2, run])
                controller = ThresholdController(known, capacity, a.rows, gain=a.gain)
                controller.flag(stream(rng, 3 * a.rows)[1])
                z = stream(rng, a.rows, **change)[1]
                fixed.append((z >= np.sort(known)[-round(known.size * capacity / a.rows)]).sum() / capacity)
                during.append(controller.flag(z).sum() / capacity)
                after.append(controller.flag(stream(rng, a.rows, **change)[1]).sum() / capacity)
            print(
                f"{capacity:>9} {name:<24} {np.mean(during):>6.2f} {np.mean(after):>6.2f} {np.max(during):>8.2f} "
                f"{np.mean(fixed):>6.2f}"
            )


if __name__ == "__main__":
    main()
