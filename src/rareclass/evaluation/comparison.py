"""What `compare` returns: every arm judged on the same rows, a champion, and the reasons."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rareclass._lazy import available
from rareclass.evaluation.design import Design
from rareclass.evaluation.judge import ArmResult


@dataclass
class Comparison:
    """An honest comparison of arms.

    Attributes
    ----------
    results : list of ArmResult
        Best average precision first.
    baseline, champion : str
        Names of arms.
    champion_reason : str
        Why the champion is deployed, in one sentence.
    best_model_ : RareClassifier
        The champion, fitted on all development rows, calibrated out of fold, with its decision.
    design : Design
        Rows, splits, notes and warnings.
    fold : ndarray of shape (n_dev,)
        Fold that tested each development row, -1 for none.
    test : dict
        The champion on the locked test part; empty when there is none.
    figures, figures_test : dict
        Points of the pictures.
    """

    results: list[ArmResult]
    baseline: str
    champion: str
    champion_reason: str
    best_model_: Any
    design: Design
    fold: np.ndarray
    test: dict[str, Any]
    figures: dict[str, Any]
    figures_test: dict[str, Any]
    not_run: list[dict[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    findings: list[Any] = field(default_factory=list)
    advice: list[dict[str, str]] = field(default_factory=list)
    seconds: float = 0.0

    def __getitem__(self, name: str) -> ArmResult:
        for result in self.results:
            if result.name == name:
                return result
        raise KeyError(f"No arm {name!r}; there are {[r.name for r in self.results]}.")

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values: the content of `results.json`."""
        d = self.design
        dev_events = int(d.dev_y().sum())
        return {
            "schema_version": 1,
            "data": {
                "rows": int(d.y.size), "events": int(d.y.sum()), "prevalence": float(d.y.mean()),
                "pos_label": str(d.pos_label), "target": d.schema.target,
                "fingerprint": d.schema.fingerprint(d.table),
                "columns": [{"name": c.name, "kind": c.kind} for c in d.schema.columns],
                "duplicates": d.duplicates, "conflicting": d.conflicting, "notes": d.notes,
            },
            "design": {
                "folds": d.folds, "repeats": d.repeats, "split": d.kind, "dev_rows": int(d.dev.size),
                "dev_events": dev_events, "test_rows": int(d.test.size), "test_events": int(d.y[d.test].sum()),
                "seed": d.seed, "ranked": d.ranked, "fit_rows": d.fit_rows, "seconds": round(self.seconds, 1),
            },
            "arms": [self._arm(r) for r in self.results],
            "arms_not_run": self.not_run,
            "baseline": self.baseline, "champion": self.champion, "champion_reason": self.champion_reason,
            "test": self.test,
            "warnings": [*d.warnings, *self.warnings],
            "findings": [f.to_dict() for f in self.findings],
            "advice": self.advice,
            "figures": self.figures, "figures_test": self.figures_test,
        }  # fmt: skip

    def _arm(self, r: ArmResult) -> dict[str, Any]:
        numbers = r.decision_metrics
        metrics = {k: v.to_dict() for k, v in r.metrics.items()}
        metrics |= {k: numbers[k].to_dict() for k in ("recall", "precision", "expected_cost") if k in numbers}
        cost = numbers.get("expected_cost")
        difference = None
        if r.difference is not None:
            difference = {"metric": "average_precision", **r.difference.to_dict()}
        return {
            "name": r.name, "note": r.note, "learner": r.learner, "treatment": r.treatment, "metrics": metrics,
            "calibration": r.calibration,
            "decision": {**r.decision.to_dict(), "alert_rate": numbers["alert_rate"],
                         "expected_cost": None if cost is None else cost.estimate},
            "difference_to_baseline": difference, "verdict": r.verdict, "sentence": r.sentence,
            "restoration": r.restoration, "exact": r.exact, "fit_rows": r.rows,
            "fit_seconds": round(r.seconds, 3), "warnings": r.warnings,
        }  # fmt: skip

    def to_frame(self) -> Any:
        """One row per arm: a pandas frame where pandas is installed, else an Arrow table."""
        rows = []
        for r in self.results:
            ap, d = r.metrics["average_precision"], r.difference
            cost = r.decision_metrics.get("expected_cost")
            rows.append({
                "arm": r.name, "average_precision": ap.estimate, "low": ap.low, "high": ap.high,
                "difference": None if d is None else d.estimate, "verdict": r.verdict,
                "observed_to_expected": r.calibration["observed_to_expected"],
                "brier_skill": r.calibration["brier_skill"],
                "expected_cost": None if cost is None else cost.estimate, "fit_seconds": r.seconds,
            })  # fmt: skip
        if available("pandas") is None:
            import pandas as pd

            return pd.DataFrame(rows)
        import pyarrow as pa

        return pa.Table.from_pylist(rows)

    def oof_table(self) -> Any:
        """Arrow table of the out-of-fold scores: row, fold, arm, score (log-odds), probability."""
        import pyarrow as pa

        from rareclass.kernels.logits import sigmoid

        blocks = []
        for r in self.results:
            seen = np.flatnonzero(np.isfinite(r.logit))
            blocks.append(pa.table({
                "row": self.design.dev[seen], "fold": self.fold[seen].astype(np.int16),
                "arm": pa.array([r.name] * seen.size).dictionary_encode(),
                "score": r.raw[seen], "probability": sigmoid(r.logit[seen]),
            }))  # fmt: skip
        return pa.concat_tables(blocks).unify_dictionaries().combine_chunks()
