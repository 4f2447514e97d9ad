"""Files of other formats beside a bundle: compared on the user's rows, and whole or not at all."""

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from tests.scoring.test_scorer import fitted, table

from rareclass import __version__
from rareclass.artifact import Bundle
from rareclass.artifact.export import export_bundle
from rareclass.errors import InputError, SchemaError
from rareclass.scoring.export import checking

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

COLUMNS = ["x", "shop", "at"]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    path = tmp_path_factory.mktemp("bundle") / "m"
    model, data = fitted("lightgbm", COLUMNS)
    Bundle(model, name="lightgbm+none", target="y", rows=data).save(path)
    return path


def test_both_formats_are_written_and_say_which_bundle_they_are_of(bundle, tmp_path):
    wanted = {"onnx": tmp_path / "new" / "m.onnx", "lightgbm": tmp_path / "m.txt"}
    written = export_bundle(bundle, wanted)
    assert written == [(path, path.stat().st_size) for path in wanted.values()]
    said = {entry.key: entry.value for entry in onnx.load(wanted["onnx"]).metadata_props}
    version = Bundle.load(bundle).version
    assert said.pop("threshold")
    assert said == {
        "rareclass": __version__,
        "bundle": version,
        "name": "lightgbm+none",
        "target": "y",
        "pos_label": "True",
    }
    assert f"rareclass_bundle={version}" in wanted["lightgbm"].read_text().splitlines()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["m.txt", "new"]


def test_rows_of_a_file_of_text_are_compared_too(bundle, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(checking, "_refuse", lambda scorer, ask, rows: seen.append(rows.num_rows))
    pyarrow.csv.write_csv(table(321, seed=2)[0], tmp_path / "rows.csv")
    export_bundle(bundle, {"onnx": tmp_path / "m.onnx"}, rows=tmp_path / "rows.csv")
    assert 321 in seen
    pyarrow.csv.write_csv(pa.table({"x": [1.0]}), tmp_path / "few.csv")
    with pytest.raises(SchemaError, match="shop"):
        export_bundle(bundle, {"onnx": tmp_path / "n.onnx"}, rows=tmp_path / "few.csv")
    assert not (tmp_path / "n.onnx").exists()


def test_what_stops_it_leaves_nothing(bundle, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(checking, "_refuse", stop)
    with pytest.raises(KeyboardInterrupt):
        export_bundle(bundle, {"onnx": tmp_path / "m.onnx", "lightgbm": tmp_path / "m.txt"})
    assert not list(tmp_path.iterdir())


def test_a_difference_writes_nothing(bundle, tmp_path, monkeypatch):
    right = checking.Answers.__call__

    def wrong(self, feeds):
        return right(self, feeds) | {"logit": np.zeros(len(feeds["x"]))}

    monkeypatch.setattr(checking.Answers, "__call__", wrong)
    with pytest.raises(InputError, match="log-odds differ"):
        export_bundle(bundle, {"onnx": tmp_path / "m.onnx"})
    assert not list(tmp_path.iterdir())
