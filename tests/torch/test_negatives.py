"""Negative subsets: all positives, fresh negatives, even spread, shares of ranks, and the offset."""

import math

import numpy as np
import pytest

from rareclass.errors import InputError, NoOpWarning, ShortfallWarning

pytestmark = pytest.mark.deep
torch = pytest.importorskip("torch", exc_type=ImportError)
from rareclass.torch import NegativeSubsetSampler  # noqa: E402

LABELS = np.random.default_rng(0).permutation(np.repeat([0, 1], [970, 30]))


def test_each_epoch_has_all_positives_and_negatives_that_did_not_come_before():
    sampler = NegativeSubsetSampler(LABELS, 5, seed=1)
    epochs = [np.array(list(sampler)) for _ in range(6)]  # 970 // 150
    for rows in epochs:
        assert len(rows) == len(sampler) == 180
        assert set(rows[LABELS[rows] == 1]) == set(np.flatnonzero(LABELS))
    negatives = np.concatenate([rows[LABELS[rows] == 0] for rows in epochs])
    assert np.bincount(negatives).max() == 1
    assert set(sampler) & set(negatives)  # a new order has begun


@pytest.mark.parametrize("world_size", [1, 2, 4, 7])
def test_ranks_share_an_epoch_without_a_row_in_common(world_size):
    samplers = [NegativeSubsetSampler(LABELS, 5, seed=1, rank=r, world_size=world_size) for r in range(world_size)]
    for _ in range(2):
        shares = [list(sampler) for sampler in samplers]
        assert {len(share) for share in shares} == {len(sampler) for sampler in samplers}
        assert len({len(share) for share in shares}) == 1
        rows = np.concatenate(shares)
        assert np.bincount(rows).max() == 1
        assert LABELS[rows].sum() == 30
        offset = math.log((LABELS[rows] == 0).sum() / 970)
        assert [sampler.offset for sampler in samplers] == pytest.approx([offset] * world_size)
        assert np.ptp([LABELS[share].sum() for share in shares]) <= 1


@pytest.mark.parametrize(("per_event", "world_size"), [(1, 1), (5, 1), (5, 4), (13.3, 3)])
def test_positives_are_spread_so_that_batches_of_twice_the_ratio_have_one(per_event, world_size):
    for rank in range(world_size):
        sampler = NegativeSubsetSampler(LABELS, per_event, seed=3, rank=rank, world_size=world_size)
        y = LABELS[list(sampler)]
        run = 2 * math.ceil(len(y) / y.sum()) - 1
        assert run <= 2 * per_event + 6
        assert min(y[start : start + run].sum() for start in range(len(y) - run + 1)) >= 1


def test_every_negative_comes_as_often_as_any_other():
    """Over 20 orders of 6 epochs each is left out about as often: to 5 standard errors, right at 6e-7."""
    sampler = NegativeSubsetSampler(LABELS, 5, seed=0)
    came = np.zeros(1000)
    for _ in range(120):
        came += np.bincount(list(sampler), minlength=1000)
    share = 900 / 970
    error = math.sqrt(20 * share * (1 - share))
    assert np.abs(came[LABELS == 0] - 20 * share).max() <= 5 * error
    assert (came[LABELS == 1] == 120).all()


def test_the_offset_restores_the_log_odds_of_a_known_world():
    """Counted over all orders the negatives of each value of x are thinned alike: exact up to the rows left out."""
    rng = np.random.default_rng(2)
    x = rng.integers(0, 2, 60_000)
    y = (rng.random(60_000) < np.where(x == 1, 0.02, 0.005)).astype(int)
    sampler = NegativeSubsetSampler(y, 4, seed=0)
    epochs = int((y == 0).sum()) // (4 * int(y.sum()))
    rows = np.concatenate([list(sampler) for _ in range(epochs)])
    for value in (0, 1):
        here = rows[x[rows] == value]
        logit = math.log(y[here].sum() / (1 - y[here]).sum())
        odds = y[x == value].sum() / (1 - y)[x == value].sum()
        assert logit + sampler.offset == pytest.approx(math.log(odds), abs=0.01)


def test_epochs_repeat_and_resume_after_a_restart():
    sampler = NegativeSubsetSampler(LABELS, 5, seed=5)
    epochs = [list(sampler) for _ in range(8)]
    fresh = NegativeSubsetSampler(LABELS, 5, seed=5)
    fresh.set_epoch(7, skip=100)
    assert list(fresh) == epochs[7][100:]
    fresh.set_epoch(2)
    assert list(fresh) == epochs[2]


def test_the_order_does_not_depend_on_workers():
    data = torch.utils.data.TensorDataset(torch.arange(1000))

    def rows(workers: int) -> list[int]:
        loader = torch.utils.data.DataLoader(
            data, batch_size=16, sampler=NegativeSubsetSampler(LABELS, 5, seed=4), num_workers=workers
        )
        return [row for _ in range(2) for (batch,) in loader for row in batch.tolist()]

    assert rows(0) == rows(2)


def test_what_cannot_be_sampled_is_refused_or_told():
    with pytest.raises(InputError, match="negatives_per_event"):
        NegativeSubsetSampler(LABELS, 0)
    with pytest.raises(InputError, match="only negative rows"):
        NegativeSubsetSampler([0, 0], 1)
    with pytest.raises(InputError, match="must hold two classes"):
        NegativeSubsetSampler([0, 1, 2], 1)
    with pytest.warns(NoOpWarning, match="keeps all rows: 40 negatives"):
        sampler = NegativeSubsetSampler(LABELS, 40)
    assert sampler.offset == 0
    assert sorted(sampler) == list(range(1000))
    with pytest.warns(ShortfallWarning, match="Rank 3 of 4 has no positives"):
        list(NegativeSubsetSampler([1, 0, 0, 0, 0, 0, 0, 0, 0], 7, rank=3, world_size=4))
    with pytest.raises(InputError, match="fewer ranks"):
        len(NegativeSubsetSampler([1, 0, 1, 0, 1], 0.4, rank=0, world_size=7))
