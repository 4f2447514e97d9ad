"""Two overlapping clouds of points: 950 ordinary ones, 50 rare ones.

rareclass learn data        or: python examples/from_scratch/data.py [--quick] [--out DIR]
"""

from pathlib import Path
from typing import Any

import numpy as np

from rareclass.learning import Figure, agree, from_command_line


def make_data(n_majority: int = 950, n_minority: int = 50, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Points (n, 2) and labels (n,): 0 around (0, 0), 1 around (2, 2), both with a spread of one."""
    rng = np.random.default_rng(seed)
    X = np.vstack([rng.normal(0.0, 1.0, (n_majority, 2)), rng.normal(2.0, 1.0, (n_minority, 2))])
    return X, np.repeat([0, 1], [n_majority, n_minority])


def main(out: Path, quick: bool = False) -> dict[str, Any]:
    X, y = make_data()
    print(f"{y.size} points, {y.sum()} of them rare: a share of {y.mean():.3f}.")
    agree("number of rare points", y.sum(), 50)
    figure = Figure("950 ordinary and 50 rare points", "The two clouds overlap.")
    plot = figure.panel("the data", (-4, 6), (-4, 6), "first feature", "second feature")
    for label, cls in ((0, "others"), (1, "events")):
        for a, b in X[y == label]:
            plot.dot(a, b, cls, radius=2)
    figure.legend(("others", "ordinary"), ("events", "rare"))
    figure.save(out, "data")
    return {"share": y.mean()}


if __name__ == "__main__":
    from_command_line(main)
