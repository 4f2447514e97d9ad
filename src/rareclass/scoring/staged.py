"""Two stages as plain arrays: a gate on all rows, a judge on those that pass it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from rareclass.scoring.maps import CalibrationMap, calibration_map
from rareclass.scoring.members import Member, OfMembers, Spec, read_several, several_specs
from rareclass.scoring.saved import number, refuse


@dataclass(frozen=True, kw_only=True)
class Staged(OfMembers):
    """The judge's calibrated log-odds of rows that the gate lets pass, and one number for all others.

    The log-odds of either stage are those of its member plus what brings them back to the real prevalence.
    """

    kind: ClassVar[str] = "staged"
    members: tuple[Member, Member]  # gate and judge
    added: tuple[float, float]
    threshold: float  # log-odds of the gate from which on a row passes
    rest: float  # log-odds of a row that does not
    calibration: Mapping[str, Any]  # the judge's, as `Calibrator.to_dict` writes it
    calibrate: CalibrationMap

    @classmethod
    def of(cls, *, calibration: Mapping[str, Any], **parts: Any) -> Self:
        """From the saved form of the judge's calibration, and the other fields."""
        return cls(calibration=calibration, calibrate=calibration_map(calibration), **parts)

    def passes(self, X: np.ndarray) -> np.ndarray:
        """Which encoded rows (n,) the judge sees."""
        return self.members[0].logit(X) + self.added[0] >= self.threshold

    def logit(self, X: np.ndarray) -> np.ndarray:
        if X.shape[0] == 1:  # a lone row, in half of the time
            score = self.members[0].logit(X)
            if score[0] + self.added[0] < self.threshold:
                score[0] = self.rest
                return score
            return self._judged(X)
        out, through = np.full(X.shape[0], self.rest), np.flatnonzero(self.passes(X))
        if through.size:
            out[through] = self._judged(X[through])
        return out

    def _judged(self, X: np.ndarray) -> np.ndarray:
        score = self.members[1].logit(X)
        self.calibrate.apply(score, self.added[1])
        return score

    def calibrated(self, score: np.ndarray) -> np.ndarray:
        """The judge's calibration (n,) of restored log-odds."""
        out = score.copy()
        self.calibrate.apply(out, 0.0)
        return out

    def spec(self) -> Spec:
        numbers = {"added": list(self.added), "threshold": self.threshold, "rest": self.rest}
        return {**numbers, "calibration": dict(self.calibration), **several_specs(self.members)}

    @classmethod
    def from_parts(cls, spec: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        members, added = read_several(spec, arrays), spec["added"]
        refuse(len(members) == len(added) == 2, "stages")
        return cls.of(
            members=(members[0], members[1]),
            added=tuple(number({"added": value}, "added") for value in added),
            threshold=number(spec, "threshold"),
            rest=number(spec, "rest"),
            calibration=spec["calibration"],
        )
