"""Intermediate project: a finding on X-ray images that is rare, with PyTorch, and what a special loss brings.

rareclass learn medical-images        or: python examples/medical_images/medical_images.py [--quick] [--out DIR]

Chest X-rays of children, of which we let pneumonia be rare: 26 findings among 1,348 ordinary images, 20 of them to
train a small network, 6 to validate it. Everything is judged on all test images, weighted so that findings are as rare
there. Part one is the usual story: cross-entropy, then the focal loss, with curves. Part two searches the focal loss's
two numbers for recall under a floor on precision. Part three asks what its output means as a probability. Part four is
the honest table: every way that people recommend, five seeds, each with other findings to learn from, and intervals
for other seeds and other test images together. Part five saves a network as a bundle and lets `rareclass predict`
score it.

Same seed, same numbers: every network is trained on one thread, so they do not depend on the number of cores; another
processor or another release of torch may move them.
"""

import csv
import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from joblib import Parallel, delayed

from rareclass._lazy import need
from rareclass.learning import agree, from_command_line, part, shown, text_table, word
from rareclass.learning.running import call_part
from rareclass.metrics import average_precision_score, roc_auc_score
from rareclass.uncertainty.estimate import Interval

images, judging, table, figures = (
    part(f"medical_images/{name}.py") for name in ("images", "judging", "table", "figures")
)
WAYS_FILE = "medical_images/ways.py"  # needs torch, and so is read where that is known to be there
FLOOR = 0.5  # of the alarms, at least half are to be right
GAMMAS, ALPHAS, USUAL = (1.0, 2.0, 3.0), (0.25, 0.5, 0.75), (2.0, 0.25)


class Plan(NamedTuple):
    """How much is done: epochs, seeds of the table and of the search, resamples of the test images."""

    epochs: int
    seeds: int
    searched: int
    draws: int
    quick: bool


def main(out: Path, quick: bool = False) -> dict[str, Any]:
    need("torch", extra="torch")
    ways = part(WAYS_FILE)
    plan = Plan(3, 2, 1, 50, True) if quick else Plan(20, 5, 3, 400, False)
    found = images.read(quick=quick)
    first = images.split(found, 0)
    y = found.finding[found.test]
    print(
        f"{found.name}: {first.train_finding.sum()} findings among {first.train_finding.size:,} images to train on "
        f"({first.prevalence:.2%}), {first.valid_finding.sum()} among {first.valid_finding.size} to validate; "
        f"{y.sum()} findings and {(~y).sum()} ordinary images to judge, weighted to {first.prevalence:.2%}."
    )
    pairs = [(g, a) for g in GAMMAS[:: 2 if quick else 1] for a in ALPHAS[:: 2 if quick else 1]]
    jobs = [(way, seed) for way in ways.WAYS for seed in range(plan.seeds)]
    jobs += [(pair, seed) for pair in pairs if pair != USUAL for seed in range(plan.searched)]
    done = dict(zip(jobs, fitted(jobs, plan, (ways.BASE, ways.FOCAL)), strict=True))
    done |= {(USUAL, seed): done[ways.FOCAL, seed] for seed in range(plan.seeds)}
    weight = judging.resampled(images.test_weights(y, first.prevalence), y, plan.draws)
    runs = {way: [done[way, seed] for seed in range(plan.seeds)] for way in ways.WAYS}
    judged = judging.Judged(runs, y, weight)
    checked(judged, ways.BASE)

    print("\nPart one: cross-entropy, and the focal loss with gamma 2 and alpha 0.25")
    for way in (ways.BASE, ways.FOCAL):
        history = np.mean([run["history"] for run in runs[way]], axis=0)
        print(
            f"{way}: after {len(history)} epochs validation F1 at one half {history[-1, 2]:.2f}, average precision "
            f"{history[-1, 3]:.2f}: means of {plan.seeds} seeds with {first.valid_finding.sum()} findings each, so "
            "that one finding more or less moves them."
        )
    print("\nPart two: which gamma and which alpha?")
    best, searched = search(done, pairs, plan, ways.BASE)
    if plan.searched < plan.seeds:  # the chosen pair is judged with all seeds
        more = [(best, seed) for seed in range(plan.searched, plan.seeds) if (best, seed) not in done]
        done |= dict(zip(more, fitted(more, plan, ()), strict=True))
    judged.runs[best] = [done[best, seed] for seed in range(plan.seeds)]
    gain = told_search(judged, best, ways.BASE)
    print("\nPart three: what does its output mean?")
    promised = reliability(judged, ways)
    print("\nPart four: the honest table")
    rows = table.table(judged, ways)
    print("\nPart five: a bundle, scored by `rareclass predict`")
    scored = bundle(out, found, first, done[ways.BASE, 0], ways, quick)
    figures.curves(out, judged, ways)
    figures.overview(out, judged, ways, searched, rows, FLOOR)
    trained = {id(run): run["seconds"] for run in done.values()}
    seconds = sum(trained.values())
    print(f"{len(trained)} networks were trained, in {seconds / 60:.1f} minutes of one core.")
    return {"rows": rows, "best": best, "gain": gain, "promised": promised, "scored": scored, "seconds": seconds}


