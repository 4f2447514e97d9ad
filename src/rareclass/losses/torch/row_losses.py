"""Row losses as modules: the parameters of the NumPy loss of the same name, and those of `LossOptions`."""

from collections.abc import Sequence
from typing import Any, Unpack

from torch import Tensor, nn

from rareclass import losses
from rareclass.errors import InputError
from rareclass.losses.focal import Alpha
from rareclass.losses.torch import links
from rareclass.losses.torch.evaluate import LossOptions, Options, checked, compute, prepare


class RowModule(nn.Module):
    """A row loss of logits: value, link to the probability, and starting bias.

    Binary and multi-label: logits and targets of one shape, targets 0 and 1 or between. Several classes: class scores
    (n, K, ...) and codes (n, ...). Half-precision logits are computed in float32, under autocast or not.

    The raw output of a trained network is no probability but for `CrossEntropy`: use ``loss.link(logits)``.
    """

    pos_weight: Tensor | None

    def __init__(self, loss: losses.RowLoss, options: LossOptions) -> None:
        super().__init__()
        self.label_smoothing, self.ignore_index, weight, self.reduction = checked(**options)
        self.loss = loss
        self._ready = prepare(loss)
        self._factor = weight if isinstance(weight, float) else None
        self.register_buffer("pos_weight", weight if isinstance(weight, Tensor) else None, persistent=False)

    @property
    def _options(self) -> Options:
        weight = self._factor if self.pos_weight is None else self.pos_weight
        return self.label_smoothing, self.ignore_index, weight, self.reduction

    def extra_repr(self) -> str:
        smoothing, ignore_index, weight, reduction = self._options
        said = [repr(self.loss), f"reduction={reduction!r}"]
        said += [f"label_smoothing={smoothing}"] * bool(smoothing)
        said += [f"ignore_index={ignore_index}"] * (ignore_index is not None)
        if weight is not None:
            said.append(f"pos_weight={weight.tolist() if isinstance(weight, Tensor) else weight}")
        return ", ".join(said)

    def forward(self, logits: Tensor, targets: Tensor, sample_weight: Tensor | None = None) -> Tensor:
        """Loss of logits (any shape) against targets of that shape, or of (n, K, ...) against codes (n, ...).

        `sample_weight` has the shape of the targets; the mean is then the weighted mean, sum w L / sum w. Class
        weights of the loss itself do not enter that denominator.
        """
        return compute(self._ready, logits, targets, sample_weight, self._options)

    def link(self, logits: Tensor, *, multi_class: bool | None = None) -> Tensor:
        """Probabilities that the logits mean, in the shape of the logits; float64 inside, without gradient.

        `multi_class` says whether dimension 1 holds the scores of classes. By default (n, K) with K > 1 does, unless
        the loss is for binary targets only or has a `pos_weight`; logits of more dimensions need it said.
        """
        if links.are_class_scores(self._ready, logits, self._options, multi_class):
            return links.class_probabilities(self._ready, logits, self._options)
        return links.probabilities(self._ready, logits, self._options)

    def log_odds(self, logits: Tensor) -> Tensor:
        """Log-odds of the positive class that binary or multi-label logits mean; offsets may be added to them."""
        return links.log_odds(self._ready, logits, self._options)

    def start(self, prevalence: float | Sequence[float], *, multi_label: bool = False) -> Any:
        """Bias for the last layer at the start: a float, or a tensor (K,) from class shares.

        With ``multi_label=True`` the sequence holds the prevalence of each label (L,).
        """
        return links.start(self._ready, prevalence, self._options, multi_label)


class CrossEntropy(RowModule):
    """`rareclass.losses.CrossEntropy` as a module.

    Examples
    --------
    >>> import torch
    >>> round(CrossEntropy()(torch.tensor([-3.0, 0.7]), torch.tensor([0, 1])).item(), 4)
    0.2259
    """

    def __init__(self, **options: Unpack[LossOptions]) -> None:
        super().__init__(losses.CrossEntropy(), options)


class WeightedCrossEntropy(RowModule):
    """`rareclass.losses.WeightedCrossEntropy` as a module.

    Examples
    --------
    >>> loss = WeightedCrossEntropy.from_counts((990, 10))
    >>> [round(w, 4) for w in loss.loss.weights], round(loss.start(0.01), 6)
    ([0.5051, 50.0], 0.0)
    """

    def __init__(self, weights: float | Sequence[float] = 1.0, **options: Unpack[LossOptions]) -> None:
        super().__init__(losses.WeightedCrossEntropy(weights), options)

    @classmethod
    def from_counts(cls, counts: Sequence[float], **options: Unpack[LossOptions]) -> "WeightedCrossEntropy":
        """Balanced weights n / (classes x count), from the rows of each class, class 0 first."""
        return cls(losses.WeightedCrossEntropy.from_counts(counts).weights, **options)


