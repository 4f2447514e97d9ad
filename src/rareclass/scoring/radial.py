"""Kernel logistic regression on ranks and codes, as plain arrays."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from rareclass.kernels.radial import Coded, Numeric, RadialParts, lacking_of, radial_scores
from rareclass.scoring.members import check_begins
from rareclass.scoring.saved import number, positive, refuse, vector

_NUMERIC = ("column", "begin", "quantile", "normal", "scale", "place")
_CODED = ("code_column", "only_missing", "code_weight", "code")
_WHOLE = {"column", "begin", "code_column", "only_missing", "code", "typical_code"}
_TABLES = {"place", "code"}


@dataclass(frozen=True)
class Radial:
    """`rareclass.learners.KernelLogisticRegression`; see `rareclass.kernels.radial.radial_scores`."""

    kind: ClassVar[str] = "radial"
    parts: RadialParts
    typical: tuple[np.ndarray, np.ndarray]  # place (k,) and code (c,) of the row that reasons are told against

    def logit(self, X: np.ndarray) -> np.ndarray:
        out = np.empty(X.shape[0])
        radial_scores(np.ascontiguousarray(X), self.parts, out)
        return out

    def spec(self) -> dict[str, Any]:
        return {"rate": self.parts.rate, "intercept": self.parts.intercept}

    def arrays(self) -> dict[str, np.ndarray]:
        named = zip((*_NUMERIC, *_CODED), (*self.parts.numeric, *self.parts.coded), strict=True)
        return {
            **dict(named),
            "coef": self.parts.coef,
            "typical_place": self.typical[0],
            "typical_code": self.typical[1],
        }

    @classmethod
    def from_parts(cls, spec: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        names = (*_NUMERIC, *_CODED, "coef", "typical_place", "typical_code")
        read = {name: vector(arrays, name, whole=name in _WHOLE, ndim=1 + (name in _TABLES)) for name in names}
        k, c, m = read["column"].size, read["code_column"].size, read["coef"].size
        fits = (
            m > 0
            and read["place"].shape == (k, m)
            and read["code"].shape == (c, m)
            and read["scale"].size == read["typical_place"].size == k
            and read["only_missing"].size == read["code_weight"].size == read["typical_code"].size == c
            and read["normal"].size == read["quantile"].size
        )
        refuse(fits, "the columns of a kernel machine")
        refuse(bool((np.r_[read["column"], read["code_column"]] >= 0).all()), "column numbers")
        refuse(bool((read["scale"] > 0).all() and (read["code_weight"] >= 0).all()), "the scales of a kernel machine")
        gone = read["only_missing"]
        told = np.isin(gone, (0, 1)).all() and np.isin(read["code"][gone == 1], (0, 1)).all()
        refuse(bool(told), "the codes of a kernel machine")
        check_begins(read["begin"], k, read["quantile"].size, least=1)
        numeric, coded = Numeric(*(read[n] for n in _NUMERIC)), Coded(*(read[n] for n in _CODED))
        parts = RadialParts(
            numeric, coded, lacking_of(coded), read["coef"], positive(spec, "rate"), number(spec, "intercept")
        )
        return cls(parts, (read["typical_place"], read["typical_code"]))

    @property
    def columns_read(self) -> int:
        return int(max(self.parts.numeric.column.max(initial=-1), self.parts.coded.column.max(initial=-1))) + 1
