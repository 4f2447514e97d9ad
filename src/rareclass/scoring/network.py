"""A feed-forward network of known layers on the columns of a row, as plain arrays."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from rareclass.kernels.compiled import compiled
from rareclass.kernels.linear import interpolated
from rareclass.scoring.layers import Layer, Shape, read_layers, shape_of
from rareclass.scoring.saved import refuse, vector

WITHOUT_REASONS = "a network of one's own mixes its columns in every layer, so that no column has a part of the score"
_FARTHEST = 1e30
"""Numbers beyond count as this: what float32 cannot hold would be no number a few layers on."""
_CELLS = 1 << 22
"""Numbers between two layers that are held at a time (32 MB)."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """A network whose output, or the second of its two less the first, is brought to log-odds by the link of its loss.

    Arrays are those of a `torch.nn.Sequential`, in float32; they are multiplied and added up in float64. Rows go in as
    ``(row - centre) / scale``, in the shape `inputs`.
    """

    kind: ClassVar[str] = "network"
    takes_missing: ClassVar[bool] = False
    in_tensors: ClassVar[bool] = True
    why_no_reasons: ClassVar[str] = WITHOUT_REASONS
    inputs: Shape
    specs: Sequence[Mapping[str, Any]]  # of the layers, as `rareclass.scoring.layers` reads them
    weights: Mapping[str, np.ndarray]
    layers: Sequence[Layer]
    block: int  # rows at a time
    centre: np.ndarray  # (d,)
    scale: np.ndarray
    link: tuple[np.ndarray, np.ndarray] | None = None  # raw scores, ascending, and their log-odds; a line beyond

    def logit(self, X: np.ndarray) -> np.ndarray:
        out = self.raw(X)
        if self.link is not None:
            _linked(out, *self.link)
        return out

    def raw(self, X: np.ndarray) -> np.ndarray:
        """The network's own scores (n,), before the link."""
        out = np.empty(X.shape[0])
        for start in range(0, X.shape[0], self.block):
            out[start : start + self.block] = self._scores(X[start : start + self.block])
        return out

    def taken(self, X: np.ndarray) -> np.ndarray:
        """Rows (n, *inputs) as the first layer takes them."""
        x = np.clip((X[:, : self.centre.size] - self.centre) / self.scale, -_FARTHEST, _FARTHEST)
        return np.ascontiguousarray(x).reshape(X.shape[0], *self.inputs)

    def _scores(self, X: np.ndarray) -> np.ndarray:
        x = self.taken(X)
        for layer in self.layers:
            x = layer.apply(x)
        return x[:, 0] if x.shape[1] == 1 else x[:, 1] - x[:, 0]

    def spec(self) -> dict[str, Any]:
        return {"inputs": list(self.inputs), "layers": [dict(spec) for spec in self.specs]}

    def arrays(self) -> dict[str, np.ndarray]:
        link = {} if self.link is None else {"link.score": self.link[0], "link.logit": self.link[1]}
        return {**self.weights, "input.centre": self.centre, "input.scale": self.scale, **link}

    @property
    def columns_read(self) -> int:
        return self.centre.size

    @classmethod
    def from_parts(cls, spec: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        inputs = shape_of(spec, "inputs")
        centre, scale = vector(arrays, "input.centre"), vector(arrays, "input.scale")
        fits = centre.shape == scale.shape == (math.prod(inputs),) and bool((scale > 0).all())
        refuse(fits, "the columns of the network")
        weights = {name: array for name, array in arrays.items() if not name.startswith(("input.", "link."))}
        specs = list(spec["layers"])
        layers, last = read_layers(specs, weights, inputs)
        refuse(last in ((1,), (2,)), "the last layer, which must give one number or one for each of two classes,")
        return cls(
            inputs=inputs,
            specs=specs,
            weights=weights,
            layers=layers,
            block=max(1, _CELLS // _largest(layers, inputs)),
            centre=centre,
            scale=scale,
            link=_link(arrays),
        )


def _largest(layers: Sequence[Layer], shape: Shape) -> int:
    found = math.prod(shape)
    for layer in layers:
        shape = layer.shape(shape)
        found = max(found, math.prod(shape))
    return found


def _link(arrays: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray] | None:
    if "link.score" not in arrays:
        return None
    score, logit = vector(arrays, "link.score"), vector(arrays, "link.logit")
    rises = score.size > 1 and bool((np.diff(score) > 0).all() and (np.diff(logit) >= 0).all())
    refuse(score.shape == logit.shape and rises, "the link of the network")
    return score, logit


@compiled
def _linked(z: np.ndarray, score: np.ndarray, logit: np.ndarray) -> None:  # pragma: no cover - compiled
    """Carry raw scores z (n,) over the link, in place; beyond its ends with the slope of the last step."""
    last = score.shape[0] - 1
    for i in range(z.shape[0]):
        if z[i] < score[0]:
            z[i] = logit[0] + (z[i] - score[0]) * (logit[1] - logit[0]) / (score[1] - score[0])
        elif z[i] > score[last]:
            slope = (logit[last] - logit[last - 1]) / (score[last] - score[last - 1])
            z[i] = logit[last] + (z[i] - score[last]) * slope
        else:
            z[i] = interpolated(z[i], score, logit)
