"""A PyTorch network as a bundle: its probabilities at the real prevalence, on disk as data, scored by the verbs."""

import subprocess
import sys

import numpy as np
import pyarrow.csv
import pytest
from scipy.special import expit

from rareclass import artifact, losses
from rareclass.decisions import CostMatrix, RecallAtLeast
from rareclass.errors import BundleError, InputError, TooFewEventsError
from rareclass.lifecycle import replay
from rareclass.scoring import Scorer

pytestmark = pytest.mark.deep
torch = pytest.importorskip("torch", reason="torch is an optional extra and is not installed", exc_type=ImportError)
saving = pytest.importorskip("rareclass.artifact.network")
nn = torch.nn


def save(network, folder, X, y, **how):
    return saving.save_network(network, folder, X, y, saving.NetworkOptions(**how))


NAMES = ["a", "b", "c", "d"]


def rows(n=4000, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    return X, rng.random(n) < expit(2 * X[:, 0] - 4)


def score_of(slope=2.0, intercept=-4.0, outputs=1):
    """A network that knows the log-odds, in its weights as they are."""
    network = nn.Sequential(nn.Linear(4, 2), nn.ReLU(), nn.Linear(2, outputs))
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor([[1.0, 0, 0, 0], [-1.0, 0, 0, 0]]))
        network[0].bias.zero_()
        network[2].weight.zero_()
        network[2].weight[-1] = torch.tensor([slope, -slope])
        network[2].bias.zero_()
        network[2].bias[-1] = intercept
    return network


def test_a_network_that_is_right_stays_as_it_is(tmp_path):
    X, y = rows()
    bundle = save(score_of(), tmp_path / "b", X, y, calibration="none")
    np.testing.assert_allclose(bundle.model.positive_logit(X), 2 * X[:, 0] - 4, atol=1e-6)
    again = artifact.Bundle.load(tmp_path / "b")
    np.testing.assert_array_equal(again.model.positive_logit(X), bundle.model.positive_logit(X))
    assert again.scorer.exact
    assert "network" in again.model.summary()
    assert "mixes its columns" in again.card
    with pytest.raises(BundleError, match="save_network"):
        replay(again, X, y)


def test_two_outputs_scaling_and_shift(tmp_path):
    X, y = rows()
    how = {"calibration": "none", "centre": [10.0, 0, 0, 0], "scale": 5.0, "shift": -0.5}
    bundle = save(score_of(outputs=2), tmp_path / "b", 5 * X + how["centre"], y, **how)
    np.testing.assert_allclose(bundle.model.positive_logit(5 * X + how["centre"]), 2 * X[:, 0] - 4.5, atol=1e-6)


@pytest.mark.parametrize("loss", [losses.FocalLoss(2.0), losses.WeightedCrossEntropy(20.0)], ids=repr)
@pytest.mark.parametrize("outputs", [1, 2])
def test_the_link_of_the_loss_is_undone(tmp_path, loss, outputs):
    X, y = rows()
    given = loss if outputs == 1 else losses.FocalLoss(2.0)
    bundle = save(score_of(outputs=outputs), tmp_path / "b", X, y, loss=given, calibration="none")
    wanted = given.link_logit(2 * X[:, 0] - 4)
    np.testing.assert_allclose(bundle.model.positive_logit(X), wanted, atol=5e-6)


def test_modules_of_losses_and_losses_without_a_link(tmp_path):
    from rareclass.losses.torch import FocalLoss

    X, y = rows()
    how = {"calibration": "none"}
    of_module = save(score_of(), tmp_path / "a", X, y, loss=FocalLoss(2.0), **how)
    wanted = losses.FocalLoss(2.0).link_logit(2 * X[:, 0] - 4)
    np.testing.assert_allclose(of_module.model.positive_logit(X), wanted, atol=5e-6)
    weighted = save(score_of(), tmp_path / "w", X, y, loss=FocalLoss(2.0, pos_weight=3.0), **how)
    np.testing.assert_allclose(
        weighted.model.positive_logit(X),
        FocalLoss(2.0, pos_weight=3.0).log_odds(torch.from_numpy(2 * X[:, 0] - 4)).numpy(),
        atol=5e-6,
    )
    batch = save(score_of(), tmp_path / "b", X, y, loss=losses.TverskyLoss(), **how)
    np.testing.assert_allclose(batch.model.positive_logit(X), 2 * X[:, 0] - 4, atol=1e-6)
    with pytest.raises(InputError, match="Leave others out"):
        save(score_of(), tmp_path / "c", X, y, loss=nn.BCEWithLogitsLoss(), **how)


