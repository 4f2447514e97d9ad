"""Does the interval of `estimate_prevalence` cover, and does moving the decision by it save money?

    python benchmarks/prevalence.py [--runs 200] [--events 30 100 300 1000]

Scores are normal in both classes, `separation` standard deviations apart (1: ROC AUC 0.76, 2: 0.92, 3: 0.98), and of
the wrong level and, with "sigmoid", slope; a calibration on so many events at a prevalence of 5 % mends them. Then
10,000 unlabelled rows come at 5 % times `moved`. Beside the coverage of the 95 % interval stands its width (log of
high / low, median), and what the decision of least cost (fp 1, fn 20) saves on fresh rows, beside staying as it is:
where it follows the estimate, where it moves by `Decision.at_prevalence` ("surely", with the standard error of its
mean), and where it knows the prevalence. "share": the true `train_prevalence` given; "events": only
`calibration_events` given; "exact": neither, as if the scores were exactly calibrated.
"""

import argparse
import warnings

import numpy as np

from rareclass.calibration import CalibrationUncertainty, estimate_prevalence, make_calibrator
from rareclass.decisions import CostMatrix, MinimumCost
from rareclass.kernels.logits import sigmoid
from rareclass.metrics import expected_cost

COSTS = CostMatrix(fp=1.0, fn=20.0)
PREVALENCE = 0.05
NEW_ROWS = 10_000


def log_odds(rng: np.random.Generator, n: int, prevalence: float, separation: float) -> tuple[np.ndarray, np.ndarray]:
    """Labels (n,) and log ratios (n,) of the class densities."""
    y = rng.random(n) < prevalence
    return y, separation * (rng.normal(size=n) + separation * y) - separation**2 / 2


def one_run(rng: np.random.Generator, events: int, moved: float, separation: float, kind: str) -> tuple[dict, dict]:
    """Cost per row by decision, and estimates by name, of one calibration and one batch of new rows."""
    slope = 0.6 if kind == "sigmoid" else 1.0
    y, ratio = log_odds(rng, round(events / PREVALENCE), PREVALENCE, separation)
    calibrator = make_calibrator(kind).fit(ratio / slope - 1.0, y)
    known = CalibrationUncertainty.of(calibrator.predict_logit(ratio / slope - 1.0), y)
    ratio = log_odds(rng, NEW_ROWS, moved * PREVALENCE, separation)[1]
    z = calibrator.predict_logit(ratio / slope - 1.0)
    how = {"train_prevalence": PREVALENCE}
    own = estimate_prevalence(z, calibration=known)
    stays = MinimumCost(COSTS).decide_at(None, prevalence=known.prevalence, shift=0.0)
    cuts = {
        "stays": stays.threshold,
        "follows": stays.at_prevalence(min(max(own.estimate, 1e-6), 1 - 1e-6)).threshold,
        "surely": stays.at_prevalence(own).threshold,
        "knows": stays.at_prevalence(moved * PREVALENCE).threshold,
    }
    fresh, ratio = log_odds(rng, 20_000, moved * PREVALENCE, separation)
    p = sigmoid(calibrator.predict_logit(ratio / slope - 1.0))
    costs = {k: expected_cost(fresh, p >= cut, COSTS) for k, cut in cuts.items()}
    return costs, {
        "own share": own,
        "share known": estimate_prevalence(z, calibration=known, **how),
        "events alone": estimate_prevalence(z, calibration_events=float(y.sum()), **how),
        "no error": estimate_prevalence(z, train_prevalence=float(y.mean())),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--events", type=int, nargs="+", default=[30, 100, 300, 1000])
    parser.add_argument("--separation", type=float, nargs="+", default=[1.0, 2.0, 3.0])
    parser.add_argument("--moved", type=float, nargs="+", default=[0.25, 1.0, 4.0])
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    print("events apart moved kind          own    share   events    exact   width  follows   surely    knows")
    for events in asked.events:
        for separation in asked.separation:
            for moved in asked.moved:
                for kind in ("intercept", "sigmoid"):
                    costs, found = zip(
                        *(
                            one_run(np.random.default_rng([seed, events]), events, moved, separation, kind)
                            for seed in range(asked.runs)
                        )
                    )
                    truth = moved * PREVALENCE
                    held = [np.mean([f[k].low <= truth <= f[k].high for f in found]) for k in found[0]]
                    width = np.median([np.log(f["own share"].high / max(f["own share"].low, 1e-6)) for f in found])
                    spent = {k: np.array([c[k] for c in costs]) for k in costs[0]}
                    gains = [1 - spent[k].mean() / spent["stays"].mean() for k in ("follows", "surely", "knows")]
                    noise = (spent["surely"] - spent["stays"]).std() / len(costs) ** 0.5 / spent["stays"].mean()
                    print(f"{events:6} {separation:5} {moved:5} {kind:9}", *(f"{v:8.3f}" for v in held), end="")
                    print(f"{width:8.2f}", *(f"{g:8.2%}" for g in gains), f" +-{noise:.2%}", flush=True)


if __name__ == "__main__":
    main()
