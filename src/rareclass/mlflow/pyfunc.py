"""A bundle as MLflow asks it: rows as a frame in, what `rareclass predict` says of them as a frame out."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson

from rareclass._lazy import need
from rareclass.data.read import read_table
from rareclass.data.schema import read_label
from rareclass.errors import InputError
from rareclass.scoring.files import Folder
from rareclass.serving.answers import answer
from rareclass.serving.asked import NONE, costs_of, explain_of
from rareclass.serving.batch import Batch
from rareclass.serving.errors import Refused, sentenced, shown, wrong
from rareclass.serving.models import Served, read_served
from rareclass.serving.protocol.responses import plain_reasons
from rareclass.serving.requests import Request
from rareclass.serving.wire import write_json

PARAMETERS = {"explain": NONE, "costs": ""}
"""What a request may say beside its rows, and what holds where it does not."""


class Answering:
    """The model of a bundle, as MLflow's python_function calls it.

    Parameters
    ----------
    served : Served
    labels : pair of str
        The usual label, the rare one, as `rareclass predict` writes them.
    """

    def __init__(self, served: Served, labels: tuple[str, str]) -> None:
        self.served, self.labels = served, labels

    def predict(self, rows: Any, params: Mapping[str, Any] | None = None) -> Any:
        """A frame of the n rows: probability, alert, label; tier where the bundle has tiers; reasons where asked for.

        Answers stand under the index of the rows.

        Parameters
        ----------
        rows : DataFrame
            The columns that the model was trained on, in any order.
        params : mapping, optional
            ``explain``: "none" (default), "alerts" or "all"; reasons are a JSON list a row, null for rows without.
            ``costs``: for bundles that decide by the costs of each row, a JSON text such as
            ``{"fp": 1, "fn": [10, 20]}``: a number, or one a row.

        Raises
        ------
        MlflowException
            INVALID_PARAMETER_VALUE (status 400): the rows cannot be used; the sentence says why.
        """
        try:
            return self._answered(rows, PARAMETERS | dict(params or {}))
        except (Refused, InputError) as error:
            exceptions = need("mlflow.exceptions", extra="mlflow")
            raise exceptions.MlflowException.invalid_parameter_value(str(error)) from None

    def _answered(self, rows: Any, asked: Mapping[str, Any]) -> Any:
        explain, scorer = explain_of(asked, NONE), self.served.scorer
        costs = {"costs": _read_costs(asked["costs"])} if asked["costs"] else {}
        with sentenced:
            table = read_table(rows)
            encoded = scorer.encoded(table)
        given = None if explain == NONE else [table[name].to_pylist() for name in scorer.columns]
        batch = Batch(scorer.encoder, encoded.matrix, given)
        request = Request(id=None, rows=batch, explain=explain, costs=costs_of(costs, len(batch)) if costs else None)
        found = answer(self.served, request)
        said = {
            "probability": found.probability,
            "alert": found.alert,
            "label": np.array(self.labels, dtype=object)[found.alert.astype(int)],
        }
        if found.tier is not None:
            said["tier"] = found.tier
        if found.reasons is not None:
            said["reasons"] = [None if r is None else write_json(plain_reasons(r)).decode() for r in found.reasons]
        return need("pandas", extra="mlflow").DataFrame(said, index=getattr(rows, "index", None))


def _read_costs(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise wrong(f'`costs` is a JSON text such as {{"fp": 1, "fn": [10, 20]}}; got {shown(text)}.') from None


def load_bundle(path: str) -> Answering:
    """The bundle of a folder, verified and warmed.

    Raises
    ------
    BundleError
        There is no bundle, it was altered or damaged, or it decides over many rows only.
    """
    folder = Folder(path)
    state, served = folder.state(), read_served("", folder.path)
    rare, classes = read_label(state["pos_label"]), [read_label(label) for label in state["classes"]]
    usual = next((label for label in classes if label != rare), None)
    spelt = (folder.manifest["recipe"].get("written") or {}).get("labels", {})
    return Answering(served, (spelt.get(str(usual), str(usual)), spelt.get(str(rare), str(rare))))
