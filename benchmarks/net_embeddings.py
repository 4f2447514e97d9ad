"""Whether vectors of category levels, or periodic functions of numbers, make the net for tables better.

    OMP_NUM_THREADS=1 python benchmarks/net_embeddings.py --cache /tmp/net_embeddings     (about 5 minutes of one core)

`RareNetClassifier` feeds quantile features into its first layer, in which each frequent level of a category has a
vector as wide as the layer. Beside it, trained, stopped and scaled in the same way: *levels*, in which a level first
becomes a learned vector of four numbers (a low rank: levels share what they have in common); *periodic*, which adds
sines and cosines of each number's normal score at eight learned frequencies (Gorishniy et al. 2022, section 3.3,
frequencies begun with a spread of 0.3); and *periodic alone*, in which they stand in place of the hinges. Nine sets
as `member_sets.py` cuts them, each kind on those that have something to embed, three folds, one seed; log-loss after
calibration out of fold, average precision in the mean of the folds, differences to the plain net with 95 % intervals
over sets (Student's t). Stopped, it goes on where it was.
"""

import argparse
import time
import warnings
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from member_judge import difference
from member_sets import Task, tasks
from threadpoolctl import threadpool_limits

from rareclass.crossfit import Folds
from rareclass.fitting.calibrate import cross_calibrated
from rareclass.kernels.logits import log_loss_from_logits
from rareclass.learners import _net_training as training
from rareclass.learners._inner import inner_folds
from rareclass.learners._recalibrate import own_scale
from rareclass.learners.base import best_intercept
from rareclass.learners.net import RareNetClassifier
from rareclass.learners.quantile_features import QuantileFeatures
from rareclass.metrics.ranking import average_precision_score

