"""The weighted sampler: its shares, epochs and refusals; its chances are tested at the kernels."""

import numpy as np
import pytest
from scipy.stats import chisquare

from rareclass.errors import InputError

pytestmark = pytest.mark.deep
torch = pytest.importorskip("torch", exc_type=ImportError)
from rareclass.torch import WeightedSampler  # noqa: E402

WEIGHTS = np.arange(1.0, 6.0)


def test_rows_come_as_often_as_their_weights_say_over_epochs():
    """Fixed seed; a right sampler would fail at 1e-4."""
    sampler = WeightedSampler(torch.tensor(WEIGHTS, dtype=torch.float32), 10_000, seed=3)
    drawn = np.bincount([row for _ in range(3) for row in sampler], minlength=5)
    assert chisquare(drawn, 30_000 * WEIGHTS / 15).pvalue > 1e-4


def test_more_rows_than_torch_can_draw_from():
    weights = np.zeros(2**24 + 5, dtype=np.float32)
    weights[[3, 2**24 + 2]] = 1.0
    with pytest.raises(RuntimeError, match="2\\^24"):
        torch.multinomial(torch.as_tensor(weights), 1)
    assert set(WeightedSampler(weights, 100)) == {3, 2**24 + 2}


@pytest.mark.parametrize("replacement", [True, False])
def test_ranks_share_the_draws_of_one_process(replacement):
    weights = np.arange(1.0, 31.0)
    alone = list(WeightedSampler(weights, 20, replacement, seed=1))
    shares = [list(WeightedSampler(weights, 20, replacement, seed=1, rank=r, world_size=3)) for r in range(3)]
    assert {len(share) for share in shares} == {7 if replacement else 6}
    assert all(share[:6] == alone[r:18:3] for r, share in enumerate(shares))
    if not replacement:
        assert len({row for share in shares for row in share}) == 18


def test_epochs_move_on_repeat_on_demand_and_resume():
    sampler = WeightedSampler(WEIGHTS, 50, seed=1)
    first, second = list(sampler), list(sampler)
    assert first != second
    sampler.set_epoch(0)
    assert list(sampler) == first
    going = iter(sampler)
    [next(going) for _ in range(20)]
    fresh = WeightedSampler(WEIGHTS, 50, seed=1)
    fresh.load_state_dict(sampler.state_dict())
    assert list(fresh) == second[20:]
    fresh.load_state_dict(sampler.state_dict(consumed=12))
    assert list(fresh) == second[12:]
    assert list(fresh) != second
    with pytest.raises(InputError, match="of seed 1, this sampler of 2"):
        WeightedSampler(WEIGHTS, 50, seed=2).load_state_dict(sampler.state_dict())


def test_the_order_does_not_depend_on_workers():
    data = torch.utils.data.TensorDataset(torch.arange(5))

    def rows(workers: int) -> list[int]:
        sampler = WeightedSampler(WEIGHTS, 40, seed=4)
        loader = torch.utils.data.DataLoader(data, batch_size=8, sampler=sampler, num_workers=workers)
        return [row for (batch,) in loader for row in batch.tolist()]

    assert rows(0) == rows(2)


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ([1.0, -1.0], "finite and not negative; got 1"),
        ([1.0, np.nan], "finite and not negative; got 1"),
        ([1.0, np.inf], "finite and not negative; got 1"),
        ([0.0, 0.0], "all zero"),
        ([], "1 to 4,294,967,295 rows"),
        (["a"], "must hold numbers"),
    ],
)
def test_weights_that_cannot_be_drawn_from_are_refused(weights, said):
    with pytest.raises(InputError, match=said):
        WeightedSampler(np.array(weights), 2)


def test_other_arguments_that_make_no_sense_are_refused():
    with pytest.raises(InputError, match="1 have a positive weight"):
        WeightedSampler([0.0, 1.0], 2, replacement=False)
    with pytest.raises(InputError, match="num_samples"):
        WeightedSampler([1.0], 0)
    with pytest.raises(InputError, match="together, or neither"):
        WeightedSampler([1.0], 1, rank=0)
    with pytest.raises(InputError, match="rank"):
        WeightedSampler([1.0], 1, rank=2, world_size=2)
    with pytest.raises(InputError, match="skip"):
        WeightedSampler([1.0], 1).set_epoch(0, skip=2)


def test_a_state_after_a_whole_epoch_begins_the_next_one():
    sampler = WeightedSampler(WEIGHTS, 50, seed=1)
    list(sampler)
    for state in (sampler.state_dict(), sampler.state_dict(consumed=50)):
        fresh = WeightedSampler(WEIGHTS, 50, seed=1)
        fresh.load_state_dict(state)
        rows = list(fresh)
        assert len(rows) == 50
        sampler.set_epoch(1)
        assert rows == list(sampler)


def test_a_state_that_was_only_loaded_or_set_is_kept():
    sampler = WeightedSampler(WEIGHTS, 50, seed=1)
    sampler.set_epoch(3, skip=7)
    state = sampler.state_dict()
    assert state == {"seed": 1, "epoch": 3, "skip": 7}
    fresh = WeightedSampler(WEIGHTS, 50, seed=1)
    fresh.load_state_dict(state)
    assert fresh.state_dict() == state


def test_rows_given_in_blocks_count_as_given():
    sampler = WeightedSampler(WEIGHTS, 50, seed=1)
    assert len(next(sampler.blocks())) == 50
    assert sampler.state_dict() == {"seed": 1, "epoch": 1, "skip": 0}
