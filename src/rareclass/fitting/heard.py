"""What libraries say while several models are fitted side by side: kept for each fit, never lost.

Python before 3.14 has one table of warnings for the whole process, so that two fits in two threads cannot each record
their own. Here is the only place that deals with it: while fits run, warnings raised in their threads go to the fit
that runs there; those of every other thread meet the filters and go where they went before.
"""

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TO_DEVELOPERS = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)


@dataclass(frozen=True)
class Heard:
    """One warning: its category and its text."""

    category: type[Warning]
    text: str

    def again(self, stacklevel: int = 2) -> None:
        """Raise it once more, for the caller who sees no report."""
        warnings.warn(self.text, self.category, stacklevel=stacklevel + 1)


class _Ear:
    """The one hook of the process, open while anybody listens; for each thread a stack of those who do."""

    def __init__(self) -> None:
        self.lock, self.here, self.open = threading.Lock(), threading.local(), 0

    def hang(self) -> None:
        with self.lock:
            if not self.open:
                self.table: Any = warnings.catch_warnings()
                self.table.__enter__()
                self.filters, self.before, self.seen = list(warnings.filters), warnings.showwarning, set[Any]()
                warnings.simplefilter("always")
                warnings.showwarning = self.show
            self.open += 1

    def take_down(self) -> None:
        with self.lock:
            self.open -= 1
            if not self.open:
                self.table.__exit__(None, None, None)

    def show(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: Any = None,
        line: Any = None,
    ) -> None:
        """What Python calls for a warning."""
        stack = getattr(self.here, "stack", None)
        if not stack:
            self._pass_on(message, category, filename, lineno, file, line)
        elif not issubclass(category, TO_DEVELOPERS):
            stack[-1].append(Heard(category, str(message)))

    def _pass_on(self, message: Any, category: type[Warning], filename: str, lineno: int, *where: Any) -> None:
        """What the filters of before would have done, but for the module, of which only the file is known."""
        action = "default"
        for wanted, text, kind, module, line in self.filters:
            name = Path(filename).stem
            here = module is None or (name == module if isinstance(module, str) else bool(module.match(name)))
            if here and issubclass(category, kind) and line in (0, lineno) and (not text or text.match(str(message))):
                action = wanted
                break
        key = (category, str(message), filename, lineno)
        if action == "error":
            raise message
        if action == "ignore" or (action != "always" and key in self.seen):
            return
        self.seen.add(key)
        self.before(message, category, filename, lineno, *where)


_EAR = _Ear()


@contextmanager
def listen() -> Iterator[list[Heard]]:
    """Collect the warnings of the thread that this runs in, while `listening` is open somewhere."""
    stack: list[list[Heard]] = _EAR.here.__dict__.setdefault("stack", [])
    stack.append([])
    try:
        yield stack[-1]
    finally:
        stack.pop()


@contextmanager
def listening() -> Iterator[Callable[[], AbstractContextManager[list[Heard]]]]:
    """While open, ``with listen() as heard`` collects the warnings of the thread that it runs in; gives `listen`."""
    _EAR.hang()
    try:
        yield listen
    finally:
        _EAR.take_down()