def test_validation_rows_of_another_prevalence_are_weighted_to_the_real_one(tmp_path):
    X, y = rows(20_000)
    few = y | (np.random.default_rng(1).random(y.size) < 0.1)  # a tenth of the other rows
    bundle = save(score_of(intercept=0.0), tmp_path / "b", X[few], y[few], prevalence=y.mean())
    # 800 events: their number is known to 4 %, so that 3 standard errors are 11 %
    assert abs(bundle.model.predict_proba(X)[:, 1].mean() / y.mean() - 1) < 0.11


def test_decisions_are_chosen_on_the_rows(tmp_path):
    X, y = rows()
    by_cost = save(score_of(), tmp_path / "a", X, y, costs=CostMatrix(fp=1, fn=50))
    assert by_cost.model.decision_.threshold == pytest.approx(1 / 51)
    by_rule = save(score_of(), tmp_path / "b", X, y, decision=RecallAtLeast(0.9))
    assert by_rule.model.predict(X)[y].mean() == pytest.approx(0.9, abs=0.03)


def test_the_verbs_score_it_without_torch(tmp_path):
    X, y = rows()
    bundle = save(score_of(), tmp_path / "b", X, y, columns=NAMES, target="event")
    table = pyarrow.table(dict(zip(NAMES, X[:50].T)) | {"event": y[:50].astype(int)})
    pyarrow.csv.write_csv(table, tmp_path / "rows.csv")
    code = (
        "import sys\n"
        "from rareclass.cli import main\n"
        "code = main(['predict', *sys.argv[1:3], '--out', sys.argv[3]])\n"
        "sys.exit(code or not {'torch', 'safetensors'}.isdisjoint(sys.modules))"
    )
    places = [str(tmp_path / name) for name in ("b", "rows.csv", "o.csv")]
    subprocess.run([sys.executable, "-c", code, *places], check=True)
    found = pyarrow.csv.read_csv(tmp_path / "o.csv")
    wanted = bundle.model.predict_proba(table)[:, 1]
    np.testing.assert_allclose(found["probability"].to_numpy(), wanted, rtol=1e-9)
    one = Scorer.load(tmp_path / "b")
    np.testing.assert_allclose(one.probability(table.to_pylist()[0]), wanted[:1], rtol=1e-12)
    with pytest.raises(InputError, match="no reasons: a network"):
        one.explain(table)
    with pytest.raises(InputError, match="holds no value"):
        one.probability({**table.to_pylist()[0], "a": None})


def test_other_tools_read_the_tensors(tmp_path):
    safetensors = pytest.importorskip("safetensors.torch")
    X, y = rows()
    network = score_of()
    save(network, tmp_path / "b", X, y)
    state = safetensors.load_file(tmp_path / "b" / "tensors.safetensors")
    for name, tensor in network.state_dict().items():
        assert torch.equal(state[name], tensor)


def test_a_damaged_file_is_refused(tmp_path):
    X, y = rows()
    save(score_of(), tmp_path / "b", X, y, columns=NAMES)
    file = tmp_path / "b" / "tensors.safetensors"
    file.write_bytes(file.read_bytes()[:-4])
    with pytest.raises(BundleError, match="altered"):
        Scorer.load(tmp_path / "b")


def test_what_cannot_be_saved_is_refused(tmp_path):
    X, y = rows(500)
    with pytest.raises(InputError, match="must name 4 columns"):
        save(score_of(), tmp_path / "b", X, y, columns=["a"])
    with pytest.raises(InputError, match="a row has 4"):
        save(score_of(), tmp_path / "b", X, y, inputs=(1, 2, 3))
    with pytest.raises(InputError, match="lacks values"):
        save(score_of(), tmp_path / "b", np.where(X > 3, np.nan, X), y)
    with pytest.raises(InputError, match="LSTM"):
        save(nn.Sequential(nn.LSTM(4, 1)), tmp_path / "b", X, y)
    with pytest.raises(InputError, match="one number or one for each of two classes"):
        save(nn.Linear(4, 3), tmp_path / "b", X, y)
    with pytest.raises((TooFewEventsError, InputError), match="constant"):
        save(score_of(), tmp_path / "b", X, np.zeros(500))
    assert not (tmp_path / "b").exists()


