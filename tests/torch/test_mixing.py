"""Mixup mixes rows and labels alike, and what prior the mixed labels mean is known exactly."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from rareclass.errors import InputError  # noqa: E402
from rareclass.torch import BalancedMixup, Mixup  # noqa: E402

pytestmark = pytest.mark.deep


def batch(rows=512, events=16, seed=0):
    """Inputs whose first column is the label, so that a mixed label can be read off the mixed input."""
    y = (torch.arange(rows) < events).double()
    inputs = torch.randn(rows, 3, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    inputs[:, 0, 0] = y
    return inputs, y


def test_an_input_and_its_label_are_mixed_with_one_share():
    x, y = batch()
    for mixed, labels in (Mixup(0.5)(x, y), BalancedMixup(0.5)(x, y, x.flip(0), y.flip(0))):
        assert mixed.shape == x.shape
        torch.testing.assert_close(mixed[:, 0, 0], labels)
        assert int(((labels > 0) & (labels < 1)).sum()) > 0


def test_mixup_keeps_the_mean_label_of_every_batch_within_its_error():
    x, y = batch(4_096, 128)
    means = np.array([float(Mixup(0.4, seed=s)(x, y)[1].mean()) for s in range(60)])
    assert abs(means.mean() - 1 / 32) < 4 * means.std(ddof=1) / 60**0.5  # one in 16,000
    assert Mixup(0.4).train_prevalence(1 / 32) == 1 / 32
    assert torch.equal(Mixup(0.4).restore(x[:, 1, 0], 1 / 32), x[:, 1, 0])


@pytest.mark.parametrize("alpha", [0.1, 0.25, 1.0])
def test_balanced_mixup_means_the_prior_of_its_formula(alpha):
    x, y = batch(4_096, 40)
    half = (torch.arange(4_096) % 2).double()
    mix = BalancedMixup(alpha, seed=3)
    means = np.array([float(mix(x, y, x, half)[1].mean()) for _ in range(60)])
    wanted = float(mix.train_prevalence(40 / 4_096))
    assert wanted == pytest.approx((40 / 4_096 + alpha / 2) / (1 + alpha), rel=1e-12)
    assert abs(means.mean() - wanted) < 4 * means.std(ddof=1) / 60**0.5


def test_taking_one_row_of_each_pair_is_undone_exactly():
    """The case in which the way back is exact: with a tiny alpha a pair is one of its two rows, 0.01 of them balanced.

    Of a table of counts the posterior at the mixed prior is known in closed form, and so is the restored one.
    """
    prior, likelihood = 0.01, np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])  # p(x | y)
    mix = BalancedMixup(0.25)
    trained = float(mix.train_prevalence(prior))
    seen = np.log(trained * likelihood[1]) - np.log((1 - trained) * likelihood[0])
    truth = np.log(prior * likelihood[1]) - np.log((1 - prior) * likelihood[0])
    restored = mix.restore(torch.as_tensor(seen), prior)
    np.testing.assert_allclose(restored.numpy(), truth, atol=1e-12)
    moved = mix.restore(torch.as_tensor(seen), prior, 0.05).numpy() - truth
    np.testing.assert_allclose(moved, np.log(0.05 / 0.95) - np.log(0.01 / 0.99), atol=1e-12)


def test_many_classes_have_a_prior_each():
    mix = BalancedMixup(1 / 3, classes=3)
    shares = np.array([0.9, 0.09, 0.01])
    np.testing.assert_allclose(mix.train_prevalence(shares), 0.75 * shares + 0.25 / 3)
    x, codes = torch.randn(6, 4), torch.tensor([0, 0, 1, 1, 2, 2])
    _, labels = mix(x, codes, x.flip(0), codes.flip(0))
    torch.testing.assert_close(labels.sum(1), torch.ones(6))
    back = torch.softmax(mix.restore(torch.log(torch.as_tensor(mix.train_prevalence(shares)))[None], shares), 1)
    np.testing.assert_allclose(back.numpy()[0], shares, atol=1e-12)


def test_a_net_trained_on_mixtures_is_back_at_the_prevalence_and_a_calibration_mends_its_shape():
    """Two Gaussian classes at 5 %, a line: its mean probability before, after `restore`, and its slope."""
    from rareclass.calibration import check_calibration, choose_calibration

    rng = np.random.default_rng(0)
    y = (rng.random(20_000) < 0.05).astype(float)
    x = torch.as_tensor(rng.normal(size=20_000) + 2 * y)[:, None]
    labels, events = torch.as_tensor(y), torch.as_tensor(np.flatnonzero(y))
    others = torch.as_tensor(np.flatnonzero(1 - y))
    layer = torch.nn.Linear(1, 1, dtype=torch.float64)
    torch.nn.init.zeros_(layer.weight)
    mix = BalancedMixup(0.2, seed=1)
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=100, line_search_fn="strong_wolfe")
    pick = torch.as_tensor(rng.integers(0, 2**31, 20_000))
    second = torch.where(torch.arange(20_000) % 2 == 0, events[pick % len(events)], others[pick % len(others)])
    mixed, soft = mix(x, labels, x[second], labels[second])

    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(layer(mixed)[:, 0], soft)
        loss.backward()
        return loss

    optimizer.step(closure)
    raw = layer(x)[:, 0].detach()
    before, after = (float(torch.sigmoid(z).mean()) for z in (raw, mix.restore(raw, float(y.mean()))))
    assert before > 2 * y.mean()
    assert 0.8 < after / y.mean() < 1.25  # approximate, as it says
    assert mix.exact is False
    restored = mix.restore(raw, float(y.mean())).numpy()
    fitted = choose_calibration(restored[::2], y[::2], method="sigmoid")
    assert check_calibration(fitted.predict_logit(restored[1::2]), y[1::2]).in_the_slope


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: Mixup(0), "positive number"),
        (lambda: Mixup(float("nan")), "positive number"),
        (lambda: Mixup(classes=1), "classes"),
        (lambda: Mixup()(torch.ones(2, 3, dtype=torch.uint8), torch.ones(2)), "floating-point"),
        (lambda: Mixup()(torch.ones(2, 3), torch.ones(3)), "differ in length"),
        (lambda: Mixup()(torch.ones(1, 3), torch.ones(1)), "drop_last=True"),
        (lambda: Mixup()(torch.ones(2, 3), torch.tensor([0, 2])), "between 0 and 1"),
        (lambda: Mixup(classes=2)(torch.ones(2, 3), torch.tensor([0, 2])), "too large"),
        (lambda: Mixup(classes=2)(torch.ones(2, 3), torch.tensor([0.0, 1.0])), "class codes"),
        (lambda: BalancedMixup()(torch.ones(3, 3), torch.ones(3), torch.ones(2, 3), torch.ones(2)), "at least as many"),
        (lambda: BalancedMixup(balance=1.0), "balance"),
        (lambda: BalancedMixup().restore(torch.zeros(2), 0.0), "prevalence"),
        (lambda: BalancedMixup().restore(torch.zeros(2, 3), [0.5, 0.6]), "sum to 1"),
        (lambda: BalancedMixup().restore(torch.zeros(2, 3), [0.5, 0.5]), "same classes"),
        (lambda: BalancedMixup().restore(torch.zeros(2, 2), 0.1), "one share a class"),
        (lambda: BalancedMixup().restore(torch.zeros(2), [0.9, 0.1]), "one share a class"),
        (lambda: Mixup().restore(torch.zeros(2, dtype=torch.int64), 0.1, 0.2), "floating-point"),
        (lambda: BalancedMixup(classes=3, balance=0.2), "`balance` is for two classes"),
        (lambda: BalancedMixup(balance=0.2).restore(torch.zeros(2, 2), [0.9, 0.1]), "balance=0.2"),
        (lambda: Mixup(classes=3)(torch.ones(2, 3), torch.tensor([[0.5, 0.5], [1.0, 0.0]])), "one column a class"),
    ],
)
def test_what_would_be_mixed_wrongly_is_refused(call, said):
    with pytest.raises(InputError, match=said):
        call()


def test_draws_depend_on_the_seed_alone():
    x, y = batch()
    torch.manual_seed(1)
    first = Mixup(seed=4)(x, y)[1]
    torch.manual_seed(2)
    assert torch.equal(Mixup(seed=4)(x, y)[1], first)
    assert not torch.equal(Mixup(seed=5)(x, y)[1], first)
