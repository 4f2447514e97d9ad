"""The application: verbs, exit codes, errors as one sentence."""

import functools
import sys
import warnings
from typing import Any, TextIO

import typer

from rareclass.cli import (
    audit,
    compare,
    demo,
    deploy,
    diagnose,
    evaluate,
    export,
    history,
    learn,
    monitor,
    predict,
    promote,
    report,
    retrain,
    rollback,
    sample,
    serve,
    simulate_production,
    train,
    warm,
)
from rareclass.cli.options import filled, flat
from rareclass.cli.spoken import spoken, spoken_usage
from rareclass.errors import RareclassError, RareclassWarning

# what typer raises on wrong arguments: the base of its public error, whichever click it is built on
_USAGE: Any = next(base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException")

app = typer.Typer(
    name="rareclass",
    help="Learning from rare events: honest comparisons, calibrated probabilities, decisions from costs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
VERBS = (
    *(demo, learn, diagnose, compare, train, predict, evaluate, audit, export, sample, serve, deploy),
    *(monitor, retrain, promote, rollback, history, simulate_production, report, warm),
)
for verb in VERBS:
    app.command(verb.__name__.rsplit(".", 1)[-1].replace("_", "-"))(flat(verb.command))


def _version(value: bool) -> None:
    if value:
        from rareclass import __version__

        typer.echo(f"rareclass {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    """Learning from rare events."""


def run(arguments: list[str]) -> int:
    """Run a command and return its exit code; errors of ours become one sentence on stderr."""
    warnings.showwarning = functools.partial(_show_warning, arguments)
    warnings.simplefilter("ignore")
    warnings.simplefilter("always", RareclassWarning)
    try:
        result = app(filled(arguments) or ["--help"], prog_name="rareclass", standalone_mode=False)
        return int(result) if isinstance(result, int) else 0
    except RareclassError as error:
        return _say(spoken(str(error), arguments), 2)
    except (KeyboardInterrupt, typer.Abort):
        return _say("Stopped. Nothing was written.", 130)
    except typer.Exit as stop:
        return int(stop.exit_code)
    except MemoryError:
        return _say("Out of memory. Use fewer columns or rows, or the default budget instead of --full.", 2)
    except OSError as error:
        return _say(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "), 2)
    except _USAGE as error:
        return _say(spoken_usage(error.format_message(), arguments), 2)


def _say(sentence: str, code: int) -> int:
    print(f"rareclass: {sentence}", file=sys.stderr)
    return code


def _show_warning(
    arguments: list[str],
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    print(f"note: {spoken(str(message), arguments)}", file=sys.stderr)