def hooked():
    network = score_of()
    network[0].register_forward_hook(lambda module, given, out: 3 * out)
    return network


def own_forward():
    class Raised(nn.Sequential):
        def forward(self, x):
            return super().forward(x) + 1

    return Raised(nn.Linear(4, 1))


def with_weight(value):
    network = score_of()
    with torch.no_grad():
        network[0].weight[0, 0] = value
    return network


@pytest.mark.parametrize(
    ("make", "how", "said"),
    [
        (hooked, {}, "remove its hooks"),
        (own_forward, {}, "no forward of its own"),
        (lambda: with_weight(np.nan), {}, "'0.weight' of the network holds numbers that are not finite"),
        (lambda: score_of().to("meta"), {}, "real numbers that lie in memory"),
        (lambda: nn.Linear(5, 1), {}, r"Rows of shape \(4,\) do not go through this network: the inputs of a linear"),
        (score_of, {"scale": 0.0}, "`scale` must be one finite number above 0, or 4"),
        (score_of, {"scale": [1, 2, 3]}, "`scale`"),
        (score_of, {"centre": "a"}, "`centre` must be one finite number, or 4"),
        (score_of, {"inputs": 4}, "`inputs` must be one or three whole numbers"),
        (score_of, {"inputs": (2, 2)}, "one or three"),
        (score_of, {"inputs": (4.5,)}, "`inputs` must be"),
        (score_of, {"columns": list("aabc")}, "each once; got 'a'"),
        (score_of, {"columns": NAMES, "target": "a"}, "The target 'a' is one of the columns"),
        (score_of, {"loss": losses.FocalLoss}, r"give FocalLoss\(\) with its parameters"),
    ],
)
def test_what_is_given_wrongly_is_said_in_the_words_of_the_caller(tmp_path, make, how, said):
    X, y = rows(500)
    with pytest.raises(InputError, match=said):
        save(make(), tmp_path / "b", X, y, **how)
    assert not (tmp_path / "b").exists()


def test_rows_that_no_network_takes_are_refused(tmp_path):
    X, y = rows(500)
    given = saving.NetworkOptions(prevalence=0.01)
    with pytest.raises(InputError, match="NetworkOptions; got dict"):
        saving.save_network(score_of(), tmp_path / "b", X, y, {"scale": 2.0})
    with pytest.raises(InputError, match="one class only"):
        saving.save_network(score_of(), tmp_path / "b", X, y, given, sample_weight=1.0 - y)
    with pytest.raises(InputError, match="infinite"):
        save(score_of(), tmp_path / "b", np.where(X > 3, np.inf, X), y)
    with pytest.raises(InputError, match="must hold numbers"):
        save(score_of(), tmp_path / "b", np.full((500, 4), "a"), y)
    with pytest.raises(InputError, match="got 'z'"):
        save(score_of(), tmp_path / "b", pyarrow.table(dict(zip(NAMES, X.T))), y, columns=["a", "b", "c", "z"])
    with pytest.raises(InputError, match="lacks values"):
        save(score_of(), tmp_path / "b", np.ma.masked_where(X > 3, X), y)


def test_an_enormous_number_and_bfloat16_are_saved_as_pytorch_has_them(tmp_path):
    X, y = rows(500)
    X[0, 1] = 1e32
    save(score_of(), tmp_path / "a", X, y)
    halved = torch.from_numpy(X[1:]).bfloat16()
    bundle = save(score_of(), tmp_path / "b", halved, y[1:], calibration="none")
    wanted = 2 * halved.double().numpy()[:, 0] - 4
    np.testing.assert_allclose(bundle.model.positive_logit(halved.double().numpy()), wanted, atol=1e-6)
