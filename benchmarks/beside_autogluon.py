"""`rareclass compare` as it comes beside AutoGluon's `best_quality` with the same seconds, on ten shared sets.

    make .autogluon                                  its environment, once (about 2.5 GB)
    python benchmarks/beside_autogluon.py --keep autogluon-runs [--seeds 1] [--only NAME ...]

Sets, by rule: of the complete binary sets of the catalogue with 1,000 rows or more and 30 to 1,500 events the largest
of each family; these in order of their events, ten at even distances. 30 % of the rows are held out, events spread
evenly, exact duplicates together; categorical columns are text for both sides. Ours is one `rareclass compare`, its
champion deployed by `rareclass predict`. AutoGluon then gets our seconds and as many cores, log-loss as its measure.
On a quiet machine these are wall seconds; `--threads 1` gives both one core and counts processor seconds, which is fair
beside other work too.

Intervals of a set: held-out rows of each class resampled, the same for both sides (95 %, bootstrap, seeds averaged);
of the mean: that of the sets' differences. A run is kept in --keep and not repeated. Measured: docs/figures.md.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from rare_sets import data_root, grouped_folds, row_groups
from scipy.stats import t as student
from sklearn.metrics import average_precision_score, log_loss

HERE = Path(__file__).resolve().parent
SETS, RESAMPLES = 10, 500


def chosen() -> list[dict]:
    """Catalogue records of the ten sets."""
    largest: dict[str, dict] = {}
    for meta in json.loads((data_root() / "index.json").read_text(encoding="utf-8")):
        fits = meta["task"] == "binary" and not meta["simulated"] and not meta["partial"]
        if fits and meta["rows"] >= 1000 and 30 <= meta["positives"] <= 1500:
            known = largest.get(meta["family"])
            if known is None or meta["rows"] > known["rows"]:
                largest[meta["family"]] = meta
    ordered = sorted(largest.values(), key=lambda meta: meta["positives"])
    return [ordered[int(place)] for place in np.linspace(0, len(ordered) - 1, SETS).round()]


def parts(meta: dict, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows to fit on and rows held out, with the column `event`."""
    frame = pd.read_parquet(data_root() / meta["file"])
    event = (frame[meta["target"]].astype(str) == str(meta["positive_label"])).to_numpy()
    assert event.sum() == meta["positives"], meta["name"]
    beside = {meta["target"], meta["split_column"], *meta["not_features"]}
    frame = frame.drop(columns=[column for column in frame if column in beside])
    codes = frame.apply(lambda values: values if pd.api.types.is_numeric_dtype(values) else pd.factorize(values)[0])
    held = grouped_folds(event, row_groups(codes.to_numpy(dtype=np.float64)), seed=seed, folds=10) < 3
    for column in meta["categorical_columns"]:
        text = frame[column].astype(str).where(frame[column].notna(), None)
        frame[column] = text if not pd.api.types.is_numeric_dtype(frame[column]) else "level " + text
    frame["event"] = event.astype(int)
    return frame[~held].reset_index(drop=True), frame[held].reset_index(drop=True)


def finished(command: list[str]) -> tuple[float, float]:
    """Wall and processor seconds of a command."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: exit code {done.returncode}: {done.stderr[-2000:]}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def deployed(meta: dict, seed: int, folder: Path, threads: int) -> dict:
    """Our side of one split, kept in the folder: probabilities of the held-out rows, seconds, champion."""
    kept = folder / "ours.json"
    if kept.exists():
        return json.loads(kept.read_text(encoding="utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    train, test = folder / "train.parquet", folder / "test.parquet"
    for part, path in zip(parts(meta, seed), (train, test), strict=True):
        part.to_parquet(path)
    ours, scored = folder / "ours", folder / "scored.parquet"
    command = [sys.executable, "-m", "rareclass"]
    how = ["--target", "event", "--pos-label", "1", "--overwrite"]
    wall, processor = finished([*command, "compare", str(train), *how, "--threads", str(threads), "--out", str(ours)])
    finished([*command, "predict", str(ours / "champion"), str(test), "--out", str(scored), "--overwrite"])
    found = {
        "y": pd.read_parquet(test)["event"].tolist(),
        "ours": pd.read_parquet(scored)["probability"].tolist(),
        "wall": wall,
        "processor": processor,
        "champion": json.loads((ours / "results.json").read_text(encoding="utf-8"))["champion"],
    }
    kept.write_text(json.dumps(found), encoding="utf-8")
    return found


def run(meta: dict, seed: int, folder: Path, interpreter: str, threads: int) -> dict:
    """Both sides on one split: what `deployed` finds, and AutoGluon's probabilities, seconds and models."""
    ours = deployed(meta, seed, folder, threads)
    limit = ours["processor"] if threads == 1 else ours["wall"]
    tables = [str(folder / "train.parquet"), str(folder / "test.parquet")]
    finished([interpreter, str(HERE / "autogluon_worker.py"), *tables, f"{limit:.0f}", str(folder), str(threads)])
    said = json.loads((folder / "said.json").read_text(encoding="utf-8"))
    return {
        **ours,
        "autogluon": np.load(folder / "p.npy").tolist(),
        "seconds": (ours["wall"], said["seconds"]),
        "processor": (ours["processor"], said["processor"]),
        "models": said["models"],
    }