def fitted(jobs: list[tuple[Any, int]], plan: Plan, watched: tuple[str, ...]) -> list[dict[str, Any]]:
    """The runs, two processes at a time, each on one thread; with --quick one after another."""
    given = {"epochs": plan.epochs, "quick": plan.quick}
    calls = (delayed(call_part)(WAYS_FILE, "fit", way, seed, watched=way in watched, **given) for way, seed in jobs)
    return list(Parallel(n_jobs=1 if plan.quick else 2)(calls))


def checked(judged: Any, way: str) -> None:
    """Our weighted average precision and area beside those of the package, on the real and on resampled images."""
    score = judged.runs[way][0]["score"]
    for name, ours, package in (
        ("average precision", judging.average_precision, average_precision_score),
        ("area under the ROC curve", judging.roc_area, roc_auc_score),
    ):
        few = judged.weight[:5]
        theirs = [package(judged.finding, score, sample_weight=w) for w in few]
        agree(f"weighted {name}", ours(judged.finding, score, few), theirs, within=1e-10)


def search(done: dict[Any, Any], pairs: list[Any], plan: Plan, base: str) -> tuple[Any, dict[Any, Any]]:
    """The pair with the highest validation recall under the floor, ties by validation average precision; and all."""
    found = {}
    for pair in [base, *pairs]:
        runs = [done[pair, seed] for seed in range(plan.searched)]
        told = []
        for run in runs:
            of = run["valid_finding"], run["valid_score"], np.ones((1, run["valid_finding"].size))
            told.append((judging.recall_at_precision(*of, FLOOR)[0], judging.average_precision(*of)[0]))
        found[pair] = tuple(np.mean(told, axis=0))
    rows = [[figures.name_of(pair), f"{recall:.2f}", f"{ap:.3f}"] for pair, (recall, ap) in found.items()]
    print(text_table(["on validation images", f"recall at precision {FLOOR:g}", "average precision"], rows))
    return max(pairs, key=lambda pair: found[pair]), found


def told_search(judged: Any, best: Any, base: str) -> Interval:
    """Recall under the floor on the test images, beside cross-entropy, and what the validation's threshold keeps."""

    def at_floor(y: np.ndarray, z: np.ndarray, w: np.ndarray) -> np.ndarray:
        return judging.recall_at_precision(y, z, w, FLOOR)

    ours, plain = (judged.each(way, at_floor) for way in (best, base))
    gain = judging.interval(ours - plain, between=(-1, 1))
    for way, values in ((best, ours), (base, plain)):
        print(
            f"{figures.name_of(way)}: recall {shown(judging.interval(values, between=(0, 1)), 2)} on the test images."
        )
    says = {
        "better": "The search found a pair that is surely better than cross-entropy here.",
        "worse": "The pair that the search found is surely worse than cross-entropy here.",
        "cannot tell": "These images cannot tell whether the pair that the search found is better than cross-entropy.",
    }[word(gain)]
    print(f"Difference {shown(gain, 2, sign=True)}: {says}")
    kept = np.array([precision_kept(run, judged) for run in judged.runs[best]])
    precision = judging.interval(kept, between=(0, 1))
    holds = "keeps the floor" if precision.low >= FLOOR else "breaks it" if precision.high < FLOOR else "may break it"
    print(
        f"Its threshold, chosen where validation reached a precision of {FLOOR:g}, has {shown(precision, 2)} on the "
        f"test images: it {holds}."
    )
    return gain


