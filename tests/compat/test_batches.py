"""Balanced batches: every batch balanced, every epoch fresh."""

import numpy as np
import pytest
from scipy import sparse

from rareclass import batches as former_path
from rareclass.compat.batches import BalancedBatchGenerator, balanced_batch_generator
from rareclass.errors import InputError
from rareclass.over_sampling import RandomOverSampler
from rareclass.under_sampling import ClusterCentroids, NearMiss, RandomUnderSampler


def rows():
    return np.arange(600.0)[:, None], np.repeat([0, 1], [540, 60])


def test_every_batch_is_balanced():
    # imbalanced-learn's shuffle gives 6 to 2 and 2 to 6 (defect D19).
    batches = BalancedBatchGenerator(*rows(), batch_size=8, random_state=0)
    assert len(batches) == 15
    for index in range(15):
        assert abs(int(batches[index][1].sum()) - 4) <= 1


def test_each_epoch_draws_other_negatives():
    # imbalanced-learn draws once: 120 of 600 rows are ever seen (defect D19).
    X, y = rows()
    generator, steps = balanced_batch_generator(X, y, batch_size=8, random_state=0)
    seen = np.concatenate([next(generator)[0].ravel() for _ in range(60 * steps)])
    assert np.unique(seen).size > 590


def test_weights_and_one_hot_targets_follow():
    X, y = rows()
    batches = BalancedBatchGenerator(X, np.eye(2)[y], sample_weight=X.ravel(), batch_size=6, random_state=0)
    X_batch, y_batch, weight = batches[3]
    np.testing.assert_array_equal(X_batch.ravel(), weight)
    assert y_batch.shape == (6, 2)


@pytest.mark.parametrize("keep", [True, False])
def test_sparse_batches_are_dense_unless_kept(keep):
    X, y = rows()
    batch, _ = BalancedBatchGenerator(sparse.csr_matrix(X), y, keep_sparse=keep, random_state=0)[0]
    assert sparse.issparse(batch) is keep


def test_any_selecting_sampler_is_taken():
    X, y = rows()
    for sampler in (NearMiss(), RandomUnderSampler(sampling_strategy=0.5)):
        assert len(BalancedBatchGenerator(X, y, sampler=sampler, batch_size=10)) >= 12
    with pytest.raises(InputError, match="sample_indices_"):
        BalancedBatchGenerator(X, y, sampler=ClusterCentroids())


@pytest.mark.parametrize("batch_size", [7, 32, 1000])
def test_every_row_drawn_is_in_one_batch_and_the_steps_say_so(batch_size):
    # the peer drops what does not fill a batch, all rows where the draw is smaller than one
    X, y = rows()
    batches = BalancedBatchGenerator(X, y, batch_size=batch_size, random_state=0)
    parts = [batches[i] for i in range(len(batches))]
    np.testing.assert_array_equal(np.concatenate([X.ravel() for X, _ in parts]), batches.indices_)
    assert {np.abs(2 * labels.sum() - labels.size) <= 2 for _, labels in parts} == {True}
    sizes = [labels.size for _, labels in parts]
    assert max(sizes) <= batch_size
    assert max(sizes) - min(sizes) <= 1
    generator, steps = balanced_batch_generator(X, y, batch_size=batch_size, random_state=0)
    assert steps == len(batches)
    seen = np.concatenate([next(generator)[0].ravel() for _ in range(steps)])
    np.testing.assert_array_equal(seen, batches.indices_)
    with pytest.raises(IndexError):
        batches[len(batches)]


def test_the_offset_is_the_shift_of_the_log_odds():
    X, y = rows()
    for sampler, ratio in ((None, 1.0), (RandomUnderSampler(sampling_strategy=0.5), 0.5), (RandomOverSampler(), 1.0)):
        for labels in (y, np.eye(2)[y], np.where(y, "event", "none")):
            batches = BalancedBatchGenerator(X, labels, sampler=sampler, random_state=0)
            assert batches.offset == pytest.approx(np.log(60 / 540) - np.log(ratio))
    assert BalancedBatchGenerator(X, 1 - y, random_state=0).offset == pytest.approx(np.log(540 / 60))
    three = np.repeat([0, 1, 2], [500, 70, 30])
    np.testing.assert_allclose(BalancedBatchGenerator(X, three, random_state=0).offset, np.log([500 / 30, 70 / 30, 1]))
    with pytest.raises(InputError, match="NearMiss does not say that it draws all rows of a class alike"):
        BalancedBatchGenerator(X, y, sampler=NearMiss()).offset
    with pytest.raises(InputError, match="`batch_size`"):
        BalancedBatchGenerator(X, y, batch_size=0)


def test_a_seed_repeats_the_epochs():
    X, y = rows()
    first, second = (BalancedBatchGenerator(X, y, random_state=5) for _ in range(2))
    np.testing.assert_array_equal(first.indices_, second.indices_)
    first.on_epoch_end()
    assert (first.indices_ != second.indices_).any()


def test_the_former_path_gives_the_same_class():
    assert former_path.BalancedBatchGenerator is BalancedBatchGenerator
