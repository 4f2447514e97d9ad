"""Public sets: fetched once, one sentence where there is no network."""

import io
import tarfile

import numpy as np
import pytest

from rareclass.data import load_data, zenodo
from rareclass.errors import ReadError


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """A small archive in the layout of the real one, served from a file, and an empty data folder."""
    arrays = io.BytesIO()
    np.savez(arrays, data=np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), label=np.array([-1, -1, 1]))
    path = tmp_path / "archive.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name in ("x18data.npz", "../outside.npz", "readme.txt"):
            member = tarfile.TarInfo(name)
            member.size = len(arrays.getvalue())
            tar.addfile(member, io.BytesIO(arrays.getvalue()))
    monkeypatch.setenv("RARECLASS_DATA", str(tmp_path / "absent"))
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "home"))
    monkeypatch.setattr(zenodo, "URL", path.as_uri())
    return path


def test_a_public_set_is_fetched_once_and_kept(archive, tmp_path):
    entry = load_data("oil")
    assert entry.table.column_names == ["x0", "x1", "label"]
    assert entry.table.column("label").to_pylist() == [0, 0, 1]
    assert (entry.target, entry.pos_label) == ("label", 1)
    archive.unlink()
    assert load_data("imblearn_oil").table.equals(entry.table)


def test_the_archive_cannot_write_outside_its_folder(archive, tmp_path):
    load_data("oil")
    assert not (tmp_path / "home" / "outside.npz").exists()
    assert sorted(p.name for p in (tmp_path / "home" / "zenodo").iterdir()) == ["outside.npz", "x18data.npz"]


def test_no_network_is_one_sentence(archive, monkeypatch):
    monkeypatch.setattr(zenodo, "URL", "http://host.invalid/archive.tar.gz")
    with pytest.raises(ReadError, match="'oil' is not on this machine and cannot be fetched") as error:
        load_data("oil")
    assert "\n" not in str(error.value)


def test_no_network_for_openml_is_one_sentence(archive, monkeypatch):
    import sklearn.datasets

    def refuse(**_):
        raise OSError("no route to host")

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", refuse)
    with pytest.raises(ReadError, match="cannot be fetched from openml"):
        load_data("creditcard")


def test_openml_frames_become_tables(archive, monkeypatch):
    import pandas as pd
    import sklearn.datasets
    from sklearn.utils import Bunch

    frame = pd.DataFrame({"V1": [0.1, 0.2], "Class": pd.Categorical(["0", "1"])})
    monkeypatch.setattr(sklearn.datasets, "fetch_openml", lambda **_: Bunch(frame=frame))
    entry = load_data("creditcard")
    assert (entry.target, entry.pos_label) == ("Class", "1")
    assert entry.features.column_names == ["V1"]


def test_a_damaged_archive_or_file_is_one_sentence(archive, tmp_path):
    archive.write_bytes(archive.read_bytes()[:200])
    with pytest.raises(ReadError, match="arrived damaged"):
        load_data("oil")
    kept = tmp_path / "home" / "zenodo" / "x18data.npz"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(b"PK\x03\x04 not an archive")
    with pytest.raises(ReadError, match="is damaged"):
        load_data("oil")


def test_an_archive_without_the_set_is_one_sentence(archive):
    with pytest.raises(ReadError, match="abalone"):
        load_data("abalone_19")