def figures(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Log-loss and average precision."""
    return np.array([log_loss(y, np.clip(p, 1e-15, 1 - 1e-15)), average_precision_score(y, p)])


def judged(found: dict, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Figures of both sides (2, 2), and resampled differences ours - AutoGluon (r, 2)."""
    y, both = np.array(found["y"]), [np.array(found[side]) for side in ("ours", "autogluon")]
    classes = [np.flatnonzero(y == label) for label in (0, 1)]
    gaps = []
    for _ in range(RESAMPLES):
        drawn = np.concatenate([rng.choice(rows, rows.size) for rows in classes])
        ours, other = (figures(y[drawn], p[drawn]) for p in both)
        gaps.append(ours - other)
    return np.array([figures(y, p) for p in both]), np.array(gaps)


def spread(gap: float, low: float, high: float) -> str:
    return f"{gap:+.4f} [{low:+.4f}, {high:+.4f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", required=True, help="folder for the runs")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--only", nargs="+")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--python", default=str(HERE.parent / ".autogluon/bin/python"), help="interpreter with AutoGluon"
    )
    given = parser.parse_args()
    print(
        "| set | rows | events held out | log-loss ours | AutoGluon | difference [95 %] | AP ours | AutoGluon "
        "| difference [95 %] | seconds | processor seconds | champion | AutoGluon's models |"
    )
    print("|" + "---|" * 13)
    means = []
    for meta in chosen():
        if given.only and meta["name"] not in given.only:
            continue
        found = []
        for seed in range(given.seeds):
            folder = Path(given.keep) / f"{meta['name']}-{seed}"
            kept = folder / "found.json"
            if not kept.exists():
                kept_text = json.dumps(run(meta, seed, folder, given.python, given.threads))
                kept.write_text(kept_text, encoding="utf-8")
            found.append(json.loads(kept.read_text(encoding="utf-8")))
        rng = np.random.default_rng(0)
        each = [judged(one, rng) for one in found]
        value = np.mean([at for at, _ in each], axis=0)
        low, high = np.quantile(np.mean([gaps for _, gaps in each], axis=0), [0.025, 0.975], axis=0)
        means.append(value)
        gap = value[0] - value[1]
        wall, processor = (np.mean([one[key] for one in found], axis=0) for key in ("seconds", "processor"))
        print(
            f"| {meta['name']} | {meta['rows']:,} | {sum(found[0]['y'])} "
            f"| {value[0, 0]:.4f} | {value[1, 0]:.4f} | {spread(gap[0], low[0], high[0])} "
            f"| {value[0, 1]:.3f} | {value[1, 1]:.3f} | {spread(gap[1], low[1], high[1])} "
            f"| {wall[0]:.0f} / {wall[1]:.0f} | {processor[0]:.0f} / {processor[1]:.0f} "
            f"| {', '.join(sorted({one['champion'] for one in found}))} | {len(found[0]['models'])} |",
            flush=True,
        )
    if len(means) > 1:
        gaps = np.array(means)[:, 0] - np.array(means)[:, 1]
        half = student.ppf(0.975, len(gaps) - 1) * gaps.std(axis=0, ddof=1) / len(gaps) ** 0.5
        mean = np.mean(means, axis=0)
        cells = [
            f"{mean[0, k]:.4f} | {mean[1, k]:.4f} "
            f"| {spread(gaps[:, k].mean(), gaps[:, k].mean() - half[k], gaps[:, k].mean() + half[k])}"
            for k in (0, 1)
        ]
        print(f"| mean | | | {cells[0]} | {cells[1]} | | | | |")


if __name__ == "__main__":
    main()
