"""The slow path: a learner that is not compiled, scored by its own library."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rareclass.crossfit import raw_logit
from rareclass.scoring.files import LEARNER, Folder
from rareclass.scoring.learner import read_learner


@dataclass(frozen=True)
class Uncompiled:
    """A fitted learner as it is."""

    learner: Any

    def logit(self, X: np.ndarray) -> np.ndarray:
        """Log-odds (n,) of encoded rows, before the way back."""
        return np.array(raw_logit(self.learner, X))


def load_uncompiled(folder: Folder) -> Uncompiled:
    """The learner of a bundle, built from types on the fixed list only."""
    return Uncompiled(read_learner(folder.read(LEARNER), folder.path / LEARNER))
