"""The whole scorer as one ONNX graph in double precision, from typed columns to log-odds, probability and alert."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from rareclass._json import to_json
from rareclass._lazy import need
from rareclass.errors import InputError
from rareclass.scoring.export.checking import Answers, refuse_difference
from rareclass.scoring.export.columns import OUTPUTS, encoded, refuse_columns
from rareclass.scoring.export.graph import Graph, sigmoid, where
from rareclass.scoring.export.hard_rows import hard_tables, refused_flags
from rareclass.scoring.export.maps import calibrated, sliced
from rareclass.scoring.export.members import member_logit
from rareclass.scoring.members import takes_missing
from rareclass.scoring.scorer import Scorer

ABOUT = (
    "Scores rows of the columns that are its inputs, (n, 1) each under their names; levels may be new ones. Outputs "
    "(n,): `logit`, the calibrated log-odds of the rare class at the real prevalence, `probability`, and `alert`, if "
    "the probability reaches the threshold. Where there are alert tiers, `alert` is every tier but the first, and the "
    "entry `tiers` of the metadata says from which probability on a row is in each."
)


def onnx_model(
    scorer: Scorer, about: Mapping[str, str], tables: Iterable[pa.Table] = (), sketches: Mapping[str, Any] = {}
) -> bytes:
    """The scorer as an ONNX file, run with onnxruntime on many rows and found equal.

    Parameters
    ----------
    scorer : Scorer
    about : mapping of str to str
        What the file says of itself, beside its threshold (`metadata_props`).
    tables : iterable of Arrow tables
        Further rows to compare on.
    sketches : mapping of arrays, default={}
        Sketches of the training rows (`reference.npz`), from which more are made.

    Raises
    ------
    InputError
        The scorer, or a column, has no exact form; or the log-odds differ by more than 1e-6 on some rows.
    DependencyError
        onnx or onnxruntime is not installed.
    """
    need("onnxruntime", extra="onnx")
    made = onnx_graph(scorer, about)
    need("onnx", extra="onnx").checker.check_model(made)
    content: bytes = made.SerializeToString()
    refuse_difference(
        scorer, Answers(content), (*hard_tables(scorer, sketches), *refused_flags(scorer, sketches), *tables)
    )
    return content


def onnx_graph(scorer: Scorer, about: Mapping[str, str]) -> Any:
    """The graph alone (`onnx.ModelProto`), as yet compared with nothing."""
    refuse_scorer(scorer, "ONNX")
    refuse_columns(scorer.encoder)
    if scorer.cut.per_row:
        raise InputError(
            "This bundle weighs each row by its own costs, for which the graph has no inputs. Train it with a rule or "
            "with costs that are the same for all rows (--cost-fp, --cost-fn)."
        )
    if scorer.cut.by_entity:
        raise InputError(
            "This bundle's alert budget counts entities, which rows alone do not tell, so that `alert` has no form in "
            "ONNX. Train it with another rule, or decide with `rareclass predict`."
        )
    graph = Graph({*scorer.columns, *OUTPUTS})
    rows = encoded(graph, scorer.encoder)
    z = calibrated(scorer.calibration, member_logit(scorer.member, rows) + scorer.added)
    if scorer.slices is not None:
        z = z + sliced(scorer.slices, rows.X)
    if not takes_missing(scorer.member):  # where the scorer refuses rows, the graph has no number for them
        gone = graph.node("ReduceMax", rows.X.is_missing().as_kind(float), np.array([1]), keepdims=1)
        z = where(gone > 0.0, np.nan, z)
    if rows.refused is not None:
        z = where(rows.refused, np.nan, z)
    probability = sigmoid(z)
    graph.output(z, "logit", float, "calibrated log-odds of the rare class at the real prevalence")
    graph.output(probability, "probability", float, "probability of the rare class at the real prevalence")
    alert = probability >= float(scorer.cut.threshold)
    graph.output(alert, "alert", bool, f"probability at least {scorer.cut.threshold!r}")
    said = {**about, "threshold": repr(float(scorer.cut.threshold))}
    if scorer.cut.tiers is not None:  # a row is in the last tier whose threshold its probability reaches
        said["tiers"] = to_json(scorer.cut.tiers.to_dict())
    return graph.model(said, ABOUT)


def refuse_scorer(scorer: Scorer, form: str) -> None:
    """Raise where a scorer is not compiled."""
    if not scorer.exact:
        raise InputError(f"Only compiled models are exported as {form}, and this one is not: {scorer.why_not}.")
