"""What one of two processes draws, as JSON: ``python two_processes.py STORE RANK OUT``."""

import json
import sys
from pathlib import Path

import numpy as np
from torch import distributed

from rareclass.errors import InputError
from rareclass.torch import BalancedBatchSampler, HardNegativeSampler, NegativeSubsetSampler, WeightedSampler

LABELS = np.random.default_rng(0).permutation(np.repeat([0, 1], [190, 11]))


def main(store: str, rank: str, out: str) -> None:
    early = NegativeSubsetSampler(LABELS, 4, seed=3)  # made before the processes know of each other
    distributed.init_process_group("gloo", init_method=f"file://{store}", rank=int(rank), world_size=2)
    hard = HardNegativeSampler(LABELS, 4, seed=3)
    hard.update(np.linspace(0, 1, LABELS.size))
    samplers = {
        "subset": early,
        "hard": hard,
        "balanced": BalancedBatchSampler(LABELS, 8, seed=3),
        "weighted": WeightedSampler(1.0 + LABELS, 51, seed=3),
    }
    drawn = {name: [list(sampler) for _ in range(2)] for name, sampler in samplers.items()}
    try:
        hard.update(np.linspace(0, 1, LABELS.size) / (1 + int(rank)))
        drawn["refused"] = ""
    except InputError as error:
        drawn["refused"] = str(error)
    distributed.destroy_process_group()
    Path(out).write_text(json.dumps(drawn))


if __name__ == "__main__":
    main(*sys.argv[1:])
