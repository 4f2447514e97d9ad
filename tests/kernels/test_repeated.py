"""Levels of texts from their bytes beside a dictionary's."""

import numpy as np
import pytest

from rareclass.kernels import repeated as module
from rareclass.kernels.repeated import repeated


def packed(texts: list[bytes]) -> bytes:
    return b"".join(len(text).to_bytes(4, "little") + text for text in texts)


def some(seed: int, n: int, levels: int) -> list[bytes]:
    rng = np.random.default_rng(seed)
    known = [rng.bytes(int(size)) for size in rng.integers(0, 12, levels)]
    return [known[k] for k in rng.integers(0, levels, n)]


@pytest.mark.parametrize(("n", "levels"), [(0, 1), (1, 1), (500, 3), (500, 400)])
def test_each_text_is_its_level_and_levels_stand_once_in_the_order_of_the_texts(n, levels):
    texts = some(n, n, levels)
    raw = packed(texts)
    spans, places = repeated(memoryview(raw), n)
    assert [raw[slice(*spans[k])] for k in places] == texts
    assert [raw[start:end] for start, end in spans] == list(dict.fromkeys(texts))


def test_texts_that_meet_many_others_are_levels_of_their_own(monkeypatch):
    """Whatever the texts, the work is bounded: with a constant hash most find no place, and are still themselves."""
    monkeypatch.setattr(module, "_PROBES", 1)
    monkeypatch.setattr(module, "_OFFSET", np.uint64(0))
    monkeypatch.setattr(module, "_PRIME", np.uint64(0))
    texts = some(3, 100, 20)
    spans, levels = np.empty((100, 2), dtype=np.int64), np.empty(100, dtype=np.int64)
    raw = packed(texts)
    found = module._levels.py_func(np.frombuffer(raw, dtype=np.uint8), spans, levels, np.full(256, -1, dtype=np.int64))
    assert len(set(texts)) < found < 100
    assert [raw[slice(*spans[k])] for k in levels] == texts


@pytest.mark.parametrize("cut", [1, 3, 5])
def test_bytes_that_are_no_texts_have_no_levels(cut):
    raw = packed([b"abc", b"de"])
    assert repeated(raw[:-cut], 2) is None
    assert repeated(raw, 1) is None
    assert repeated(raw, 3) is None
    assert repeated(b"\xff\xff\xff\xff", 1) is None
