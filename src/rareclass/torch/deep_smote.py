"""SMOTE in the feature space of a network: synthetic features train the head, the prior is restored afterwards."""

import math
from collections.abc import Callable
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass._lazy import need
from rareclass.calibration import Calibrator, choose_calibration
from rareclass.errors import InputError, MethodError
from rareclass.kernels.logits import logit
from rareclass.over_sampling import SMOTE

need("torch", extra="torch")
import torch  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.nn.functional import binary_cross_entropy_with_logits  # noqa: E402


class DeepSMOTE:
    """Train the head of a network anew, on its features and on synthetic ones that SMOTE makes between the events'.

    When to use it: a network that was trained on all rows as they are and whose features are good, with too few events
    for its head. Lines between two images are no images; lines between their features are nearer to what such an image
    would give. When not: instead of a start bias, a threshold and a calibration, which cost nothing; try these first.
    One pass of the encoder over the rows, and `epochs` over the head.

    **Approximate.** SMOTE changes what the features of events look like, not only how many there are, so no formula
    brings the probabilities back exactly. `log_odds` moves them by the realised counts, and `calibrate` then fits what
    is left on rows that trained neither part.

    Parameters
    ----------
    encoder : Module
        Inputs (n, ...) to features (n, ...), which are flattened. Left as it is, and asked in evaluation mode.
    head : Module
        Flat features to logits (n, 1) or (n,). Trained in place, from the weights that it has.
    ratio : float in (0, 1], default=1.0
        Events, real and synthetic, to one ordinary row.
    k_neighbors : int >= 1, default=5
        Nearest events that can be partners.
    epochs, batch_size : int >= 1, default=10 and 64
    learning_rate, weight_decay : float, default=0.001 and 0.0001
        Of AdamW.
    seed : int, default=0
        For the synthetic features and the order of rows; the same numbers on every run, on the same device.

    Attributes
    ----------
    exact : bool
        False.
    counts_ : dict
        ``events``, ``synthetic`` and ``others`` that trained the head.
    shift_ : float
        Added to the log-odds: from the share of events that the head saw to the one that it was given.
    losses_ : list of float
        Mean cross-entropy of each epoch.
    calibrator_ : Calibrator
        After `calibrate`.

    Raises
    ------
    TooFewEventsError
        `k_neighbors` events or fewer.
    InputError
        There are as many events as the ratio asks for, labels other than 0 and 1, features that are not finite, a head
        of several outputs, or one whose training diverged.

    See Also
    --------
    rareclass.over_sampling.SMOTE : the same on columns of a table.

    Notes
    -----
    SMOTE in a learned space, without a decoder: DeVries and Taylor (2017), ICLR workshop, "Dataset augmentation in
    feature space"; a head that is trained anew on balanced features: Kang et al. (2020), ICLR, "Decoupling
    representation and classifier", section 4.1. DeepSMOTE of Dablain, Krawczyk and Chawla (2022), IEEE TNNLS,
    Algorithm 1, also decodes the synthetic features into images, which a classifier does not need.

    Examples
    --------
    >>> import torch
    >>> _ = torch.manual_seed(0)
    >>> x = torch.randn(400, 4)
    >>> y = torch.arange(400) < 20
    >>> model = DeepSMOTE(torch.nn.Identity(), torch.nn.Linear(4, 1), epochs=1).fit(x, y)
    >>> model.counts_, round(model.shift_, 3)  # the log-odds of 20 to 380
    ({'events': 20, 'synthetic': 360, 'others': 380}, -2.944)
    >>> model.log_odds(x).shape
    torch.Size([400])
    """

    exact = False

    def __init__(
        self,
        encoder: nn.Module,
        head: nn.Module,
        *,
        ratio: float = 1.0,
        k_neighbors: int = 5,
        epochs: int = 10,
        batch_size: int = 64,
        learning_rate: float = 1e-3,
        weight_decay: float = 1e-4,
        seed: int = 0,
    ) -> None:
        self.encoder, self.head = encoder, head
        self.ratio = _check.fraction(ratio, "ratio", closed="right")
        self.k_neighbors = _check.whole_number(k_neighbors, "k_neighbors", low=1)
        self.epochs = _check.whole_number(epochs, "epochs", low=1)
        self.batch_size = _check.whole_number(batch_size, "batch_size", low=1)
        self.learning_rate = _check.fraction(learning_rate, "learning_rate", high=math.inf, closed="neither")
        self.weight_decay = _check.fraction(weight_decay, "weight_decay", high=math.inf, closed="left")
        self.seed = _check.whole_number(seed, "seed")

    def fit(self, inputs: Tensor, targets: Tensor) -> Self:
        """Train the head; inputs (n, ...) that the encoder takes, targets (n,) of 0 and 1."""
        features = self.features(inputs)
        y = _labels(targets, len(features))
        flat = features.double().cpu().numpy()
        if not np.isfinite(flat).all():
            raise InputError("The encoder gave features that are not finite. Look at its training first.")
        sampler = SMOTE(sampling_strategy=self.ratio, k_neighbors=self.k_neighbors, random_state=self.seed)
        more, labels = sampler.fit_resample(flat, y.astype(np.int64))
        events, seen = int(y.sum()), int(labels.sum())
        self.counts_ = {"events": events, "synthetic": seen - events, "others": int(y.size - events)}
        self.shift_ = float(logit(events / y.size) - logit(seen / labels.size))
        self.__dict__.pop("calibrator_", None)  # it belonged to the head before
        self._train(torch.as_tensor(more).to(features), torch.as_tensor(labels).to(features))
        return self

    def _train(self, features: Tensor, labels: Tensor) -> None:
        optimizer = torch.optim.AdamW(self.head.parameters(), lr=self.learning_rate, weight_decay=self.weight_decay)
        order = torch.Generator().manual_seed(self.seed)
        self.losses_ = []
        self.head.train()
        batches = -(
            -len(features) // self.batch_size
        )  # of nearly one size: batch norm cannot use a last one of one row
        for _ in range(self.epochs):
            total = 0.0
            for rows in torch.randperm(len(features), generator=order).to(features.device).tensor_split(batches):
                logits = _one_score(self.head(features[rows]))
                loss = binary_cross_entropy_with_logits(logits, labels[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total += float(loss.detach()) * len(rows)
            self.losses_.append(total / len(features))
            if not math.isfinite(total):
                raise InputError(
                    f"The head's loss in epoch {len(self.losses_)} is {total}; its weights are of no use now. Lower "
                    "`learning_rate`, or scale the features."
                )
        self.head.eval()

    def features(self, inputs: Tensor) -> Tensor:
        """Flat features (n, d) of inputs, block by block, without gradients."""
        return self._blocks(lambda block: self.encoder(block).flatten(1), inputs)

    def log_odds(self, inputs: Tensor) -> Tensor:
        """Log-odds (n,) at the prevalence of the rows of `fit`; calibrated, in float64, once `calibrate` was called.

        Raises
        ------
        MethodError
            Before `fit`.
        """
        if not hasattr(self, "shift_"):
            raise MethodError("Call `fit` first: the head has not seen synthetic features yet.")
        moved = self._blocks(lambda block: _one_score(self.head(self.encoder(block).flatten(1))), inputs) + self.shift_
        if not hasattr(self, "calibrator_"):
            return moved
        return torch.as_tensor(self.calibrator_.predict_logit(moved.double().cpu().numpy()), device=moved.device)

    def calibrate(
        self,
        inputs: Tensor,
        targets: Tensor,
        *,
        method: str | Calibrator = "auto",
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Fit what is left to correct, on rows that trained neither encoder nor head, at the real prevalence.

        Parameters
        ----------
        inputs, targets : Tensor (n, ...) and (n,)
        method : str or Calibrator, default="auto"
            As in `rareclass.calibration.choose_calibration`, which says why in ``calibrator_.why_``.
        sample_weight : array-like (n,), optional
        """
        self.__dict__.pop("calibrator_", None)
        raw = self.log_odds(inputs).double().cpu().numpy()
        y = _labels(targets, raw.size)
        self.calibrator_ = choose_calibration(raw, y, method=method, sample_weight=sample_weight)
        return self

    def _blocks(self, ask: Callable[[Tensor], Tensor], inputs: Tensor, rows: int = 1024) -> Tensor:
        modes = [(part, part.training) for whole in (self.encoder, self.head) for part in whole.modules()]
        self.encoder.eval()
        self.head.eval()
        try:
            with torch.no_grad():
                return torch.cat([ask(block) for block in inputs.split(rows)])
        finally:
            for part, training in modes:
                part.training = training


def _one_score(logits: Tensor) -> Tensor:
    """Logits (n,) of a head that gives (n,) or (n, 1)."""
    if logits.shape[1:] not in ((), (1,)):
        raise InputError(f"`head` must give one logit a row, (n, 1) or (n,); got {tuple(logits.shape)}.")
    return logits.reshape(-1)


def _labels(targets: Tensor, rows: int) -> np.ndarray:
    y = targets.detach().cpu().numpy()
    if y.shape != (rows,) or not np.isin(y, (0, 1)).all():
        raise InputError(f"`targets` must be 0 and 1, one a row ({rows}); got an array of shape {y.shape}.")
    return y.astype(bool)
