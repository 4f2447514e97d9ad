"""make_imbalance and fetch_datasets."""

import io
import tarfile

import numpy as np
import pandas as pd
import pytest

from rareclass import datasets
from rareclass.datasets import fetch_datasets, make_imbalance
from rareclass.errors import InputError


def balanced():
    return pd.DataFrame({"a": np.arange(90.0)}), pd.Series(np.repeat(["x", "y", "z"], 30))


def test_classes_have_the_rows_asked_for():
    X, y = balanced()
    X_res, y_res = make_imbalance(X, y, sampling_strategy={"x": 3, "z": 10}, random_state=0)
    assert y_res.value_counts().to_dict() == {"y": 30, "z": 10, "x": 3}
    assert (y_res == y[X_res["a"].astype(int)].to_numpy()).all()


def test_a_callable_gets_its_arguments():
    X, y = balanced()
    _, y_res = make_imbalance(X, y, sampling_strategy=lambda y, few: {"y": few}, few=4, random_state=0)
    assert (y_res == "y").sum() == 4


def test_a_missing_strategy_is_said():
    # imbalanced-learn: UnboundLocalError (defect D14).
    with pytest.raises(InputError, match="give a mapping"):
        make_imbalance(*balanced())


@pytest.mark.parametrize("strategy", [{"x": 31}, {"w": 3}, {"x": -1}])
def test_impossible_numbers_are_refused(strategy):
    with pytest.raises(InputError):
        make_imbalance(*balanced(), sampling_strategy=strategy)


def test_verbose_prints_both_distributions(capsys):
    make_imbalance(*balanced(), sampling_strategy={"x": 3}, verbose=True)
    assert len(capsys.readouterr().out.splitlines()) == 2


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
    monkeypatch.setattr(datasets, "_URL", path.as_uri())
    return tmp_path / "home"


def test_benchmark_sets_are_fetched_once_and_found_again(archive, monkeypatch):
    found = fetch_datasets(data_home=str(archive), filter_data=("ecoli", 27))
    assert list(found) == ["ecoli", "abalone_19"]
    assert found["abalone_19"].data.shape == (4, 2)
    monkeypatch.setattr(datasets, "_URL", "file:///nowhere")
    again = fetch_datasets(data_home=str(archive), filter_data=("abalone",), shuffle=True, random_state=0)
    assert sorted(again["abalone"].target.tolist()) == [-1, -1, -1, 1]


def test_absent_sets_are_not_downloaded_unless_allowed(archive):
    with pytest.raises(OSError, match="download_if_missing"):
        fetch_datasets(data_home=str(archive), filter_data=("oil",), download_if_missing=False)


@pytest.mark.parametrize("wanted", [("nothing",), (0,), (28,), (1.5,)])
def test_unknown_sets_are_refused(archive, wanted):
    with pytest.raises(InputError):
        fetch_datasets(data_home=str(archive), filter_data=wanted)
