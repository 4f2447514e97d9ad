"""Ranking objectives beside cross-entropy on a simulated world of 1 % events: average precision of new rows, by seed.

    python benchmarks/ranking_objectives.py                5 seeds, 500 steps of 64 rows (a minute of one core)
    python benchmarks/ranking_objectives.py --seeds 20

All arms see the same balanced batches (32 events of 64 rows) and start from the same weights. Reported are the mean of
the seeds and the paired difference to cross-entropy, with Student's 95 % interval over seeds, each of which has a
training set, a network and test rows (20,000) of its own.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
from scipy import stats
from scipy.optimize import brentq
from scipy.special import expit
from torch import Tensor, nn

from rareclass.metrics import average_precision_score
from rareclass.torch import AUCMarginObjective, AveragePrecisionObjective, BalancedBatchSampler, PartialAUCObjective

Loss = Callable[[Tensor, Tensor], Tensor]


def world(seed: int, rows: int, prevalence: float) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, 12))
    signal = 1.5 * (1.6 * x[:, 0] + 1.2 * x[:, 1] * x[:, 2] + 1.3 * np.abs(x[:, 3]) + x[:, 4] * (x[:, 5] > 0))
    at = brentq(lambda b: expit(signal + b).mean() - prevalence, -40, 10)
    y = rng.random(rows) < expit(signal + at)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y)


def cross_entropy(z: Tensor, y: Tensor) -> Tensor:
    return nn.functional.binary_cross_entropy_with_logits(z, y.float())


def first_then(first: Loss, then: Loss, steps: int) -> Loss:
    """One loss for so many batches, then another."""
    done = [0]

    def loss(z: Tensor, y: Tensor) -> Tensor:
        done[0] += 1
        return (first if done[0] <= steps else then)(z, y)

    return loss


def arms(prevalence: float, steps: int) -> dict[str, Callable[[], Loss]]:
    return {
        "cross-entropy": lambda: cross_entropy,
        "average precision": AveragePrecisionObjective,
        "average precision, real prevalence": lambda: AveragePrecisionObjective(prevalence),
        "cross-entropy, then average precision": lambda: first_then(
            cross_entropy, AveragePrecisionObjective(), steps // 2
        ),
        "AUC margin": AUCMarginObjective,
        "partial AUC to 5 %": lambda: PartialAUCObjective(0.05),
    }


def judged(loss: Loss, seed: int, steps: int, prevalence: float) -> float:
    x, y = world(seed, 15_000, prevalence)
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(12, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 1))
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=1e-4)
    for rows in BalancedBatchSampler(y, 64, batches_per_epoch=steps, seed=seed):
        optimiser.zero_grad()
        loss(net(x[rows])[:, 0], y[rows]).backward()
        optimiser.step()
    x, y = world(seed + 1000, 20_000, prevalence)
    with torch.no_grad():
        return float(average_precision_score(y.numpy(), net(x)[:, 0].numpy()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--prevalence", type=float, default=0.01)
    options = parser.parse_args()
    torch.set_num_threads(1)
    base = None
    for name, make in arms(options.prevalence, options.steps).items():
        start = time.process_time()
        found = np.array([judged(make(), s, options.steps, options.prevalence) for s in range(options.seeds)])
        base = found if base is None else base
        difference = found - base
        half = stats.t.ppf(0.975, len(found) - 1) * difference.std(ddof=1) / len(found) ** 0.5
        said = f"{difference.mean():+.3f} [{difference.mean() - half:+.3f}, {difference.mean() + half:+.3f}]"
        cost = (time.process_time() - start) / options.seeds
        print(f"{name:40s} {found.mean():.3f}  {said if name != 'cross-entropy' else '':28s} {cost:4.1f} s", flush=True)


if __name__ == "__main__":
    main()
