"""Fit AutoGluon to one table and score another; run by `beside_autogluon.py` with the interpreter that has it.

    python autogluon_worker.py TRAIN.parquet TEST.parquet SECONDS FOLDER [THREADS]

With THREADS = 1 its clock is the processor seconds of this process, so that a busy machine takes nothing from it (it
fits in this process, one fold after the other). Writes FOLDER/p.npy, the probability of `event` of each test row, and
FOLDER/said.json: seconds of fitting by that clock, processor seconds of all, names of the models.
"""

import json
import os
import sys
import time
from pathlib import Path

THREADS = int(sys.argv[5]) if len(sys.argv) > 5 else os.cpu_count()
if THREADS == 1:  # before AutoGluon is imported
    started = time.time()
    time.time = lambda: started + time.process_time()

import numpy as np  # noqa: E402 - see above
import pandas as pd  # noqa: E402
from autogluon.tabular import TabularPredictor  # noqa: E402


def main() -> None:
    train, test, seconds, folder = sys.argv[1:5]
    begun = time.time()
    predictor = TabularPredictor(label="event", eval_metric="log_loss", path=str(Path(folder) / "models"), verbosity=1)
    predictor.fit(pd.read_parquet(train), presets="best_quality", time_limit=float(seconds), num_cpus=THREADS)
    fitted = time.time() - begun
    p = predictor.predict_proba(pd.read_parquet(test))[1]
    np.save(Path(folder) / "p.npy", p.to_numpy(dtype=np.float64))
    said = {"seconds": fitted, "processor": sum(os.times()[:4]), "models": predictor.model_names()}
    (Path(folder) / "said.json").write_text(json.dumps(said), encoding="utf-8")


if __name__ == "__main__":
    main()
