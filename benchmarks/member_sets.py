"""The shared sets that the members of the default blend are chosen on, as designs of the house's own road.

Events above a tenth of the rows are left out at random (rare is what the blend is for). Tables of more than 20,000 rows
or 300,000 cells (but never of fewer than 5,000 rows) keep the events and so many of the other rows. Exactly equal rows
stay in one fold. Left out: the same task under another name, sets with fewer than ten events, texts, images, some of
the easiest, and donors (no figures of it may be published).
"""

import json
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from rare_sets import data_root

from rareclass.fitting.design import Columns, Design, SplitOptions, make_design
from rareclass.fitting.rows import Beside

MOST_ROWS, MOST_CELLS, LEAST_ROWS, MOST_RATE, FOLDS = 20_000, 300_000, 5000, 0.1, 3

SETS = (
    *("abalone9_18", "abalone_17_vs_7_8_9_10", "imblearn_abalone", "imblearn_abalone_19", "adult", "ai4i2020"),
    *("annthyroid", "australian", "bank_additional_full", "car_good", "churn_tv_subscriptions", "cleveland_0_vs_4"),
    *("coil2000", "cover", "creditcard_ulb_int40", "creditcard_ulb_sample", "dermatology_6", "diabetes130", "ecoli1"),
    *("ecoli3", "ecoli_0_1_4_7_vs_5_6", "flare_f", "german_credit", "glass0", "glass2", "haberman"),
    *("imblearn_car_eval_34", "imblearn_letter_img", "imblearn_optical_digits", "imblearn_pen_digits"),
    *("imblearn_satimage", "imblearn_sick_euthyroid", "imblearn_solar_flare_m0", "imblearn_wine_quality"),
    *("imblearn_yeast_me2", "kddcup99_10pct", "kr_vs_k_zero_one_vs_draw", "mammography", "monk_2"),
    *("page_blocks_1_3_vs_4", "pima", "poker_8_9_vs_6", "polish_5year", "segment0", "smtp", "thyroid_sick"),
    *("vehicle0", "vehicle2", "vowel0", "weather_stream", "winequality_red_8_vs_6", "winequality_white_3_9_vs_5"),
    *("yeast3", "yeast5", "yeast_0_2_5_6_vs_3_7_8_9", "yeast_1_vs_7"),
)


@dataclass(frozen=True)
class Task:
    """A set as it is described in the index: its family, and how much work it is."""

    name: str
    meta: dict

    @property
    def family(self) -> str:
        return str(self.meta["family"])

    @property
    def rows(self) -> int:
        """Rows of the table as it is cut."""
        cut = int(np.clip(MOST_CELLS // self.meta["features"], LEAST_ROWS, MOST_ROWS))
        return min(int(self.meta["rows"]), cut)

    @property
    def size(self) -> int:
        """Cells of the table as it is cut."""
        return self.rows * int(self.meta["features"])

    def design(self, seed: int) -> Design:
        """The rows of this seed, split into folds, with equal rows and groups together."""
        meta = self.meta
        frame = pd.read_parquet(data_root() / meta["file"])
        if self.name == "kddcup99_10pct":
            frame = frame.drop_duplicates()
        y = self._events(frame)
        frame = frame.iloc[self._kept(y, np.random.default_rng(seed))].reset_index(drop=True)
        y = self._events(frame)
        extra = [c for c in (meta["group_column"], meta["split_column"]) if c]
        no_features = {meta["target"], *meta["not_features"], *extra}
        groups = frame[meta["group_column"]].to_numpy() if meta["group_column"] else None
        features = frame.drop(columns=[c for c in no_features if c in frame])
        codes = [c for c in meta["categorical_columns"] if c in features]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return make_design(
                features,
                y.astype(int),
                Beside(groups=groups),
                columns=Columns(categorical=codes),
                split=SplitOptions(folds=FOLDS, test_share=0),
                pos_label=1,
                seed=seed,
            )

    def _events(self, frame: pd.DataFrame) -> np.ndarray:
        label, target = self.meta["positive_label"], frame[self.meta["target"]]
        return ((target == label) | (target.astype(str) == str(label))).to_numpy()

    def _kept(self, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Numbers of the rows that stay, in their order."""
        events, others = np.flatnonzero(y), np.flatnonzero(~y)
        rare = min(events.size, int(MOST_RATE * self.rows), int(others.size * MOST_RATE / (1 - MOST_RATE)))
        events = rng.choice(events, size=rare, replace=False)
        others = rng.choice(others, size=min(others.size, self.rows - rare), replace=False)
        return np.sort(np.concatenate([events, others]))


def tasks(names: tuple[str, ...] = SETS) -> list[Task]:
    """The sets by name, small ones first."""
    records = {r["name"]: r for r in json.loads((data_root() / "index.json").read_text(encoding="utf-8"))}
    return sorted((Task(name, records[name]) for name in names), key=lambda task: (task.size, task.name))
