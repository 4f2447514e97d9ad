"""From logits of a trained network to log-odds and probabilities, and from a prevalence to its starting bias.

Computed by the NumPy losses in float64 on the CPU, without gradient. Weights of positives and label smoothing are
undone: log-odds of the smoothed probability are link(z) - log(pos_weight), and `losses._smoothing` brings them back.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from scipy.special import expit, logit
from torch import Tensor

from rareclass import _check
from rareclass.errors import InputError
from rareclass.losses._smoothing import restored, restored_log_odds, smoothed
from rareclass.losses.torch.evaluate import Options, Prepared
from rareclass.losses.torch.precision import working_type


def log_odds(ready: Prepared, logits: Tensor, options: Options) -> Tensor:
    """Log-odds of the positive class, element by element."""
    return _like(_log_odds(ready, logits, options), logits)


def probabilities(ready: Prepared, logits: Tensor, options: Options) -> Tensor:
    """Probabilities of the positive class, element by element."""
    return _like(expit(_log_odds(ready, logits, options)), logits)


def _log_odds(ready: Prepared, logits: Tensor, options: Options) -> np.ndarray:
    z = logits.detach().cpu().double().numpy()
    found = np.reshape(np.asarray(ready.loss.link_logit(z.ravel())), z.shape) - _log_weight(options)
    return restored_log_odds(found, options[0])


def class_probabilities(ready: Prepared, logits: Tensor, options: Options) -> Tensor:
    """Probabilities of the classes along dimension 1 of (n, K, ...)."""
    z = logits.detach().cpu().double().movedim(1, -1)
    found = restored(np.asarray(ready.loss.link(z.reshape(-1, z.shape[-1]).numpy())), options[0])
    return _like(found.reshape(z.shape), logits).movedim(-1, 1)


def are_class_scores(ready: Prepared, logits: Tensor, options: Options, multi_class: bool | None) -> bool:
    """Whether dimension 1 holds the classes: as told, else for (n, K > 1) where the loss has a form for classes."""
    if multi_class is not None:
        if multi_class and logits.ndim < 2:
            raise InputError(f"`multi_class=True` needs class scores (n, K, ...); got logits {tuple(logits.shape)}.")
        return multi_class
    if logits.ndim < 2 or logits.shape[1] < 2 or ready.classes is None or options[2] is not None:
        return False
    if logits.ndim == 2:
        return True
    raise InputError(
        f"logits {tuple(logits.shape)} may be class scores (n, K, ...) or binary scores of any shape: say which, "
        "`multi_class=True` or `multi_class=False`."
    )


def start(ready: Prepared, prevalence: float | Sequence[float], options: Options, multi_label: bool) -> Any:
    """Bias of the last layer: a float, or a tensor from class shares (K,) or, `multi_label`, one prevalence a label."""
    smoothing, _, pos_weight, _ = options
    if np.ndim(prevalence) and not multi_label and not isinstance(pos_weight, Tensor):
        shares = np.asarray(prevalence, dtype=np.float64)
        if shares.ndim != 1 or not (shares > 0).all():
            raise InputError(f"`prevalence` must hold the share of each class, all positive; got {prevalence!r}.")
        if not math.isclose(shares.sum(), 1.0, rel_tol=1e-3) and shares.min() < 1.0:
            raise InputError(
                f"`prevalence` {prevalence!r} sums to {shares.sum():.6g}: give shares of classes that sum to 1, or "
                "counts; for a prevalence of each label say `multi_label=True`."
            )
        found = ready.loss.start(smoothed(shares / shares.sum(), smoothing, shares.size).tolist())
        return torch.as_tensor(found, dtype=torch.get_default_dtype())
    shares = np.array([_check.fraction(p, "prevalence", closed="neither") for p in np.ravel(np.asarray(prevalence))])
    aimed = expit(logit(smoothed(shares, smoothing)) + _log_weight(options))
    starts = [ready.loss.start(float(p)) for p in np.ravel(aimed)]
    if np.size(aimed) == 1 and not np.ndim(prevalence):
        return starts[0]
    return torch.as_tensor(starts, dtype=torch.get_default_dtype())


def _log_weight(options: Options) -> Any:
    weight = options[2]
    if weight is None:
        return 0.0
    return np.log(weight.cpu().double().numpy() if isinstance(weight, Tensor) else weight)


def _like(found: np.ndarray, logits: Tensor) -> Tensor:
    return torch.as_tensor(found).to(working_type(logits.dtype)).to(logits.device)  # not every device knows float64
