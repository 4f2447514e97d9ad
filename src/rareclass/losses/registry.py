"""The table of losses by name; it turns saved dictionaries back into losses."""

from collections.abc import Mapping
from typing import Any

from rareclass import losses
from rareclass._names import Names
from rareclass.losses.base import BatchLoss, RowLoss

LOSSES: Names[RowLoss | BatchLoss] = Names(
    "loss",
    {
        name: f"rareclass.losses.{module}:{name}"
        for module, names in losses.HOMES.items()
        if module not in ("base", "registry")
        for name in names.split()
    },
)


def loss_from_dict(saved: Mapping[str, Any]) -> RowLoss | BatchLoss:
    """The loss that `to_dict` described; every parameter is checked again.

    Raises
    ------
    InputError
        If the name or a parameter is unknown.

    Examples
    --------
    >>> loss_from_dict({"loss": "FocalLoss", "gamma": 1.0, "alpha": None})
    FocalLoss(gamma=1.0, alpha=None)
    """
    parameters = {k: loss_from_dict(v) if isinstance(v, Mapping) else v for k, v in saved.items() if k != "loss"}
    return LOSSES.build(saved.get("loss"), parameters)
