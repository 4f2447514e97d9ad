"""The mean of small nets on quantile features, as plain arrays."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from rareclass.kernels.network import NetParts, net_scores
from rareclass.scoring.members import check_begins
from rareclass.scoring.saved import refuse, vector

_WHOLE = {"column", "begin", "code_column", "code_begin", "sizes"}
_NAMES = (
    *("column", "centre", "scale", "begin", "quantile", "normal", "hinge", "weight"),
    *("code_column", "code_begin", "code_weight", "bias", "sizes", "later_weight", "later_bias"),
)
_TABLES = {"weight": 3, "code_weight": 2}


@dataclass(frozen=True)
class QuantileNet:
    """`rareclass.learners.RareNetClassifier`; see `rareclass.kernels.network.net_scores`."""

    kind: ClassVar[str] = "quantile_net"
    why_no_reasons: ClassVar[str] = "a net mixes its columns in every layer, so that no column has a part of the score"
    parts: NetParts

    def logit(self, X: np.ndarray) -> np.ndarray:
        return net_scores(X, self.parts)

    def spec(self) -> dict[str, Any]:
        return {}

    def arrays(self) -> dict[str, np.ndarray]:
        numeric, knots, hinge, weight, coded, *later = self.parts
        return dict(zip(_NAMES, (*numeric, *knots, hinge, weight, *coded, *later), strict=True))

    @classmethod
    def from_parts(cls, spec: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        read = {name: vector(arrays, name, whole=name in _WHOLE, ndim=_TABLES.get(name, 1)) for name in _NAMES}
        k, o, sizes = read["column"].size, read["bias"].size, read["sizes"]
        codes = read["code_weight"].shape[0]
        fits = (
            read["centre"].size == read["scale"].size == k
            and read["weight"].shape == (3 + read["hinge"].size, k, o)
            and read["code_weight"].shape == (codes, o)
            and read["normal"].size == read["quantile"].size
            and bool((np.r_[read["column"], read["code_column"]] >= 0).all())
        )
        refuse(fits, "the columns of a net")
        refuse(
            sizes.size >= 2 and sizes[-1] == 1 and bool((sizes > 0).all()) and o % sizes[0] == 0, "the layers of a net"
        )
        nets = o // sizes[0]
        # sizes beyond what is there could add up to what is there, as whole numbers go round
        refuse(nets > 0 and int(sizes.max()) <= max(o, read["later_bias"].size), "the layers of a net")
        numbers = nets * int((sizes[:-1] * sizes[1:]).sum()), nets * int(sizes[1:].sum())
        refuse((read["later_weight"].size, read["later_bias"].size) == numbers, "the weights of a net")
        check_begins(read["begin"], k, read["quantile"].size, least=1)
        check_begins(read["code_begin"], read["code_column"].size, codes, least=0)
        numeric, knots, coded = ((read[a], read[b], read[c]) for a, b, c in (_NAMES[:3], _NAMES[3:6], _NAMES[8:11]))
        later = read["sizes"], read["later_weight"], read["later_bias"]
        return cls((numeric, knots, read["hinge"], read["weight"], coded, read["bias"], *later))

    @property
    def columns_read(self) -> int:
        return int(max(self.parts[0][0].max(initial=-1), self.parts[4][0].max(initial=-1))) + 1
