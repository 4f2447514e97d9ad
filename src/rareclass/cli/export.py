"""`rareclass export`: a bundle's model in other people's formats."""

from typing import Annotated

import typer

from rareclass.cli import options as o


def command(
    bundle: o.Bundle,
    onnx: Annotated[str | None, o.option("--onnx", "ONNX file: from columns to log-odds, probability, alert.")] = None,
    lightgbm: Annotated[
        str | None, o.option("--lightgbm", "LightGBM's text, where the model is one booster: ranks raw rows.")
    ] = None,
    rows: Annotated[str | None, o.option("--rows", "Table of further rows to compare the file on.")] = None,
    overwrite: o.Overwrite = False,
    file: o.FileOptions = o.FileOptions(),
) -> int:
    """Write a bundle's model as an ONNX graph or as LightGBM's text, checked to equal it."""
    from rareclass.workflow import export_bundle

    wanted = {"onnx": onnx, "lightgbm": lightgbm}
    for path, size in export_bundle(bundle, wanted, rows=rows, how=file.format(), overwrite=overwrite):
        typer.echo(f"Wrote {path}: {size:,} bytes.", err=True)
    return 0
