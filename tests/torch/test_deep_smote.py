"""SMOTE in a network's feature space: what it makes, that the prior comes back, and what is refused."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from rareclass.calibration import check_calibration  # noqa: E402
from rareclass.errors import InputError, MethodError, TooFewEventsError  # noqa: E402
from rareclass.torch import DeepSMOTE  # noqa: E402

pytestmark = pytest.mark.deep


def clouds(rows, seed, prevalence=0.05):
    """Two Gaussian classes whose log-odds are known: 2 x - 2 + the log-odds of the prevalence."""
    rng = np.random.default_rng(seed)
    y = rng.random(rows) < prevalence
    x = rng.normal(size=(rows, 3))
    x[:, 0] += 2 * y
    truth = 2 * x[:, 0] - 2 + np.log(prevalence / (1 - prevalence))
    return torch.as_tensor(x, dtype=torch.float32), torch.as_tensor(y), truth


def model(**options):
    torch.manual_seed(0)
    encoder = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.BatchNorm1d(3))
    with torch.no_grad():
        encoder[0].weight.copy_(torch.eye(3))
        encoder[0].bias.zero_()
    return DeepSMOTE(encoder, torch.nn.Linear(3, 1), **{"epochs": 20, "learning_rate": 0.02, **options})


def test_the_shift_is_that_of_the_realised_counts():
    x, y, _ = clouds(2_000, 0)
    found = model(ratio=0.5, epochs=1).fit(x, y)
    events, others = int(y.sum()), int((~y).sum())
    assert found.counts_["events"] == events
    assert found.counts_["others"] == others
    assert found.counts_["synthetic"] == int(0.5 * others) - events
    seen = events + found.counts_["synthetic"]
    assert found.shift_ == pytest.approx(np.log(events / others) - np.log(seen / others), rel=1e-12)
    assert found.exact is False


def test_probabilities_are_near_the_real_prevalence_and_calibration_brings_the_rest():
    x, y, truth = clouds(4_000, 1)
    found = model().fit(x, y)
    before = torch.sigmoid(found.log_odds(x) - found.shift_).mean()
    assert before > 3 * y.double().mean()
    later, events, truth = clouds(20_000, 2)
    assert found.losses_[-1] < found.losses_[0]
    raw = found.log_odds(later).numpy()
    assert 0.5 < events.double().mean() / torch.sigmoid(torch.as_tensor(raw)).mean() < 2  # approximate, as it says
    assert np.corrcoef(raw, truth)[0, 1] > 0.98
    found.calibrate(later, events, method="sigmoid")
    fresh, events, _ = clouds(20_000, 3)
    check = check_calibration(found.log_odds(fresh).numpy(), events.numpy())
    assert abs(check.observed_to_expected - 1) < 0.15  # about 1,000 events in each part: 4 standard errors
    found.fit(x, y)
    assert not hasattr(found, "calibrator_")  # it was fitted to the head before


def test_the_encoder_stays_as_it_was_and_modes_come_back():
    x, y, _ = clouds(1_000, 4)
    found = model(epochs=2)
    found.encoder.train()
    before = {name: value.clone() for name, value in found.encoder.state_dict().items()}
    head = found.head.weight.clone()
    found.fit(x, y)
    assert all(torch.equal(value, before[name]) for name, value in found.encoder.state_dict().items())
    assert found.encoder.training
    assert not torch.equal(found.head.weight, head)


def test_the_same_seed_gives_the_same_head():
    x, y, _ = clouds(1_000, 5)
    first, second, other = (model(epochs=2, seed=s).fit(x, y).log_odds(x) for s in (3, 3, 4))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_synthetic_features_lie_between_events():
    x, y, _ = clouds(600, 6)
    seen = []

    class Watched(torch.nn.Linear):
        def forward(self, features):
            seen.append(features.detach())
            return super().forward(features)

    found = DeepSMOTE(torch.nn.Identity(), Watched(3, 1), epochs=1, batch_size=10_000).fit(x, y)
    rows = seen[0]
    real = (torch.cdist(rows, x, compute_mode="donot_use_mm_for_euclid_dist") < 1e-5).any(1)
    made = rows[~real].double()
    assert len(made) >= found.counts_["synthetic"] - 2  # one that falls on its parent cannot be told from it
    events = x[y].double()
    for point in made[:50]:
        ends = events[:, None] - events[None]
        along = ((point - events[None]) * ends).sum(-1) / ends.square().sum(-1).clamp_min(1e-12)
        off = (events[None] + along[..., None] * ends - point).norm(dim=-1)
        off = torch.where((along >= -1e-6) & (along <= 1 + 1e-6), off, torch.inf)
        assert float(off.min()) < 1e-4


def test_what_cannot_work_is_refused():
    x, y, _ = clouds(300, 7)
    with pytest.raises(TooFewEventsError):
        model().fit(x, torch.arange(300) < 4)
    with pytest.raises(InputError, match="0 and 1"):
        model().fit(x, torch.arange(300))
    with pytest.raises(InputError, match="0 and 1"):
        model().fit(x, y[:20])
    with pytest.raises(InputError, match="not finite"):
        model().fit(x * torch.nan, y)
    with pytest.raises(InputError, match="ratio"):
        model(ratio=0.0)
    with pytest.raises(InputError):
        model(ratio=0.1).fit(x, torch.arange(300) < 100)
    with pytest.raises(InputError, match="`learning_rate` must lie in"):
        model(learning_rate=float("nan"))
    with pytest.raises(InputError, match="one logit a row"):
        DeepSMOTE(torch.nn.Identity(), torch.nn.Linear(x.shape[1], 2), epochs=1).fit(x, y)
    with pytest.raises(InputError, match="Lower `learning_rate`"):
        DeepSMOTE(torch.nn.Identity(), torch.nn.Linear(x.shape[1], 1), epochs=2, learning_rate=1e30).fit(1e20 * x, y)
    with pytest.raises(MethodError, match="`fit` first"):
        model().log_odds(x)


def test_a_last_batch_of_one_row_does_not_stop_batch_norm():
    x, y, _ = clouds(300, 7)
    head = torch.nn.Sequential(torch.nn.BatchNorm1d(x.shape[1]), torch.nn.Linear(x.shape[1], 1))
    rows = 2 * int((~y).sum())  # as many events as others
    found = DeepSMOTE(torch.nn.Identity(), head, epochs=1, batch_size=rows - 1).fit(x, y)
    assert np.isfinite(found.losses_).all()
