"""The torch losses beside torch's own and beside the textbook's by autograd: time and temporaries of a pass.

    python benchmarks/deep_losses.py [--logits 1000000] [--rounds 15] [--only eager compiled classes]

Each row is a ratio to torch's cross-entropy (`binary_cross_entropy_with_logits` with float targets, `cross_entropy`
for classes) on the same logits in the same rounds, which are interleaved: medians and quartiles over rounds, of CPU
seconds on one thread, of elapsed seconds on several. "compiled" has `torch.compile` on both sides, also for Boolean and
whole targets. "classes" is for scores (logits / 10, 10). Temporaries are the peak of what a forward and backward pass
allocate beside logits, targets and the gradient, as a multiple of the logits' size, as `torch.profiler` records it.
"""

import argparse
import gc
import platform
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy
from torch.profiler import ProfilerActivity, profile

from rareclass.losses import torch as modules

Loss = Callable[[Tensor, Tensor], Tensor]
Cases = dict[str, tuple[Loss, Tensor]]
"""A loss and its targets; the first is torch's own."""


def textbook_focal(z: Tensor, y: Tensor) -> Tensor:
    """Focal loss, gamma 2 and alpha 0.25, as it is commonly written."""
    p = torch.sigmoid(z)
    weight = (0.25 * y + 0.75 * (1 - y)) * (1 - (p * y + (1 - p) * (1 - y))) ** 2
    return (weight * binary_cross_entropy_with_logits(z, y, reduction="none")).mean()


def textbook_focal_of_classes(z: Tensor, y: Tensor) -> Tensor:
    """The same for class scores, gamma 2."""
    rows = cross_entropy(z, y, reduction="none")
    return ((1 - torch.exp(-rows)) ** 2 * rows).mean()


def binary(y: Tensor) -> Cases:
    """One score an element."""
    losses: dict[str, Loss] = {
        "torch's cross-entropy with logits": binary_cross_entropy_with_logits,
        "FocalLoss(2, 0.25) of the textbook": textbook_focal,
        "CrossEntropy": modules.CrossEntropy(),
        "WeightedCrossEntropy(99)": modules.WeightedCrossEntropy(99.0),
        "FocalLoss(2)": modules.FocalLoss(2.0),
        "FocalLoss(2, 0.25)": modules.FocalLoss(2.0, 0.25),
        "FocalLoss(1.7, 0.25)": modules.FocalLoss(1.7, 0.25),
        "LogitAdjustedLoss(0.01)": modules.LogitAdjustedLoss(0.01),
        "CrossEntropy, smoothed": modules.CrossEntropy(label_smoothing=0.1),
        "FocalLoss(2), smoothed": modules.FocalLoss(2.0, label_smoothing=0.1),
        "LogitAdjustedLoss(0.01), smoothed": modules.LogitAdjustedLoss(0.01, label_smoothing=0.1),
        "FocalLoss(2), ignore_index": modules.FocalLoss(2.0, ignore_index=-1),
        "LDAMLoss": modules.LDAMLoss((99, 1)),
        "AsymmetricLoss": modules.AsymmetricLoss(),
        "PolyLoss": modules.PolyLoss(),
        "TverskyLoss": modules.TverskyLoss(),
    }
    return {name: (loss, y) for name, loss in losses.items()}


def compiled(y: Tensor) -> Cases:
    """Some of them by the compiler, which takes ten seconds and more for each."""
    torch._dynamo.config.recompile_limit = 64  # one forward method serves all modules
    names = ("torch's", "FocalLoss(2, 0.25)", "CrossEntropy", "Weighted", "LogitAdjusted")
    chosen = {n: loss for n, (loss, _) in binary(y).items() if n.startswith(names) and "smoothed" not in n}
    found = {n: (torch.compile(loss, fullgraph=True), y) for n, loss in chosen.items()}
    for kind in (torch.bool, torch.int64, torch.uint8):
        for n in ("WeightedCrossEntropy(99)", "FocalLoss(2, 0.25)"):
            found[f"{n}, targets {kind}"] = (torch.compile(chosen[n], fullgraph=True), y.to(kind))
    return found