def precision_kept(run: dict[str, Any], judged: Any) -> np.ndarray:
    """Precision (1 + draws,) on the test images of the lowest threshold that reached the floor on validation images."""
    z, y = run["valid_score"], run["valid_finding"]
    reached = [t for t in np.unique(z) if y[z >= t].mean() >= FLOOR]
    alarm = run["score"] >= min(reached, default=np.inf)
    right = (judged.weight * (alarm & judged.finding)).sum(-1)
    return right / np.maximum((judged.weight * alarm).sum(-1), 1e-300)


def reliability(judged: Any, ways: Any) -> dict[str, Interval]:
    """Findings promised for each that there is: by the raw output, by the inverse map, and by cross-entropy."""
    found = {
        "sigmoid of the focal loss's output": judged.probability(ways.FOCAL, judging.expected_to_observed, "score"),
        "after the inverse map": judged.probability(ways.FOCAL, judging.expected_to_observed, "log_odds"),
        "cross-entropy": judged.probability(ways.BASE, judging.expected_to_observed, "log_odds"),
    }
    spans = {name: judging.ratio_interval(values) for name, values in found.items()}
    for name, span in spans.items():
        print(f"{name}: {shown(span, 2)} findings promised for each that is there: {judging.honest(span)}.")
    raw, back, plain = found.values()
    moved = judging.ratio_interval(back / raw)
    print(
        f"The inverse map changes what is promised by a factor of {shown(moved, 2)}, and no image's place in the order."
    )
    apart = judging.ratio_interval(back / plain)
    tells = "surely more" if apart.low > 1 else "surely fewer" if apart.high < 1 else "no difference that can be told"
    print(f"Mapped back, the focal loss promises {shown(apart, 2)} times what cross-entropy promises: {tells}.")
    off = spans["cross-entropy"]
    if judging.honest(off) != "right, as far as these images can tell":
        print(
            "Cross-entropy has no map to undo, so what it is off by is not the loss's doing: findings are few, and the "
            "source of the images keeps the test images apart from those to train on, so that the two may differ."
        )
    return spans


def bundle(out: Path, found: Any, parts: Any, run: dict[str, Any], ways: Any, quick: bool) -> dict[str, Any]:
    """Save the first cross-entropy network, have `rareclass predict` score test images, and compare."""
    import torch

    from rareclass.cli import main as command
    from rareclass.decisions import CostMatrix
    from rareclass.losses.torch import CrossEntropy
    from rareclass.torch import NetworkOptions, save_network

    net = ways.training.network(4 if quick else 8)
    net.load_state_dict({name: torch.as_tensor(value) for name, value in run["weights"].items()})
    net.eval()
    columns = [f"px_{i:03d}" for i in range(parts.valid.shape[1])]
    costs = CostMatrix(fp=judging.COST_ALARM, fn=judging.COST_MISSED)
    how = NetworkOptions(
        columns=columns, loss=CrossEntropy(), costs=costs, calibration="none", target="finding", name="medical images"
    )
    kept = save_network(net, out / "bundle", parts.valid, parts.valid_finding, how)
    rows = found.pixels[found.test][:50]
    with (out / "new_images.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, *rows.astype(int).tolist()])
    with (
        redirect_stdout(io.StringIO()),
        redirect_stderr(io.StringIO()),
    ):  # it names the folder while that is in the making
        code = command(["predict", str(out / "bundle"), str(out / "new_images.csv"), "--out", str(out / "scored.csv")])
    with (out / "scored.csv").open(encoding="utf-8") as file:
        told = [float(row["probability"]) for row in csv.DictReader(file)]
    agree("probabilities of `rareclass predict`", told, judging.sigmoid(run["log_odds"][:50]), within=1e-6, of="torch")
    size = sum(file.stat().st_size for file in (out / "bundle").glob("**/*.safetensors"))
    print(f"rareclass predict bundle new_images.csv --out scored.csv    ({size:,} bytes)")
    return {"code": code, "version": kept.version, "rows": len(told)}


if __name__ == "__main__":
    from_command_line(main)
