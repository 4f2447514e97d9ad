"""The ways to train on few findings that the medical project compares, and how each gets back to probabilities."""

import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from rareclass.calibration import choose_calibration
from rareclass.kernels.logits import logit
from rareclass.learning.running import part
from rareclass.losses.torch import (
    ClassBalancedLoss,
    CrossEntropy,
    FocalLoss,
    LDAMLoss,
    LogitAdjustedLoss,
    WeightedCrossEntropy,
)
from rareclass.torch import (
    AUCMarginObjective,
    AveragePrecisionObjective,
    BalancedBatchSampler,
    BalancedMixup,
    DeepSMOTE,
    DeferredReweighting,
    Mixup,
    init_bias_,
)

images, training = part("medical_images/images.py"), part("medical_images/training.py")
LogOdds = Callable[[Tensor], Any]


class Task(NamedTuple):
    """What a way is given: the parts of the data, the seed, the epochs, and who watches."""

    parts: Any
    seed: int
    epochs: int
    watch: Callable[[nn.Sequential, LogOdds, int, float], None] | None = None

    def train(self, net: nn.Sequential, loss: Any, back: LogOdds, **options: Any) -> None:
        p, watch = self.parts, self.watch
        seen = None if watch is None else lambda epoch, value: watch(net, back, epoch, value)
        options.setdefault("batches", training.shuffled(p.train_finding.size, self.seed))
        training.train(net, p.train, p.train_finding, loss, epochs=self.epochs, watch=seen, **options)


Run = Callable[[Task, nn.Sequential], LogOdds]
"""Trains the network and returns what turns its scores into log-odds at the prevalence of the training images."""


def by_link(make: Callable[[Any], Any], *, start: bool = True) -> Run:
    """Train with a loss that knows the probability its scores mean, from the score of the prevalence on."""

    def run(task: Task, net: nn.Sequential) -> LogOdds:
        loss = make(task.parts)
        init_bias_(net[-1], task.parts.prevalence if start else 0.5, loss if start else None)
        back = linked(loss)
        task.train(net, loss, back)
        return back

    return run


def linked(loss: Any) -> LogOdds:
    return lambda z: logit(loss.link(z).numpy())


def ldam_drw(task: Task, net: nn.Sequential) -> LogOdds:
    """Larger margins for findings; class-balanced weights in the last fifth of the epochs. The link undoes both."""
    margins = LDAMLoss(task.parts.counts, reduction="none")
    loss = DeferredReweighting(margins, task.parts.counts, start=int(0.8 * task.epochs))
    init_bias_(net[-1], task.parts.prevalence, margins)
    back = linked(loss)  # asked while training, too: it undoes the weights of now
    task.train(net, loss, back, before=loss.set_epoch)
    return back


def balanced_sampling(task: Task, net: nn.Sequential) -> LogOdds:
    """Batches in which every second image is a finding; the log-odds move by a known amount."""
    sampler = half(task)
    init_bias_(net[-1], 0.5)

    def back(z: Tensor) -> np.ndarray:
        return z.numpy() + sampler.offset

    task.train(net, CrossEntropy(), back, batches=of_each(sampler))
    return back


