"""Run compiled, GIL-free kernels on blocks of rows by a few threads.

Plain threads instead of numba's own parallel layers: those cannot be entered by two threads at once (workqueue) or
after a fork (OpenMP), and a sampler inside a cross-validation meets both. Blocks are cut by size, never by the number
of threads, so results do not depend on it.
"""

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

_SMALL = 1 << 14


def thread_count() -> int:
    """Threads to use: `RARECLASS_NUM_THREADS`, else the processors this process may run on (8 at most)."""
    asked = os.environ.get("RARECLASS_NUM_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    return min(8, allowed)


def in_blocks(
    work: Callable[..., Any],
    n: int,
    *args: object,
    block: int = 1 << 15,
    small: int = _SMALL,
    threads: int | None = None,
) -> None:
    """Call ``work(start, stop, *args)`` for blocks that cover range(n), side by side where it pays.

    Blocks must not write to the same place. With `n` at most `small` everything runs in the calling thread; `threads`
    stands for `thread_count()`.
    """
    threads = thread_count() if threads is None else threads
    if n <= small or threads == 1:
        for start in range(0, n, block):
            work(start, min(start + block, n), *args)
        return
    block = min(block, -(-n // threads))
    starts = deque(range(0, n, block))

    def share() -> None:
        while starts:
            try:
                start = starts.popleft()
            except IndexError:  # another thread took the last one
                return
            work(start, min(start + block, n), *args)

    # The calling thread works too: starting one thread less, and not waiting for the first, is most of a small call.
    with ThreadPoolExecutor(threads - 1) as helpers:
        asked = [helpers.submit(share) for _ in range(min(threads, len(starts)) - 1)]
        share()
        for each in asked:
            each.result()
