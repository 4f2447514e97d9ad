"""The table of losses by name; it turns saved dictionaries back into losses."""

from collections.abc import Mapping
from typing import Any

from rareclass import _check
from rareclass.errors import InputError
from rareclass.losses.asymmetric import AsymmetricLoss
from rareclass.losses.average_precision import SmoothAveragePrecisionLoss
from rareclass.losses.base import BatchLoss, RowLoss
from rareclass.losses.class_balanced import ClassBalancedLoss
from rareclass.losses.cross_entropy import CrossEntropy, WeightedCrossEntropy
from rareclass.losses.focal import FocalLoss
from rareclass.losses.ldam import LDAMLoss
from rareclass.losses.logit_adjusted import LogitAdjustedLoss
from rareclass.losses.pairwise import PairwiseSquaredHingeLoss, PairwiseSquareLoss
from rareclass.losses.poly import PolyLoss
from rareclass.losses.tversky import FocalTverskyLoss, TverskyLoss
from rareclass.losses.vector_scaling import VectorScalingLoss

LOSSES: dict[str, type[RowLoss] | type[BatchLoss]] = {
    c.__name__: c
    for c in (
        CrossEntropy,
        WeightedCrossEntropy,
        FocalLoss,
        ClassBalancedLoss,
        LDAMLoss,
        AsymmetricLoss,
        LogitAdjustedLoss,
        VectorScalingLoss,
        PolyLoss,
        TverskyLoss,
        FocalTverskyLoss,
        PairwiseSquareLoss,
        PairwiseSquaredHingeLoss,
        SmoothAveragePrecisionLoss,
    )
}


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
    name = _check.one_of(saved.get("loss"), "loss", tuple(LOSSES))
    parameters = {k: loss_from_dict(v) if isinstance(v, Mapping) else v for k, v in saved.items() if k != "loss"}
    try:
        return LOSSES[name](**parameters)
    except TypeError as error:
        raise InputError(f"{name} cannot be built from {sorted(parameters)}: {error}.") from None