def of_classes(y: Tensor) -> Cases:
    """Scores of ten classes."""
    counts = torch.bincount(y, minlength=10).clamp(min=1).tolist()
    weights = [len(y) / 10 / count for count in counts]
    losses: dict[str, Loss] = {
        "torch's cross_entropy": cross_entropy,
        "FocalLoss(2) of the textbook": textbook_focal_of_classes,
        "CrossEntropy": modules.CrossEntropy(),
        "WeightedCrossEntropy": modules.WeightedCrossEntropy(weights),
        "FocalLoss(2)": modules.FocalLoss(2.0),
        "LogitAdjustedLoss": modules.LogitAdjustedLoss(counts=counts),
        "LDAMLoss": modules.LDAMLoss(counts),
        "torch's cross_entropy, smoothed": lambda z, y: cross_entropy(z, y, label_smoothing=0.1),
        "CrossEntropy, smoothed": modules.CrossEntropy(label_smoothing=0.1),
    }
    return {name: (loss, y) for name, loss in losses.items()}


def step(loss: Loss, z: Tensor, y: Tensor) -> None:
    """One forward and backward pass."""
    z.grad = None
    loss(z, y).backward()


def ratios(cases: Cases, z: Tensor, rounds: int) -> dict[str, tuple[float, float, float]]:
    """Median, lower and upper quartile of each loss's CPU time beside the first one's, over interleaved rounds."""
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds + 2):
        for name, (loss, y) in cases.items():
            begin = clock()
            step(loss, z, y)
            seconds[name].append(clock() - begin)
    found = np.array([seconds[name][2:] for name in cases])
    print(f"\nthe first takes {np.median(found[0]) * 1e3:.2f} ms")
    ratio = found / found[0]
    return {name: tuple(np.quantile(r, (0.5, 0.25, 0.75))) for name, r in zip(cases, ratio, strict=True)}


def temporaries(loss: Loss, z: Tensor, y: Tensor) -> float:
    """Peak of the memory allocated during a pass, beside the gradient that it leaves, in sizes of the logits."""
    step(loss, z, y)
    z.grad = None
    gc.collect()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as record:
        loss(z, y).backward()
    held, peak = 0, 0
    events = [e for e in record.profiler.kineto_results.events() if e.name() == "[memory]"]
    for event in sorted(events, key=lambda e: e.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    return peak / (z.numel() * z.element_size()) - 1.0


def show(title: str, cases: Cases, z: Tensor, rounds: int) -> None:
    found = ratios(cases, z, rounds)
    print(f"| {title}, {torch.get_num_threads()} thread(s) | ratio (quartiles) | temporaries |\n|---|---|---|")
    for name, (loss, y) in cases.items():
        held = "" if title == "compiled" else f"{temporaries(loss, z, y):.2f}"
        print("| {} | {:.2f} ({:.2f}-{:.2f}) | {} |".format(name, *found[name], held), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--logits", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", nargs="+", default=["eager", "compiled", "classes"])
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    options = parser.parse_args()
    torch.manual_seed(0)
    z = (torch.randn(options.logits) * 3).requires_grad_()
    y = (torch.rand(options.logits) < 0.02).float()
    scores = (torch.randn(options.logits // 10, 10) * 3).requires_grad_()
    codes = torch.distributions.Geometric(0.4).sample((options.logits // 10,)).long().clamp(max=9)
    print(
        f"torch {torch.__version__}, {platform.machine()}, {options.logits:,} logits, float32, {options.rounds} rounds"
    )
    for threads in options.threads:
        torch.set_num_threads(threads)
        torch.compiler.reset()
        if "eager" in options.only:
            show("eager", binary(y), z, options.rounds)
        if "compiled" in options.only:
            show("compiled", compiled(y), z, options.rounds)
        if "classes" in options.only:
            show("classes", of_classes(codes), scores, options.rounds)


if __name__ == "__main__":
    main()
