"""The real rare-event sets that the learners are judged on, read from ``RARECLASS_DATA`` (default ``../shared/data``).

Categories become integer codes (missing = NaN), everything else float64. `thin` removes positives at random until the
share of positives is the one asked for, so that rarity is the same in the fitted and in the judged part.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

COLLAPSE_SETS = ("smtp", "creditcard_ulb_int40", "kddcup99_u2r", "mammography")
TEN_SETS = (
    "smtp",
    "creditcard_ulb_int40",
    "kddcup99_u2r",
    "kddcup99_r2l",
    "mammography_thin",
    "annthyroid",
    "polish_5year",
    "diabetes130",
    "bank_additional_full",
    "imblearn_letter_img",
)
_THIN = {
    "kddcup99_r2l": 0.0005,
    "mammography_thin": 0.005,
    "annthyroid": 0.005,
    "polish_5year": 0.005,
    "diabetes130": 0.003,
    "bank_additional_full": 0.003,
    "imblearn_letter_img": 0.003,
}


@dataclass(frozen=True)
class RareSet:
    """A data set as arrays: X (n, d) float64, y (n,) Boolean, indices of code columns, duplicate group of each row."""

    name: str
    X: np.ndarray
    y: np.ndarray
    categorical: tuple[int, ...]
    groups: np.ndarray


def data_root() -> Path:
    """Folder of the shared data."""
    here = Path(__file__).resolve().parents[1]
    return Path(os.environ.get("RARECLASS_DATA", here / "../shared/data"))


def row_groups(X: np.ndarray | pd.DataFrame) -> np.ndarray:
    """Number (n,) of each distinct feature row; equal rows share it."""
    hashed = pd.util.hash_pandas_object(pd.DataFrame(X), index=False).to_numpy()
    return np.unique(hashed, return_inverse=True)[1]


def load(name: str, *, seed: int = 0) -> RareSet:
    """Read, encode and (where the name asks for it) thin one set."""
    source = {"kddcup99_u2r": "kddcup99_10pct", "kddcup99_r2l": "kddcup99_10pct", "mammography_thin": "mammography"}
    records = json.loads((data_root() / "index.json").read_text(encoding="utf-8"))
    meta = {record["name"]: record for record in records}[source.get(name, name)]
    frame = pd.read_parquet(data_root() / meta["file"])
    if meta["name"] == "kddcup99_10pct":
        frame = frame.drop_duplicates().reset_index(drop=True)
        positive = name.rsplit("_", 1)[1]
    else:
        positive = meta["positive_label"]
    y = (frame[meta["target"]].astype(str) == str(positive)).to_numpy()
    extra = [c for c in (meta["group_column"], meta["split_column"]) if c]
    features = frame.drop(columns=[c for c in {meta["target"], *meta["not_features"], *extra} if c in frame])
    codes = list(meta["categorical_columns"])
    columns, categorical = [], []
    for number, column in enumerate(features.columns):
        values = features[column]
        if column in codes or not pd.api.types.is_numeric_dtype(values):
            code = pd.factorize(values, sort=True)[0].astype(float)
            code[code < 0] = np.nan
            columns.append(code)
            categorical.append(number)
        else:
            columns.append(values.to_numpy(dtype=float, na_value=np.nan))
    X = np.column_stack(columns)
    if name in _THIN:
        rng = np.random.default_rng(seed)
        rate = _THIN[name]
        events = round(rate / (1 - rate) * np.count_nonzero(~y))
        keep = ~y
        keep[rng.choice(np.flatnonzero(y), size=min(events, int(y.sum())), replace=False)] = True
        X, y = X[keep], y[keep]
    return RareSet(name, X, y, tuple(categorical), row_groups(X))


def grouped_folds(y: np.ndarray, groups: np.ndarray, *, seed: int = 0, folds: int = 3) -> np.ndarray:
    """Fold (n,) of each row: groups stay whole, positives are spread evenly (largest groups first)."""
    rng = np.random.default_rng(seed)
    size = int(groups.max()) + 1
    positives = np.bincount(groups, weights=y, minlength=size)
    home = rng.integers(folds, size=size)
    filled = np.zeros(folds)
    order = rng.permutation(np.flatnonzero(positives))
    for group in order[np.argsort(-positives[order], kind="stable")]:
        home[group] = int(np.argmin(filled))
        filled[home[group]] += positives[group]
    return home[groups]
