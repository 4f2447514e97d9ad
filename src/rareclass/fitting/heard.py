"""What libraries say while several models are fitted side by side: kept for each fit, never lost.

Python before 3.14 has one table of warnings for the whole process, so that two fits in two threads cannot each record
their own. Here is the only place that deals with it: while fits run, warnings raised in their threads go to the fit
that runs there; those of every other thread go where they went before.
"""

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Heard:
    """One warning: its category and its text."""

    category: type[Warning]
    text: str

    def again(self, stacklevel: int = 2) -> None:
        """Raise it once more, for the caller who sees no report."""
        warnings.warn(self.text, self.category, stacklevel=stacklevel + 1)


Listen = Callable[[], AbstractContextManager[list[Heard]]]


@contextmanager
def listening() -> Iterator[Listen]:
    """While open, ``with listen() as heard`` collects the warnings of the thread that it runs in."""
    here = threading.local()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        for spoken_to_developers in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", spoken_to_developers)
        before = warnings.showwarning

        def show(message, category, filename, lineno, file=None, line=None) -> None:  # type: ignore[no-untyped-def]
            heard: list[Heard] | None = getattr(here, "heard", None)
            if heard is None:
                before(message, category, filename, lineno, file, line)
            else:
                heard.append(Heard(category, str(message)))

        @contextmanager
        def listen() -> Iterator[list[Heard]]:
            here.heard = []
            try:
                yield here.heard
            finally:
                here.heard = None

        warnings.showwarning = show
        yield listen
