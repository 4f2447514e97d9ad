"""The table of losses, and losses as plain values."""

import rareclass.losses as losses
from rareclass.losses.registry import LOSSES, loss_from_dict


def test_the_table_holds_every_public_loss_under_its_own_name():
    assert set(LOSSES) == set(losses.__all__) - {"RowLoss", "BatchLoss", "loss_from_dict"}
    assert all(LOSSES[name].__name__ == name for name in LOSSES)


def test_a_loss_within_a_loss_is_read_back():
    outer = losses.ClassBalancedLoss((1000.0, 10.0), base=losses.FocalLoss(1.5))
    assert loss_from_dict(outer.to_dict()) == outer
