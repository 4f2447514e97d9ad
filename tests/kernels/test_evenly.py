"""Places spread evenly."""

import numpy as np
import pytest

from rareclass.kernels.evenly import evenly


@pytest.mark.parametrize("n", [0, 1, 2, 7, 100, 12_345])
@pytest.mark.parametrize("most", [1, 2, 3, 50, 9_999])
def test_places_differ_rise_and_lie_apart_by_as_good_as_the_same(n: int, most: int) -> None:
    found = evenly(n, most)
    assert found.size == min(n, most)
    if n:
        assert found[0] == 0
    if found.size > 1:
        gaps = np.diff(found)
        assert found[-1] == n - 1
        assert gaps.min() >= 1
        assert gaps.max() - gaps.min() <= 1
