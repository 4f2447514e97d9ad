"""What a guard says, and what all of them look at."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

import pyarrow as pa

from rareclass._types import Flags
from rareclass.artifact.bundle import Bundle


@dataclass(frozen=True)
class Guard:
    """One check of a challenger: its name, "ok", "failed" or "cannot tell", and a sentence."""

    name: str
    verdict: Literal["ok", "failed", "cannot tell"]
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)


class Labelled(NamedTuple):
    """Labelled rows that a guard looks at, and what they are called."""

    said: str
    table: pa.Table
    y: Flags


def training_rows(challenger: Bundle) -> Labelled | None:
    """The rows that a challenger was trained on; None where it was read from disk, which keeps none."""
    fitted = challenger.model.model_
    if (
        not isinstance(challenger.rows, pa.Table)
        or challenger.rows.num_rows != fitted.oof_y.size
        or not fitted.oof_y.size
    ):
        return None
    return Labelled("rows that the challenger was trained on", challenger.rows, fitted.oof_y)


def listed(names: list[str], most: int = 4) -> str:
    """Names in a sentence, quoted."""
    shown = ", ".join(map(repr, names[:most]))
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
