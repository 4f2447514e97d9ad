"""Layers of a network as plain arrays: what a description names is looked up in the closed table `LAYERS`.

A description is a list of mappings, one a layer, whose key "layer" names it; its arrays have the names that PyTorch
gives them in the state of a `torch.nn.Sequential` ("0.weight", "0.bias", "2.running_mean").
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from rareclass.errors import InputError
from rareclass.kernels.network import ACTIVATIONS, activated, convolved, dense, pooled, scaled
from rareclass.scoring.saved import flag, number, positive, refuse, vector, whole

Shape = tuple[int, ...]
Arrays = Mapping[str, np.ndarray]
LARGEST = 1 << 20
"""Numbers that a row may hold between two layers."""


class Layer(Protocol):
    """One step of a network; rows stand in the first dimension."""

    def shape(self, before: Shape) -> Shape:
        """Shape of a row behind the layer; `InputError` where it cannot take rows of this shape."""
        ...

    def apply(self, x: np.ndarray) -> np.ndarray:
        """The layer's output; `x` may be changed."""
        ...


@dataclass(frozen=True)
class Dense:
    weight: np.ndarray  # (i, o)
    bias: np.ndarray

    def shape(self, before: Shape) -> Shape:
        refuse(before == self.weight.shape[:1], "the inputs of a linear layer")
        return self.weight.shape[1:]

    def apply(self, x: np.ndarray) -> np.ndarray:
        out = np.empty((x.shape[0], self.weight.shape[1]))
        dense(x, self.weight, self.bias, out)
        return out

    @classmethod
    def read(cls, spec: Mapping[str, Any], arrays: Arrays) -> "Dense":
        weight = vector(arrays, "weight", ndim=2)
        return cls(np.ascontiguousarray(weight.T), _bias(arrays, weight.shape[0]))


@dataclass(frozen=True, kw_only=True)
class Convolution:
    weight: np.ndarray  # (o, c / groups, kh, kw)
    bias: np.ndarray
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    groups: int

    def shape(self, before: Shape) -> Shape:
        outputs, inputs = self.weight.shape[:2]
        fits = len(before) == 3 and before[0] == inputs * self.groups and outputs % self.groups == 0
        refuse(fits, "the channels of a convolution")
        padded = before[0] * (before[1] + 2 * self.padding[0]) * (before[2] + 2 * self.padding[1])
        refuse(padded <= LARGEST, "the padding of a convolution")
        reach = [d * (k - 1) + 1 for d, k in zip(self.dilation, self.weight.shape[2:])]
        sides = (_steps(*side) for side in zip(before[1:], self.padding, reach, self.stride))
        return (outputs, *sides)

    def apply(self, x: np.ndarray) -> np.ndarray:
        out = np.empty((x.shape[0], *self.shape(x.shape[1:])))
        down, across = self.padding
        if down or across:
            x = np.pad(x, ((0, 0), (0, 0), (down, down), (across, across)))
        convolved(x, self.weight, self.bias, self.stride, self.dilation, self.groups, out)
        return out

    @classmethod
    def read(cls, spec: Mapping[str, Any], arrays: Arrays) -> "Convolution":
        weight = vector(arrays, "weight", ndim=4)
        return cls(
            weight=weight,
            bias=_bias(arrays, weight.shape[0]),
            stride=_pair(spec, "stride", low=1),
            padding=_pair(spec, "padding", low=0),
            dilation=_pair(spec, "dilation", low=1),
            groups=whole(spec, "groups", high=weight.shape[0]),
        )


@dataclass(frozen=True)
class Scaled:
    """Batch normalisation with the moments of training: a factor and a shift for each channel."""

    factor: np.ndarray
    added: np.ndarray
    images: bool

    def shape(self, before: Shape) -> Shape:
        refuse(len(before) == (3 if self.images else 1) and before[:1] == self.factor.shape, "a batch normalisation")
        return before

    def apply(self, x: np.ndarray) -> np.ndarray:
        scaled(x.reshape(*x.shape[:2], -1), self.factor, self.added)
        return x

    @classmethod
    def read(cls, spec: Mapping[str, Any], arrays: Arrays) -> "Scaled":
        mean, variance = vector(arrays, "running_mean"), vector(arrays, "running_var")
        refuse(mean.shape == variance.shape and bool((variance >= 0).all()), "the moments of a batch normalisation")
        factor = 1 / np.sqrt(variance + positive(spec, "eps"))
        if "weight" in arrays:
            factor = factor * _of_size(arrays, "weight", mean.size)
        return cls(factor, _bias(arrays, mean.size) - mean * factor, spec["layer"] == "batch_norm2d")


@dataclass(frozen=True)
class Activation:
    name: str

    def shape(self, before: Shape) -> Shape:
        return before

    def apply(self, x: np.ndarray) -> np.ndarray:
        activated(x.reshape(-1), ACTIVATIONS.index(self.name))
        return x

    @classmethod
    def read(cls, spec: Mapping[str, Any], arrays: Arrays) -> "Activation":
        return cls(spec["layer"])


