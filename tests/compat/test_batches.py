"""Balanced batches: every batch balanced, every epoch fresh."""

import numpy as np
import pytest
from scipy import sparse

from rareclass import batches as former_path
from rareclass.compat.batches import BalancedBatchGenerator, balanced_batch_generator
from rareclass.errors import InputError
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


def test_a_seed_repeats_the_epochs():
    X, y = rows()
    first, second = (BalancedBatchGenerator(X, y, random_state=5) for _ in range(2))
    np.testing.assert_array_equal(first.indices_, second.indices_)
    first.on_epoch_end()
    assert (first.indices_ != second.indices_).any()


def test_the_former_path_gives_the_same_class():
    assert former_path.BalancedBatchGenerator is BalancedBatchGenerator
