"""The focal loss: rows that are already right count less, and what the model then says is no probability.

rareclass learn focal-loss        or: python examples/from_scratch/focal_loss.py [--quick] [--out DIR]

The log-loss of a row is -log(q), where q is what the model says of the row's true class. The focal loss multiplies it
by (1 - q) to the power gamma: a row with q = 0.9 then counts a hundredth at gamma = 2. At gamma = 0 it is the log-loss.
"""

from pathlib import Path
from typing import Any

import numpy as np

from rareclass.learning import Figure, agree, from_command_line, lesson
from rareclass.losses import FocalLoss


def focal_loss(y: np.ndarray, z: np.ndarray, gamma: float) -> np.ndarray:
    """The loss (n,) of scores z (n,) for labels y (n,); the model's output is v = sigmoid(z)."""
    t = np.where(y == 1, z, -z)  # positive: on the right side
    log_q = -np.logaddexp(0, -t)
    return -np.exp(gamma * -np.logaddexp(0, t)) * log_q


def focal_gradient(y: np.ndarray, z: np.ndarray, gamma: float) -> np.ndarray:
    """How the loss rises with z: the chain rule through q, which changes by q (1 - q) as z does."""
    t = np.where(y == 1, z, -z)
    log_q = -np.logaddexp(0, -t)
    q, wrong = np.exp(log_q), np.exp(-np.logaddexp(0, t))
    slope = wrong**gamma * (gamma * q * log_q - wrong)
    return np.where(y == 1, slope, -slope)


def probability(z: np.ndarray, gamma: float) -> np.ndarray:
    """The probability (n,) at which a score z has the least expected focal loss: what the output means.

    Rows of probability p have the least loss where p x (gradient of a rare row) + (1 - p) x (gradient of an ordinary
    row) = 0. Solved for p.
    """
    rare, ordinary = focal_gradient(np.ones_like(z), z, gamma), focal_gradient(np.zeros_like(z), z, gamma)
    return ordinary / (ordinary - rare)


def fit_focal(X: np.ndarray, y: np.ndarray, gamma: float, steps: int = 4_000) -> np.ndarray:
    """Coefficients (d,) and constant of a linear model with least focal loss, by gradient descent."""
    beta = np.zeros(X.shape[1] + 1)
    for _ in range(steps):
        slope = focal_gradient(y, X @ beta[:-1] + beta[-1], gamma) / len(y)
        beta -= np.append(X.T @ slope, slope.sum())
    return beta


def main(out: Path, quick: bool = False) -> dict[str, Any]:
    X, y = lesson("data").make_data()
    z = np.linspace(-8, 8, 161)
    for gamma in (0.0, 1.0, 2.0, 5.0):
        loss = FocalLoss(gamma=gamma)
        both = np.repeat([0, 1], z.size), np.tile(z, 2)  # ordinary and rare rows at every score
        agree(f"loss at gamma {gamma:g}", focal_loss(*both, gamma), loss.value(*both), within=1e-12)
        agree(f"gradient at gamma {gamma:g}", focal_gradient(*both, gamma), loss.gradient(*both), within=1e-12)
        agree(f"what the output means at gamma {gamma:g}", probability(z, gamma), loss.link(z), within=1e-12)
    tiny = 1e-6
    slope = (focal_loss(np.ones_like(z), z + tiny, 2.0) - focal_loss(np.ones_like(z), z - tiny, 2.0)) / (2 * tiny)
    agree("the gradient as a small difference", slope, FocalLoss(2.0).gradient(np.ones_like(z), z), within=1e-8)

    beta = fit_focal(X, y, 2.0, steps=1_000 if quick else 8_000)
    score = X @ beta[:-1] + beta[-1]
    said, meant = (1 / (1 + np.exp(-score))).sum(), probability(score, 2.0).sum()
    print(f"A linear model with gamma = 2: its outputs sum to {said:.0f}, read as probabilities to {meant:.0f}.")
    fine = np.linspace(-8, 0, 10_001)
    out_at = 1 / (1 + np.exp(-np.interp(0.001, probability(fine, 2.0), fine)))
    print(f"There are {y.sum()} rare rows. At a probability of 0.001 such a model puts out {out_at:.3f}.")

    figure = Figure(
        "The focal loss", "The greater gamma, the less right rows count, and the further the output is off."
    )
    outputs = np.linspace(0.005, 0.995, 100)
    curves = figure.panel("Loss of a rare row", (0, 1), (0, 5), "output of the model", "loss")
    small = np.geomspace(0.0005, 0.9995, 60)
    ticks = [(v, f"{v:g}") for v in (0.001, 0.01, 0.1, 0.5)]
    logs: dict[str, Any] = {"x_kind": "log", "y_kind": "log", "x_ticks": ticks}
    means = figure.panel("What it means", (5e-4, 1), (5e-6, 1), "output of the model", "probability", **logs)
    for gamma, cls in ((0.0, "line-b"), (1.0, "line-d"), (2.0, "line-a"), (5.0, "line-c")):
        z_of = np.log(outputs / (1 - outputs))
        curves.line([*zip(outputs, focal_loss(np.ones(100), z_of, gamma))], cls)
        meaning = probability(np.log(small / (1 - small)), gamma)
        means.line([(v, p) for v, p in zip(small, meaning) if p >= 5e-6], cls)
        figure.legend((cls, f"gamma {gamma:g}" + (" (log-loss)" if gamma == 0 else "")))
    figure.save(out, "focal_loss")
    return {"said": said, "meant": meant}


if __name__ == "__main__":
    from_command_line(main)
