"""`rareclass audit`: mistakes of a whole evaluation, of a run folder or of the user's own code."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from rareclass.cli import options as o

NAMED = "Folder of a run, or module:object: imported, and so run, from the working directory."


def command(
    what: Annotated[str, typer.Argument(metavar="RUN_DIR | MODULE:OBJECT", help=NAMED, show_default=False)],
    split: o.SplitOptions,
    file: o.FileOptions,
    table: Annotated[str | None, o.option("--table", "Rows for a pipeline or function: " + o.TABLE_HELP)] = None,
    target: o.Target = None,
    pos_label: o.PosLabel = None,
    drop: Annotated[list[str] | None, o.option("--drop", "Column that is no feature (repeatable).")] = None,
    splitter: Annotated[str | None, o.option("--splitter", "Folds of a pipeline: a number or module:object.")] = None,
    metric: Annotated[str | None, o.option("--metric", "What a function returns where that is a number.")] = None,
    prevalence: Annotated[float | None, o.option("--prevalence", "Real share of events.")] = None,
    seed: o.Seed = 0,
    json: o.Json = False,
) -> int:
    """Look for leaks and evaluation mistakes; exit 1 when an error was found.

    OBJECT is a pipeline, a function evaluate(X, y) or fit_predict(X_train, y_train, X_test[, y_test]), two tables, or
    a rareclass.audit.Subject that brings its own rows. It is imported because you name it: its module's code runs.
    """
    import contextlib
    import sys

    from rareclass._json import to_json
    from rareclass.audit.runs import audit_run
    from rareclass.audit.subject import Subject, audit_subject, frame_of, subject_named
    from rareclass.cli.problem import problem_of
    from rareclass.errors import InputError
    from rareclass.report.findings import render_findings

    if Path(what).is_dir() or ":" not in what:
        found = audit_run(what)
    else:
        # what the user's code prints is not the result
        with contextlib.redirect_stdout(sys.stderr):
            named = subject_named(what)
            if isinstance(named, str):
                raise InputError(f"{what} is a text; name a pipeline, a function, two tables or a Subject.")
            cv = subject_named(splitter) if splitter and ":" in splitter else splitter
            if cv is not None and isinstance(cv, str):
                if not cv.isdigit():
                    raise InputError(f"--splitter is a number of folds or module:object; got {cv!r}.")
                cv = int(cv)
            subject = named if isinstance(named, Subject) else Subject(named)
            given: dict[str, Any] = {
                "cv": cv,
                "metric": metric,
                "prevalence": prevalence,
                "pos_label": pos_label,
                "target": target,
            }
            given |= {"group": split.groups, "time": split.time}
            subject = replace(subject, **{k: v for k, v in given.items() if v is not None}, random_state=seed)
            if table is not None:
                options = o.TableOptions(table=table, target=target, pos_label=pos_label, drop=drop)
                problem = problem_of(options, split, file=file)
                rows = {"X": frame_of(problem.features), "y": problem.y}
                subject = replace(subject, **rows, groups=problem.groups, times=problem.times)
            found = audit_subject(subject)
    if json:
        typer.echo(to_json([f.to_dict() for f in found]))
    else:
        render_findings(found)
    return int(any(f.severity == "error" for f in found))
