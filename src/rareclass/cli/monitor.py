"""`rareclass monitor`: has the rare class drifted, by a prediction log and labels that come late."""

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from rareclass.cli import options as o
from rareclass.errors import InputError

PREDICTIONS = "Folder of the prediction log (rareclass serve --log), or a segment of it (repeatable)."
OUT = "Write a page with the timeline; an earlier page of a monitor is replaced."


@dataclass(frozen=True, kw_only=True)
class LabelOptions:
    """The table of labels and its columns."""

    labels: Annotated[str | None, o.option("--labels", f"Labels by the ids of the log: {o.TABLE_HELP}")] = None
    id: Annotated[str | None, o.option("--id", "Its column of ids; found by name where it is called so.")] = None
    label: Annotated[str | None, o.option("--label", "Its column of labels.")] = None
    label_time: Annotated[str | None, o.option("--label-time", "Its column of when each label became known.")] = None
    label_zone: Annotated[str | None, o.option("--label-zone", "Time zone of these, where they name none (UTC).")] = (
        None
    )
    weight: Annotated[str | None, o.option("--weight", "Its column of audit weights; with --labels-from audit.")] = None
    labels_from: Annotated[
        str | None, o.option("--labels-from", "Which rows get labels: rows (a fair sample), alerts, or audit.")
    ] = None
    mature_after: Annotated[
        float | None, o.option("--mature-after", "Days after which labels have come; estimated by default.")
    ] = None


@dataclass(frozen=True, kw_only=True)
class BudgetOptions:
    """How many false alarms may be, and how long is waited."""

    false_alarms: Annotated[
        float | None, o.option("--false-alarms", "False alarms a year of the whole monitor (0.05: one in 20 years).")
    ] = None
    share: Annotated[
        list[str] | None, o.option("--share", "Share of this budget for a detector: recall=0.6 (repeatable).")
    ] = None
    max_delay: Annotated[float | None, o.option("--max-delay", "Days that predictions wait for labels (60).")] = None
    cool_down: Annotated[
        float | None, o.option("--cool-down", "Days after an alarm until its detector speaks again (30).")
    ] = None

    def given(self, labels: LabelOptions) -> dict[str, Any]:
        """Options of `RareClassMonitor.from_bundle`; None for what was not asked for."""
        found = {name: getattr(self, name) for name in ("max_delay", "cool_down")}
        shares = None if not self.share else dict(map(_share, self.share))
        audit = "audit" if labels.weight is not None else None
        if labels.labels_from == "audit" and labels.weight is None:
            raise InputError("--labels-from audit needs the weights of the audit: name their column with --weight.")
        return found | {
            "false_alarms_per_year": self.false_alarms,
            "shares": shares,
            "labels_from": labels.labels_from if labels.labels_from is not None else audit,
            "mature_after": labels.mature_after,
        }


@dataclass(frozen=True, kw_only=True)
class KeepingOptions:
    """Where the monitor is kept, and whom it tells."""

    state: Annotated[str | None, o.option("--state", "File that keeps the monitor between runs.")] = None
    webhook: Annotated[
        str | None,
        typer.Option(
            "--webhook",
            envvar="RARECLASS_WEBHOOK",
            help="Address that new alarms are posted to (CloudEvents).",
            show_default=False,
        ),
    ] = None
    events: Annotated[str | None, o.option("--events", "File that new alarms are appended to (CloudEvents).")] = None
    acknowledge: Annotated[
        str | None, o.option("--acknowledge", "Close the alarm of this detector (or all) and watch anew.")
    ] = None
    accept: Annotated[
        bool, typer.Option("--accept", help="With --acknowledge: what came after the change is the new measure.")
    ] = False


def command(
    bundle: o.Bundle,
    labels: LabelOptions,
    budget: BudgetOptions,
    keeping: KeepingOptions,
    file: o.FileOptions,
    predictions: Annotated[list[str] | None, o.option("--predictions", PREDICTIONS)] = None,
    now: Annotated[
        str | None, o.option("--now", "Judge as of this day or moment; default: the newest prediction.")
    ] = None,
    out: Annotated[str | None, o.option("--out", OUT)] = None,
    overwrite: o.Overwrite = False,
    json: o.Json = False,
) -> int:
    """Watch a deployed model for drift of the rare class; exit code 1 where it has drifted."""
    from rareclass._json import to_json
    from rareclass.artifact.bundle import Bundle
    from rareclass.monitoring.label_table import LabelColumns
    from rareclass.monitoring.watch import Keeping, Sources
    from rareclass.workflow import monitor_log

    if not predictions and keeping.acknowledge is None:
        raise InputError("Name the prediction log with --predictions (rareclass serve --log writes one).")
    if keeping.acknowledge is not None and keeping.state is None:
        raise InputError("--acknowledge closes an alarm of a state file; name it with --state.")
    if keeping.accept and keeping.acknowledge is None:
        raise InputError("--accept belongs to --acknowledge.")
    found = monitor_log(
        Bundle.load(bundle),
        Sources(
            log=None if not predictions else predictions[0] if len(predictions) == 1 else predictions,
            labels=labels.labels,
            columns=LabelColumns(
                id=labels.id, label=labels.label, time=labels.label_time, weight=labels.weight, zone=labels.label_zone
            ),
            how=file.format(),
            now=_moment(now),
        ),
        Keeping(**vars(keeping)),
        out=out,
        overwrite=overwrite,
        options=budget.given(labels),
    )
    if json:
        typer.echo(to_json(found))
    else:
        from rareclass.report.terminal_monitor import render_watched

        render_watched(found)
    if out is not None:
        typer.echo(f"Wrote {out}.", err=True)
    return 1 if found.drifted else 0


def _share(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name.strip(), float(value)
    except ValueError:
        raise InputError(f"--share must look like recall=0.6; got {text!r}.") from None


def _moment(text: str | None) -> Any:
    import datetime

    if text is None:
        return None
    try:
        return datetime.datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"--now must be a day or moment such as 2026-03-01 or 2026-03-01T06:00; got {text!r}."
        ) from None