class FocalLoss(RowModule):
    """`rareclass.losses.FocalLoss` as a module.

    `alpha` as a number is the paper's alpha_t: positives count alpha, negatives 1 - alpha, as in torchvision's
    `sigmoid_focal_loss`. Many tutorials multiply all rows by one alpha instead: ``FocalLoss(2, (0.25, 0.25))``. That
    changes the size of the loss and nothing else; its probabilities are those of ``alpha=None``.

    Examples
    --------
    >>> import torch
    >>> loss = FocalLoss(gamma=2.0)
    >>> layer = torch.nn.Linear(8, 1)
    >>> _ = torch.nn.init.constant_(layer.bias, loss.start(0.001))
    >>> loss.link(torch.tensor([-2.545247])).numpy().round(4).tolist()
    [0.0010000000474974513]
    >>> [round(FocalLoss(2, alpha).start(0.01), 4) for alpha in (None, (0.25, 0.25), 0.25)]
    [-1.7065, -1.7065, -2.1074]
    """

    def __init__(self, gamma: float = 2.0, alpha: Alpha = None, **options: Unpack[LossOptions]) -> None:
        super().__init__(losses.FocalLoss(gamma, alpha), options)


class ClassBalancedLoss(RowModule):
    """`rareclass.losses.ClassBalancedLoss` as a module; `base` is a module of this package or a loss."""

    def __init__(
        self,
        counts: Sequence[float],
        beta: float = 0.9999,
        base: RowModule | losses.RowLoss | None = None,
        **options: Unpack[LossOptions],
    ) -> None:
        if isinstance(base, RowModule) and base._options[:3] != (0.0, None, None):
            raise InputError(f"`base` has options of its own, {base!r}; give them to ClassBalancedLoss instead.")
        inner = base.loss if isinstance(base, RowModule) else losses.CrossEntropy() if base is None else base
        super().__init__(losses.ClassBalancedLoss(counts, beta, inner), options)


class LDAMLoss(RowModule):
    """`rareclass.losses.LDAMLoss` as a module."""

    def __init__(
        self,
        counts: Sequence[float] | None = None,
        max_margin: float = 0.5,
        scale: float = 1.0,
        margins: Sequence[float] | None = None,
        **options: Unpack[LossOptions],
    ) -> None:
        super().__init__(losses.LDAMLoss(counts, max_margin, scale, margins), options)


class AsymmetricLoss(RowModule):
    """`rareclass.losses.AsymmetricLoss` as a module; for many labels a row, logits and targets (n, labels)."""

    def __init__(
        self, gamma_pos: float = 0.0, gamma_neg: float = 4.0, margin: float = 0.05, **options: Unpack[LossOptions]
    ) -> None:
        super().__init__(losses.AsymmetricLoss(gamma_pos, gamma_neg, margin), options)


class LogitAdjustedLoss(RowModule):
    """`rareclass.losses.LogitAdjustedLoss` as a module."""

    def __init__(
        self,
        prevalence: float | None = None,
        tau: float = 1.0,
        counts: Sequence[float] | None = None,
        **options: Unpack[LossOptions],
    ) -> None:
        super().__init__(losses.LogitAdjustedLoss(prevalence, tau, counts), options)


class VectorScalingLoss(RowModule):
    """`rareclass.losses.VectorScalingLoss` as a module."""

    def __init__(
        self,
        weights: Sequence[float] = (1.0, 1.0),
        additive: Sequence[float] = (0.0, 0.0),
        multiplicative: Sequence[float] = (1.0, 1.0),
        **options: Unpack[LossOptions],
    ) -> None:
        super().__init__(losses.VectorScalingLoss(weights, additive, multiplicative), options)


class PolyLoss(RowModule):
    """`rareclass.losses.PolyLoss` as a module."""

    def __init__(
        self, epsilon: float = 1.0, gamma: float = 0.0, alpha: Alpha = None, **options: Unpack[LossOptions]
    ) -> None:
        super().__init__(losses.PolyLoss(epsilon, gamma, alpha), options)