def half(task: Task) -> BalancedBatchSampler:
    """As many batches as there are without sampling, half findings, half ordinary images."""
    finding = task.parts.train_finding
    batches = -(-finding.size // training.BATCH)
    return BalancedBatchSampler(finding, training.BATCH, batches_per_epoch=batches, seed=task.seed)


def of_each(sampler: BalancedBatchSampler) -> Any:
    """Row numbers of each batch, epoch by epoch."""

    def batches(epoch: int) -> Any:
        sampler.set_epoch(epoch)
        return (torch.as_tensor(rows) for rows in sampler)

    return batches


def mixed(make: Callable[[int], Mixup]) -> Run:
    """Pairs of images mixed; balanced mixup's second image comes from a batch that is half findings."""

    def run(task: Task, net: nn.Sequential) -> LogOdds:
        p, mix = task.parts, make(task.seed)
        init_bias_(net[-1], float(mix.train_prevalence(p.prevalence)))

        def back(z: Tensor) -> np.ndarray:
            return mix.restore(z, p.prevalence).numpy()

        if not isinstance(mix, BalancedMixup):
            task.train(net, binary_cross_entropy_with_logits, back, mixed=mix)
            return back
        X, y = torch.from_numpy(p.train), torch.from_numpy(p.train_finding.astype(np.float32))
        others = endless(half(task))

        def mixing(pixels: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
            rows = next(others)
            return mix(pixels, labels, X[rows], y[rows])

        task.train(net, binary_cross_entropy_with_logits, back, mixed=mixing)
        return back

    return run


def endless(sampler: BalancedBatchSampler) -> Iterator[Tensor]:
    """Batch after batch, epoch after epoch."""
    batches = of_each(sampler)
    return (rows for epoch in count() for rows in batches(epoch))


def deep_smote(task: Task, net: nn.Sequential) -> LogOdds:
    """The network as cross-entropy leaves it, its last two layers trained anew on features that SMOTE made more of."""
    by_link(lambda p: CrossEntropy())(task, net)
    p = task.parts
    model = DeepSMOTE(net[:-3], net[-3:], seed=task.seed, epochs=max(task.epochs // 2, 1))
    model.fit(torch.from_numpy(p.train), torch.from_numpy(p.train_finding))
    return calibrated(task, net, lambda z: z.numpy() + model.shift_, method="auto")


def calibrated(task: Task, net: nn.Sequential, back: LogOdds, method: str) -> LogOdds:
    """What is left to correct, fitted on the validation images: with so few findings, a rough guess."""
    p = task.parts
    found = choose_calibration(back(training.scores(net, p.valid)), p.valid_finding, method=method)
    return lambda z: found.predict_logit(back(z))


def objective(make: Callable[[Any], nn.Module]) -> Run:
    """Half the epochs by cross-entropy, half for the order of the images, every second of which is a finding then.

    Its scores mean no probability, so one is fitted on the validation images.
    """

    def run(task: Task, net: nn.Sequential) -> LogOdds:
        first = max(task.epochs // 2, 1)
        by_link(lambda p: CrossEntropy())(task._replace(epochs=first), net)
        task._replace(epochs=max(task.epochs - first, 1)).train(net, make(task.parts), raw, batches=of_each(half(task)))
        return calibrated(task, net, raw, method="sigmoid")

    return run


def raw(z: Tensor) -> np.ndarray:
    return z.numpy()


BASE = "cross-entropy, start bias"
FOCAL = "focal loss, gamma 2, alpha 0.25"
WAYS: dict[str, Run] = {
    BASE: by_link(lambda p: CrossEntropy()),
    "cross-entropy, bias at 0": by_link(lambda p: CrossEntropy(), start=False),
    "class weights": by_link(lambda p: WeightedCrossEntropy.from_counts(p.counts)),
    FOCAL: by_link(lambda p: FocalLoss(2.0, 0.25)),
    "class-balanced loss": by_link(lambda p: ClassBalancedLoss(p.counts, 0.9999)),
    "LDAM-DRW": ldam_drw,
    "logit adjustment": by_link(lambda p: LogitAdjustedLoss(p.prevalence)),
    "balanced sampling": balanced_sampling,
    "average-precision objective": objective(lambda p: AveragePrecisionObjective(p.prevalence)),
    "AUC objective": objective(lambda p: AUCMarginObjective()),
    "deep SMOTE": deep_smote,
    "mixup": mixed(lambda seed: Mixup(0.2, seed=seed)),
    "balanced mixup": mixed(lambda seed: BalancedMixup(0.2, seed=seed)),
}


def focal(gamma: float, alpha: float) -> Run:
    return by_link(lambda p: FocalLoss(gamma, alpha))


def fit(
    way: str | tuple[float, float], seed: int, *, epochs: int, watched: bool = False, quick: bool = False
) -> dict[str, Any]:
    """One network: its scores and log-odds of the validation and test images, its history, and the network.

    Parameters
    ----------
    way : a name of `WAYS`, or (gamma, alpha) of the focal loss
    seed : int
        Of the findings that train, the order of images and the first weights.
    epochs : int
    watched : bool
        Whether loss, F1 and average precision on the validation images are kept for every epoch.
    quick : bool
        A third of the images.
    """
    began = time.process_time()
    found = images.read(quiet=True, quick=quick)
    parts = images.split(found, seed)
    history: list[tuple[float, ...]] = []
    watch = (lambda *told: history.append(watched_epoch(parts, *told))) if watched else None
    with training.settled(seed):
        net = training.network(4 if quick else 8)
        run = WAYS[way] if isinstance(way, str) else focal(*way)
        back = run(Task(parts, seed, epochs, watch), net)
        test, valid = (training.scores(net, of) for of in (found.pixels[found.test], parts.valid))
        said = {"score": test.numpy(), "log_odds": back(test)}
        return said | {
            "valid_score": valid.numpy(), "valid_log_odds": back(valid), "valid_finding": parts.valid_finding,
            "prevalence": parts.prevalence, "history": np.array(history), "seconds": time.process_time() - began,
            "weights": {name: value.numpy() for name, value in net.state_dict().items()},
        }  # fmt: skip


def watched_epoch(parts: Any, net: nn.Sequential, back: LogOdds, epoch: int, loss: float) -> tuple[float, ...]:
    """(training loss, validation cross-entropy of the probabilities, validation F1 at one half, average precision)."""
    from rareclass.metrics import average_precision_score

    score, y = training.scores(net, parts.valid), parts.valid_finding
    true = torch.as_tensor(back(score))
    entropy = float(binary_cross_entropy_with_logits(true, torch.as_tensor(y, dtype=true.dtype)))
    alarm = score.numpy() >= 0
    f1 = 2 * (alarm & y).sum() / max(alarm.sum() + y.sum(), 1)
    return loss, entropy, float(f1), average_precision_score(y, score.numpy())
