"""What `compare` returns: every arm judged on the same rows, a champion, and the reasons."""

from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np

from rareclass._lazy import available
from rareclass.evaluation.drivers import DriversRecord
from rareclass.evaluation.judge import ArmResult
from rareclass.evaluation.plan import TEXTBOOK
from rareclass.evaluation.results import (
    ArmRecord,
    CalibrationRecord,
    ColumnRecord,
    DataRecord,
    DecisionRecord,
    DesignRecord,
    DifferenceRecord,
    FiguresRecord,
    Finding,
    GateRecord,
    JudgementRecord,
    LuckRecord,
    Results,
    SkippedRecord,
)
from rareclass.evaluation.seven_records import SevenWaysRecord
from rareclass.evaluation.textbook_records import TextbookRecord
from rareclass.evaluation.trade_records import TradeOffRecord
from rareclass.fitting.classifier import RareClassifier
from rareclass.fitting.design import Design
from rareclass.fitting.rows import at
from rareclass.uncertainty.estimate import Interval


@dataclass(kw_only=True, repr=False)
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
    champion_luck : LuckRecord or None
        How much of its average precision out of fold is luck of having been chosen; None where nothing was ranked.
    best_model_ : RareClassifier
        The champion, fitted on all development rows, calibrated out of fold, with its decision.
    design : Design
        Rows, splits, notes and warnings.
    fold : ndarray of shape (m,)
        Fold that made each out-of-fold score (those of the rows ``design.split.scored``), -1 for none.
    test : JudgementRecord or None
        The champion on the locked test part.
    figures, figures_test : dict
        Points of the pictures.
    drivers : DriversRecord or None
        What drives the champion; None until `rareclass.workflow` measured it.
    scorer : Scorer or None
        The champion compiled to plain arrays, where that was done already.
    trade_off : TradeOffRecord or None
        What the arms bring against what they cost, where that was asked for.
    textbook : TextbookRecord or None
        What the textbook's flowcharts say, and what became of their arm, which ``comparison["textbook"]`` returns.
    seven_ways : SevenWaysRecord or None
        The seven ways of the textbook on this table, where they were asked for.
    asked : tuple of str
        Arms that somebody asked for by name.
    level : float
        Level of the intervals.
    """

    results: list[ArmResult]
    baseline: str
    champion: str
    champion_reason: str
    best_model_: RareClassifier
    design: Design
    fold: np.ndarray
    test: JudgementRecord | None
    figures: dict[str, FiguresRecord]
    figures_test: FiguresRecord | None
    champion_luck: LuckRecord | None = None
    not_run: list[SkippedRecord] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    drivers: DriversRecord | None = None
    scorer: Any = None
    trade_off: TradeOffRecord | None = None
    seven_ways: SevenWaysRecord | None = None
    textbook: TextbookRecord | None = None
    asked: tuple[str, ...] = ()
    level: float = 0.95

    def __getitem__(self, name: str) -> ArmResult:
        if name == TEXTBOOK and self.textbook is not None and self.textbook.arm:
            name = self.textbook.arm
        for result in self.results:
            if result.name == name:
                return result
        raise KeyError(f"No arm {name!r}; there are {[r.name for r in self.results]}.")

    def __repr__(self) -> str:
        events = int(self.design.rows.y[self.design.split.dev].sum())
        lines = [
            f"Comparison of {len(self.results)} arms on {self.design.split.dev.size:,} rows with {events:,} events"
        ]
        for r in self.results:
            mark = "*" if r.name == self.champion else " "
            lines.append(f"{mark} {r.name}: average precision {_limits(r.average_precision)}, {r.verdict.word}")
        return "\n".join([*lines, self.champion_reason])

    def _repr_html_(self) -> str:
        """What a notebook shows: a row for each arm, best first, the champion in bold."""
        cells = []
        for r in self.results:
            values = (r.name, _limits(r.average_precision), r.verdict.word, r.verdict.sentence)
            row = "".join(f"<td>{escape(v)}</td>" for v in values)
            cells.append(f"<tr style='font-weight:bold'>{row}</tr>" if r.name == self.champion else f"<tr>{row}</tr>")
        head = "".join(f"<th>{h}</th>" for h in ("arm", "average precision", "verdict", "against the baseline"))
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(cells)}</tbody></table>"
        return f"{table}<p>{escape(self.champion_reason)}</p>"

    def record(self) -> Results:
        """Everything as the values that stand in `results.json`."""
        d, rows, split = self.design, self.design.rows, self.design.split
        fit = self.best_model_.model_
        gate = fit.evidence.get("gate")
        return Results(
            data=DataRecord(
                rows=int(rows.y.size),
                events=int(rows.y.sum()),
                prevalence=float(np.average(rows.y, weights=rows.weight)),
                weight=None if rows.weight is None else float(rows.weight.sum()),
                pos_label=str(rows.pos_label),
                target=rows.schema.target,
                fingerprint=rows.schema.fingerprint(rows.table),
                columns=[ColumnRecord(name=c.name, kind=c.kind) for c in rows.schema.columns],
                duplicates=d.duplicates,
                conflicting=d.conflicting,
                notes=d.notes,
            ),
            design=DesignRecord(
                folds=split.folds,
                repeats=split.repeats,
                split=split.kind,
                dev_rows=int(split.dev.size),
                dev_events=int(rows.y[split.dev].sum()),
                dev_prevalence=float(np.average(rows.y[split.dev], weights=at(rows.weight, split.dev))),
                test_rows=int(split.test.size),
                test_events=int(rows.y[split.test].sum()),
                seed=d.sampling.seed,
                ranked=d.ranked,
                fit_rows=d.sampling.fit_rows,
                seconds=round(self.seconds, 1),
                notes=self.notes,
            ),
            arms=[_arm(r) for r in self.results],
            arms_not_run=self.not_run,
            baseline=self.baseline,
            champion=self.champion,
            champion_reason=self.champion_reason,
            champion_luck=self.champion_luck,
            gate=None if gate is None else GateRecord.from_dict(gate),
            tiers=self[self.champion].judgement.tiers,
            slices=None if fit.slices is None else fit.slices.table,
            test=self.test,
            warnings=[*d.warnings, *self.warnings],
            findings=self.findings,
            figures=self.figures,
            figures_test=self.figures_test,
            drivers=self.drivers,
            trade_off=self.trade_off,
            seven_ways=self.seven_ways,
            textbook=self.textbook,
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values: the content of `results.json`."""
        return self.record().to_dict()

    def to_frame(self) -> Any:
        """One row per arm: a pandas frame where pandas is installed, else an Arrow table."""
        rows = []
        for r in self.results:
            ap, d, calibration = r.average_precision, r.verdict.difference, r.judgement.calibration
            cost = r.judgement.acted.get("expected_cost")
            rows.append(
                {
                    "arm": r.name,
                    "average_precision": ap.estimate,
                    "low": ap.low,
                    "high": ap.high,
                    "difference": None if d is None else d.estimate,
                    "verdict": r.verdict.word,
                    "observed_to_expected": calibration["observed_to_expected"],
                    "brier_skill": calibration["brier_skill"],
                    "expected_cost": None if cost is None else cost.estimate,
                    "fit_seconds": r.scores.seconds,
                }
            )
        if available("pandas") is None:
            import pandas as pd

            return pd.DataFrame(rows)
        import pyarrow as pa

        return pa.Table.from_pylist(rows)

    def oof_table(self) -> Any:
        """Arrow table of the out-of-fold scores: row, fold, arm, score (log-odds), probability.

        With repeats a row stands there once for each of its tests.
        """
        import pyarrow as pa

        from rareclass.kernels.logits import sigmoid

        blocks = []
        for r in self.results:
            seen = np.flatnonzero(np.isfinite(r.logit))
            blocks.append(
                pa.table(
                    {
                        "row": self.design.rows.of_caller(self.design.split.scored[seen]),
                        "fold": self.fold[seen].astype(np.int16),
                        "arm": pa.array([r.name] * seen.size).dictionary_encode(),
                        "score": r.scores.oof.score[seen],
                        "probability": sigmoid(r.logit[seen]),
                    }
                )
            )
        return pa.concat_tables(blocks).unify_dictionaries().combine_chunks()


def _limits(value: Interval) -> str:
    return f"{value.estimate:.3f} [{value.low:.3f}, {value.high:.3f}]"


def _arm(r: ArmResult) -> ArmRecord:
    acted, scores, difference = r.judgement.acted, r.scores, r.verdict.difference
    cost = acted["expected_cost"].estimate if "expected_cost" in acted else None
    decision = {**r.judgement.decision.to_dict(), "alert_rate": acted["alert_rate"], "expected_cost": cost}
    return ArmRecord(
        name=r.name,
        note=scores.note,
        learner=r.arm.learner_name,
        treatment=r.arm.treatment.label,
        metrics=r.judgement.intervals,
        calibration=CalibrationRecord(**r.judgement.calibration),
        decision=DecisionRecord.from_dict(decision),
        difference_to_baseline=None
        if difference is None
        else DifferenceRecord(metric="average_precision", **difference.to_dict()),
        verdict=r.verdict.word,
        sentence=r.verdict.sentence,
        restoration=scores.restoration,
        exact=scores.exact,
        fit_rows=scores.rows,
        fit_seconds=round(scores.seconds, 3),
        warnings=list(r.warnings),
    )
