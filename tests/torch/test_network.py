"""Networks as data: what is described is rebuilt, layers compiled equal PyTorch's, and what is unknown is refused."""

import numpy as np
import pytest

from rareclass.errors import InputError
from rareclass.scoring.layers import read_layers

pytestmark = pytest.mark.deep
torch = pytest.importorskip("torch", reason="torch is an optional extra and is not installed", exc_type=ImportError)
nn = torch.nn
describe = pytest.importorskip("rareclass.torch.network")


def trained(*layers):
    """A network whose moments and weights are no defaults."""
    torch.manual_seed(0)
    network = nn.Sequential(*layers)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            for moment in [*module.buffers(), *module.parameters()]:
                if moment.is_floating_point():
                    moment.data.uniform_(0.5, 2.0)
    return network.eval()


NETWORKS = {
    "table": ((6,), lambda: trained(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.SiLU(), nn.Dropout(0.3), nn.Linear(5, 2))),
    "no bias": ((6,), lambda: trained(nn.Linear(6, 5, bias=False), nn.BatchNorm1d(5, affine=False), nn.Linear(5, 1))),
    "image": (
        (2, 9, 8),
        lambda: trained(
            nn.Sequential(nn.Conv2d(2, 4, (3, 2), stride=(2, 1), padding=(1, 0)), nn.BatchNorm2d(4), nn.ReLU()),
            nn.MaxPool2d(3, stride=2, padding=1),
            nn.Conv2d(4, 8, 2, dilation=(1, 2), groups=2, bias=False),
            nn.GELU(),
            nn.AvgPool2d(2, stride=1, padding=1, count_include_pad=False),
            nn.AdaptiveAvgPool2d((2, 3)),
            nn.Sequential(nn.Dropout2d(0.1), nn.Flatten(), nn.Identity(), nn.Linear(48, 1)),
        ),
    ),
    "pixels": ((36,), lambda: trained(nn.Unflatten(1, (1, 6, 6)), nn.Conv2d(1, 2, 3), nn.AvgPool2d(2), nn.Flatten())),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_compiled_layers_equal_those_of_pytorch(name):
    inputs, make = NETWORKS[name]
    network = make()
    x = np.random.default_rng(1).normal(size=(7, *inputs))
    layers, last = read_layers(*describe.describe_network(network), inputs)
    found = x.copy()
    for layer in layers:
        found = layer.apply(found)
    with torch.no_grad():
        wanted = network.double()(torch.from_numpy(x)).numpy()
    assert last == wanted.shape[1:]
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_is_rebuilt_from_its_description(name):
    inputs, make = NETWORKS[name]
    network = make()
    again = describe.build_network(*describe.describe_network(network))
    x = torch.randn(5, *inputs)
    with torch.no_grad():
        assert torch.equal(network(x), again(x))


@pytest.mark.parametrize(
    "layer",
    [
        nn.LSTM(3, 2),
        nn.Conv2d(1, 2, 3, padding="same"),
        nn.Conv2d(1, 2, 3, padding=1, padding_mode="circular"),
        nn.BatchNorm1d(3, track_running_stats=False),
        nn.GELU(approximate="tanh"),
        nn.MaxPool2d(2, ceil_mode=True),
        nn.MaxPool2d(2, dilation=2),
        nn.AvgPool2d(2, divisor_override=3),
        nn.AdaptiveAvgPool2d((None, 2)),
        nn.Flatten(2),
        nn.Unflatten(1, (-1, 2)),
    ],
    ids=repr,
)
def test_what_is_not_described_is_refused_with_a_way_out(layer):
    with pytest.raises(InputError, match=r"not described.*(use|keep|give|pad|leave|unflatten|Build)"):
        describe.describe_network(nn.Sequential(layer))


def test_what_is_no_network_is_refused():
    with pytest.raises(InputError, match=r"torch\.nn\.Module"):
        describe.describe_network("network")
    layers, arrays = describe.describe_network(nn.Linear(2, 1))
    with pytest.raises(InputError, match="missing or too many"):
        describe.build_network([*layers, {"layer": "relu"}], {**arrays, "1.weight": np.ones(2)})
    with pytest.raises(InputError, match="unknown"):
        describe.build_network([{"layer": "os.system"}], {})
    with pytest.raises(InputError, match="Layer 0 of the description"):
        describe.build_network([{"layer": "linear"}], {})
    with pytest.raises(InputError, match="Layer 0 of the description"):
        describe.build_network([{"layer": "relu", "p": 1}], {})
    with pytest.raises(InputError, match="Layer 0 of the description"):
        describe.build_network(["relu"], {})
    with pytest.raises(InputError, match="Layer 0 of the description"):
        describe.build_network([{"layer": ["relu"]}], {})
