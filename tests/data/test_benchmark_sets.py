"""fetch_datasets: the archive is fetched once."""

import io
import tarfile

import numpy as np
import pytest

from rareclass.data import zenodo
from rareclass.datasets import fetch_datasets
from rareclass.errors import InputError


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """A tiny archive of the published layout, behind a file address."""
    path = tmp_path / "benchmark.tar.gz"
    with tarfile.open(path, "w:gz") as packed:
        for number in (1, 5, 27):
            content = io.BytesIO()
            np.savez(content, data=np.full((4, 2), number), label=np.array([-1, -1, -1, 1]))
            entry = tarfile.TarInfo(f"x{number}data.npz")
            entry.size = content.tell()
            content.seek(0)
            packed.addfile(entry, content)
    monkeypatch.setattr(zenodo, "URL", path.as_uri())
    return tmp_path / "home"


def test_benchmark_sets_are_fetched_once_and_found_again(archive, monkeypatch):
    found = fetch_datasets(data_home=str(archive), filter_data=("ecoli", 27))
    assert list(found) == ["ecoli", "abalone_19"]
    assert found["abalone_19"].data.shape == (4, 2)
    monkeypatch.setattr(zenodo, "URL", "file:///nowhere")
    again = fetch_datasets(data_home=str(archive), filter_data=("abalone",), shuffle=True, random_state=0)
    assert sorted(again["abalone"].target.tolist()) == [-1, -1, -1, 1]


def test_absent_sets_are_not_downloaded_unless_allowed(archive):
    with pytest.raises(OSError, match="download_if_missing"):
        fetch_datasets(data_home=str(archive), filter_data=("oil",), download_if_missing=False)


@pytest.mark.parametrize("wanted", [("nothing",), (0,), (28,), (1.5,)])
def test_unknown_sets_are_refused(archive, wanted):
    with pytest.raises(InputError):
        fetch_datasets(data_home=str(archive), filter_data=wanted)
