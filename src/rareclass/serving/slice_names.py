"""Which slices have a label of their own in the metrics: the first of each model, the same for all workers."""

import fcntl
import json
from pathlib import Path

MOST = 50
OTHER = "other"
LONGEST = 100


def shown(text: object) -> str:
    """Text of a request as a label: valid UTF-8, on one line, of bounded length; None is "missing"."""
    if text is None:
        return "missing"
    written = str(text)[:LONGEST].encode("utf-8", "replace").decode("utf-8")
    return "".join(c if c.isprintable() else " " for c in written)


class SliceNames:
    """The slices that are counted by themselves, in a file that the workers append to under a lock.

    Parameters
    ----------
    path : Path
        One line of JSON a slice, ``[model, slice]``; made when the first slice is seen.
    most : int, default=50
        Slices of a model with a label of their own; all others are "other".
    """

    def __init__(self, path: Path, most: int = MOST) -> None:
        self.path, self.most = path, most
        self._known: dict[str, set[str]] = {}

    def label(self, model: str, text: object) -> str:
        """The label of a slice of a model."""
        known = self._known.setdefault(model, set())
        if text in known:
            return str(text)
        name = shown(text)
        if name in known or (len(known) < self.most and self._taken_up(model, name)):
            return name
        return OTHER

    def _taken_up(self, model: str, name: str) -> bool:
        """Learn what other workers took up, add this one where there is room; whether it has a label."""
        with self.path.open("a+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # until the file is closed
            file.seek(0)
            for line in file:
                of, taken = json.loads(line)
                self._known.setdefault(of, set()).add(taken)
            known = self._known[model]
            if name not in known and len(known) < self.most:
                file.write(json.dumps([model, name]) + "\n")
                known.add(name)
        return name in known
