"""The training of `RareNetClassifier`: several nets at once in PyTorch, by skorch's loop; arrays in, arrays out."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from rareclass._lazy import need
from rareclass.metrics.ranking import average_precision_score

need("torch", extra="torch")
need("skorch", extra="torch")
import torch  # noqa: E402
from skorch import NeuralNet  # noqa: E402
from skorch.callbacks import Callback  # noqa: E402
from torch import Tensor, nn  # noqa: E402

Weights = tuple[np.ndarray, ...]
"""Of the layers: (k, i, o) and (k, o) by turns; the last ones are (k, o, 1) and (k, 1)."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How nets are trained.

    `fold` (n,) is the net that does not see a row; -1 where all do. `start` is the constant log-odds to begin with.
    """

    hidden: tuple[int, ...]
    nets: int
    start: float
    learning_rate: float
    weight_decay: float
    dropout: float
    epochs: int
    patience: int
    seed: int
    device: str


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What comes of it: weights, and how the epochs went (average precision of unseen rows, NaN where none are)."""

    weights: Weights
    precision: list[float]
    best: int  # epochs that the weights have seen


@dataclass(frozen=True, kw_only=True)
class Material:
    """Rows to train on: Z (n, m) standardised, events, weights of mean 1, offsets, and folds."""

    Z: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    offset: np.ndarray
    fold: np.ndarray


class Nets(nn.Module):
    """Nets of one shape side by side: rows (b, m) to log-odds (b, k)."""

    def __init__(self, columns: int, plan: Plan) -> None:
        super().__init__()
        rng = np.random.default_rng(plan.seed)
        sizes = (columns, *plan.hidden, 1)
        self.dropout = plan.dropout
        self.chance = torch.Generator(device=plan.device).manual_seed(plan.seed)
        self.layers = nn.ParameterList()
        for i, o in pairwise(sizes):
            drawn = rng.normal(size=(plan.nets, i, o)) * np.sqrt((2.0 if o > 1 else 0.1) / max(i, 1))
            self.layers.append(nn.Parameter(torch.from_numpy(drawn.astype(np.float32))))
            self.layers.append(nn.Parameter(torch.full((plan.nets, 1, o), plan.start if o == 1 else 0.0)))

    def forward(self, Z: Tensor) -> Tensor:
        """Log-odds (b, k)."""
        h = Z.expand(self.layers[0].shape[0], *Z.shape)
        last = len(self.layers) - 2
        for at in range(0, len(self.layers), 2):
            h = torch.baddbmm(self.layers[at + 1], h, self.layers[at])
            if at < last:
                h = torch.relu(h)
                if self.training and self.dropout:
                    kept = torch.empty_like(h).bernoulli_(1 - self.dropout, generator=self.chance)
                    h = h * kept / (1 - self.dropout)
        return h[..., 0].T

    @torch.no_grad()
    def arrays(self) -> Weights:
        """The weights as arrays of their own."""
        return tuple(
            p[:, 0].cpu().numpy().copy() if k % 2 else p.cpu().numpy().copy() for k, p in enumerate(self.layers)
        )


class Loss(nn.Module):
    """Cross-entropy of each net on the rows that it sees; the targets (b, 2 + k) hold events, offsets, weights."""

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """The sum over nets of their mean loss."""
        y, offset = target[:, :1].expand_as(logits), target[:, 1:2]
        each = nn.functional.binary_cross_entropy_with_logits(logits + offset, y, reduction="none")
        return (each * target[:, 2:]).sum() / logits.shape[0]


