"""The network of the medical project and the loop that trains it, on one thread and from one seed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

EPOCHS, BATCH = 20, 64
RATE, DECAY = 3e-3, 1e-2
SIDE = 28

Loss = Callable[[Tensor, Tensor], Tensor]
Batches = Callable[[int], Iterator[Tensor]]
Watch = Callable[[int, float], None]


@contextmanager
def settled(seed: int) -> Iterator[None]:
    """One thread and torch's own generator at `seed`, both as before afterwards.

    One thread, because sums over several depend on how many they are: so the same seed gives the same network whatever
    the number of cores. Another processor or another release of torch may differ in the last digits, and then, after
    some epochs, in the second or third.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)


def network(width: int = 8) -> nn.Sequential:
    """Three small convolutions, 64 features a quarter of the image, one log-odds; takes pixels (n, 784) as they are."""
    return nn.Sequential(
        nn.Unflatten(1, (1, SIDE, SIDE)),
        nn.BatchNorm2d(1, affine=False),  # learns mean and spread of the pixels
        nn.Conv2d(1, width, 3, padding=1),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(width, 2 * width, 3, padding=1),
        nn.BatchNorm2d(2 * width),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(2 * width, 4 * width, 3, padding=1),
        nn.BatchNorm2d(4 * width),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * width, 32),
        nn.ReLU(),
        nn.Linear(32, 1),
    )


def shuffled(rows: int, seed: int, size: int = BATCH) -> Batches:
    """Row numbers of each batch of an epoch; a last batch of one row is left out, for it has no spread."""

    def batches(epoch: int) -> Iterator[Tensor]:
        order = torch.as_tensor(np.random.default_rng((seed, epoch)).permutation(rows))
        return (part for part in order.split(size) if len(part) > 1)

    return batches


def train(
    net: nn.Sequential,
    pixels: np.ndarray,
    finding: np.ndarray,
    loss: Loss,
    batches: Batches,
    *,
    epochs: int = EPOCHS,
    mixed: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]] | None = None,
    before: Callable[[int], None] | None = None,
    watch: Watch | None = None,
) -> None:
    """Train `net` in place.

    Parameters
    ----------
    net : Sequential
    pixels, finding : arrays (n, 784) and (n,)
    loss : (log-odds (batch,), labels (batch,)) -> one number
    batches : epoch -> row numbers of each batch
    epochs : int
    mixed : (pixels, labels) -> (pixels, soft labels), optional
        What is done to a batch before the network sees it.
    before : epoch -> None, optional
        Called before each epoch.
    watch : (epoch, mean loss) -> None, optional
        Called after each epoch, with the network in evaluation mode.
    """
    X, y = torch.from_numpy(pixels), torch.from_numpy(finding.astype(np.float32))
    steps = sum(1 for epoch in range(epochs) for _ in batches(epoch))
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=max(steps, 2))
    for epoch in range(epochs):
        if before is not None:
            before(epoch)
        net.train()
        losses = []
        for rows in batches(epoch):
            images, labels = X[rows], y[rows]
            if mixed is not None:
                images, labels = mixed(images, labels)
            value = loss(net(images)[:, 0], labels)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            schedule.step()
            losses.append(float(value.detach()))
        net.eval()
        if watch is not None:
            watch(epoch, float(np.mean(losses)))


def scores(net: nn.Module, pixels: np.ndarray) -> Tensor:
    """What the network says (n,), float64, in evaluation mode."""
    net.eval()
    with torch.no_grad():
        return net(torch.from_numpy(pixels))[:, 0].double()
