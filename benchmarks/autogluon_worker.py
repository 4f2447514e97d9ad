"""Fit AutoGluon to one table and score another; run by `beside_autogluon.py` with the interpreter that has it.

    python autogluon_worker.py TRAIN.parquet TEST.parquet SECONDS FOLDER

Writes FOLDER/p.npy, the probability of `event` of each test row, and FOLDER/said.json: processor seconds, wall seconds
of fitting, and the models of its leaderboard.
"""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from autogluon.tabular import TabularPredictor


def main() -> None:
    train, test, seconds, folder = sys.argv[1:]
    started = time.perf_counter()
    predictor = TabularPredictor(label="event", eval_metric="log_loss", path=str(Path(folder) / "models"), verbosity=1)
    predictor.fit(pd.read_parquet(train), presets="best_quality", time_limit=float(seconds), num_cpus=os.cpu_count())
    fitted = time.perf_counter() - started
    p = predictor.predict_proba(pd.read_parquet(test))[1]
    np.save(Path(folder) / "p.npy", p.to_numpy(dtype=np.float64))
    said = {"seconds": fitted, "processor": sum(os.times()[:4]), "models": predictor.model_names()}
    (Path(folder) / "said.json").write_text(json.dumps(said), encoding="utf-8")


if __name__ == "__main__":
    main()
