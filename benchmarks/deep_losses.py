"""The torch losses beside torch's own: time, temporaries and compiled time of forward and backward.

    python benchmarks/deep_losses.py [--logits 1000000] [--rounds 15] [--no-compile]

Each row is a ratio to `torch.nn.functional.binary_cross_entropy_with_logits` on the same logits in the same rounds,
which are interleaved: medians and quartiles over rounds, of CPU seconds on one thread, of elapsed seconds on several.
Temporaries are the peak of what a forward and backward pass allocate beside logits, targets and the gradient, as a
multiple of the logits' size, by the allocations that `torch.profiler` records.
"""

import argparse
import gc
import platform
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.profiler import ProfilerActivity, profile

from rareclass.losses import torch as modules

Loss = Callable[[Tensor, Tensor], Tensor]


def cases() -> dict[str, Loss]:
    """What is compared; the first is torch's own."""
    return {
        "torch's cross-entropy with logits": binary_cross_entropy_with_logits,
        "CrossEntropy": modules.CrossEntropy(),
        "WeightedCrossEntropy(99)": modules.WeightedCrossEntropy(99.0),
        "FocalLoss(2)": modules.FocalLoss(2.0),
        "FocalLoss(2, 0.25)": modules.FocalLoss(2.0, 0.25),
        "FocalLoss(1.7, 0.25)": modules.FocalLoss(1.7, 0.25),
        "LogitAdjustedLoss(0.01)": modules.LogitAdjustedLoss(0.01),
        "FocalLoss(2), smoothed": modules.FocalLoss(2.0, label_smoothing=0.1),
        "FocalLoss(2), ignore_index": modules.FocalLoss(2.0, ignore_index=-1),
        "LDAMLoss": modules.LDAMLoss((99, 1)),
        "AsymmetricLoss": modules.AsymmetricLoss(),
        "PolyLoss": modules.PolyLoss(),
        "TverskyLoss": modules.TverskyLoss(),
    }


COMPILED = ("torch's", "CrossEntropy", "Weighted", "FocalLoss(2, 0.25)", "LogitAdjusted")
"""Which cases are compiled, by how they begin: the compiler takes up to a minute for each."""


def step(loss: Loss, z: Tensor, y: Tensor) -> None:
    """One forward and backward pass."""
    z.grad = None
    loss(z, y).backward()


def ratios(losses: dict[str, Loss], z: Tensor, y: Tensor, rounds: int) -> dict[str, tuple[float, float, float]]:
    """Median, lower and upper quartile of each loss's CPU time beside the first one's, over interleaved rounds."""
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    seconds: dict[str, list[float]] = {name: [] for name in losses}
    for _ in range(rounds + 2):
        for name, loss in losses.items():
            begin = clock()
            step(loss, z, y)
            seconds[name].append(clock() - begin)
    found = np.array([seconds[name][2:] for name in losses])
    ratio = found / found[0]
    return {name: tuple(np.quantile(r, (0.5, 0.25, 0.75))) for name, r in zip(losses, ratio, strict=True)}


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--logits", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--no-compile", action="store_true")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    torch.manual_seed(0)
    z = (torch.randn(options.logits) * 3).requires_grad_()
    y = (torch.rand(options.logits) < 0.02).float()
    print(
        f"torch {torch.__version__}, {platform.machine()}, {options.logits:,} logits, float32, {options.rounds} rounds"
    )
    print("| loss | threads | eager (quartiles) | compiled (quartiles) | temporaries |\n|---|---|---|---|---|")
    for threads in options.threads:
        torch.set_num_threads(threads)
        eager = ratios(cases(), z, y, options.rounds)
        compiled = {}
        if not options.no_compile:
            torch.compiler.reset()
            chosen = {n: torch.compile(f, fullgraph=True) for n, f in cases().items() if n.startswith(COMPILED)}
            compiled = ratios(chosen, z, y, options.rounds)
        for name, loss in cases().items():
            row = ["{:.2f} ({:.2f}-{:.2f})".format(*t[name]) if name in t else "" for t in (eager, compiled)]
            print(f"| {name} | {threads} | {' | '.join(row)} | {temporaries(loss, z, y):.2f} |", flush=True)


if __name__ == "__main__":
    main()
