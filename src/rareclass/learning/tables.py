"""Real tables for the lessons, and simulated transactions where they are not on this machine."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rareclass.data.catalogue import data_folder, load_data
from rareclass.data.simulate import simulate_transactions
from rareclass.errors import ReadError


@dataclass(frozen=True)
class LessonTable:
    """A table for a lesson.

    Attributes
    ----------
    name : str
    features : pyarrow.Table
    y : ndarray of shape (n,), bool
        True for the events.
    simulated : bool
        Whether simulated transactions stand in for the set that was asked for.
    """

    name: str
    features: pa.Table
    y: np.ndarray
    simulated: bool

    @property
    def matrix(self) -> np.ndarray:
        """The numeric features, float64 of shape (n, d), missing values at the median of their column."""
        numeric = [c for c in self.features.column_names if _is_number(self.features.schema.field(c).type)]
        found = np.column_stack([self.features[c].cast(pa.float64()).to_numpy() for c in numeric])
        return np.where(np.isnan(found), np.nanmedian(found, axis=0), found)


def table_or_simulated(name: str, *, rows: int = 20_000, prevalence: float = 0.02, seed: int = 0) -> LessonTable:
    """A data set of the catalogue that is on this machine, else simulated card transactions, which is said.

    Parameters
    ----------
    name : str
        A name of `rareclass.data.list_data`. Nothing is fetched from the network.
    rows, prevalence, seed : int, float, int
        Of the simulated transactions.

    Examples
    --------
    >>> table_or_simulated("mammography").matrix.shape  # doctest: +SKIP
    (11183, 6)
    """
    if data_folder() is not None:
        try:
            entry = load_data(name)
        except ReadError:
            pass
        else:
            y = np.asarray(entry.table[entry.target].to_numpy()) == entry.pos_label
            return LessonTable(name, entry.features, y, False)
    print(
        f"The data set {name!r} is not on this machine: {rows:,} simulated card transactions stand in for it, so the "
        "numbers differ from those in the docs."
    )
    simulated = simulate_transactions(rows, prevalence=prevalence, seed=seed)
    away = [simulated.target, simulated.time, simulated.group]
    return LessonTable("simulated card transactions", simulated.table.drop_columns(away), simulated.y, True)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))
