"""The folder of a run of `compare`: what it found itself, whether its files belong together, what other runs saw."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rareclass.errors import ReadError
from rareclass.evaluation.faults import finding, worst_first
from rareclass.evaluation.results import ArmRecord, Finding, Results
from rareclass.evaluation.split_faults import FEW, richer
from rareclass.report.json import load_results

NAME, OOF = "results.json", "oof.parquet"
SIBLINGS = 200
"""Neighbouring folders that are looked into for runs on the same test part."""


def audit_run(folder: str | os.PathLike) -> list[Finding]:
    """Audit the folder of a finished `compare`.

    Parameters
    ----------
    folder : path
        It holds results.json and oof.parquet. Runs beside it are read too, to see who judged the same test part.

    Raises
    ------
    ReadError
        There is no run, it is of another version, or its files do not belong together.

    Examples
    --------
    >>> audit_run("no/such/run")
    Traceback (most recent call last):
    rareclass.errors.ReadError: no/such/run holds no run: results.json is missing.
    """
    path = Path(folder)
    if not (path / NAME).is_file():
        raise ReadError(f"{folder} holds no run: {NAME} is missing.")
    results = Results.from_dict(load_results(path))
    found = list(results.findings) + _parts(results) + _test(results)
    if (path / OOF).is_file():
        found += _scores(results, pq.read_table(path / OOF), path)
    if "--split-duplicates" in results.command and results.data.duplicates:
        found.append(finding("duplicates-across-split", f"{results.data.duplicates:,} rows repeat an earlier one"))
    return worst_first(found + _others(results, path))


def _parts(results: Results) -> list[Finding]:
    """Rates and numbers of events of the two parts."""
    d, found = results.design, []
    if d.test_rows and d.test_events < FEW:
        found.append(finding("few-events-tested", f"{d.test_events} events in {d.test_rows:,} locked rows"))
    if d.test_rows and d.dev_rows and d.dev_events is not None:
        rate, known = d.test_events / d.test_rows, d.dev_events / d.dev_rows
        if richer(rate, known, d.test_rows):
            found.append(finding("prevalence-differs", f"{rate:.3%} in the locked part, {known:.3%} in the others"))
    return found


def _test(results: Results) -> list[Finding]:
    """The champion on the locked part beside its folds."""
    best = next((a for a in results.arms if a.name == results.champion), None)
    if best is None or results.test is None:
        return []
    return _beside(best, results)


def _beside(best: ArmRecord, results: Results) -> list[Finding]:
    assert results.test is not None
    found = []
    ours, theirs = (m.get("roc_auc") for m in (best.metrics, results.test.metrics))
    if ours is not None and theirs is not None and theirs.high < ours.low:
        said = f"ROC AUC {theirs.estimate:.3f} [{theirs.low:.3f}, {theirs.high:.3f}] on the locked part, "
        found.append(
            finding(
                "test-below-out-of-fold", f"{said}{ours.estimate:.3f} [{ours.low:.3f}, {ours.high:.3f}] out of fold"
            )
        )
    exact = results.test.calibration.observed_to_expected
    if exact is not None and abs(exact - 1) < 1e-9:
        found.append(finding("calibrated-on-judged-rows", f"observed / expected {exact:.9f} on the locked part"))
    return found


def _scores(results: Results, oof: pa.Table, path: Path) -> list[Finding]:
    """Out-of-fold scores: of rows of this run, of the same rows for each arm."""
    needed = {"row", "fold", "arm", "score"}
    if not needed <= set(oof.column_names):
        raise ReadError(f"{path / OOF} lacks {', '.join(sorted(needed - set(oof.column_names)))}. Run `compare` again.")
    row, fold, score = (oof[name].to_numpy() for name in ("row", "fold", "score"))
    names = np.asarray(oof["arm"].to_pylist(), dtype=str)
    rows, locked = results.data.rows, results.design.test_rows
    if row.size and (row.max() >= rows or row.min() < 0):
        raise ReadError(f"{path / OOF} scores row {row.max():,}; {NAME} knows {rows:,} rows. They are of two runs.")
    distinct = np.unique(row).size
    if distinct > rows - locked:
        said = f"{distinct:,} rows have out-of-fold scores, {rows - locked:,} are not locked away"
        return [finding("rows-in-both-parts", said)]
    if set(names) != {a.name for a in results.arms}:
        raise ReadError(f"{path / OOF} and {NAME} name different arms. They are of two runs.")
    found, first = [], None
    for name in sorted(set(names)):
        mine = names == name
        tested = dict(zip(row[mine].tolist(), fold[mine].tolist(), strict=True))
        first = tested if first is None else first
        if tested != first:
            raise ReadError(
                f"{path / OOF}: {name} was scored on other rows or folds than the rest. Run `compare` again."
            )
        if np.unique(score[mine]).size == 1:
            found.append(finding("constant-score", f"out of fold, {score[mine][0]:g}", name))
    return found


def _others(results: Results, path: Path) -> list[Finding]:
    """Runs in neighbouring folders whose locked part holds the same rows."""
    data, design = results.data, results.design
    if not design.test_rows or data.fingerprint is None:
        return []
    same = []
    for other in sorted(p for p in path.absolute().parent.iterdir() if p.is_dir())[:SIBLINGS]:
        if other == path.absolute() or not (other / NAME).is_file():
            continue
        try:
            run = Results.from_dict(load_results(other))
        except ReadError:
            continue
        ours = (data.fingerprint, data.rows, design.split, design.seed, design.test_rows, design.test_events)
        d = run.design
        if ours == (run.data.fingerprint, run.data.rows, d.split, d.seed, d.test_rows, d.test_events):
            same.append(other.name)
    if not same:
        return []
    some = ", ".join(same[:5]) + (" ..." if len(same) > 5 else "")
    return [finding("test-part-seen-by-other-runs", f"{len(same) + 1} runs: this one and {some}")]
