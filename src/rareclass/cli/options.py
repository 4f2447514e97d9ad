"""Options that several verbs share, and the small grammars behind them."""

import re
from typing import Annotated, Any

import typer

from rareclass.errors import InputError

Table = Annotated[str, typer.Argument(help="csv, csv.gz, parquet or Arrow file, or the name of a catalogued data set.",
                                      show_default=False)]  # fmt: skip
Target = Annotated[str | None, typer.Option("--target", help="Column that holds the labels.", show_default=False)]
PosLabel = Annotated[str | None, typer.Option("--pos-label", help="The rare label; default: the smaller class.",
                                              show_default=False)]  # fmt: skip
Drop = Annotated[list[str] | None, typer.Option("--drop", help="Column that is no feature (repeatable).",
                                                show_default=False)]  # fmt: skip
Categorical = Annotated[list[str] | None, typer.Option("--categorical", help="Numeric column that holds codes "
                                                       "(repeatable).", show_default=False)]  # fmt: skip
Groups = Annotated[str | None, typer.Option("--groups", help="Column of entities that stay together.",
                                            show_default=False)]  # fmt: skip
Time = Annotated[str | None, typer.Option("--time", help="Column of times: train on the past only.",
                                          show_default=False)]  # fmt: skip
TimeOrdered = Annotated[bool, typer.Option("--time-ordered", help="The rows are in time order.")]
CostFP = Annotated[float | None, typer.Option("--cost-fp", help="Cost of a false alarm.", show_default=False)]
CostFN = Annotated[float | None, typer.Option("--cost-fn", help="Cost of a missed event.", show_default=False)]
CostColumns = Annotated[str | None, typer.Option("--cost-columns", help="Costs by row: fp=C1,fn=C2[,tp=C3,tn=C4].",
                                                 show_default=False)]  # fmt: skip
AlertBudgetText = Annotated[str | None, typer.Option("--alert-budget", help="Alerts that can be handled: 100, 100/day "
                                                     "or 0.5%.", show_default=False)]  # fmt: skip
MinRecall = Annotated[float | None, typer.Option("--min-recall", help="Lowest recall.", show_default=False)]
MinPrecision = Annotated[float | None, typer.Option("--min-precision", help="Lowest precision.", show_default=False)]
MaxFPR = Annotated[float | None, typer.Option("--max-fpr", help="Highest false-positive rate.", show_default=False)]
Maximize = Annotated[str | None, typer.Option("--maximize", help="f1, f2, mcc, balanced_accuracy, g_mean ...",
                                              show_default=False)]  # fmt: skip
Seed = Annotated[int, typer.Option("--seed", help="Seed of every random choice.")]
Threads = Annotated[int | None, typer.Option("--threads", help="Threads; default: all cores.", show_default=False)]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what the output folder holds.")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on stdout.")]


def seconds(text: str) -> float:
    """Seconds of "90", "90s", "10m" or "1h"."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(s|m|h)?\s*", text)
    if not match:
        raise InputError(f"--budget must be a time such as 90s, 10m or 1h; got {text!r}.")
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


def decision_of(*, alert_budget: str | None, min_recall: float | None, min_precision: float | None,
                max_fpr: float | None, maximize: str | None) -> Any:  # fmt: skip
    """The decision rule that the options name, or None."""
    from rareclass import decisions

    asked = {
        "--alert-budget": alert_budget, "--min-recall": min_recall, "--min-precision": min_precision,
        "--max-fpr": max_fpr, "--maximize": maximize,
    }  # fmt: skip
    given = [k for k, v in asked.items() if v is not None]
    if len(given) > 1:
        raise InputError(f"Give one rule, not {' and '.join(given)}.")
    if alert_budget is not None:
        return decisions.AlertBudget.parse(alert_budget)
    if min_recall is not None:
        return decisions.RecallAtLeast(min_recall)
    if min_precision is not None:
        return decisions.PrecisionAtLeast(min_precision)
    if max_fpr is not None:
        return decisions.FalsePositiveRateAtMost(max_fpr)
    return None if maximize is None else decisions.Maximize(maximize)


def class_costs(fp: float | None, fn: float | None) -> Any:
    """A `CostMatrix` of the two numbers, or None when neither is given."""
    if fp is None and fn is None:
        return None
    if fp is None or fn is None:
        raise InputError("Give both --cost-fp and --cost-fn: a decision weighs one against the other.")
    from rareclass.decisions import CostMatrix

    return CostMatrix(fp=fp, fn=fn)


def shown_command() -> str:
    """The command as it was typed, for the report."""
    import shlex
    import sys

    return "rareclass " + shlex.join(sys.argv[1:])
