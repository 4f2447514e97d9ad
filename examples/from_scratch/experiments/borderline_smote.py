"""Experiment 1: Borderline-SMOTE against SMOTE, where the classes overlap more and more.

rareclass learn borderline-smote    or: python examples/from_scratch/experiments/borderline_smote.py [--quick] [--out D]

Borderline-SMOTE makes new points only from rare points that have many ordinary neighbours ("in danger"). The idea: the
border is where a model errs. Where classes overlap, the border is also where the ordinary points are.
"""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rareclass.errors import NoOpWarning
from rareclass.learning import Figure, agree, from_command_line, lesson, mean_interval, shown, text_table, word
from rareclass.over_sampling import SMOTE, BorderlineSMOTE

DISTANCES = (3.0, 2.5, 2.0, 1.5, 1.0)  # between the centres of the clouds, along each feature; the spread is one


def make_data(distance: float, ordinary: int, rare: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The clouds of the lesson, `distance` apart instead of 2."""
    X, y = lesson("data").make_data(ordinary, rare, seed)
    return X + np.where(y[:, None] == 1, distance - 2.0, 0.0), y


def in_danger(X: np.ndarray, y: np.ndarray, m: int = 10) -> np.ndarray:
    """Rare rows (n,) of whose m nearest neighbours half or more, but not all, are ordinary."""
    near = lesson("smote").nearest_neighbours(X, m)
    ordinary = (y[near] == 0).sum(axis=1)
    return (y == 1) & (ordinary >= m / 2) & (ordinary < m)


def idle_said(distances: Sequence[float], idle: Sequence[int], seeds: int) -> str:
    """Where Borderline-SMOTE made nothing, in one sentence."""
    where = [f"{n} of {seeds} times at a distance of {d:g}" for d, n in zip(distances, idle) if n]
    return f"Borderline-SMOTE found no point in danger, and made nothing: {', '.join(where) if where else 'never'}."


def sentence(name: str, settings: Sequence[tuple[str, str]], said: Sequence[str]) -> str:
    """For which learners and distances Borderline-SMOTE is surely better or worse by a number, in one sentence."""
    parts = []
    for kind in ("better", "worse"):
        for learner in dict.fromkeys(learner for learner, _ in settings):
            at = [d for (who, d), each in zip(settings, said) if who == learner and each == kind]
            parts += [f"surely {kind} for {learner} at {', '.join(at)}"] if at else []
    return f"{name}: Borderline-SMOTE is {'; '.join(parts) or 'in no setting surely better or worse'}."


def main(out: Path, quick: bool = False) -> dict[str, Any]:
    seven, thresholds = lesson("seven-ways"), lesson("threshold")
    learners = {"logistic regression": seven.logistic, "15 neighbours": seven.neighbours, "forest": seven.forest}
    distances, seeds = (DISTANCES[::4], 2) if quick else (DISTANCES, 20)
    test_rows = (1_900, 100) if quick else (9_500, 500)

    X, y = make_data(1.5, 950, 50, 0)
    sampler = BorderlineSMOTE(random_state=0)
    sampler.fit_resample(X, y)
    started = np.unique(np.asarray(sampler.parents_)[:, 0])
    agree("rare points in danger", np.flatnonzero(in_danger(X, y)), started)

    names = ("average precision", "F1 at one half", "F1 at the tuned threshold")
    idle = [0] * len(distances)
    values = np.zeros((len(distances), len(learners), seeds, 2, 3))
    for d, distance in enumerate(distances):
        for seed in range(seeds):
            X, y = make_data(distance, 950, 50, 3 * seed)
            X_valid, y_valid = make_data(distance, 950, 50, 3 * seed + 1)
            X_test, y_test = make_data(distance, *test_rows, 3 * seed + 2)
            for s, kind in enumerate((SMOTE, BorderlineSMOTE)):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", NoOpWarning)  # without a point in danger nothing is made
                    more = kind(random_state=seed).fit_resample(X, y)
                idle[d] += len(more[1]) == len(y)
                for k, fit in enumerate(learners.values()):
                    model = fit(*more, None, seed)
                    tuned = thresholds.best_f1_threshold(y_valid, model(X_valid))[0]
                    p = model(X_test)
                    found = [seven.judged(y_test, p, t) for t in (0.5, tuned)]
                    values[d, k, seed, s] = found[0]["average precision"], found[0]["f1"], found[1]["f1"]

    print(idle_said(distances, idle, seeds))
    claims = len(distances) * len(learners) * 3
    rows, words = [], dict[str, list[str]]()
    figure = Figure("Borderline-SMOTE less SMOTE", "Above zero Borderline-SMOTE is better. Bars: intervals over seeds.")
    for m, name in enumerate(names):
        span = figure.panel(name, (0.5, 3.5), (-0.25, 0.25), "distance of the centres", "difference")
        span.across(0.0, "chance")
        for k, learner in enumerate(learners):
            for d, distance in enumerate(distances):
                both = values[d, k, :, :, m]
                gain = mean_interval(both[:, 1] - both[:, 0], comparisons=claims, between=(-1, 1))
                text = f"{both[:, 0].mean():.3f}", shown(gain, sign=True), word(gain)
                words.setdefault(name, []).append(word(gain))
                rows.append([name, learner, f"{distance:g}", *text])
                x = distance + 0.08 * (k - 1)
                span.line([(x, gain.low), (x, gain.high)], "line-b")
                span.dot(x, gain.estimate, ("mark", "others", "open")[k], learner)
    print(text_table(["number", "learner", "distance", "SMOTE", "Borderline less SMOTE", "Borderline is"], rows))
    settings = [(learner, f"{distance:g}") for learner in learners for distance in distances]
    conclusion = [sentence(name, settings, said) for name, said in words.items()]
    print("\n".join(conclusion))
    figure.about += " By " + " By ".join(conclusion)
    figure.legend(("mark", "logistic regression"), ("others", "15 neighbours"), ("open", "forest"))
    figure.save(out, "borderline_smote")
    return {"words": words, "conclusion": conclusion}


if __name__ == "__main__":
    from_command_line(main)
