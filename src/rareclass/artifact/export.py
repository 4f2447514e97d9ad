"""A bundle's model in other people's formats, written only where it equals the bundle."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rareclass import __version__
from rareclass.artifact.atomic import atomic_file, refuse_file
from rareclass.artifact.bundle import Bundle
from rareclass.artifact.incoming import kept_as_text, written_before
from rareclass.data.layout import TextFormat
from rareclass.data.read import read_source
from rareclass.errors import InputError
from rareclass.kernels.evenly import evenly
from rareclass.scoring.export.to_lightgbm import lightgbm_text
from rareclass.scoring.export.to_onnx import onnx_model

_FORMATS: dict[str, Callable[..., bytes]] = {"onnx": onnx_model, "lightgbm": lightgbm_text}
_MOST_COMPARED = 50_000


def export_bundle(
    path: str | os.PathLike,
    wanted: Mapping[str, str | os.PathLike | None],
    *,
    rows: Any = None,
    how: TextFormat = TextFormat(),
    overwrite: bool = False,
) -> list[tuple[Path, int]]:
    """Write the model of a bundle in other formats, each compared with it before anything is written.

    Parameters
    ----------
    path : folder of a bundle
    wanted : mapping of str to path
        Files by format: "onnx", "lightgbm".
    rows : table or file, optional
        Further rows to compare on (at most 50,000, spread evenly).

    Returns
    -------
    list of (path, bytes)
        What was written.
    """
    files = {name: Path(file) for name, file in wanted.items() if file is not None}
    if not files:
        raise InputError("Nothing to write: name a file with --onnx or --lightgbm.")
    if len({file.absolute() for file in files.values()}) < len(files):
        raise InputError("--onnx and --lightgbm name the same file; give each its own.")
    for file in files.values():
        refuse_file(file, [path], overwrite=overwrite)
    bundle = Bundle.load(path)
    tables = []
    if rows is not None:
        found = read_source(rows, how, before=written_before(bundle), as_text=kept_as_text(bundle, [])).settled()
        bundle.model.model_.schema.check(found)
        tables = [found.select(bundle.scorer.columns).take(evenly(found.num_rows, _MOST_COMPARED))]
    about = {
        "rareclass": __version__,
        "bundle": bundle.version,
        "name": bundle.name,
        "target": bundle.target or "",
        "pos_label": str(bundle.model.model_.pos_label),
    }
    made = {name: _FORMATS[name](bundle.scorer, about, tables, bundle.sketches) for name in files}
    for name, file in files.items():
        with atomic_file(file) as work:
            work.write_bytes(made[name])
    return [(file, len(made[name])) for name, file in files.items()]
