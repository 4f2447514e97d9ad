"""A team of threads for blocks that mix matrix products and compiled passes.

The linear algebra library is held to one thread, because every member of the team multiplies for itself.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

Run = Callable[[Callable[[int], None], Iterable[int]], None]


@contextmanager
def team(threads: int) -> Iterator[Run]:
    """Give ``run(work, items)``, which calls ``work(item)`` for every item; items must write to disjoint places.

    Each item is computed as a whole by one thread: the result does not depend on their number.
    """
    with threadpool_limits(1, user_api="blas"):
        if threads <= 1:
            yield _one_by_one
            return
        with ThreadPoolExecutor(threads) as pool:

            def run(work: Callable[[int], None], items: Iterable[int]) -> None:
                for _ in pool.map(work, items):
                    pass

            yield run


def _one_by_one(work: Callable[[int], None], items: Iterable[int]) -> None:
    for item in items:
        work(item)
