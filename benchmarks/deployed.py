"""Does the champion that `compare` deploys expect as many events on rows it never saw as there are? On ten shared sets.

    OMP_NUM_THREADS=1 python benchmarks/deployed.py --keep deployed-runs [--seeds 3]     (about 15 minutes of one core)

The sets, the splits and the runs are those of `beside_autogluon.py`, whose folder may be given: 30 % of the rows held
out, events spread evenly, exact duplicates together; `rareclass compare` as it comes, its champion scored by
`rareclass predict`. Seeds are pooled, so that a row that several of them hold out counts as often. *slope* is that of
a logistic regression of the held-out labels on the log-odds (1: neither too bold nor too shy). Intervals (95 %) of a
set are of the held-out labels alone, each drawn anew with its probability; that of the mean is over the sets. Asked:
observed/expected within 4 % in the mean. A run is kept and not repeated.
"""

import argparse
from pathlib import Path

import numpy as np
from beside_autogluon import chosen, deployed
from scipy.stats import norm
from scipy.stats import t as student
from sklearn.linear_model import LogisticRegression


def slope(y: np.ndarray, p: np.ndarray) -> float:
    """How many times as far apart the log-odds of the held-out rows are."""
    odds = np.log(p) - np.log1p(-p)
    return float(LogisticRegression(C=np.inf).fit(odds[:, None], y).coef_[0, 0])


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
        found = [deployed(meta, s, given.keep / f"{meta['name']}-{s}", 1) for s in range(given.seeds)]
        y, p = (np.concatenate([one[key] for one in found]) for key in ("y", "ours"))
        ratio = y.sum() / p.sum()
        half = norm.ppf(0.975) * np.sqrt((p * (1 - p)).sum()) / p.sum()
        off.append(np.log(ratio))
        print(
            f"| {meta['name']} | {int(y.sum())} | {ratio:.3f} [{ratio - half:.3f}, {ratio + half:.3f}] "
            f"| {slope(y, p):.2f} | {', '.join(sorted({one['champion'] for one in found}))} "
            f"| {np.mean([one['processor'] for one in found]):.0f} |",
            flush=True,
        )
    if len(off) > 1:
        mean, half = np.mean(off), student.ppf(0.975, len(off) - 1) * np.std(off, ddof=1) / len(off) ** 0.5
        low, at, high = np.exp([mean - half, mean, mean + half])
        print(f"| mean (of the logarithms) | | {at:.3f} [{low:.3f}, {high:.3f}] | | | |")


if __name__ == "__main__":
    main()
