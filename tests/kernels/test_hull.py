import numpy as np

from rareclass.kernels.hull import upper_hull


def test_every_direction_prefers_a_point_of_the_hull():
    rng = np.random.default_rng(0)
    for _ in range(50):
        n = 40
        x, y = np.sort(rng.integers(0, 15, n)) / 15, np.sort(rng.integers(0, 15, n)) / 15
        x[0] = y[0] = 0
        x[-1] = y[-1] = 1
        kept = upper_hull(x, y)
        for angle in np.linspace(0, 1, 30):
            value = angle * y - (1 - angle) * x
            assert value[kept].max() == value.max()
        assert (np.diff(kept) > 0).all()