class Batches:
    """Batches of rows in random order, each with its share of the events."""

    def __init__(self, dataset: Any, batch_size: int, rng: np.random.Generator) -> None:
        self.X, self.y, self.size, self.rng = dataset.X, dataset.y, batch_size, rng

    def __len__(self) -> int:
        return -(-self.X.shape[0] // self.size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        event = self.y[:, 0].cpu().numpy() > 0.5
        place = np.empty(event.size)
        for rows in (np.flatnonzero(event), np.flatnonzero(~event)):
            place[rows] = (self.rng.permutation(rows.size) + self.rng.random()) / max(rows.size, 1)
        order = torch.from_numpy(np.argsort(place, kind="stable")).to(self.X.device)
        for part in torch.tensor_split(order, len(self)):
            yield self.X[part], self.y[part]


class Watch(Callback):
    """Averages the weights over steps, judges them on unseen rows after each epoch, keeps the best, and stops."""

    def __init__(self, material: Material, plan: Plan) -> None:
        self.material, self.plan = material, plan
        self.unseen = [np.flatnonzero(material.fold == k) for k in range(plan.nets)]
        self.judged = np.flatnonzero(material.fold >= 0)
        self.precision: list[float] = []
        self.best = 0
        self.kept: tuple[Tensor, ...] = ()

    def on_train_begin(self, net: Any, **_: Any) -> None:
        self.steps, self.mean = 0, [p.detach().clone() for p in net.module_.layers]
        self.horizon = 2.0 * len(net.get_iterator(net.get_dataset(net.rows, net.targets), training=True))

    def on_batch_end(self, net: Any, training: bool, **_: Any) -> None:
        self.steps += 1
        share = max(1.0 / self.horizon, 1.0 / self.steps)
        with torch.no_grad():
            for mean, now in zip(self.mean, net.module_.layers):
                mean.lerp_(now, share)

    def on_epoch_end(self, net: Any, **_: Any) -> None:
        self.precision.append(self._judge(net))
        newest = len(self.precision)
        if not self.judged.size or newest == 1 or self.precision[-1] > self.precision[self.best - 1]:
            self.best, self.kept = newest, tuple(m.clone() for m in self.mean)
        elif newest - self.best >= self.plan.patience:
            raise KeyboardInterrupt  # how skorch is told to stop

    def _judge(self, net: Any) -> float:
        """Average precision of the rows, each by the net that does not see it."""
        if not self.judged.size:
            return float("nan")
        score = np.zeros(self.material.y.size)
        for k, rows in enumerate(self.unseen):
            score[rows] = forward_one(net.rows[torch.from_numpy(rows).to(net.rows.device)], self.mean, k)
        rows = self.judged
        return float(
            average_precision_score(self.material.y[rows], score[rows], sample_weight=self.material.weight[rows])
        )


@torch.no_grad()
def forward_one(Z: Tensor, layers: Any, k: int) -> np.ndarray:
    """Log-odds (b,) of the net k."""
    h = Z
    for at in range(0, len(layers), 2):
        h = torch.addmm(layers[at + 1][k], h, layers[at][k])
        if at < len(layers) - 2:
            h = torch.relu_(h)
    return np.asarray(h[:, 0].cpu().numpy(), dtype=np.float64)


class _Loop(NeuralNet):
    """skorch's loop over rows that lie in memory."""

    rows: Tensor
    targets: Tensor


def train(material: Material, plan: Plan) -> Trained:
    """Train the nets on one thread, whatever PyTorch uses elsewhere; no global generator is touched."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _train(material, plan)
    finally:
        torch.set_num_threads(threads)


def _train(material: Material, plan: Plan) -> Trained:
    n = material.y.size
    seen = material.fold[:, None] != np.arange(plan.nets)
    weights = seen * material.weight[:, None]
    columns = np.column_stack([material.y, material.offset, weights / weights.mean(axis=0)])
    watch = Watch(material, plan)
    loop = _Loop(
        Nets(material.Z.shape[1], plan),
        criterion=Loss,
        optimizer=torch.optim.AdamW,
        optimizer__weight_decay=plan.weight_decay,
        lr=plan.learning_rate,
        max_epochs=plan.epochs,
        batch_size=int(np.clip(n // 16, 32, 512)),
        iterator_train=Batches,
        iterator_train__rng=np.random.default_rng(plan.seed + 1),
        train_split=None,
        callbacks=[("watch", watch)],
        callbacks__print_log=None,
        callbacks__epoch_timer=None,
        callbacks__train_loss=None,
        callbacks__valid_loss=None,
        verbose=0,
        device=plan.device,
    )
    loop.rows = torch.from_numpy(material.Z.astype(np.float32)).to(plan.device)
    loop.targets = torch.from_numpy(columns.astype(np.float32)).to(plan.device)
    loop.fit(loop.rows, loop.targets)
    layers = watch.kept if watch.kept else watch.mean
    with torch.no_grad():
        for own, kept in zip(loop.module_.layers, layers):
            own.copy_(kept)
    return Trained(weights=loop.module_.arrays(), precision=watch.precision, best=watch.best)
