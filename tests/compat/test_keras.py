"""Balanced batches in training by Keras, on the back end that the tests run on."""

import importlib

import numpy as np
import pytest

from rareclass.under_sampling import RandomUnderSampler

pytestmark = pytest.mark.deep
keras = pytest.importorskip("keras", reason="keras or its back end is not installed", exc_type=ImportError)
ours = importlib.import_module("rareclass.compat.keras")
losses = importlib.import_module("rareclass.losses.keras")


def events(n=6000):
    rng = np.random.default_rng(7)
    X = rng.normal(size=(n, 2)).astype("float32")
    truth = 1 / (1 + np.exp(-(1.5 * X[:, 0] - 4.0)))
    return X, (rng.random(n) < truth).astype(int), truth


def linear(loss):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.05), loss)
    return model


class Kept(keras.callbacks.Callback):
    """The rows of each epoch."""

    def __init__(self, batches):
        super().__init__()
        self.batches, self.epochs = batches, []

    def on_epoch_begin(self, epoch, logs=None):
        self.epochs.append(self.batches.indices_)


def test_a_model_trained_on_balanced_batches_is_right_at_the_real_prevalence():
    X, y, truth = events()
    batches = ours.BalancedBatchGenerator(X, y, batch_size=100, random_state=0)
    model = linear(losses.CrossEntropy())
    kept = Kept(batches)
    model.fit(batches, epochs=20, verbose=0, callbacks=[kept])
    loss = losses.CrossEntropy()
    log_odds = loss.log_odds(model.predict(X, verbose=0))[:, 0]
    probability = 1 / (1 + np.exp(-(log_odds + batches.offset)))
    # about 180 events: the mean is known to 1 / sqrt(180) = 7.5 %; three of those, and what training has not reached
    assert probability.mean() / truth.mean() == pytest.approx(1.0, abs=0.25)
    assert (1 / (1 + np.exp(-log_odds))).mean() / truth.mean() > 4
    # every epoch draws other negatives
    negatives = [set(rows[y[rows] == 0]) for rows in kept.epochs]
    assert len(negatives) == 20
    assert len(set.union(*negatives)) > 5 * y.sum()


def test_weights_frames_other_samplers_and_workers_are_taken():
    X, y, _ = events(2000)
    sampler = RandomUnderSampler(sampling_strategy=0.25)
    weight = np.linspace(0.5, 1.5, 2000)
    batches = ours.BalancedBatchGenerator(
        X, y, sample_weight=weight, sampler=sampler, batch_size=50, random_state=1, workers=2
    )
    history = linear(losses.FocalLoss()).fit(batches, epochs=3, shuffle=False, verbose=0).history["loss"]
    assert history[-1] < history[0]
    assert batches.offset == pytest.approx(np.log(y.mean() / (1 - y.mean())) - np.log(0.25), abs=0.01)
    assert all(len(batches[i]) == 3 for i in range(len(batches)))


def test_frames_arrive_as_arrays():
    pandas = pytest.importorskip("pandas")
    X, y, _ = events(1000)
    frame = pandas.DataFrame(X, columns=["a", "b"])
    batches = ours.BalancedBatchGenerator(frame, pandas.Series(y), batch_size=20, random_state=1)
    assert {type(part) for part in batches[0]} == {np.ndarray}
    assert np.isfinite(linear(losses.CrossEntropy()).fit(batches, verbose=0).history["loss"]).all()


def test_the_endless_generator_trains_for_the_steps_it_says():
    X, y, _ = events(2000)
    generator, steps = ours.balanced_batch_generator(X, y, batch_size=30, random_state=2)
    how = {"steps_per_epoch": steps, "epochs": 4, "shuffle": False, "verbose": 0}
    history = linear(losses.CrossEntropy()).fit(generator, **how).history["loss"]
    assert len(history) == 4
    assert history[-1] < history[0]
