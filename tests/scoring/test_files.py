"""A bundle's folder is verified before anything in it is used, and a damaged scorer is refused before any row."""

import io
import json
import zipfile

import numpy as np
import pytest

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.errors import BundleError
from rareclass.scoring import Scorer, files
from rareclass.scoring.files import KNOWN, PARTS, READ, Folder, digest, read_arrays, version_of


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 3))
    folder = tmp_path_factory.mktemp("saved") / "m"
    Bundle(RareClassifier("random_forest", treatment="none", cv=2).fit(X, X[:, 0] > 1.3)).save(folder)
    return folder


@pytest.fixture
def copy(saved, tmp_path):
    for file in saved.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def replace_file(folder, name, raw):
    """Put another content in the place of a file, with a manifest that fits: what no checksum can see."""
    (folder / name).write_bytes(raw)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][name] = digest(raw)
    (folder / "manifest.json").write_text(json.dumps(manifest))


def with_arrays(folder, change):
    with np.load(folder / "scorer.npz") as found:
        arrays = dict(found)
    change(arrays)
    out = io.BytesIO()
    np.savez(out, **arrays)
    replace_file(folder, "scorer.npz", out.getvalue())


def test_the_version_is_that_of_the_manifest(saved):
    raw = (saved / "manifest.json").read_bytes()
    assert Folder(saved).version == version_of(raw) == Bundle.load(saved).version
    assert len(version_of(raw)) == 12
    assert int(version_of(raw), 16) >= 0
    assert Bundle(Bundle.load(saved).model).version == ""


@pytest.mark.parametrize("name", ["scorer.npz", "model.json"])
def test_one_changed_byte_is_noticed(copy, name):
    raw = bytearray((copy / name).read_bytes())
    raw[len(raw) // 2] ^= 1
    (copy / name).write_bytes(bytes(raw))
    with pytest.raises(BundleError, match=f"altered: {name}"):
        Scorer.load(copy)


def test_a_file_that_is_missing_is_named(copy):
    (copy / "scorer.npz").unlink()
    with pytest.raises(BundleError, match=r"incomplete: scorer.npz is missing"):
        Scorer.load(copy)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda a: a.pop("threshold"), "threshold"),
        (lambda a: a["left"].__setitem__(0, 10**6), "child outside"),
        (lambda a: a["right"].__setitem__(0, 0), "reached twice"),
        (lambda a: a["feature"].__setitem__(0, 99), "column outside"),
        (lambda a: a["threshold"].__setitem__(0, np.nan), "no number"),
        (lambda a: a.__setitem__("value", a["value"][:-1]), "value"),
        (lambda a: a.__setitem__("root", a["root"].astype(float)), "root"),
        (lambda a: a.__setitem__("more", np.zeros(1)), "more"),
        (lambda a: a.__setitem__("n_features", np.asarray(4)), "4 columns of rows that have 3"),
    ],
)
def test_damaged_trees_are_refused_before_a_row_is_scored(copy, change, said):
    with_arrays(copy, change)
    for load in (Scorer.load, Bundle.load):
        with pytest.raises(BundleError, match=said):
            load(copy)


def test_objects_are_never_unpickled(copy):
    out = io.BytesIO()
    np.savez(out, root=np.array([print], dtype=object))
    replace_file(copy, "scorer.npz", out.getvalue())
    with pytest.raises(BundleError, match=r"cannot be read .*Object arrays"):
        Scorer.load(copy)


def test_what_unpacks_to_too_much_is_not_unpacked(tmp_path, monkeypatch):
    assert files._MOST_BYTES == 2**31  # less here: two gibibytes take ten seconds to pack
    monkeypatch.setattr(files, "_MOST_BYTES", 2**25)
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.npy", "w", force_zip64=True) as file,
    ):
        for _ in range(65):
            file.write(bytes(2**19))
    assert len(out.getvalue()) < 2**16
    with pytest.raises(BundleError, match="more than a scorer can be"):
        read_arrays(out.getvalue(), tmp_path / "scorer.npz")


def test_a_header_that_asks_for_too_much_is_refused(tmp_path):
    out = io.BytesIO()
    np.save(out, np.zeros(4))
    lying = out.getvalue().replace(b"(4,)", b"(4000000000000,)").replace(b"  \n", b"\n", 1)
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("a.npy", lying)
    with pytest.raises(BundleError, match="cannot be read"):
        read_arrays(zipped.getvalue(), tmp_path / "scorer.npz")


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04 no archive", b"\x93NUMPY"])
def test_what_is_no_archive_is_refused(tmp_path, raw):
    with pytest.raises(BundleError, match="cannot be read"):
        read_arrays(raw, tmp_path / "scorer.npz")


@pytest.mark.parametrize("part", [part for part in PARTS if part not in READ])
def test_parts_of_later_versions_are_refused_not_ignored(copy, part):
    state = json.loads((copy / "model.json").read_text())
    assert state[part] is None
    state[part] = [{"name": "review"}]
    replace_file(copy, "model.json", json.dumps(state).encode())
    with pytest.raises(BundleError, match=f"holds {part}, which this version cannot score"):
        Scorer.load(copy)


def test_foreign_files_and_members_are_refused(copy):
    replace_file(copy, "run.py", b"print()")
    with pytest.raises(BundleError, match=r"names the file .run\.py."):
        Scorer.load(copy)
    assert "run.py" not in KNOWN


def test_members_of_unknown_kinds_are_refused(copy):
    state = json.loads((copy / "model.json").read_text())
    state["scorer"]["kind"] = "os:system"
    replace_file(copy, "model.json", json.dumps(state).encode())
    with pytest.raises(BundleError, match="os:system"):
        Scorer.load(copy)
