"""Balanced batches: their numbers, the turns of the rows, the shares of ranks, and the offset."""

import math

import numpy as np
import pytest

from rareclass.errors import InputError, TargetError

pytestmark = pytest.mark.deep
torch = pytest.importorskip("torch", exc_type=ImportError)
from rareclass.torch import BalancedBatchSampler  # noqa: E402

LABELS = np.random.default_rng(0).permutation(np.repeat([0, 1], [990, 10]))


def turns(batches: list[list[int]], labels: np.ndarray = LABELS) -> np.ndarray:
    return np.bincount(np.ravel(batches), minlength=labels.size)


@pytest.mark.parametrize(("share", "positives"), [(None, 10), (0.05, 1), (0.001, 1), (0.3, 6)])
def test_every_batch_has_its_positives_and_every_row_its_turn(share, positives):
    batches = list(BalancedBatchSampler(LABELS, 20, share=share, seed=1))
    assert len(batches) == 990 // (20 - positives)
    assert {len(batch) for batch in batches} == {20}
    assert {int(LABELS[batch].sum()) for batch in batches} == {positives}
    came = turns(batches)
    assert came[LABELS == 0].max() == 1  # no negative comes twice
    assert np.ptp(came[LABELS == 1]) <= 1  # no positive comes more often than any other


@pytest.mark.parametrize("world_size", [2, 3])
def test_ranks_have_as_many_batches_and_no_negative_in_common(world_size):
    samplers = [BalancedBatchSampler(LABELS, 20, seed=1, rank=r, world_size=world_size) for r in range(world_size)]
    shares = [list(sampler) for sampler in samplers]
    assert {len(share) for share in shares} == {99 // world_size} == {len(sampler) for sampler in samplers}
    came = turns([row for share in shares for row in share])
    assert came[LABELS == 0].max() == 1
    assert np.ptp(came[LABELS == 1]) <= 1


def test_the_rows_left_over_change_with_the_epoch():
    sampler = BalancedBatchSampler(LABELS, 64, seed=0)
    left = [set(np.flatnonzero((turns(list(sampler)) == 0) & (LABELS == 0))) for _ in range(2)]
    assert len(left[0]) == 990 % 32
    assert left[0] != left[1]


def test_epochs_differ_repeat_and_resume_in_the_middle_of_a_block():
    sampler = BalancedBatchSampler(LABELS, 2, seed=5)  # 990 batches, made 256 at a time
    first, second = list(sampler), list(sampler)
    assert first != second
    sampler.set_epoch(0, skip=300)
    assert list(sampler) == first[300:]
    assert BalancedBatchSampler(LABELS, 2, seed=5).__iter__().__next__() == first[0]


def test_the_order_does_not_depend_on_workers():
    data = torch.utils.data.TensorDataset(torch.arange(1000))

    def rows(workers: int) -> list[list[int]]:
        sampler = BalancedBatchSampler(LABELS, 20, batches_per_epoch=10, seed=4)
        loader = torch.utils.data.DataLoader(data, batch_sampler=sampler, num_workers=workers)
        return [batch.tolist() for (batch,) in loader]

    assert rows(0) == rows(2)


def test_the_offset_is_the_ratio_of_odds_in_the_data_and_in_a_batch():
    found = BalancedBatchSampler(LABELS, 20, share=0.3).offset
    assert found == pytest.approx(math.log(10 / 990) - math.log(6 / 14))
    swapped = BalancedBatchSampler(1 - LABELS, 20, share=0.3)  # 1 is positive, if it is not the rarer
    assert swapped.offset == pytest.approx(math.log(990 / 10) - math.log(6 / 14))
    named = BalancedBatchSampler(np.where(LABELS == 1, "fraud", "good"), 20, share=0.3)
    assert named.offset == pytest.approx(found)


def test_the_offset_restores_the_probability_of_a_known_world():
    """With one feature of two values the optimum is the log-odds in the batches, counted."""
    rng = np.random.default_rng(2)
    x = rng.integers(0, 2, 40_000)
    y = (rng.random(40_000) < np.where(x == 1, 0.04, 0.01)).astype(int)
    sampler = BalancedBatchSampler(y, 32, seed=0)
    rows = np.ravel(list(sampler))
    for value in (0, 1):
        here = rows[x[rows] == value]
        logit = math.log(y[here].sum() / (1 - y[here]).sum())
        odds = y[x == value].sum() / (1 - y)[x == value].sum()
        # rows come in turns, so that the counts differ from their expectation by less than one pass over the positives
        assert logit + sampler.offset == pytest.approx(math.log(odds), abs=0.01)


def test_more_than_two_classes():
    labels = np.repeat([3, 5, 9], [600, 30, 4])
    sampler = BalancedBatchSampler(labels, 10, share=[0.7, 0.2, 0.1], seed=0)
    assert sampler.counts_.tolist() == [7, 2, 1]
    assert {tuple(np.bincount(labels[batch], minlength=10)[[3, 5, 9]]) for batch in sampler} == {(7, 2, 1)}
    expected = np.log(np.array([600, 30, 4]) / 634) - np.log([0.7, 0.2, 0.1])
    assert sampler.offset == pytest.approx(expected)


def test_what_makes_no_batches_is_refused():
    with pytest.raises(InputError, match="one class only"):
        BalancedBatchSampler([1, 1, 1], 2)
    with pytest.raises(TargetError, match="missing"):
        BalancedBatchSampler([1.0, 0.0, np.nan], 2)
    with pytest.raises(InputError, match="batch_size"):
        BalancedBatchSampler([0, 1, 2], 2)
    with pytest.raises(InputError, match="share"):
        BalancedBatchSampler([0, 1], 2, share=1.0)
    with pytest.raises(InputError, match="one number for each of the 3 classes"):
        BalancedBatchSampler([0, 1, 2], 4, share=0.5)
    with pytest.raises(InputError, match="batches_per_epoch"):
        BalancedBatchSampler([0, 1], 4, batches_per_epoch=0)
