"""SMOTE: new rare points on the lines between rare points and their nearest rare neighbours.

rareclass learn smote        or: python examples/from_scratch/smote.py [--quick] [--out DIR]

SMOTE stands for "synthetic minority over-sampling technique". It never looks at the ordinary points: where the clouds
overlap it makes rare points among ordinary ones.
"""

from pathlib import Path
from typing import Any

import numpy as np

from rareclass.learning import Figure, agree, from_command_line, lesson
from rareclass.over_sampling import SMOTE


def nearest_neighbours(X: np.ndarray, k: int) -> np.ndarray:
    """For each row of X (n, d) the numbers (n, k) of the k rows nearest to it, itself left out."""
    distance = np.sqrt(((X[:, None, :] - X[None, :, :]) ** 2).sum(axis=2))
    np.fill_diagonal(distance, np.inf)  # nobody is a neighbour of his own
    return np.argsort(distance, axis=1, kind="stable")[:, :k]


def smote(X_minority: np.ndarray, k: int = 5, n_synthetic: int = 100, seed: int = 0) -> np.ndarray:
    """`n_synthetic` new points, each somewhere on the line between a rare point and one of its `k` neighbours.

    `X_minority` (m, d) holds rare rows only, from the training part only: what is made of test rows tells the answers.
    """
    X = np.asarray(X_minority, dtype=float)
    if X.ndim != 2 or not np.isfinite(X).all():
        raise ValueError("SMOTE needs a table of numbers (rows, columns), none of them missing or infinite.")
    if k < 1 or n_synthetic < 0:
        raise ValueError(f"k must be 1 or more and n_synthetic 0 or more; they are {k} and {n_synthetic}.")
    if k >= len(X):
        raise ValueError(f"k = {k} neighbours need at least {k + 1} rare rows; there are {len(X)}. Lower k.")
    rng = np.random.default_rng(seed)
    neighbours = nearest_neighbours(X, k)
    start = rng.integers(len(X), size=n_synthetic)
    end = neighbours[start, rng.integers(k, size=n_synthetic)]
    way = rng.random((n_synthetic, 1))  # 0: at the start, 1: at the neighbour
    return X[start] + way * (X[end] - X[start])


def main(out: Path, quick: bool = False) -> dict[str, Any]:
    X, y = lesson("data").make_data()
    rare = X[y == 1]
    made = smote(rare, k=5, n_synthetic=900, seed=0)
    print(f"{len(rare)} rare points, {len(made)} made from them: {len(rare) + len(made)} against {(y == 0).sum()}.")

    # The package's SMOTE draws other points, and says which two each lies between. Ours from the same two must be
    # the same, and the second must be one of the five neighbours that we found for the first.
    sampler = SMOTE(random_state=0)
    X_more, _ = sampler.fit_resample(X, y)
    new = np.flatnonzero(sampler.synthetic_mask_)
    start, end = np.asarray(sampler.parents_).T
    way = np.asarray(sampler.interpolation_weight_)[:, None]
    agree("each new point", X[start] + way * (X[end] - X[start]), X_more[new], within=1e-12)
    first = np.flatnonzero(y == 1)[0]
    known = (nearest_neighbours(rare, 5)[start - first] == (end - first)[:, None]).any(axis=1)
    agree("the five nearest neighbours", np.ones(len(new)), known)

    ordinary = X[y == 0]
    near = ((made[:, None, :] - ordinary[None, :, :]) ** 2).sum(axis=2).min(axis=1)
    nearer = ((made[:, None, :] - rare[None, :, :]) ** 2).sum(axis=2).min(axis=1)
    among = float((near < nearer).mean())
    print(f"{among:.0%} of the new points are nearer to an ordinary point than to a rare one.")

    said = f"New points lie on lines between rare ones; {among:.0%} stand nearer to an ordinary one."
    figure = Figure("SMOTE by hand", said)
    for title, extra in (("Before", rare[:0]), ("After: 900 new points", made[:300])):
        plot = figure.panel(title, (-4, 5.5), (-4, 5.5), "first feature", "second feature")
        for points, cls, radius in ((ordinary[::3], "others", 1.5), (extra, "open", 1.5), (rare, "events", 3.0)):
            for a, b in points:
                plot.dot(a, b, cls, radius=radius)
    figure.legend(("others", "ordinary (every third shown)"), ("events", "rare"), ("open", "made (300 of 900 shown)"))
    figure.save(out, "smote")
    return {"among": among}


if __name__ == "__main__":
    from_command_line(main)
