"""Logits of a finished network moved for rare classes."""

import math
from collections.abc import Sequence

from rareclass import _check
from rareclass._lazy import need
from rareclass.errors import InputError

need("torch", extra="torch")
import torch  # noqa: E402
from torch import Tensor  # noqa: E402


def logit_adjust(logits: Tensor, prevalence_or_counts: float | Sequence[float] | Tensor, tau: float = 1.0) -> Tensor:
    """Logits less tau times the log of the class shares, after training: what is largest then favours rare classes.

    With tau = 1, a network trained by cross-entropy and the largest adjusted score, errors are balanced over classes
    (mean recall is best). No retraining, but the result ranks within a row and is no probability: keep the logits
    themselves for those. With costs, set the threshold by them instead (`rareclass.decisions`).

    Parameters
    ----------
    logits : tensor (n,) or (n, 1) for two classes, (n, K) for K
    prevalence_or_counts : float in (0, 1), or sequence of K positive numbers
        Share of the positives, or rows (or shares) of each class in the training data, class 0 first.
    tau : float >= 0, default=1.0
        How far; 0 changes nothing.

    Returns
    -------
    tensor
        In the shape of the logits.

    Raises
    ------
    InputError
        Logits that are no floating tensor; counts that are not positive or do not fit the logits.

    References
    ----------
    A. K. Menon et al., "Long-tail learning via logit adjustment", ICLR 2021, arXiv 2007.07314: the post-hoc form.

    Examples
    --------
    >>> import torch
    >>> from rareclass.torch import logit_adjust
    >>> logit_adjust(torch.tensor([-4.0]), 0.01).round(decimals=4).tolist()  # -4 - ln(0.01 / 0.99)
    [0.5950999855995178]
    >>> logit_adjust(torch.zeros(1, 3), [90, 9, 1]).argmax().item()
    2
    """
    tau = _check.fraction(tau, "tau", high=math.inf)
    if not isinstance(logits, Tensor) or not logits.is_floating_point():
        kind = logits.dtype if isinstance(logits, Tensor) else type(logits).__name__
        raise InputError(f"`logits` must be a floating tensor, of raw scores; got {kind}.")
    given = torch.as_tensor(prevalence_or_counts, dtype=torch.float64, device=logits.device)
    binary = logits.ndim == 1 or (logits.ndim == 2 and logits.shape[1] == 1)
    if given.ndim == 0:
        if not binary:
            raise InputError(f"Logits {tuple(logits.shape)} need the counts of {logits.shape[1:].numel()} classes.")
        p = _check.fraction(float(given), "prevalence_or_counts", closed="neither")
        return logits - tau * (math.log(p) - math.log1p(-p))
    if not bool((given > 0).all()) or not bool(torch.isfinite(given).all()):
        raise InputError("`prevalence_or_counts` must be positive for each class. Leave out classes without rows.")
    if given.shape != (2 if binary else logits.shape[-1],) or logits.ndim > 2:
        raise InputError(f"Counts {tuple(given.shape)} do not fit logits {tuple(logits.shape)}.")
    share = torch.log(given / given.sum())
    return logits - (tau * (share[1] - share[0] if binary else share)).to(logits.dtype)
