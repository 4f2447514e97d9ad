"""The table of losses by name; it turns saved dictionaries back into losses."""

import re
from collections.abc import Mapping
from typing import Any

from rareclass import losses
from rareclass._names import Names
from rareclass.errors import InputError
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


def short_name(name: str) -> str:
    """The name of a loss in lower case, without the word loss: "focal" for "FocalLoss"."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    return words.removesuffix("_loss").removesuffix("loss").rstrip("_")


def full_name(name: object) -> object:
    """The name in the table that a short one stands for; anything else as it is."""
    return next((full for full in LOSSES if short_name(full) == name), name)


def loss_from_dict(saved: Mapping[str, Any]) -> RowLoss | BatchLoss:
    """The loss that `to_dict` described; every parameter is checked again.

    Raises
    ------
    InputError
        If the name is missing, or it or a parameter is unknown.

    Examples
    --------
    >>> loss_from_dict({"loss": "FocalLoss", "gamma": 1.0, "alpha": None})
    FocalLoss(gamma=1.0, alpha=None)
    """
    if "loss" not in saved:
        raise InputError(
            'A loss in a dictionary stands under the key "loss", its parameters beside it, as in '
            f'{{"loss": "FocalLoss", "gamma": 2.0}}; got the keys {list(saved)}.'
        )
    parameters = {k: loss_from_dict(v) if isinstance(v, Mapping) else v for k, v in saved.items() if k != "loss"}
    return LOSSES.build(full_name(saved["loss"]), parameters)
