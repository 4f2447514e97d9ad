"""Let numba start with what it needs: nothing of its compiler to run what is compiled, no SciPy to compile.

A fresh process spends 0.3 s on the rules by which numba types and compiles functions, and as much again on SciPy's
linear algebra, before it runs the first compiled function that it finds on disk. Neither is needed for that. numba
makes its compiler ready, and asks for linear algebra where compiled code multiplies matrices, by itself.
"""

import sys
from importlib import import_module
from typing import Any

from numba.core.runtime import rtsys


def ready_to_run(target_context: Any) -> None:
    """Load what machine code from disk refers to: numba's run time, array functions and secrets of hash functions."""
    rtsys.initialize(target_context)
    import_module("numba.cpython.hashing")
    start_without_blas()


def start_without_blas() -> None:
    """Load numba's array functions, and leave out the search for BLAS; where numba has changed, nothing happens."""
    if "numba.np.arraymath" in sys.modules:
        return
    linalg = import_module("numba.np.linalg")
    search = getattr(linalg, "ensure_blas", None)
    if search is None:
        return
    linalg.ensure_blas = lambda: None  # type: ignore[attr-defined]
    try:
        import_module("numba.np.arraymath")
    finally:
        linalg.ensure_blas = search  # type: ignore[attr-defined]