@dataclass(frozen=True)
class Pool:
    """The largest value or the mean of windows: of a size, or so many of them that cover the image."""

    largest: bool
    size: tuple[int, int]
    stride: tuple[int, int] | None = None  # None: `size` windows
    padding: tuple[int, int] = (0, 0)
    padded: bool = True  # the mean counts the padding

    def shape(self, before: Shape) -> Shape:
        refuse(len(before) == 3, "the images of a pooling layer")
        if self.stride is None:
            return (before[0], *self.size)
        refuse(all(p <= k // 2 for p, k in zip(self.padding, self.size)), "the padding of a pooling layer")
        sides = (_steps(*side) for side in zip(before[1:], self.padding, self.size, self.stride))
        return (before[0], *sides)

    def apply(self, x: np.ndarray) -> np.ndarray:
        out = np.empty((x.shape[0], *self.shape(x.shape[1:])))
        down, across = (self._windows(side, out.shape[2 + side], x.shape[2 + side]) for side in (0, 1))
        pooled(x, down, across, self.largest, out)
        return out

    def _windows(self, side: int, count: int, length: int) -> np.ndarray:
        at = np.arange(count)
        if self.stride is None:
            begin, end = at * length // count, -(-(at + 1) * length // count)
            return np.array([begin, end, end - begin])
        begin = at * self.stride[side] - self.padding[side]
        end = begin + self.size[side]
        inside = np.maximum(begin, 0), np.minimum(end, length)
        return np.array([*inside, end - begin if self.padded else inside[1] - inside[0]])

    @classmethod
    def read(cls, spec: Mapping[str, Any], arrays: Arrays) -> "Pool":
        name = spec["layer"]
        if name == "adaptive_avg_pool2d":
            return cls(False, _pair(spec, "output_size", low=1))
        size, stride = (_pair(spec, what, low=1) for what in ("kernel_size", "stride"))
        padded = name == "max_pool2d" or flag(spec, "count_include_pad")
        return cls(name == "max_pool2d", size, stride, _pair(spec, "padding", low=0), padded)


@dataclass(frozen=True)
class Reshape:
    to: Shape | None  # None: flat

    def shape(self, before: Shape) -> Shape:
        total = math.prod(before)
        if self.to is None:
            return (total,)
        refuse(len(before) == 1 and math.prod(self.to) == total, "the shape of an unflattened row")
        return self.to

    def apply(self, x: np.ndarray) -> np.ndarray:
        return x.reshape(x.shape[0], *self.shape(x.shape[1:]))

    @classmethod
    def read(cls, spec: Mapping[str, Any], arrays: Arrays) -> "Reshape":
        return cls(None if spec["layer"] == "flatten" else shape_of(spec, "shape"))


@dataclass(frozen=True)
class Nothing:
    """What trains only: dropout."""

    known: ClassVar[tuple[str, ...]] = ("dropout", "identity")

    def shape(self, before: Shape) -> Shape:
        return before

    def apply(self, x: np.ndarray) -> np.ndarray:
        return x

    @classmethod
    def read(cls, spec: Mapping[str, Any], arrays: Arrays) -> "Nothing":
        if spec["layer"] == "dropout":
            number(spec, "p", low=0.0, high=1.0)
        return cls()


LAYERS: dict[str, Callable[[Mapping[str, Any], Arrays], Layer]] = {
    "linear": Dense.read,
    "conv2d": Convolution.read,
    "batch_norm1d": Scaled.read,
    "batch_norm2d": Scaled.read,
    **dict.fromkeys(ACTIVATIONS, Activation.read),
    **dict.fromkeys(("max_pool2d", "avg_pool2d", "adaptive_avg_pool2d"), Pool.read),
    **dict.fromkeys(("flatten", "unflatten"), Reshape.read),
    **dict.fromkeys(Nothing.known, Nothing.read),
}


def read_layers(specs: Sequence[Mapping[str, Any]], arrays: Arrays, before: Shape) -> tuple[list[Layer], Shape]:
    """The layers that `specs` and `arrays` describe, and the shape of a row behind the last.

    Raises
    ------
    InputError
        A layer is unknown, or does not fit the one before it.
    """
    layers: list[Layer] = []
    for k, spec in enumerate(specs):
        if spec["layer"] not in LAYERS:
            raise InputError(f"The layer {spec['layer']!r} is unknown. Known: {', '.join(LAYERS)}.")
        mark = f"{k}."
        own = {name.removeprefix(mark): array for name, array in arrays.items() if name.startswith(mark)}
        layers.append(LAYERS[spec["layer"]](spec, own))
        before = layers[-1].shape(before)
        refuse(math.prod(before) <= LARGEST, f"the size of layer {k}")
    return layers, before


def shape_of(spec: Mapping[str, Any], name: str) -> Shape:
    """A shape of one or three sides."""
    sides = spec[name]
    refuse(isinstance(sides, list | tuple) and len(sides) in (1, 3), f"the shape {name!r}")
    return tuple(whole({name: side}, name, high=LARGEST) for side in sides)


def _steps(length: int, padding: int, reach: int, stride: int) -> int:
    """How many windows fit."""
    found = (length + 2 * padding - reach) // stride + 1
    refuse(found >= 1, "an image smaller than the window of its layer")
    return found


def _pair(spec: Mapping[str, Any], name: str, *, low: int) -> tuple[int, int]:
    sides = spec[name]
    refuse(isinstance(sides, list | tuple) and len(sides) == 2, f"{name!r} of a layer")
    down, across = (whole({name: side + 1 - low}, name, high=LARGEST) + low - 1 for side in sides)
    return down, across


def _of_size(arrays: Arrays, name: str, size: int) -> np.ndarray:
    found = vector(arrays, name)
    refuse(found.size == size, f"the array {name!r} of a layer")
    return found


def _bias(arrays: Arrays, size: int) -> np.ndarray:
    return _of_size(arrays, "bias", size) if "bias" in arrays else np.zeros(size)
