"""Balanced ensembles as plain numbers: the mean vote of their trees, and the way back to the real prevalence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from rareclass.errors import InputError
from rareclass.kernels.logits import sigmoid
from rareclass.kernels.trees import FlatTrees
from rareclass.scoring.saved import flag, number, numbered, numbered_part, whole

SMALLEST = 1e-12


@dataclass(frozen=True)
class BalancedVotes:
    """Log-odds of a balanced ensemble: those of its mean vote, smoothed by pseudo-votes, stretched and shifted."""

    kind: ClassVar[str] = "balanced_votes"
    trees: tuple[FlatTrees, ...]
    logistic: bool  # the votes of each member are the sigmoid of its score, not the score itself
    shift: np.ndarray  # (2,) of the classes
    slope: float
    pseudo: float

    def votes(self, X: np.ndarray) -> np.ndarray:
        """Mean vote (n,) for the positive class at the prior of the drawn samples."""
        if not self.logistic:
            return self.trees[0].score(X)
        total = np.zeros(X.shape[0])
        for member in self.trees:
            total += sigmoid(member.score(X))
        return total / len(self.trees)

    def logit(self, X: np.ndarray) -> np.ndarray:
        """Log-odds (n,) of encoded rows X (n, d), float64 in row order; finite."""
        return self.of_votes(self.votes(X))

    def of_votes(self, share: np.ndarray) -> np.ndarray:
        """Log-odds of mean votes in [0, 1]."""
        both = np.column_stack([1.0 - share, share])
        log = np.log(np.maximum((both + self.pseudo / 2) / (1 + self.pseudo), SMALLEST))
        score = self.slope * log + self.shift
        e = np.exp(score - score.max(axis=1, keepdims=True))
        if self.pseudo == 0:
            e = np.where(both > 0, e, 0.0)
        final = np.log(np.clip(e / e.sum(axis=1, keepdims=True), SMALLEST, 1.0))
        return np.asarray(final[:, 1] - final[:, 0])

    @property
    def columns_read(self) -> int:
        """How many columns encoded rows need at least."""
        return self.trees[0].n_features

    def spec(self) -> dict[str, Any]:
        """What is not an array."""
        return {"members": len(self.trees), "logistic": self.logistic, "slope": self.slope, "pseudo": self.pseudo}

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays, by name; those of member k begin with ``k.``."""
        return {"shift": self.shift, **numbered(member.arrays() for member in self.trees)}

    @classmethod
    def from_parts(cls, spec: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> "BalancedVotes":
        """The ensemble that `spec` and `arrays` describe, verified."""
        count = whole(spec, "members", high=10_000)
        members = [FlatTrees.from_arrays(numbered_part(arrays, k)) for k in range(count)]
        shift, widths = np.asarray(arrays["shift"]), {member.n_features for member in members}
        fits = shift.dtype == np.float64 and shift.shape == (2,) and np.isfinite(shift).all() and len(widths) == 1
        if not fits:
            raise InputError("A balanced ensemble needs members of one width and two finite shifts; it is damaged.")
        line = number(spec, "slope"), number(spec, "pseudo", low=0.0)
        return cls(tuple(members), flag(spec, "logistic"), shift, *line)
