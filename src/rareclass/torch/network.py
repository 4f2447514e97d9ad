"""A `torch.nn.Sequential` of known layers as data, and back: a description for JSON, and arrays; nothing of it runs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from rareclass._lazy import need
from rareclass.errors import InputError

need("torch", extra="torch")
import torch  # noqa: E402
from torch import nn  # noqa: E402

Description = list[dict[str, Any]]


def describe_network(module: nn.Module) -> tuple[Description, dict[str, np.ndarray]]:
    """What the layers of a network are, and their arrays.

    Use it to keep a network as plain data; `save_network` does, for a bundle. Sequentials within one another are made
    flat. Known layers: Linear, Conv2d (zeros as padding), BatchNorm1d, BatchNorm2d, ReLU, GELU (exact), SiLU,
    MaxPool2d, AvgPool2d, AdaptiveAvgPool2d, Flatten, Unflatten, Dropout, Dropout2d, Identity.

    Parameters
    ----------
    module : torch.nn.Module
        A Sequential of known layers, or one such layer.

    Returns
    -------
    (list of dict, dict of ndarray)
        One mapping a layer, whose key "layer" names it; arrays by the names that the state of the flat Sequential gives
        them ("0.weight"), as float32 or float64.

    Raises
    ------
    InputError
        A layer is unknown, or set in a way that is not described; the sentence says which, and what to do.

    Examples
    --------
    >>> layers, arrays = describe_network(nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 1)))
    >>> [layer["layer"] for layer in layers], sorted(arrays)
    (['linear', 'relu', 'linear'], ['0.bias', '0.weight', '2.bias', '2.weight'])
    """
    layers, arrays = [], {}
    for k, layer in enumerate(_flat(module)):
        try:
            described = _KNOWN[type(layer)](layer)
        except KeyError:
            raise InputError(
                f"Layer {k} of the network is a {type(layer).__name__}, which is not described. Build the network of "
                f"{', '.join(kind.__name__ for kind in _KNOWN)}; what comes before them can be made a column of the "
                "table, and other networks are exported by `torch.export`."
            ) from None
        layers.append(described)
        for name, array in layer.state_dict().items():
            if name != "num_batches_tracked":
                there = array.is_floating_point() and not array.is_meta
                _refuse(there, layer, "give it real numbers that lie in memory")
                kept = array.detach().cpu()
                arrays[f"{k}.{name}"] = (kept if kept.dtype == torch.float64 else kept.float()).numpy().copy()
    return layers, arrays


def build_network(layers: Sequence[Mapping[str, Any]], arrays: Mapping[str, np.ndarray]) -> nn.Sequential:
    """The network that `describe_network` described, in evaluation mode; to train it on, or to look into it.

    Raises
    ------
    InputError
        A layer is unknown, or the arrays do not fit.

    Examples
    --------
    >>> before = nn.Sequential(nn.Linear(3, 1))
    >>> after = build_network(*describe_network(before))
    >>> bool(torch.equal(before[0].weight, after[0].weight))
    True
    """
    made = []
    for k, spec in enumerate(layers):
        own = {name.partition(".")[2]: array for name, array in arrays.items() if name.startswith(f"{k}.")}
        try:
            made.append(_layer(spec, own))
        except InputError:
            raise
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, RuntimeError) as error:
            raise InputError(
                f"Layer {k} of the description, or its arrays, are not as `describe_network` gives them ({error!r})."
            ) from None
    found = nn.Sequential(*made)
    state = {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
    try:
        missing, unexpected = found.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise InputError(
            f"The arrays of the network do not fit its layers ({str(error).splitlines()[-1].strip()})."
        ) from None
    lacking = [name for name in [*missing, *unexpected] if not name.endswith("num_batches_tracked")]
    if lacking:
        raise InputError(f"The arrays of the network do not fit its layers: {lacking[0]!r} is missing or too many.")
    return found.eval()


def _flat(module: nn.Module) -> list[nn.Module]:
    if not isinstance(module, nn.Module):
        raise InputError(f"`module` must be a torch.nn.Module; got {type(module).__name__}.")
    hooked = module._forward_hooks or module._forward_pre_hooks
    _refuse(
        not hooked, module, "remove its hooks (weight_norm, spectral_norm and pruning set some: make them permanent)"
    )
    _refuse("forward" not in vars(module), module, "give it the forward of its class")
    if not isinstance(module, nn.Sequential):
        return [module]
    own = type(module).forward is not nn.Sequential.forward
    _refuse(not own, module, "give a torch.nn.Sequential, which has no forward of its own")
    return [layer for part in module for layer in _flat(part)]


def _refuse(fits: bool, layer: nn.Module, way_out: str) -> None:
    if not fits:
        raise InputError(f"{layer!r} is set in a way that is not described; {way_out}.")


def _convolution(layer: nn.Conv2d) -> dict[str, Any]:
    _refuse(layer.padding_mode == "zeros" and not isinstance(layer.padding, str), layer, "pad with zeros, by numbers")
    names = ("stride", "padding", "dilation")
    return {"layer": "conv2d", "groups": layer.groups, **{name: list(getattr(layer, name)) for name in names}}


def _batch_norm(layer: nn.BatchNorm1d | nn.BatchNorm2d) -> dict[str, Any]:
    _refuse(
        layer.running_mean is not None, layer, "keep track_running_stats=True, or a row's score hangs on the others"
    )
    return {"layer": "batch_norm1d" if isinstance(layer, nn.BatchNorm1d) else "batch_norm2d", "eps": layer.eps}


def _gelu(layer: nn.GELU) -> dict[str, Any]:
    _refuse(layer.approximate == "none", layer, "use approximate='none'")
    return {"layer": "gelu"}


def _pool(layer: nn.MaxPool2d | nn.AvgPool2d) -> dict[str, Any]:
    _refuse(not layer.ceil_mode, layer, "use ceil_mode=False")
    names = ("kernel_size", "stride", "padding")
    found: dict[str, Any] = {name: _pair(getattr(layer, name)) for name in names}
    if isinstance(layer, nn.AvgPool2d):
        _refuse(layer.divisor_override is None, layer, "leave divisor_override out")
        return {"layer": "avg_pool2d", "count_include_pad": bool(layer.count_include_pad), **found}
    _refuse(_pair(layer.dilation) == [1, 1] and not layer.return_indices, layer, "use dilation=1, return_indices=False")
    return {"layer": "max_pool2d", **found}


def _adaptive_pool(layer: nn.AdaptiveAvgPool2d) -> dict[str, Any]:
    size = _pair(layer.output_size)
    _refuse(None not in size, layer, "give numbers as output_size")
    return {"layer": "adaptive_avg_pool2d", "output_size": size}


def _flatten(layer: nn.Flatten) -> dict[str, Any]:
    _refuse((layer.start_dim, layer.end_dim) == (1, -1), layer, "use start_dim=1, end_dim=-1")
    return {"layer": "flatten"}


def _unflatten(layer: nn.Unflatten) -> dict[str, Any]:
    sizes = [int(side) for side in layer.unflattened_size]
    _refuse(layer.dim in (1, -1) and min(sizes) > 0, layer, "unflatten dimension 1 to positive sizes")
    return {"layer": "unflatten", "shape": sizes}


def _pair(value: Any) -> list[Any]:
    return list(value) if isinstance(value, tuple | list) else [value, value]


_KNOWN: dict[type, Callable[[Any], dict[str, Any]]] = {
    nn.Linear: lambda layer: {"layer": "linear"},
    nn.Conv2d: _convolution,
    nn.BatchNorm1d: _batch_norm,
    nn.BatchNorm2d: _batch_norm,
    nn.ReLU: lambda layer: {"layer": "relu"},
    nn.GELU: _gelu,
    nn.SiLU: lambda layer: {"layer": "silu"},
    nn.MaxPool2d: _pool,
    nn.AvgPool2d: _pool,
    nn.AdaptiveAvgPool2d: _adaptive_pool,
    nn.Flatten: _flatten,
    nn.Unflatten: _unflatten,
    nn.Dropout: lambda layer: {"layer": "dropout", "p": layer.p},
    nn.Dropout2d: lambda layer: {"layer": "dropout", "p": layer.p},
    nn.Identity: lambda layer: {"layer": "identity"},
}


def _layer(spec: Mapping[str, Any], own: Mapping[str, np.ndarray]) -> nn.Module:
    """An untrained layer of this description; `own` arrays say its sizes."""
    name = spec.get("layer")
    options: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in spec.items() if k != "layer"}
    if name in ("batch_norm1d", "batch_norm2d"):
        kind = nn.BatchNorm1d if name == "batch_norm1d" else nn.BatchNorm2d
        return kind(len(own["running_mean"]), affine="weight" in own, **options)
    if name == "linear":
        return nn.Linear(own["weight"].shape[1], own["weight"].shape[0], bias="bias" in own)
    if name == "conv2d":
        outputs, inputs, *size = own["weight"].shape
        return nn.Conv2d(inputs * spec["groups"], outputs, tuple(size), bias="bias" in own, **options)
    if name == "unflatten":
        return nn.Unflatten(1, options["shape"])
    simple = {
        **{"relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU, "flatten": nn.Flatten, "identity": nn.Identity},
        **{"max_pool2d": nn.MaxPool2d, "avg_pool2d": nn.AvgPool2d, "adaptive_avg_pool2d": nn.AdaptiveAvgPool2d},
        "dropout": nn.Dropout,
    }
    if name not in simple:
        raise InputError(f"The layer {name!r} is unknown.")
    made: nn.Module = simple[name](**options)
    return made
