"""The main job on simulated card transactions, whose truth is known: what `rareclass demo` does."""

import os
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rareclass.data.problem import Roles, read_problem
from rareclass.data.simulate import simulate_transactions
from rareclass.decisions.costs import CostMatrix
from rareclass.evaluation.results import Results
from rareclass.kernels.logits import sigmoid
from rareclass.metrics.ranking import average_precision_score
from rareclass.workflow import compare_table, write_run

Progress = Callable[[str, int, int], None]
DEMO_COSTS = {"fp": 10.0, "fn": 500.0}


def run_demo(
    out: str | os.PathLike,
    *,
    rows: int = 40_000,
    seed: int = 0,
    n_jobs: int | None = None,
    progress: Progress | None = None,
) -> tuple[Results, list[str]]:
    """Compare on simulated card transactions and check the champion against the truth that only a simulator knows.

    Returns
    -------
    results : Results
        As in `results.json`; the run folder is written to `out`.
    truth : list of str
        What the truth says about the champion on fresh transactions, in sentences.
    """
    whole = simulate_transactions(2 * rows, prevalence=0.01, seed=seed)
    order = np.random.default_rng(seed).permutation(2 * rows)
    known, fresh = np.sort(order[:rows]), np.sort(order[rows:])
    problem = read_problem(whole.table.take(known), whole.target, Roles(groups=whole.group, drop=[whole.time]))
    problem = replace(problem, name="simulated card transactions")
    costs = CostMatrix(**DEMO_COSTS)
    comparison = compare_table(problem, costs=costs, random_state=seed, n_jobs=n_jobs, progress=progress, budget=60.0)
    model = comparison.best_model_
    logit = model.positive_logit(whole.table.take(fresh))
    p, true = sigmoid(logit), whole.probability[fresh]

    def cost(flagged: np.ndarray) -> float:
        return float(np.where(flagged, costs.fp * (1 - true), costs.fn * true).mean())

    ours, best, none = cost(model.decision_.apply(p)), cost(true >= costs.threshold), cost(np.zeros(p.size, bool))
    truth = [
        f"On {rows:,} fresh transactions, where the simulator knows the true probability of each:",
        f"  mean probability {p.mean():.4f}, true mean {true.mean():.4f}",
        f"  average precision {average_precision_score(whole.y[fresh], logit):.3f}, best possible "
        f"{whole.best_average_precision:.3f}",
        f"  cost per transaction {ours:.3f}, best possible {best:.3f}, doing nothing {none:.3f}",
    ]
    return write_run(comparison, out, problem, overwrite=True, command="rareclass demo", truth=truth), truth
