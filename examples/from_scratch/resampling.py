"""Random over- and under-sampling: copy rare rows, or leave ordinary ones out, until there are as many of both.

rareclass learn resampling        or: python examples/from_scratch/resampling.py [--quick] [--out DIR]

Both change how many rare rows a model sees, and so how probable it takes them to be. One formula undoes both. Let the
*odds* be p / (1 - p), where p is a probability. The model's odds, times the real odds of a rare row, over the odds at
which the model was trained, are the right ones. Trained on 50/50, a model says 1/2, odds of 1; where 5 of 100 rows
are rare that means odds of 1 x (5/95) / (50/50) = 0.053, a probability of 0.05.
"""

from pathlib import Path
from typing import Any

import numpy as np

from rareclass.calibration import prior_shift
from rareclass.learning import Figure, agree, from_command_line, lesson
from rareclass.over_sampling import RandomOverSampler
from rareclass.under_sampling import RandomUnderSampler


def counted(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
    """Rows and labels as arrays, the classes, and how many rows each has."""
    X, y = np.asarray(X), np.asarray(y)
    if len(X) != len(y) or not len(y):
        raise ValueError(f"{len(X)} rows and {len(y)} labels: each row needs its label, and one row is the least.")
    return X, y, *np.unique(y, return_counts=True)


def random_oversample(X: np.ndarray, y: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """All rows, and copies of randomly drawn rows of the smaller classes until all are as large as the largest."""
    X, y, classes, counts = counted(X, y)
    rng = np.random.default_rng(seed)
    kept = [np.arange(y.size)]
    for label, number in zip(classes, counts):
        kept.append(rng.choice(np.flatnonzero(y == label), size=counts.max() - number, replace=True))
    rows = np.concatenate(kept)
    return X[rows], y[rows]


def random_undersample(X: np.ndarray, y: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Randomly drawn rows of the larger classes, each row at most once, as many as the smallest class has."""
    X, y, classes, counts = counted(X, y)
    rng = np.random.default_rng(seed)
    drawn = [rng.choice(np.flatnonzero(y == label), size=counts.min(), replace=False) for label in classes]
    rows = np.sort(np.concatenate(drawn))
    return X[rows], y[rows]


def back_to(p: np.ndarray, trained: float, real: float) -> np.ndarray:
    """Probabilities of a model that saw `trained` of its rows rare, as they are where `real` of all rows are rare."""
    rare, ordinary = p * real / trained, (1 - p) * (1 - real) / (1 - trained)
    return rare / (rare + ordinary)


def main(out: Path, quick: bool = False) -> dict[str, Any]:
    X, y = lesson("data").make_data()
    pictures = {"As it is": (X, y), "Over-sampled": random_oversample(X, y), "Under-sampled": random_undersample(X, y)}
    for title, (_, labels) in pictures.items():
        print(f"{title:>13}: {(labels == 0).sum():>4} ordinary rows, {labels.sum():>4} rare ones")

    for title, sampler in (("Over-sampled", RandomOverSampler), ("Under-sampled", RandomUnderSampler)):
        _, labels = sampler(random_state=0).fit_resample(X, y)
        agree(f"counts, {title.lower()}", np.bincount(pictures[title][1]), np.bincount(labels))
    times = 20 if quick else 200
    copies = [(random_oversample(X, y, seed)[0] == X[-1]).all(axis=1).sum() for seed in range(times)]
    # 900 draws among 50 rows give each 18 copies on average, with a variance of 18 x 49/50; four standard errors
    off = 4 * np.sqrt(18 * 49 / 50 / times)
    agree("how often a rare row is there, on average", np.mean(copies), 950 / 50, within=off, of="theory")

    p = lesson("data").true_probability(X, 0.5)  # what a perfect model of equally many rows says
    restored = back_to(p, trained=0.5, real=y.mean())
    agree("probabilities brought back", restored, prior_shift(p, 0.5, y.mean()), within=1e-12)
    print(f"A perfect model of equally many rows expects {p.sum():.0f} rare rows here; there are {y.sum()}.")
    print(f"Brought back by the formula it expects {restored.sum():.0f}.")
    print("Copies do not tell a model more; they tell it wrongly how often it happens.")

    figure = Figure("Random over- and under-sampling", "Over-sampling stacks copies; under-sampling leaves 50 of 950.")
    for title, (points, labels) in pictures.items():
        plot = figure.panel(title, (-4, 5.5), (-4, 5.5), "first feature", "second feature")
        for label, cls in ((0, "others"), (1, "events")):
            places, copies = np.unique(points[labels == label], axis=0, return_counts=True)
            shown = 3 if len(places) > 900 else 1
            for (a, b), many in zip(places[::shown], copies[::shown]):
                plot.dot(a, b, cls, radius=float(np.sqrt(1 + many)))
    figure.legend(("others", "ordinary (of 950 every third)"), ("events", "rare; the larger, the more copies"))
    figure.save(out, "resampling")
    return {"expected": p.sum(), "restored": restored.sum()}


if __name__ == "__main__":
    from_command_line(main)
