"""Let numba start without loading SciPy's linear algebra, which it looks for and our scoring does not use.

That costs a fresh process 0.3 s. numba asks for it again, by itself, where compiled code multiplies matrices.
"""

import sys
from importlib import import_module


def start_without_blas() -> None:
    """Load numba's array functions now, and leave out the search; where numba has changed, nothing happens."""
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
