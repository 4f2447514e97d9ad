"""Does the champion that `compare` deploys expect as many events on rows it never saw as there are? On ten shared sets.

    OMP_NUM_THREADS=1 python benchmarks/deployed.py --keep deployed-runs [--seeds 3]     (about 15 minutes of one core)

The sets, the splits and the runs are those of `beside_autogluon.py`, whose folder may be given: 30 % of the rows held
out, events spread evenly, exact duplicates together; `rareclass compare` as it comes, its champion scored by
`rareclass predict`. Where duplicates are many the held-out rows have another prevalence than the training rows, which
no model can know: negatives are weighted so that it is theirs. Seeds are pooled. Intervals (95 %) of a set are of the
held-out labels, those of equal rows as one; that of the mean is over the sets. *slope* is that of a logistic
regression of the labels on the log-odds (1: neither too bold nor too shy). Asked: observed/expected within 4 % in the
mean. A run is kept and not repeated.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from beside_autogluon import chosen, deployed
from rare_sets import row_groups
from scipy.stats import norm
from scipy.stats import t as student
from sklearn.linear_model import LogisticRegression


def held_out(folder: Path, kept: dict) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Labels, probabilities, weights and groups of equal rows of one run's held-out part."""
    y, p = np.array(kept["y"]), np.array(kept["ours"])
    odds = np.mean(pd.read_parquet(folder / "train.parquet", columns=["event"])["event"])
    odds /= 1 - odds
    weight = np.where(y == 1, 1.0, y.sum() / (odds * (y == 0).sum()))
    features = pd.read_parquet(folder / "test.parquet").drop(columns="event")
    return y, p, weight, row_groups(features)


def slope(y: np.ndarray, p: np.ndarray, weight: np.ndarray) -> float:
    """How many times as far apart the log-odds of the held-out rows should be."""
    odds = np.log(p) - np.log1p(-p)
    return float(LogisticRegression(C=np.inf).fit(odds[:, None], y, sample_weight=weight).coef_[0, 0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", required=True, type=Path, help="folder for the runs")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="+")
    given = parser.parse_args()
    print("| set | events held out | observed/expected [95 %] | slope | champion | processor seconds |")
    print("|" + "---|" * 6)
    off = []
    for meta in chosen():
        if given.only and meta["name"] not in given.only:
            continue
        folders = [given.keep / f"{meta['name']}-{seed}" for seed in range(given.seeds)]
        found = [deployed(meta, seed, folder, 1) for seed, folder in enumerate(folders)]
        parts = [held_out(folder, kept) for folder, kept in zip(folders, found, strict=True)]
        y, p, weight, _ = (np.concatenate(values) for values in zip(*parts, strict=True))
        expected = weight @ p
        ratio = y.sum() / expected
        surprise = [np.bincount(g, w * (label - chance)) for label, chance, w, g in parts]
        half = norm.ppf(0.975) * np.sqrt(sum(np.sum(each**2) for each in surprise)) / expected
        off.append((y.sum(), expected))
        print(
            f"| {meta['name']} | {int(y.sum())} | {ratio:.3f} [{ratio - half:.3f}, {ratio + half:.3f}] "
            f"| {slope(y, p, weight):.2f} | {', '.join(sorted({one['champion'] for one in found}))} "
            f"| {np.mean([one['processor'] for one in found]):.0f} |",
            flush=True,
        )
    if len(off) > 1:
        observed, expected = np.array(off).T
        logs = np.log(observed / expected)
        half = student.ppf(0.975, logs.size - 1) * logs.std(ddof=1) / logs.size**0.5
        low, at, high = np.exp([logs.mean() - half, logs.mean(), logs.mean() + half])
        print(f"| mean (of the logarithms) | | {at:.3f} [{low:.3f}, {high:.3f}] | | | |")
        print(f"| all events | {observed.sum():.0f} | {observed.sum() / expected.sum():.3f} | | | |")


if __name__ == "__main__":
    main()
