"""Public data sets that are fetched by name: the imbalanced-learn collection (Zenodo) and a few of OpenML."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rareclass._types import Label
from rareclass.data import zenodo
from rareclass.data.entry import CatalogueEntry
from rareclass.data.read import read_table


@dataclass(frozen=True, kw_only=True)
class PublicData:
    """A public set: where it is (number in the Zenodo archive or OpenML id) and what is known about it."""

    name: str
    rows: int
    events: int | None = None
    origin: str = "openml"
    number: int
    description: str
    target: str = "Class"
    pos_label: Label = 1
    drop: tuple[str, ...] = ()


_ZENODO = tuple(
    PublicData(
        name=name,
        rows=rows,
        origin="zenodo",
        number=number,
        description="imbalanced-learn benchmark collection",
        target="label",
    )
    for number, (name, rows) in enumerate(zenodo.ROWS.items(), start=1)
)
_OPENML = (
    PublicData(
        name="creditcard",
        rows=284_807,
        events=492,
        number=1597,
        description="card frauds of two days, full precision",
        pos_label="1",
    ),
    PublicData(
        name="bank-marketing",
        rows=45_211,
        events=5_289,
        number=1461,
        description="calls of a bank; V12 (duration) leaks",
        pos_label="2",
        drop=("V12",),
    ),
    PublicData(
        name="sick",
        rows=3_772,
        events=231,
        number=38,
        description="thyroid disease, mixed types, missing values",
        pos_label="sick",
    ),
    PublicData(
        name="pc1",
        rows=1_109,
        events=77,
        number=1068,
        description="software defects",
        target="defects",
        pos_label="true",
    ),
)
PUBLIC = (*_ZENODO, *_OPENML)


def fetch(wanted: PublicData) -> CatalogueEntry:
    """Fetch a public set, or read it where an earlier fetch left it."""
    return CatalogueEntry(
        name=wanted.name,
        table=_from_zenodo(wanted) if wanted.origin == "zenodo" else _from_openml(wanted),
        target=wanted.target,
        pos_label=wanted.pos_label,
        drop=wanted.drop,
        why_dropped=dict.fromkeys(wanted.drop, "leakage: known only afterwards"),
        notes=f"{wanted.description} ({wanted.origin} {wanted.number})",
    )


def _from_zenodo(wanted: PublicData) -> pa.Table:
    data, label = zenodo.read_set(wanted.name, zenodo.folder_of())
    matrix = np.asarray(data, dtype=np.float64)
    columns = {f"x{i}": matrix[:, i] for i in range(matrix.shape[1])}
    return read_table({**columns, wanted.target: (np.asarray(label).ravel() > 0).astype(np.int8)})


def _from_openml(wanted: PublicData) -> pa.Table:
    from sklearn.datasets import fetch_openml

    from rareclass._lazy import need

    need("pandas", extra="pandas")
    try:
        bunch = fetch_openml(data_id=wanted.number, as_frame=True, parser="auto", n_retries=1, delay=0.0)
    except (OSError, ValueError) as error:
        raise zenodo.no_network(wanted.name, "openml.org", error) from None
    return read_table(bunch.frame)
