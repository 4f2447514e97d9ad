"""What drawing rows and ranking objectives cost: seconds, memory, and torch's own beside them.

    python benchmarks/deep_samplers.py                  1e8 draws from 1e6 and from 1e8 weights, and the rest (3 GB)
    python benchmarks/deep_samplers.py --draws 1e6 --rows 1e6 --repeats 1
    python benchmarks/deep_samplers.py --only draws     or: samplers, objectives

Draws are taken in blocks (`WeightedSampler.blocks`), making the table included; CPU seconds are those of all threads
(RARECLASS_NUM_THREADS). A sampler's epoch is consumed row by row, as a loader does. An objective's step is forward and
backward of a batch of 256 logits with 64 past batches remembered, beside cross-entropy's, interleaved; medians.
Goals: 1e8 draws from 1e6 weights in 5 s, from 1e8 weights in 30 s.
"""

import argparse
import platform
import resource
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from rareclass.kernels.alias import alias_table, draw_aliased
from rareclass.kernels.threads import thread_count
from rareclass.torch import (
    AUCMarginObjective,
    AveragePrecisionObjective,
    BalancedBatchSampler,
    HardNegativeSampler,
    NegativeSubsetSampler,
    PartialAUCObjective,
    WeightedSampler,
)

GOAL = {1e6: 5.0, 1e8: 30.0}


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall-clock and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def peak() -> float:
    """Largest resident memory of this process so far, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def draws(rows: float, number: float, repeats: int) -> None:
    weights = np.random.default_rng(0).random(int(rows), dtype=np.float32)
    before = peak()

    def work() -> None:
        for block in WeightedSampler(weights, int(number), seed=1).blocks():
            assert block.size

    found = [timed(work) for _ in range(repeats)]
    wall, cpu = (statistics.median(part) for part in zip(*found, strict=True))
    goal = GOAL.get(rows) if number == 1e8 else None
    said = "" if goal is None else f", asked {goal:g} s"
    print(f"{number:.0e} draws from {rows:.0e} weights: {wall:6.2f} s, CPU {cpu:6.2f} s{said}; ", end="")
    print(f"memory beyond the weights {peak() - before:.2f} GB, {(peak() - before) / rows * 1e9:.1f} bytes a row")


def torch_draws(rows: float, number: float) -> None:
    weights = torch.rand(int(rows))
    wall, cpu = timed(lambda: torch.multinomial(weights, int(number), replacement=True))
    print(f"torch.multinomial, {number:.0e} draws from {rows:.0e} weights: {wall:.2f} s, CPU {cpu:.2f} s")
    ours, own = timed(lambda: draw_aliased(alias_table(weights.numpy()), int(number), 1))
    print(f"{'ours, in the same minute':40s}: {ours:.2f} s, CPU {own:.2f} s; ratio of CPU {cpu / own:.1f}")
    try:
        torch.multinomial(torch.rand(2**24 + 1), 1)
    except RuntimeError as error:
        print(f"torch.multinomial, 2^24 + 1 weights: {str(error).splitlines()[0]}")


def samplers(rows: int = 10_000_000, prevalence: float = 0.001) -> None:
    labels = (np.random.default_rng(0).random(rows) < prevalence).astype(np.int8)
    for name, make in {
        "RandomSampler of torch": lambda: torch.utils.data.RandomSampler(range(rows)),
        "BalancedBatchSampler, 256": lambda: BalancedBatchSampler(labels, 256),
        "NegativeSubsetSampler, 20": lambda: NegativeSubsetSampler(labels, 20),
        "HardNegativeSampler, 20": lambda: HardNegativeSampler(labels, 20),
    }.items():
        made = timed(make)[1]
        sampler = make()
        count = [0]

        def epoch(sampler: object = sampler, count: list[int] = count) -> None:
            for item in sampler:  # type: ignore[attr-defined]
                count[0] += len(item) if isinstance(item, list) else 1

        cpu = timed(epoch)[1]
        print(f"{name:28s} {rows:,} rows: made {made:5.2f} s, epoch of {count[0]:,} rows {cpu:5.2f} s of CPU")


def objectives(batch: int = 256, steps: int = 200) -> None:
    generator = torch.Generator().manual_seed(0)
    y = (torch.arange(batch) < batch // 8).long()
    arms: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "cross-entropy": lambda z: torch.nn.functional.binary_cross_entropy_with_logits(z, y.float())
    }
    for objective in (AveragePrecisionObjective(), AUCMarginObjective(), PartialAUCObjective()):
        arms[type(objective).__name__] = lambda z, objective=objective: objective(z, y)
    arms["PartialAUCObjective, soft"] = lambda z, o=PartialAUCObjective(temperature=1.0, memory=8): o(z, y)
    seconds: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(steps):
        z = torch.randn(batch, generator=generator).requires_grad_()
        for name, arm in arms.items():
            seconds[name].append(timed(lambda arm=arm, z=z: arm(z).backward())[1])
    for name, found in seconds.items():
        print(f"{name:28s} {statistics.median(found[steps // 2 :]) * 1e3:7.3f} ms of CPU a step of {batch} rows")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=float, nargs="+", default=[1e6, 1e8])
    parser.add_argument("--draws", type=float, default=1e8)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", choices=("draws", "samplers", "objectives"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{platform.machine()}, torch {torch.__version__}, numpy {np.__version__}, {thread_count()} thread(s)")
    list(WeightedSampler([1.0, 2.0], 100_000).blocks())  # compiled before the clock starts
    alias_table(np.ones(2, dtype=np.float32))
    if options.only in (None, "draws"):
        for rows in options.rows:
            draws(rows, options.draws, options.repeats)
        torch_draws(1e6, 1e6)
    if options.only in (None, "samplers"):
        samplers()
    if options.only in (None, "objectives"):
        objectives()


if __name__ == "__main__":
    main()