SETS = (
    *("abalone9_18", "car_good", "flare_f", "kr_vs_k_zero_one_vs_draw", "poker_8_9_vs_6"),
    *("vehicle0", "winequality_white_3_9_vs_5", "yeast3", "ecoli1"),
)
KINDS = ("plain", "levels", "periodic", "periodic alone")
FREQUENCIES, SPREAD, WIDTH = 8, 0.3, 4
Embed = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Features (..., m) and what is learned (..., a, b) to the columns of the first layer."""


def periodic(ranks: np.ndarray) -> tuple[Embed, Callable[[np.random.Generator], np.ndarray]]:
    """Adds sines and cosines of the columns `ranks`."""

    def embed(Z: torch.Tensor, learned: torch.Tensor) -> torch.Tensor:
        angle = 2 * np.pi * Z[..., ranks].unsqueeze(-1) * learned.unsqueeze(-3)
        return torch.cat([Z, angle.sin().flatten(-2), angle.cos().flatten(-2)], dim=-1)

    return embed, lambda rng: SPREAD * rng.normal(size=(ranks.size, FREQUENCIES))


def levels(columns: list[np.ndarray]) -> tuple[Embed, Callable[[np.random.Generator], np.ndarray]]:
    """Puts a vector of four numbers in place of the indicators of each category, whose numbers are `columns`."""
    every = np.concatenate(columns)

    def embed(Z: torch.Tensor, learned: torch.Tensor) -> torch.Tensor:
        rest = np.setdiff1d(np.arange(Z.shape[-1]), every)
        starts = np.cumsum([0, *(c.size for c in columns)])
        made = [Z[..., c] @ learned[..., a:b, :] for c, a, b in zip(columns, starts[:-1], starts[1:], strict=True)]
        return torch.cat([Z[..., rest], *made], dim=-1)

    return embed, lambda rng: rng.normal(size=(every.size, WIDTH))


class Embedded(training.Nets):
    """Nets with one more matrix (k, a, b), the last of `layers`, that is learned with them."""

    def __init__(self, columns: int, plan: training.Plan, embed: Embed, begin: Callable) -> None:
        rng = np.random.default_rng(plan.seed + 7)
        own = torch.from_numpy(np.stack([begin(rng) for _ in range(plan.nets)]).astype(np.float32))
        super().__init__(embed(torch.zeros(plan.nets, 1, columns), own).shape[-1], plan)
        self.embed = embed
        self.layers.append(torch.nn.Parameter(own))

    def forward(self, Z: torch.Tensor) -> torch.Tensor:
        *layers, own = self.layers
        h = self.embed(Z.expand(own.shape[0], *Z.shape), own)
        for at in range(0, len(layers), 2):
            h = torch.baddbmm(layers[at + 1], h, layers[at])
            if at < len(layers) - 2:
                h = torch.relu(h)
                if self.training:
                    kept = torch.empty_like(h).bernoulli_(1 - self.dropout, generator=self.chance)
                    h = h * kept / (1 - self.dropout)
        return h[..., 0].T

    @torch.no_grad()
    def arrays(self) -> training.Weights:
        return tuple(p.cpu().numpy().copy() for p in self.layers)


def fit_and_score(kind: str, X: np.ndarray, y: np.ndarray, codes: tuple[int, ...], new: np.ndarray) -> np.ndarray:
    """Log-odds (m,) of new rows by a net of this kind; what `RareNetClassifier` does, in short."""
    how, rng = RareNetClassifier(), np.random.default_rng(0)
    knots = X.shape[1] - len(codes) <= 40 and kind != "periodic alone"
    features = QuantileFeatures(knots=knots, categorical_features=list(codes), random_state=0).fit(X)
    Z = features.transform(X)
    scale = np.maximum(Z.std(axis=0), 1.0)
    fold = inner_folds(X, y, rng, folds=how.nets)
    plan = training.Plan(
        hidden=how.hidden, nets=how.nets, start=best_intercept(y, None, None), learning_rate=how.learning_rate,
        weight_decay=how.weight_decay, dropout=how.dropout, epochs=how.max_epochs, patience=how.patience, seed=1,
        device="cpu",
    )  # fmt: skip
    material = training.Material(Z=Z / scale, y=y, weight=np.ones(y.size), offset=np.zeros(y.size), fold=fold)
    if kind == "plain":
        embed, begin = None, None
        found = training.train(material, plan)
    else:
        embed, begin = embedding(kind, features)
        judge = training.forward_one

        def one(Z: torch.Tensor, layers: list, k: int) -> np.ndarray:
            *rest, own = layers
            return judge(embed(Z, own[k]), [w[k].unsqueeze(0) for w in rest], 0)

        class Own(Embedded):
            def __init__(self, columns: int, plan: training.Plan) -> None:
                super().__init__(columns, plan, embed, begin)

        with patch.object(training, "Nets", Own), patch.object(training, "forward_one", one):
            found = training.train(material, plan)

    def by(k: int, rows: np.ndarray) -> np.ndarray:
        W = torch.from_numpy((features.transform(rows) / scale).astype(np.float32))
        layers = [torch.from_numpy(np.ascontiguousarray(w)) for w in found.weights]
        if embed is None:
            return training.forward_one(W, layers, k)
        *rest, own = layers
        return training.forward_one(embed(W, own[k]), [w[k].unsqueeze(0) for w in rest], 0)

    unseen = np.empty(y.size)
    for k in range(how.nets):
        unseen[fold == k] = by(k, X[fold == k])
    factor = own_scale(unseen, y, weight=np.ones(y.size), offset=np.zeros(y.size))
    level = best_intercept(y, None, factor * unseen)
    return factor * np.mean([by(k, new) for k in range(how.nets)], axis=0) + level


def embedding(kind: str, features: QuantileFeatures) -> tuple[Embed, Callable]:
    """How features of this kind are embedded: of numbers the normal scores come first, of codes the levels last."""
    d, kept = features.numeric_.size, features.kept_
    if kind != "levels":
        return periodic(np.flatnonzero(kept < d))
    sizes = [level.size for level in features.levels_]
    total = (2 + 6 * features.knots) * d + features.missing_.size
    ends = total + np.cumsum([0, *sizes])
    return levels([np.flatnonzero((kept >= a) & (kept < b)) for a, b in pairwise(ends) if b > a])


def figures(task: Task, kind: str) -> tuple[float, float, float]:
    """Log-loss after calibration out of fold, average precision, seconds."""
    design = task.design(0)
    score, fold, started = np.full(design.y.size, np.nan), np.full(design.y.size, -1), time.process_time()
    for number, (part, (_, test)) in enumerate(zip(design.parts(), design.split.parts, strict=True)):
        score[test] = fit_and_score(kind, part.X, part.y, part.categorical, part.test)[part.expand] + part.shift
        fold[test] = number
    seconds = time.process_time() - started
    calibrated = cross_calibrated(score, design.y, Folds(fold))
    precision = np.mean([average_precision_score(design.y[fold == k], score[fold == k]) for k in range(fold.max() + 1)])
    return log_loss_from_logits(design.y, calibrated), float(precision), seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--sets", nargs="*", default=SETS)
    asked = parser.parse_args()
    asked.cache.mkdir(parents=True, exist_ok=True)
    found: dict[str, dict[str, np.ndarray]] = {kind: {} for kind in KINDS}
    for task in tasks(tuple(asked.sets)):
        for kind in KINDS:
            file = asked.cache / f"{task.name}.{kind.replace(' ', '_')}.npy"
            if not file.exists():
                with threadpool_limits(1), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    first = task.design(0).parts()[0]
                    if not (first.categorical if kind == "levels" else first.X.shape[1] > len(first.categorical)):
                        continue  # nothing to embed
                    np.save(file, figures(task, kind))
            found[kind][task.name] = np.load(file)
            loss, precision, seconds = found[kind][task.name]
            print(f"{task.name:28s} {kind:15s} {loss:.4f} {precision:.4f} {seconds:6.1f} s", flush=True)
    print("\n| | sets | log-loss less the plain net's | average precision less its | seconds over its |")
    print("|---|---|---|---|---|")
    for kind in KINDS[1:]:
        names = list(found[kind])
        own, plain = (np.array([found[which][name] for name in names]) for which in (kind, "plain"))
        gaps = [difference(own[:, c], plain[:, c]) for c in (0, 1)]
        print(f"| {kind} | {len(names)} | {gaps[0]} | {gaps[1]} | {own[:, 2].sum() / plain[:, 2].sum():.2f} |")


if __name__ == "__main__":
    main()
