"""Hard negatives: how often each row comes, both corrections, shares of ranks, workers, and refusals."""

import numpy as np
import pytest

from rareclass.errors import InputError

pytestmark = pytest.mark.deep
torch = pytest.importorskip("torch", exc_type=ImportError)
from rareclass.torch import HardNegativeSampler, NumberedDataset  # noqa: E402

RNG = np.random.default_rng(4)
CELL = RNG.integers(0, 6, 30_000)
TRUTH = np.array([0.002, 0.001, 0.002, 0.005, 0.02, 0.08])
LABELS = (RNG.random(30_000) < TRUTH[CELL]).astype(int)


@pytest.fixture
def sampler():
    found = HardNegativeSampler(LABELS, 3, seed=1)
    found.update(TRUTH[CELL])
    return found


def test_before_any_scores_all_negatives_are_alike():
    fresh = HardNegativeSampler(LABELS, 3, seed=1)
    share = 3 * LABELS.sum() / (LABELS == 0).sum()
    assert fresh.offset.numpy() == pytest.approx(np.log(share), rel=1e-6)


def test_rows_come_with_the_probability_that_offset_and_weight_state(sampler):
    """By cell of equal r, over 40 epochs: to 4.5 standard errors of independent draws, right at 7e-6 a cell."""
    chance = np.exp(sampler.offset.numpy().astype(float))
    rows = np.concatenate([list(sampler) for _ in range(40)])
    assert len(rows) == 40 * len(sampler) == 40 * 4 * LABELS.sum()
    assert np.bincount(rows[LABELS[rows] == 1], minlength=LABELS.size)[LABELS == 1].tolist() == [40] * LABELS.sum()
    for cell in range(6):
        own = (cell == CELL) & (LABELS == 0)
        came, p = (CELL[rows] == cell)[LABELS[rows] == 0].sum(), chance[own][0]
        assert np.ptp(chance[own]) == 0
        assert abs(came - 40 * own.sum() * p) < 4.5 * np.sqrt(40 * own.sum() * p * (1 - p)) + 1
        assert sampler.weight.numpy()[own] == pytest.approx(1 / p, rel=1e-5)
    assert (sampler.weight.numpy()[LABELS == 1] == 1).all()


def test_both_corrections_restore_the_log_odds_of_every_cell(sampler):
    """What a network of one parameter a cell would learn, counted over 200 epochs; to 4.5 standard errors."""
    rows, shifts = np.concatenate([list(sampler) for _ in range(200)]), []
    for cell in range(6):
        own, here = cell == CELL, rows[CELL[rows] == cell]
        expected = np.log(LABELS[own].sum() / (1 - LABELS)[own].sum())
        negatives = (1 - LABELS[here]).sum()
        error = 4.5 / np.sqrt(negatives) + 1e-5
        mined = np.log(LABELS[here].sum() / negatives)
        assert mined + float(sampler.offset[here[0]]) == pytest.approx(expected, abs=error)
        weight = sampler.weight.numpy()[here].astype(float)
        weighted = np.log((weight * LABELS[here]).sum() / (weight * (1 - LABELS[here])).sum())
        assert weighted == pytest.approx(expected, abs=error)
        shifts.append(mined - expected)
    assert np.ptp(shifts) > 1  # without a correction the cells are not even comparable


def test_a_floor_leaves_no_region_without_negatives(sampler):
    chance = np.exp(sampler.offset.numpy())
    mean = TRUTH[CELL][LABELS == 0].mean()
    expected = np.maximum(TRUTH / mean, 0.1)
    found = np.array([chance[cell == CELL][0] for cell in range(6)])
    assert found / found[0] == pytest.approx(expected / expected[0], rel=1e-5)


@pytest.mark.parametrize("world_size", [2, 3])
def test_ranks_share_an_epoch_without_a_row_in_common(world_size):
    samplers = [HardNegativeSampler(LABELS, 3, seed=1, rank=r, world_size=world_size) for r in range(world_size)]
    for one in samplers:
        one.update(torch.as_tensor(TRUTH[CELL]))
    shares = [list(one) for one in samplers]
    assert {len(share) for share in shares} == {len(one) for one in samplers}
    assert np.bincount(np.concatenate(shares)).max() == 1
    assert LABELS[np.concatenate(shares)].sum() == LABELS.sum()


def test_it_resumes_with_the_scores_it_had(sampler):
    first = list(sampler)
    going = iter(sampler)
    [next(going) for _ in range(50)]
    fresh = HardNegativeSampler(LABELS, 3, seed=1)
    fresh.load_state_dict(sampler.state_dict())
    rest = list(going)
    assert list(fresh) == rest
    fresh.set_epoch(0)
    assert list(fresh) == first


class Offsets(torch.utils.data.Dataset):
    """Rows with what the sampler says of them, as a worker process sees it."""

    def __init__(self, sampler):
        self.offset = sampler.offset

    def __len__(self):
        return len(self.offset)

    def __getitem__(self, row):
        return (float(self.offset[row]),)


def test_workers_that_stay_alive_see_new_offsets():
    sampler = HardNegativeSampler(LABELS, 3, seed=1)
    loader = torch.utils.data.DataLoader(
        NumberedDataset(Offsets(sampler)), batch_size=256, sampler=sampler, num_workers=1, persistent_workers=True
    )
    for p in (None, TRUTH[CELL]):
        if p is not None:
            sampler.update(p)
        offset, rows = (torch.cat(part) for part in zip(*loader, strict=True))
        assert torch.allclose(offset.float(), sampler.offset[rows])


def test_scores_that_are_no_probabilities_are_refused(sampler):
    for bad, said in (
        (TRUTH, "same number of rows"),
        (np.log(TRUTH)[CELL], "not logits"),
        (np.where(CELL == 1, np.nan, 0.1), "missing value"),
    ):
        with pytest.raises(InputError, match=said):
            sampler.update(bad)
    sampler.update(np.zeros(LABELS.size))  # a network that says nothing: all alike
    assert np.ptp(sampler.offset.numpy()) == 0
    with pytest.raises(InputError, match="floor"):
        HardNegativeSampler(LABELS, 3, floor=0.0)
    with pytest.raises(InputError, match="negatives_per_event"):
        HardNegativeSampler(LABELS, -1)
