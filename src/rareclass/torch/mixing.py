"""Mixup and balanced mixup: what prior the mixed labels mean, and the way back to the real prevalence."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rareclass import _check
from rareclass._lazy import need
from rareclass.errors import InputError

need("torch", extra="torch")
import torch  # noqa: E402
from torch import Tensor  # noqa: E402
from torch.nn.functional import one_hot  # noqa: E402

Shares = float | Sequence[float]


class Mixup:
    """Mix each row of a batch with another one of the batch, and its label likewise.

    When to use it: nets that learn their few events by heart, on inputs that can be averaged (images, spectra,
    standardised numbers). When not: categories, text codes, small convex models, for which it is only noise. Train
    with a loss that takes soft targets (cross-entropy does).

    What the probabilities mean afterwards. Mixing leaves the mean label as it is, so the **prior is exactly** that of
    the batches: `restore` has nothing to move unless they were sampled. The **shape is approximate**: the net learned
    the mean label of mixtures, and says too little about a pure row of either kind (a calibration slope above 1). No
    formula undoes that; `rareclass.calibration.choose_calibration` on rows held back does, given enough events.

    Parameters
    ----------
    alpha : float > 0, default=0.2
        The weight of the first row of a pair is drawn from Beta(alpha, alpha), anew for each pair; small values leave
        most rows nearly as they are.
    classes : int >= 2, optional
        Number of classes, where targets are class codes (n,); they come back as (n, classes). Without it targets are
        0 and 1, or soft, and keep their shape.
    seed : int, default=0
        Draws come from NumPy, so they are the same on every device.

    Attributes
    ----------
    exact : bool
        False: see above.

    See Also
    --------
    BalancedMixup : the second row comes from a batch in which the classes are equally frequent.

    Notes
    -----
    Zhang, Cisse, Dauphin and Lopez-Paz (2018), ICLR, "mixup: Beyond empirical risk minimization"; their
    code draws one weight a batch, we draw one a pair. That it pulls predictions together: Carratino, Cissé, Jenatton
    and Vert (2022), JMLR 23, "On mixup regularization", Theorem 1.

    Examples
    --------
    >>> import torch
    >>> mix = Mixup(0.4, seed=1)
    >>> inputs, targets = mix(torch.randn(64, 1, 28, 28), torch.arange(64) < 2)
    >>> inputs.shape, round(float(targets.sum()), 4) <= 64
    (torch.Size([64, 1, 28, 28]), True)
    """

    exact = False

    def __init__(self, alpha: float = 0.2, *, classes: int | None = None, seed: int = 0) -> None:
        if not (isinstance(alpha, int | float) and np.isfinite(alpha) and alpha > 0):
            raise InputError(f"`alpha` must be a positive number; got {alpha!r}.")
        self.alpha = float(alpha)
        self.classes = None if classes is None else _check.whole_number(classes, "classes", low=2)
        self.seed = _check.whole_number(seed, "seed")
        self._rng = np.random.default_rng(self.seed)

    def __repr__(self) -> str:
        more = "" if self.classes is None else f", classes={self.classes}"
        return f"{type(self).__name__}({self.alpha:g}{more}, seed={self.seed})"

    def __call__(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Mixed inputs and soft targets, of the shapes of those given (targets (n, classes) for class codes).

        Raises
        ------
        InputError
            Inputs that are no floating-point numbers, fewer than two rows, targets out of range or of another length.
        """
        labels = self._labels(inputs, targets)
        if inputs.shape[0] < 2:
            raise InputError("Mixup needs two rows in a batch; got one. Set drop_last=True in the data loader.")
        other = torch.as_tensor(self._rng.permutation(inputs.shape[0]), device=inputs.device)
        share = self._rng.beta(self.alpha, self.alpha, inputs.shape[0])
        return _mix(inputs, inputs[other], 1 - share), _mix(labels, labels[other], 1 - share)

    def train_prevalence(self, prevalence: Shares) -> np.ndarray:
        """Prior that the mixed labels mean, where the batches have this one: the same.

        Parameters
        ----------
        prevalence : float in (0, 1), or one share a class, (K,)

        Returns
        -------
        ndarray of shape () or (K,)
        """
        return _shares(prevalence)

    def restore(self, logits: Tensor, prevalence: Shares, true_prevalence: Shares | None = None) -> Tensor:
        """Log-odds (n,), or log-probabilities up to a constant (n, K), at the real prevalence.

        Parameters
        ----------
        logits : Tensor (n,) or (n, 1), or (n, K) with one share a class
            Of a net that was trained on mixed rows by cross-entropy.
        prevalence : float in (0, 1), or (K,)
            Of the batches (the first ones, for balanced mixup).
        true_prevalence : like `prevalence`, optional
            Where the model is used, if the batches were sampled at another one.

        Raises
        ------
        InputError
            Logits that are no floating-point numbers, or prevalences that do not fit their classes.
        """
        if not logits.is_floating_point():
            raise InputError(f"`logits` must be floating-point numbers, of raw scores; got {logits.dtype}.")
        trained = self.train_prevalence(prevalence)
        wanted = _shares(prevalence if true_prevalence is None else true_prevalence)
        binary = logits.ndim <= 1 or logits.shape[1:] == (1,)
        if trained.shape != wanted.shape or binary != (trained.ndim == 0) or logits.ndim > 2:
            raise InputError(
                f"One prevalence is for logits (n,) or (n, 1), one share a class for (n, K); got logits "
                f"{tuple(logits.shape)} and prevalences {trained.shape} and {wanted.shape}."
            )
        if trained.ndim and logits.shape[1] != trained.size:
            raise InputError(
                f"The prevalences and the logits must have the same classes; got {trained.size} and {logits.shape[1]}."
            )
        moved = np.log(wanted) - np.log(trained)
        if trained.ndim == 0:
            moved = moved - (np.log1p(-wanted) - np.log1p(-trained))
        return logits + torch.as_tensor(moved, dtype=logits.dtype, device=logits.device)

    def _labels(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Soft targets of the type of the inputs."""
        if not inputs.is_floating_point():
            raise InputError(f"Mixed inputs must be floating-point numbers; got {inputs.dtype}. Convert them first.")
        if targets.shape[:1] != inputs.shape[:1]:
            raise InputError(f"inputs {tuple(inputs.shape)} and targets {tuple(targets.shape)} differ in length.")
        if self.classes is not None and targets.ndim == 1:
            if targets.is_floating_point() or (len(targets) and not int(targets.min()) >= 0):
                raise InputError("With `classes`, targets (n,) must be class codes from 0 on.")
            if len(targets) and int(targets.max()) >= self.classes:
                raise InputError(f"Class code {int(targets.max())} is too large for classes={self.classes}.")
            return one_hot(targets.long(), self.classes).to(inputs.dtype)
        if self.classes is not None and targets.shape[1:] != (self.classes,):
            raise InputError(f"Soft targets need one column a class, {self.classes}; got {tuple(targets.shape)}.")
        labels = targets.to(inputs.dtype)
        if not bool(((labels >= 0) & (labels <= 1)).all()):
            raise InputError("Targets must lie between 0 and 1. Give `classes` where they are class codes.")
        return labels


class BalancedMixup(Mixup):
    """Mix each row of an ordinary batch with a row of a batch in which the classes are equally frequent.

    When to use it: as `Mixup`, where events are so rare that most batches hold none: each pair then brings a small part
    of an event. When not: where a start bias, a threshold and a calibration are enough; try these first.

    What the probabilities mean afterwards. The weight of the balanced row is drawn from Beta(alpha, 1), whose mean is
    ``m = alpha / (1 + alpha)``. Labels then mean the prior ``(1 - m) * prevalence + m / K``, **exactly**, on average
    over draws; `restore` moves log-odds from there to the real prevalence. This **is approximate** row by row, as for
    `Mixup`: it is exact only where pairs are not mixed but one of the two is taken, which small `alpha` comes near
    to. Calibrate on rows held back afterwards.

    Parameters
    ----------
    alpha : float > 0, default=0.2
        The larger, the more of the balanced row.
    balance : float in (0, 1), default=1 / 2
        Share of positives in the balanced batches. For class codes the classes are taken as equally frequent, and it
        is not given.
    classes, seed
        As in `Mixup`.

    Notes
    -----
    Galdran, Carneiro and González Ballester (2021), MICCAI, "Balanced-MixUp for highly imbalanced medical image
    classification"; they draw one weight a batch, we draw one a row. The way back is ours.

    Examples
    --------
    >>> mix = BalancedMixup(0.25)
    >>> round(float(mix.train_prevalence(0.01)), 4)  # 0.8 * 0.01 + 0.2 * 0.5
    0.108
    >>> import torch
    >>> [round(v, 4) for v in mix.restore(torch.zeros(1), 0.01).tolist()]
    [-2.4838]
    """

    def __init__(self, alpha: float = 0.2, *, balance: float = 0.5, classes: int | None = None, seed: int = 0) -> None:
        super().__init__(alpha, classes=classes, seed=seed)
        self.balance = _check.fraction(balance, "balance", closed="neither")
        if classes is not None and self.balance != 0.5:
            raise InputError(f"`balance` is for two classes by one target; with `classes` leave it out; got {balance}.")

    def __call__(  # type: ignore[override]  # the second batch is what this class is about
        self, inputs: Tensor, targets: Tensor, balanced_inputs: Tensor, balanced_targets: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Mixed inputs and soft targets; the balanced batch has as many rows as the ordinary one, or more.

        Raises
        ------
        InputError
            As in `Mixup`, or a balanced batch that is too short.
        """
        labels, balanced = self._labels(inputs, targets), self._labels(balanced_inputs, balanced_targets)
        rows = inputs.shape[0]
        if balanced_inputs.shape[0] < rows or balanced_inputs.shape[1:] != inputs.shape[1:]:
            raise InputError(
                f"The balanced batch {tuple(balanced_inputs.shape)} must have rows of the same kind as the ordinary "
                f"one {tuple(inputs.shape)}, and at least as many."
            )
        share = self._rng.beta(self.alpha, 1.0, rows)
        return _mix(inputs, balanced_inputs[:rows], share), _mix(labels, balanced[:rows], share)

    def train_prevalence(self, prevalence: Shares) -> np.ndarray:
        """Prior that the mixed labels mean on average, where the ordinary batches have this one.

        Parameters
        ----------
        prevalence : float in (0, 1), or one share a class, (K,)

        Returns
        -------
        ndarray of shape () or (K,)
        """
        shares = _shares(prevalence)
        if shares.ndim and self.balance != 0.5:
            raise InputError(f"`balance={self.balance}` is of positives; give their prevalence as one number.")
        mean = self.alpha / (1 + self.alpha)
        return (1 - mean) * shares + mean * (self.balance if shares.ndim == 0 else 1 / shares.size)


def _mix(first: Tensor, second: Tensor, share: Any) -> Tensor:
    """``(1 - share) * first + share * second`` for one share a row."""
    weight = torch.as_tensor(share, dtype=first.dtype, device=first.device)
    return torch.lerp(first, second, weight.reshape(-1, *[1] * (first.ndim - 1)))


def _shares(value: Shares) -> np.ndarray:
    shares = np.asarray(value, dtype=np.float64)
    if shares.ndim == 0:
        return np.asarray(_check.fraction(value, "prevalence", closed="neither"))
    if shares.ndim > 1 or shares.size < 2 or not (shares > 0).all() or abs(shares.sum() - 1) > 1e-6:
        raise InputError(f"`prevalence` must be one number, or positive shares that sum to 1; got {shares.tolist()}.")
    return shares
