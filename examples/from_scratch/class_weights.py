"""Class weights: logistic regression by gradient descent, in which a rare row counts 19 times.

rareclass learn class-weights        or: python examples/from_scratch/class_weights.py [--quick] [--out DIR]

*Logistic regression* adds up the features, each times a coefficient, and turns the sum into a probability. *Gradient
descent* finds the coefficients: step by step it goes where the error falls. The error of a row is its log-loss, minus
the logarithm of the probability that the model gave to what the row is.

A weight says how much the error of a row counts. Weights n / (classes x count) make both classes count alike: with 950
ordinary rows and 50 rare ones 0.53 and 10, which is 1 to 19. That is the same as copying each rare row 19 times.
"""

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from rareclass.learning import Figure, agree, from_command_line, lesson
from rareclass.treatments import ClassWeights


def compute_class_weights(y: np.ndarray) -> dict[int, float]:
    """The weight of each class: n / (number of classes x rows of the class)."""
    y = np.asarray(y)
    if not y.size:
        raise ValueError("Class weights need labels; there are none.")
    classes, counts = np.unique(y, return_counts=True)
    return {label: float(y.size / (classes.size * number)) for label, number in zip(classes.tolist(), counts)}


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Turns a score of any size into a number between 0 and 1."""
    return 1 / (1 + np.exp(-np.clip(z, -500, 500)))


def gradient(beta: np.ndarray, X: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The direction (d + 1,) in which the weighted log-loss rises; the last entry is the constant's."""
    error = weight * (sigmoid(X @ beta[:-1] + beta[-1]) - y) / weight.sum()
    return np.append(X.T @ error, error.sum())


def fit_logistic(X: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None, steps: int = 5_000) -> np.ndarray:
    """Coefficients (d,) and constant of the logistic regression with least weighted log-loss, by gradient descent.

    Columns of like size are needed; steps of the size 4 / (1 + greatest mean square of a row) never overshoot.
    """
    weight = np.ones(len(y)) if weight is None else weight
    beta = np.zeros(X.shape[1] + 1)
    size = 4 / (1 + np.average((X**2).sum(axis=1), weights=weight))
    before = beta
    for step in range(steps):
        ahead = beta + step / (step + 3) * (beta - before)  # with momentum: goes on where it was going
        before, beta = beta, ahead - size * gradient(ahead, X, y, weight)
    return beta


def predict(beta: np.ndarray, X: np.ndarray) -> np.ndarray:
    """What the model says (n,): the probability of a rare row, at the share that it was trained with."""
    return sigmoid(X @ beta[:-1] + beta[-1])


def main(out: Path, quick: bool = False) -> dict[str, Any]:
    X, y = lesson("data").make_data()
    weights = compute_class_weights(y)
    weight = np.where(y == 1, weights[1], weights[0])
    ratio = weights[1] / weights[0]
    print(f"Weights: ordinary {weights[0]:.3f}, rare {weights[1]:.3f}, which is 1 to {ratio:.0f}.")
    given = ClassWeights().prepare(X, y == 1, rng=np.random.default_rng(0))
    agree("ratio of the weights", ratio, given.sample_weight[-1] / given.sample_weight[0], within=1e-12)

    plain, weighted = fit_logistic(X, y), fit_logistic(X, y, weight)
    for name, beta, each in (("without weights", plain, None), ("with weights", weighted, weight)):
        other = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1_000).fit(X, y, sample_weight=each)
        theirs = np.append(other.coef_, other.intercept_)
        agree(f"coefficients {name}", beta, theirs, within=1e-4, of="scikit-learn")

    # 19 copies of each rare row are weights of 1 and 19: the gradient is the same everywhere, so the model is
    copied = np.concatenate([np.arange(y.size), *[np.flatnonzero(y == 1)] * 18])
    one = gradient(plain, X[copied], y[copied], np.ones(copied.size))
    weighed = gradient(plain, X, y, weight)
    agree("gradient with 19 copies of each rare row", one, weighed, within=1e-12, of="the weighted loss")
    oversample = lesson("resampling").random_oversample
    times = 5 if quick else 40
    drawn = np.array([fit_logistic(*oversample(X, y, seed), steps=500) for seed in range(times)])
    mean, error = drawn.mean(axis=0), drawn.std(axis=0, ddof=1) / np.sqrt(times)
    print(f"Coefficients with weights       {np.round(weighted, 2)}")
    print(f"over-sampled at random, mean of {times} {np.round(mean, 2)}, standard error {np.round(error, 2)}")
    print("Over-sampling is weighting with dice: it adds copies, luck and work, and no knowledge.")

    expected = {"without": predict(plain, X).sum(), "with": predict(weighted, X).sum()}
    restored = sigmoid(X @ weighted[:-1] + weighted[-1] + given.shift)
    print(f"Rare rows expected: {expected['without']:.1f} without weights, {expected['with']:.1f} with; there are 50.")
    print(f"With the log of {ratio:.0f} taken off the score {restored.sum():.1f}: the way back that the package goes.")
    agree("the way back", -np.log(ratio), given.shift, within=1e-12)

    alarms = " instead of ".join(f"{(predict(b, X) >= 0.5).sum()}" for b in (weighted, plain))
    figure = Figure(
        "Weights move the line", f"With weights the line of one half moves towards the ordinary rows: {alarms} alarms."
    )
    plot = figure.panel("Where the model says one half", (-4, 5.5), (-4, 5.5), "first feature", "second feature")
    for label, cls in ((0, "others"), (1, "events")):
        for a, b in X[y == label]:
            plot.dot(a, b, cls, radius=1.5 + label)
    for beta, cls in [(d, "line-d") for d in drawn[:10]] + [(plain, "line-b"), (weighted, "line-a")]:
        ends = [(x, -(beta[-1] + beta[0] * x) / beta[1]) for x in np.linspace(-4, 5.5, 96)]
        plot.line([(x, v) for x, v in ends if -4 <= v <= 5.5], cls)
    figure.legend(("line-b", "no weights"), ("line-a", "weights"), ("line-d", f"over-sampled, {min(times, 10)} draws"))
    figure.save(out, "class_weights")
    return {"weights": weights, "expected": expected, "restored": restored.sum(), "drawn": mean, "weighted": weighted}


if __name__ == "__main__":
    from_command_line(main)
