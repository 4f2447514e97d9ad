"""Two overlapping clouds of points: 950 ordinary ones and 50 rare ones.

rareclass learn data        or: python examples/from_scratch/data.py [--quick] [--out DIR]

Each point has two features (its two coordinates) and a label: 0 for ordinary, 1 for rare. The clouds are normal
distributions ("Gaussians"), so that we know what nobody knows of real data: how probable it is that a point is rare.
"""

from pathlib import Path
from typing import Any

import numpy as np

from rareclass.calibration import prior_shift
from rareclass.learning import Figure, agree, from_command_line


def make_data(n_majority: int = 950, n_minority: int = 50, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Points (n, 2) and labels (n,): 0 around (0, 0), 1 around (2, 2), both with a spread of one."""
    rng = np.random.default_rng(seed)
    X = np.vstack([rng.normal(0.0, 1.0, (n_majority, 2)), rng.normal(2.0, 1.0, (n_minority, 2))])
    return X, np.repeat([0, 1], [n_majority, n_minority])


def true_probability(X: np.ndarray, share: float) -> np.ndarray:
    """The probability (n,) that a point at X (n, 2) is rare, where `share` of all points are.

    Bayes' rule: how dense the rare cloud is here, times how many rare points there are, over the same for both clouds.
    """
    rare = share * np.exp(-((X - 2.0) ** 2).sum(axis=1) / 2)
    ordinary = (1 - share) * np.exp(-(X**2).sum(axis=1) / 2)
    return rare / (rare + ordinary)


def main(out: Path, quick: bool = False) -> dict[str, Any]:
    X, y = make_data()
    share = y.mean()
    p = true_probability(X, share)
    surely = int((p[y == 1] > 0.5).sum())
    print(f"{y.size} points, {y.sum()} of them rare: a share of {share:.3f}.")
    print(f"Of the {y.sum()} rare points {surely} lie where a point is more probably rare than ordinary.")
    print("The others lie among so many ordinary ones that even one who knows the clouds would bet against them.")

    # At equal shares the probability is another. The package turns the one into the other.
    at_half = true_probability(X, 0.5)
    agree("the probability at a share of 5 %", p, prior_shift(at_half, 0.5, share), within=1e-12)

    said = f"The clouds overlap; {surely} of 50 rare points lie where rare is the more probable."
    figure = Figure("950 ordinary and 50 rare points", said)
    plot = figure.panel("The data", (-4, 5.5), (-4, 5.5), "first feature", "second feature")
    for label, cls in ((0, "others"), (1, "events")):
        for a, b in X[y == label]:
            plot.dot(a, b, cls, radius=2 + label)
    middle = 2 + np.log((1 - share) / share) / 2  # first + second feature, where the probability is one half
    plot.line([(middle - 5.5, 5.5), (5.5, middle - 5.5)], "line-b")
    figure.legend(("others", "ordinary"), ("events", "rare"), ("line-b", "as probably rare as ordinary"))
    figure.save(out, "data")
    return {"share": share, "surely": surely}


if __name__ == "__main__":
    from_command_line(main)
