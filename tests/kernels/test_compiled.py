"""Compiled functions are kept where that is possible, read where they were kept, and work where neither is."""

import importlib.util
import itertools
import warnings

import pytest
from numba.core import caching

from rareclass.errors import KernelCacheWarning
from rareclass.kernels import compiled as room

SOURCE = "from rareclass.kernels.compiled import compiled\n\n@compiled\ndef double(x):\n    return 2.0 * x\n"
NUMBER = itertools.count()


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """Imports the function as a new process would, and says what it warned of."""
    (tmp_path / "kernel.py").write_text(SOURCE)
    monkeypatch.setattr(caching.config, "CACHE_DIR", "")

    def load():
        room._say_damaged.cache_clear()
        room._say_nowhere.cache_clear()
        spec = importlib.util.spec_from_file_location(f"kernel_{next(NUMBER)}", tmp_path / "kernel.py")
        module = importlib.util.module_from_spec(spec)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            spec.loader.exec_module(module)
            assert module.double(1.5) == 3.0
            assert module.double(2) == 4.0
        return module.double, [w for w in said if issubclass(w.category, KernelCacheWarning)]

    return load


def kept_files(tmp_path, ending):
    return sorted((tmp_path / "__pycache__").glob(f"*.{ending}"))


def nowhere_to_write(monkeypatch):
    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])


def test_a_function_is_compiled_once_and_then_read(fresh, tmp_path):
    first, said = fresh()
    assert not said
    assert sum(first.stats.cache_misses.values()) == 2
    again, said = fresh()
    assert not said
    assert sum(again.stats.cache_hits.values()) == 2
    assert again._cache.cache_path == str(tmp_path / "__pycache__")


def test_what_was_compiled_ahead_is_read_where_nothing_can_be_written(fresh, monkeypatch):
    fresh()
    nowhere_to_write(monkeypatch)
    again, said = fresh()
    assert not said
    assert sum(again.stats.cache_hits.values()) == 2
    assert again._cache.cache_path is None


def test_without_any_folder_functions_work_and_it_is_said_once(fresh, monkeypatch):
    nowhere_to_write(monkeypatch)
    _, said = fresh()
    assert [str(w.message)[:34] for w in said] == ["Compiled kernels cannot be kept: n"]


def test_a_folder_that_became_read_only_is_said_once(fresh, monkeypatch):
    def refuse(self, filepath):
        raise PermissionError(13, "read-only", filepath)

    monkeypatch.setattr(caching.IndexDataCacheFile, "_open_for_write", refuse)
    _, said = fresh()
    assert len(said) == 1


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", ["changed", "cut", "empty", "foreign"])
def test_a_damaged_cache_is_compiled_anew_and_said_once(fresh, tmp_path, ending, damage):
    fresh()
    for path in kept_files(tmp_path, ending):
        raw = path.read_bytes()
        changed = raw[:40] + bytes(b ^ 0xFF for b in raw[40:80]) + raw[80:]
        path.write_bytes({"changed": changed, "cut": raw[:60], "empty": b"", "foreign": b"no cache at all"}[damage])
    _, said = fresh()
    assert len(said) == 1
    assert "is damaged or foreign" in str(said[0].message)
    again, said = fresh()
    assert not said
    assert sum(again.stats.cache_hits.values()) == 2


def test_changed_machine_code_never_runs(fresh, tmp_path):
    fresh()
    for path in kept_files(tmp_path, "nbc"):
        raw = bytearray(path.read_bytes())
        raw[len(raw) // 2] ^= 1
        path.write_bytes(bytes(raw))
    _, said = fresh()
    assert "does not match" in str(said[0].message) or "ValueError" in str(said[0].message)
