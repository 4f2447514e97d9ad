"""The type that logits are computed in: half precision has too few digits for a sum of many losses."""

import torch
from torch import Tensor


def working_type(kind: torch.dtype) -> torch.dtype:
    """float32 for float16 and bfloat16, else the type itself."""
    return torch.float32 if kind in (torch.float16, torch.bfloat16) else kind


def precise(logits: Tensor) -> Tensor:
    """Logits in their working type; the same tensor where they have it."""
    return logits.to(working_type(logits.dtype))
