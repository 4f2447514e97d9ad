"""Small bundles to serve, fitted once a session."""

import atexit
import functools
import shutil
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pyarrow as pa

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.artifact.atomic import atomic_directory

NAMES = ("plain", "other", "sliced")


@functools.cache
def _fitted(name):
    """A bundle of a model of two numbers and a category, saved in a folder of its own, so that it has one version."""
    rng = np.random.default_rng(NAMES.index(name))
    n = 600
    shop = np.array(["a", "b", "c"])[rng.integers(0, 3, n)]
    x, z = rng.normal(size=n), rng.normal(size=n)
    rows = pa.table({"x": x, "shop": shop, "z": np.where(rng.random(n) < 0.1, np.nan, z)})
    options = {"slices": "shop"} if name == "sliced" else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = RareClassifier("logistic_regression", treatment="none", cv=2, **options).fit(
            rows, x + (shop == "a") + rng.normal(size=n) > 1.8
        )
    bundle = Bundle(model, name=name, target="fraud", rows=rows)
    folder = Path(tempfile.mkdtemp(prefix="rareclass-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    bundle.save(folder / "m")
    return bundle, folder / "m"


def fitted(name):
    return _fitted(name)[0]


def write(name, folder, how="rename"):
    """Put a bundle into a folder, as our own writer replaces one, or file by file with the manifest last or first."""
    files = sorted(
        _fitted(name)[1].iterdir(), key=lambda file: (file.name == "manifest.json") is (how == "manifest last")
    )
    if how == "rename":
        with atomic_directory(folder, overwrite=True) as new:
            for file in files:
                shutil.copyfile(file, new / file.name)
    else:
        folder.mkdir(exist_ok=True)
        for file in files:
            shutil.copyfile(file, folder / file.name)
    return fitted(name).version
