"""Options that several verbs share: values of a few options each, and the small grammars behind them."""

import functools
import inspect
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rareclass.errors import InputError

if TYPE_CHECKING:
    from typer.models import OptionInfo

    from rareclass.data.layout import TextFormat
    from rareclass.decisions import CostMatrix, DecisionRule, TierPolicy
    from rareclass.scoring.reasons import ReasonRules


def option(flag: str, help: str) -> "OptionInfo":
    """An option that shows no default."""
    found: OptionInfo = typer.Option(flag, help=help, show_default=False)
    return found


TABLE_HELP = "csv, csv.gz, parquet or Arrow file, - for standard input, or the name of a catalogued data set."
Table = Annotated[str, typer.Argument(help=TABLE_HELP, show_default=False)]
Bundle = Annotated[str, typer.Argument(help="Folder of a bundle, or of a registry: its champion.", show_default=False)]
Registry = Annotated[str, typer.Argument(metavar="REGISTRY", help="Folder of a registry.", show_default=False)]
Why = Annotated[str, typer.Option("--why", help="What the journal is to say.", show_default=False)]
Target = Annotated[str | None, option("--target", "Column that holds the labels.")]
PosLabel = Annotated[str | None, option("--pos-label", "The rare label; default: the smaller class.")]
CostColumns = Annotated[str | None, option("--cost-columns", "Costs by row: fp=C1,fn=C2[,tp=C3,tn=C4].")]
Weights = Annotated[str | None, option("--weights", "Column of row weights (survey or sampling weights).")]
Slices = Annotated[str | None, option("--slices", "Feature whose values are slices, each calibrated by itself.")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of every random choice.")]
Threads = Annotated[int | None, option("--threads", "Threads; default: all cores.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the output that is there.")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on stdout.")]


@dataclass(frozen=True, kw_only=True)
class TableOptions:
    """A table, its target, and which columns are no plain features."""

    table: Table
    target: Target = None
    pos_label: PosLabel = None
    weights: Weights = None
    drop: Annotated[list[str] | None, option("--drop", "Column that is no feature (repeatable).")] = None
    categorical: Annotated[
        list[str] | None, option("--categorical", "Numeric column that holds codes (repeatable).")
    ] = None


@dataclass(frozen=True, kw_only=True)
class FileOptions:
    """How a file of text is written, where that does not show."""

    separator: Annotated[str | None, option("--separator", "Mark between the cells: ';', tab ...")] = None
    encoding: Annotated[str | None, option("--encoding", "utf-8, cp1252, utf-16 ...")] = None
    decimal: Annotated[str | None, option("--decimal", "Decimal mark, ',' or '.', where 1,234 may be either.")] = None
    date_format: Annotated[str | None, option("--date-format", "How dates are written, such as %d/%m/%Y.")] = None
    missing: Annotated[
        list[str] | None, option("--missing", "Cell that stands for no value, such as k.A. (repeatable).")
    ] = None

    def format(self) -> "TextFormat":
        """These options as the library takes them."""
        from rareclass.data.layout import TextFormat

        separator = {"tab": "\t", "\\t": "\t", "space": " "}.get(self.separator or "", self.separator)
        given = {name: getattr(self, name) for name in ("encoding", "decimal", "date_format")}
        return TextFormat(separator=separator, missing=tuple(self.missing or ()), **given)


@dataclass(frozen=True)
class KeepOptions:
    """What a bundle holds beside what scoring needs."""

    keep_learner: Annotated[
        bool, typer.Option("--keep-learner", help="Keep the fitted learner beside its compiled form.")
    ] = False
    no_reference_rows: Annotated[
        bool, typer.Option("--no-reference-rows", help="Keep no training events for monitoring, only counts.")
    ] = False

    def kept(self) -> dict[str, bool]:
        """These options as `Bundle.save` takes them."""
        return {"keep_learner": self.keep_learner, "reference_rows": not self.no_reference_rows}


@dataclass(frozen=True)
class CascadeOptions:
    """Two stages instead of one model."""

    cascade: Annotated[
        bool, typer.Option("--cascade", help="Two stages: a small gate on all rows, the learner on what passes.")
    ] = False
    gate_recall: Annotated[
        float | None, option("--gate-recall", "Share of the events that the gate keeps with 95 % confidence (0.98).")
    ] = None
    gate_trees: Annotated[int | None, option("--gate-trees", "Trees that the gate may cost (60).")] = None

    def asked(self, learner: str, treatment: str) -> dict[str, Any]:
        """Parameters of `train_table`: those of a cascade, or of one model."""
        given = {k: v for k in ("gate_recall", "gate_trees") if (v := getattr(self, k)) is not None}
        if self.cascade:
            return {"cascade": True, "judge": learner, "judge_treatment": treatment, **given}
        if given:
            raise InputError(f"--{next(iter(given)).replace('_', '-')} belongs to a cascade. Add --cascade.")
        return {"estimator": learner, "treatment": treatment}


@dataclass(frozen=True)
class ReasonOptions:
    """How reasons are grouped and worded."""

    reasons: Annotated[str | None, option("--reasons", "TOML file: groups of columns, and what to call them.")] = None

    def rules(self) -> "ReasonRules | None":
        """The rules that the file holds, or None."""
        if self.reasons is None:
            return None
        from rareclass.scoring.reason_file import read_rules

        return read_rules(self.reasons)


@dataclass(frozen=True)
class SplitOptions:
    """What must not be on both sides of a split."""

    groups: Annotated[str | None, option("--groups", "Column of entities that stay together.")] = None
    time: Annotated[str | None, option("--time", "Column of times: train on the past only.")] = None
    time_ordered: Annotated[bool, typer.Option("--time-ordered", help="The rows are in time order.")] = False


@dataclass(frozen=True)
class PeriodOptions:
    """Of which period each row is, for alert budgets; without them rows are compared with the stored threshold."""

    time: Annotated[str | None, option("--time", "Column of dates: the best rows of each day (or as asked).")] = None
    period: Annotated[str | None, option("--period", "Column of labels: the best rows of each label.")] = None
    one_period: Annotated[bool, typer.Option("--one-period", help="The best rows of the whole table.")] = False
    key: Annotated[str | None, option("--key", "Column that settles ties within a period.")] = None


@dataclass(frozen=True)
class CostOptions:
    """Costs of the two errors, the same for all rows or by row."""

    cost_fp: Annotated[float | None, option("--cost-fp", "Cost of a false alarm.")] = None
    cost_fn: Annotated[float | None, option("--cost-fn", "Cost of a missed event.")] = None
    cost_columns: CostColumns = None

    def matrix(self) -> "CostMatrix | None":
        """A `CostMatrix` of the two numbers, or None when neither is given."""
        if self.cost_fp is None and self.cost_fn is None:
            return None
        if self.cost_fp is None or self.cost_fn is None:
            raise InputError("Give both --cost-fp and --cost-fn: a decision weighs one against the other.")
        from rareclass.decisions import CostMatrix

        return CostMatrix(fp=self.cost_fp, fn=self.cost_fn)


@dataclass(frozen=True, kw_only=True)
class RuleOptions:
    """How to decide: one line an option, with the rule of `rareclass.decisions` that takes its value."""

    alert_budget: Annotated[
        str | None, option("--alert-budget", "Alerts that can be handled: 100, 100/day or 0.5%."), "AlertBudget.parse"
    ] = None
    min_recall: Annotated[float | None, option("--min-recall", "Lowest recall."), "RecallAtLeast"] = None
    min_precision: Annotated[float | None, option("--min-precision", "Lowest precision."), "PrecisionAtLeast"] = None
    max_fpr: Annotated[float | None, option("--max-fpr", "Highest false-positive rate."), "FalsePositiveRateAtMost"] = (
        None
    )
    maximize: Annotated[str | None, option("--maximize", "f1, f2, mcc, balanced_accuracy, g_mean ..."), "Maximize"] = (
        None
    )

    tiers: Annotated[
        str | None, option("--tiers", "TOML file of alert tiers (docs/tiers.md), cut by the costs."), "read_tiers"
    ] = None

    def rule(self) -> "DecisionRule | TierPolicy | None":
        """The decision rule, or the tiers, that the options name; or None."""
        given = [f for f in fields(self) if getattr(self, f.name) is not None]
        if len(given) > 1:
            raise InputError(f"Give one rule, not {' and '.join('--' + f.name.replace('_', '-') for f in given)}.")
        if not given:
            return None
        import operator

        from rareclass import decisions

        made = operator.attrgetter(given[0].type.__metadata__[-1])(decisions)  # type: ignore[union-attr]
        rule: DecisionRule | TierPolicy = made(getattr(self, given[0].name))
        return rule


def flat(command: Callable[..., int]) -> Callable[..., int]:
    """The command with every parameter that is a value of options replaced by its fields, as typer reads them."""
    own = inspect.signature(command).parameters.values()
    values: dict[str, Any] = {p.name: p.annotation for p in own if is_dataclass(p.annotation)}
    parts = ([*inspect.signature(values[p.name]).parameters.values()] if p.name in values else [p] for p in own)
    shown = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for part in parts for p in part]

    @functools.wraps(command)
    def called(**given: object) -> int:
        gathered = {name: cls(**{f.name: given.pop(f.name) for f in fields(cls)}) for name, cls in values.items()}
        try:
            return command(**given, **gathered)
        except BrokenPipeError:
            # who read our output has seen enough; what is still buffered goes nowhere, so that Python ends quietly too
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0

    called.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
    called.__annotations__ = {p.name: p.annotation for p in shown}
    return called


WITHOUT_VALUE = {"--explain": "4"}
"""Options that may stand without a value, and what they then mean."""


def filled(arguments: list[str]) -> list[str]:
    """The arguments with the values that options of `WITHOUT_VALUE` were given without."""
    out: list[str] = []
    for here, after in zip(arguments, [*arguments[1:], ""]):
        out.append(here)
        if here in WITHOUT_VALUE and not re.fullmatch(r"[+-]?[\d.]+", after):
            out.append(WITHOUT_VALUE[here])
    return out


def seconds(text: str, name: str = "--budget") -> float:
    """Seconds of "90", "90s", "10m" or "1h"."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(s|m|h)?\s*", text)
    if not match:
        raise InputError(f"{name} must be a time such as 90s, 10m or 1h; got {text!r}.")
    return float(match[1]) * {"s": 1, None: 1, "m": 60, "h": 3600}[match[2]]


def cost_columns(text: str | None) -> dict[str, str] | None:
    """{"fp": "C1"} of "fp=C1,fn=C2"."""
    if text is None:
        return None
    out = {}
    for item in text.split(","):
        key, sign, column = item.partition("=")
        if not sign or not column.strip() or key.strip() not in ("fp", "fn", "tp", "tn"):
            raise InputError(f"--cost-columns must look like fp=C1,fn=C2,tp=C3,tn=C4; got {text!r}.")
        out[key.strip()] = column.strip()
    if not {"fp", "fn"} <= set(out):
        raise InputError("--cost-columns needs at least fp=... and fn=....")
    return out


def refuse_missing(registry: str) -> None:
    """Raise where there is no folder of a registry."""
    if not os.path.exists(registry):
        raise InputError(
            f"There is no registry {registry}. Start one with a first bundle: rareclass promote {registry} BUNDLE."
        )


def shown_command() -> str:
    """The command as it was typed, for the report."""
    import shlex

    return "rareclass " + shlex.join(sys.argv[1:])
