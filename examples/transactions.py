"""From a table to a decision: card transactions whose true probabilities are known.

python examples/transactions.py
"""

import numpy as np

from rareclass import RareClassifier
from rareclass.data import simulate_transactions
from rareclass.decisions import CostMatrix
from rareclass.metrics import average_precision_score, confidence_interval


def main(rows: int = 20_000) -> dict[str, float]:
    """Fit on one half, judge on the other, and say what the truth says."""
    simulated = simulate_transactions(rows, prevalence=0.02, seed=1)
    features = simulated.table.drop_columns([simulated.target, simulated.time, simulated.group])
    half = rows // 2
    known, fresh = features.slice(0, half), features.slice(half)

    # A missed fraud costs 300, an alarm 10: the cut follows from the costs, not from a search.
    costs = CostMatrix(fp=10, fn=300)
    model = RareClassifier("lightgbm").fit(known, simulated.y[:half], groups=simulated.groups[:half], costs=costs)
    print(model.summary())

    probability = model.predict_proba(fresh)[:, 1]
    y, true = simulated.y[half:], simulated.probability[half:]
    interval = confidence_interval("average_precision", y, probability)
    flagged = model.predict(fresh) == 1
    paid = float(np.where(flagged, costs.fp * (1 - true), costs.fn * true).mean())
    found = {
        "average precision": average_precision_score(y, probability), "low": interval.low, "high": interval.high,
        "mean probability": float(probability.mean()), "true mean": float(true.mean()), "cost per row": paid,
        "cost of doing nothing": float((costs.fn * true).mean()),
    }  # fmt: skip
    for name, value in found.items():
        print(f"{name:24s}{value:10.4f}")
    return found


if __name__ == "__main__":
    main()
