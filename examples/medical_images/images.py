"""The images of the medical project, with a finding that is made rare, and how they are split for a seed."""

from functools import cache
from typing import NamedTuple

import numpy as np

from rareclass.data.catalogue import data_folder, load_data
from rareclass.errors import ReadError

FINDINGS = 26  # of 3,858 that could be learned from: 20 train, 6 validate, each below 2 % of its part
SIDE = 28


class Images(NamedTuple):
    """Pixels (n, 784) from 0 to 255, finding or not (n,), test image or not (n,), and the name of the set."""

    pixels: np.ndarray
    finding: np.ndarray
    test: np.ndarray
    name: str


class Parts(NamedTuple):
    """What one seed trains on and validates on: pixels float32 (n, 784), finding (n,)."""

    train: np.ndarray
    train_finding: np.ndarray
    valid: np.ndarray
    valid_finding: np.ndarray

    @property
    def prevalence(self) -> float:
        return float(self.train_finding.mean())

    @property
    def counts(self) -> tuple[int, int]:
        """(ordinary images, findings) in training."""
        return int((~self.train_finding).sum()), int(self.train_finding.sum())


@cache
def read(quiet: bool = False, quick: bool = False) -> Images:
    """Chest X-rays of children with and without pneumonia, or simulated images where they are not on this machine.

    With `quick` a third of the ordinary images, so that findings are less rare than they should be.
    """
    found = on_this_machine()
    if found is None:
        if not quiet:
            print(
                "The X-rays are not on this machine: simulated images stand in, so the numbers differ from those in "
                "the docs."
            )
        found = simulated(np.random.default_rng(0))
    if not quick:
        return found
    kept = found.finding | found.test | (np.random.default_rng(0).random(found.finding.size) < 1 / 3)
    return Images(found.pixels[kept], found.finding[kept], found.test[kept], found.name)


def on_this_machine() -> Images | None:
    """The X-rays, where the folder of data sets holds them."""
    if data_folder() is None:
        return None
    try:
        table = load_data("pneumoniamnist").table
    except ReadError:
        return None
    pixels = np.column_stack([table[f"px_{i:03d}"].to_numpy() for i in range(SIDE * SIDE)]).astype(np.uint8)
    test = np.asarray(table["split"].to_pylist()) == "test"
    _, first = np.unique(pixels.view(f"V{SIDE * SIDE}"), return_index=True)
    kept = np.sort(first)  # an image that is there twice is taken once, so that no test image was trained on
    return Images(pixels[kept].astype(np.float32), table["label"].to_numpy()[kept] == 1, test[kept], "pneumoniamnist")


def simulated(rng: np.random.Generator, ordinary: int = 1_400, findings: int = 400) -> Images:
    """Grey noise that is smooth as an X-ray is; a finding is a faint bright spot somewhere in the middle."""
    n = ordinary + findings
    finding = np.arange(n) < findings
    coarse = rng.normal(size=(n, 7, 7))
    smooth = np.repeat(np.repeat(coarse, 4, axis=1), 4, axis=2) + rng.normal(size=(n, SIDE, SIDE))
    row, column = np.mgrid[:SIDE, :SIDE]
    centre = rng.uniform(9, 19, size=(n, 2))
    away = (row - centre[:, 0, None, None]) ** 2 + (column - centre[:, 1, None, None]) ** 2
    spot = 2.5 * np.exp(-away / 30) * finding[:, None, None]
    pixels = np.clip(np.round(120 + 25 * (smooth + spot)), 0, 255).astype(np.float32).reshape(n, -1)
    return Images(pixels, finding, rng.random(n) < 0.3, "simulated images")


def split(images: Images, seed: int, findings: int = FINDINGS) -> Parts:
    """Other findings for every seed, three quarters of all to train, a quarter to validate.

    The few findings are what limits everything, so a repeat that kept them would say too little about what other
    findings would have brought.
    """
    rng = np.random.default_rng(seed)
    ordinary, events = (rng.permutation(np.flatnonzero(~images.test & (images.finding == of))) for of in (False, True))
    events = events[:findings]
    held = np.concatenate([ordinary[: ordinary.size // 4], events[: findings // 4]])
    seen = rng.permutation(np.concatenate([ordinary[ordinary.size // 4 :], events[findings // 4 :]]))
    return Parts(images.pixels[seen], images.finding[seen], images.pixels[held], images.finding[held])


def test_weights(finding: np.ndarray, prevalence: float) -> np.ndarray:
    """A weight (n,) for each test image, with which findings are as rare as where the model is used; mean 1."""
    share = finding.mean()
    return np.where(finding, prevalence / share, (1 - prevalence) / (1 - share))
