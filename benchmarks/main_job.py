"""The main job on ten real data sets: time, memory, champion against logistic regression, calibration of every arm.

    python benchmarks/main_job.py                     all ten, about 20 minutes on two cores
    python benchmarks/main_job.py --only smtp adult   some of them

Each run is one `rareclass compare` in a process of its own, with the default budget. The data are those of
`RARECLASS_DATA` or ../shared/data. Prints a table in Markdown.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Targets, rare labels, columns that are no features, groups and costs come from the catalogue.
RUNS: dict[str, list[str]] = {
    "mammography": [],
    "creditcard_ulb_int40": [],
    "kddcup99_10pct": [],
    "thyroid_sick": [],
    "churn_tv_subscriptions": [],
    "german_credit": [],
    "bank_additional_full": ["--time-ordered"],
    "diabetes130": [],
    "smtp": [],
    "adult": [],
}


COLUMNS = (
    "set", "rows", "events", "seconds", "peak GB", "arms (left out)", "champion", "AP out of fold [95 %]", "test AP",
    "logistic", "library default", "not below logistic", "O/E of arms", "Brier skill gap",
)  # fmt: skip


def run(name: str, folder: Path) -> dict:
    """One comparison in a process of its own: wall seconds, peak memory, results."""
    command = [sys.executable, "-m", "rareclass", "compare", name, *RUNS[name], "--out", str(folder / name)]
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    _, said = process.communicate()
    seconds = time.perf_counter() - started
    if process.returncode:
        raise SystemExit(f"{name}: exit code {process.returncode}: {said[-2000:]}")
    results = json.loads((folder / name / "results.json").read_text(encoding="utf-8"))
    return {"name": name, "seconds": seconds, "results": results}


def judge(found: dict) -> dict:
    """The figures that are asked for, from one results.json."""
    results = found["results"]
    arms = {a["name"]: a for a in results["arms"]}
    ap = {n: a["metrics"]["average_precision"] for n, a in arms.items()}
    champion, logistic = ap[results["champion"]], ap["logistic_regression+none"]
    events = results["design"]["dev_events"]
    ours = [a for a in results["arms"] if "library_default" not in a["name"]]
    oe = [a["calibration"]["observed_to_expected"] for a in ours]
    gap = max(a["calibration"]["brier_skill_ceiling"] - a["calibration"]["brier_skill"] for a in ours)
    test = results["test"]["metrics"]["average_precision"] if results["test"] else None
    return {
        "set": found["name"], "rows": results["data"]["rows"], "events": results["data"]["events"],
        "seconds": found["seconds"], "arms": len(arms), "left out": len(results["arms_not_run"]),
        "champion": results["champion"], "AP": champion["estimate"], "low": champion["low"], "high": champion["high"],
        "logistic": logistic["estimate"], "default": ap.get("lightgbm_library_default+none", {}).get("estimate"),
        "not below logistic": champion["high"] >= logistic["estimate"], "test": test and test["estimate"],
        "O/E": (min(oe), max(oe)), "gap": gap, "dev events": events,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=list(RUNS), default=list(RUNS))
    parser.add_argument("--keep", help="folder for the runs; default: a temporary one")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(asked.keep) if asked.keep else Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        print("| " + " | ".join(COLUMNS) + " |")
        print("|" + "---|" * len(COLUMNS))
        for name in asked.only:
            j = judge(run(name, folder))
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
            test = "none" if j["test"] is None else f"{j['test']:.3f}"
            default = "–" if j["default"] is None else f"{j['default']:.3f}"
            print(
                f"| {name} | {j['rows']:,} | {j['events']:,} | {j['seconds']:.0f} | <= {peak:.2f} | {j['arms']} "
                f"({j['left out']}) | {j['champion']} | {j['AP']:.3f} [{j['low']:.3f}, {j['high']:.3f}] | {test} "
                f"| {j['logistic']:.3f} | {default} | {'yes' if j['not below logistic'] else 'NO'} "
                f"| {j['O/E'][0]:.2f}-{j['O/E'][1]:.2f} | {j['gap']:.4f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
