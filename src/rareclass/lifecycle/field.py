"""Two bundles on the same fresh rows: what each says of them, what each decides, and what that costs."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import pyarrow as pa

from rareclass import _check
from rareclass._types import Flags, Floats, PerRow, Rows
from rareclass.artifact.bundle import Bundle
from rareclass.data.columns import canonical_texts, dictionary_codes
from rareclass.data.read import read_table
from rareclass.decisions.costs import CostMatrix, Costs, RowCosts, as_costs
from rareclass.errors import InputError
from rareclass.fitting.model import EQUAL_COSTS
from rareclass.kernels.logits import sigmoid

NO_VALUE = "(no value)"


@dataclass(frozen=True, kw_only=True)
class Field:
    """The rows on which a challenger meets the champion, checked once; those of weight zero are gone.

    Attributes
    ----------
    champion, challenger : Bundle
    table : pyarrow.Table
    y : ndarray of shape (n,), bool
    weight, groups : ndarray of shape (n,), or None
    costs : CostMatrix, RowCosts or None
        None where nobody named any.
    slices : ndarray of shape (n,) of str, or None
    """

    champion: Bundle
    challenger: Bundle
    table: pa.Table
    y: Flags
    weight: Floats | None = None
    groups: np.ndarray | None = None
    costs: Costs | None = None
    slices: np.ndarray | None = None

    @classmethod
    def of(
        cls,
        pair: tuple[Bundle, Bundle],
        X: Rows,
        y: PerRow,
        *,
        costs: Any = None,
        groups: PerRow | None = None,
        slices: PerRow | str | None = None,
        sample_weight: PerRow | None = None,
    ) -> Self:
        """Check the rows (n,) of a table for a pair (champion, challenger)."""
        champion, challenger = pair
        refuse_other_problem(champion, challenger)
        table = read_table(X)
        truth = _check.binary_target(y, champion.model.model_.pos_label, "y")
        group = None if groups is None else _check.column(groups, "groups")
        n = _check.same_length(X=table, y=truth, groups=group)
        weight = _check.weights(sample_weight, n)
        money = stored_costs(champion) or stored_costs(challenger) if costs is None else as_costs(costs, n=n)
        part = _slices(champion, table, slices)
        if weight is not None and not weight.all():
            kept = np.flatnonzero(weight)
            table, truth, weight = table.take(kept), truth[kept], weight[kept]
            group, part = (None if v is None else v[kept] for v in (group, part))
            money = money.take(kept) if isinstance(money, RowCosts) else money
        _check.both_classes(truth, "y")
        return cls(
            champion=champion,
            challenger=challenger,
            table=table,
            y=truth,
            weight=weight,
            groups=group,
            costs=money,
            slices=part,
        )

    @property
    def events(self) -> int:
        return int(self.y.sum())

    @cached_property
    def logits(self) -> tuple[Floats, Floats]:
        """Calibrated log-odds (n,) of the champion and of the challenger."""
        old, new = (b.model.model_.logit(self.table)[0] for b in (self.champion, self.challenger))
        return old, new

    @cached_property
    def losses(self) -> tuple[Floats, Floats, Floats]:
        """What each row (n,) costs under the champion and the challenger, and by how much the two could differ."""
        assert self.costs is not None
        (old, first), (new, second) = (
            bundle.model.decision_.spent(self.y, sigmoid(z), self.costs)
            for bundle, z in zip((self.champion, self.challenger), self.logits)
        )
        return old, new, np.maximum(first, second)


def refuse_other_problem(champion: Bundle, challenger: Bundle) -> None:
    """Raise where two bundles do not foretell the same event."""
    old, new = champion.model.model_, challenger.model.model_
    if not _check.same_label(old.pos_label, new.pos_label):
        raise InputError(
            f"The champion's event is {old.pos_label!r}, the challenger's {new.pos_label!r}: they cannot be compared. "
            "Train the challenger with the champion's `pos_label`."
        )
    if None not in (champion.target, challenger.target) and champion.target != challenger.target:
        raise InputError(
            f"The champion foretells {champion.target!r}, the challenger {challenger.target!r}: they cannot be "
            "compared. Train the challenger for the champion's target."
        )


def stored_costs(bundle: Bundle) -> CostMatrix | None:
    """The costs that a bundle decides by; None where nobody named any, or each row has its own."""
    found = getattr(bundle.model.decision_.rule, "costs", None)
    return found if isinstance(found, CostMatrix) and found != EQUAL_COSTS else None


def _slices(champion: Bundle, table: pa.Table, slices: PerRow | str | None) -> np.ndarray | None:
    """Name of the slice of each row: of a column, given, or those that the champion knows."""
    known = champion.model.model_.slices
    if slices is None and known is not None:
        slices = known.column
    if slices is None:
        return None
    if isinstance(slices, str):
        if slices not in table.column_names:
            raise InputError(
                f"There is no column {slices!r} for `slices`; the table has {', '.join(table.column_names)}."
            )
        values = table[slices]
    else:
        given = _check.column(slices, "slices")
        if given.size != table.num_rows:
            raise InputError(f"`slices` has {given.size} rows, the data {table.num_rows}.")
        values = read_table({"slices": given})["slices"]
    codes, levels = dictionary_codes(values)
    texts = [NO_VALUE if t is None else t for t in canonical_texts(levels)] + [NO_VALUE]
    return np.array(texts, dtype=object)[codes].astype(str)
