"""How often the monitor calls events that are as expected an alarm, through the whole road, and what it finds.

    python benchmarks/monitor_alarms.py [--fits 120] [--events 50 100 300 1000] [--learner logistic_regression]

Each fit draws a table of four features at 5 % events, fits a `RareClassifier`, writes and reads its bundle and monitors
10 windows of 10,000 fresh rows (500 events) each. Alarms by chance: the share of windows at three levels, with the
standard error over fits, since windows of one model share its calibration. "exact": by the Poisson test that takes the
sum of the probabilities as known, at 0.999. Power: the share of windows with alarm at 0.999 where events have become
so many times as frequent in every row.

Measured 2026-11-28 (50 events: 120 fits, five folds; the others: --calibration sigmoid, 100 fits, 40 at 1000 events):

    events       alarms at 0.95      alarms at 0.99     alarms at 0.999     exact  x 1.25   x 1.5   x 2.0
        50      0.0450 +-0.0145     0.0017 +-0.0012     0.0000 +-0.0000    0.3008   0.049   0.397   0.993
       100      0.0320 +-0.0109     0.0100 +-0.0073     0.0010 +-0.0010    0.1120   0.090   0.860   1.000
       300      0.0260 +-0.0061     0.0040 +-0.0020     0.0010 +-0.0010    0.0170   0.523   1.000   1.000
      1000      0.0375 +-0.0126     0.0075 +-0.0042     0.0000 +-0.0000    0.0050   0.895   1.000   1.000
"""

import argparse
import tempfile
import warnings
from pathlib import Path

import numpy as np

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.artifact.bundle import reference_of
from rareclass.kernels.intervals import count_tail
from rareclass.kernels.logits import sigmoid
from rareclass.monitoring import RareClassMonitor

LEVELS = (0.95, 0.99, 0.999)
MORE = (1.25, 1.5, 2.0)
WINDOWS, ROWS = 10, 10_000


def draw(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, 4) and their true probabilities (n,), 5 % on average."""
    X = rng.normal(size=(n, 4))
    return X, sigmoid(1.2 * X[:, 0] + 0.6 * X[:, 1] - 3.72)


def one_fit(seed: int, events: int, asked: argparse.Namespace) -> np.ndarray:
    """Share of windows with alarm: at each level, by the exact test, and with more events."""
    rng = np.random.default_rng([seed, events])
    X, p = draw(rng, round(events / 0.05))
    model = RareClassifier(asked.learner, treatment="none", calibration=asked.calibration, cv=3).fit(
        X, rng.random(p.size) < p
    )
    with tempfile.TemporaryDirectory() as folder:
        Bundle(model, reference=reference_of(model.model_)).save(Path(folder) / "m")
        bundle = Bundle.load(Path(folder) / "m")
    watch = {level: RareClassMonitor(bundle.reference, threshold=0.5, level=level) for level in LEVELS}
    found = np.zeros(len(LEVELS) + 1 + len(MORE))
    for _ in range(WINDOWS):
        fresh, true = draw(rng, ROWS)
        stated, chance = bundle.model.predict_proba(fresh)[:, 1], rng.random(ROWS)
        y = chance < true
        alarms = [bool(watch[level].labels(y, stated)) for level in LEVELS]
        alarms.append(count_tail(y.sum(), stated.sum()) < 0.001)
        alarms += [bool(watch[LEVELS[-1]].labels(chance < more * true, stated)) for more in MORE]
        found += alarms
    return found / WINDOWS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fits", type=int, default=120)
    parser.add_argument("--events", type=int, nargs="+", default=[50, 100, 300, 1000])
    parser.add_argument("--learner", default="logistic_regression")
    parser.add_argument("--calibration", default="auto")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    print(
        "events "
        + "".join(f"{f'alarms at {v}':>20}" for v in LEVELS)
        + "     exact"
        + "".join(f"{f'x {m}':>8}" for m in MORE)
    )
    for events in asked.events:
        found = np.array([one_fit(seed, events, asked) for seed in range(asked.fits)])
        mean, error = found.mean(axis=0), found.std(axis=0) / asked.fits**0.5
        print(f"{events:6} " + "".join(f"{f'{m:.4f} +-{e:.4f}':>20}" for m, e in zip(mean[:3], error)), end="")
        print(f"{mean[3]:10.4f}" + "".join(f"{m:8.3f}" for m in mean[4:]), flush=True)


if __name__ == "__main__":
    main()
