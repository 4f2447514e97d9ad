"""What a bundle's files say is refused in one sentence before a row is scored, where it cannot have been written."""

import io
import json
import os
import zipfile

import numpy as np
import pyarrow as pa
import pytest
from tests.scoring.test_files import replace_file, with_arrays

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.errors import BundleError, InputError
from rareclass.kernels.trees import FlatTrees
from rareclass.scoring import Scorer
from rareclass.scoring.maps import calibration_map
from rareclass.scoring.members import read_member
from rareclass.scoring.saved import number, texts, vector, whole

MANIFEST = "manifest.json"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    rng = np.random.default_rng(0)
    x = rng.normal(size=600)
    table = pa.table(
        {
            "x": x,
            "shop": rng.choice(["a", "b", "c"], 600),
            "at": np.datetime64("2024-01-01", "s") + rng.integers(0, 10**7, 600),
            "note": [f"win {i} of the {i % 7}" for i in range(600)],
        }
    )
    folder = tmp_path_factory.mktemp("saved") / "m"
    Bundle(RareClassifier("lightgbm", treatment="none", cv=2).fit(table, x > 1.3)).save(folder)
    return folder


@pytest.fixture
def copy(saved, tmp_path):
    for file in saved.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def nested(value, levels):
    for _ in range(levels):
        value = {"kind": "sum", "factors": [1.0], "members": [value]}
    return value


HUGE, LONG = 10**400, "9" * 5000
DAMAGES = [
    ("decision.threshold", float("nan")),
    ("decision.threshold", float("inf")),
    ("decision.threshold", None),
    ("decision.threshold", "nan"),
    ("decision.threshold", "0.5"),
    ("decision.threshold", -0.1),
    ("decision.threshold", HUGE),
    ("decision.threshold", LONG),
    ("decision.per_row", "no"),
    ("decision.shift", "0"),
    ("scorer.intercept", float("nan")),
    ("scorer.intercept", "0.1"),
    ("scorer.slope", None),
    ("scorer.slope", True),
    ("scorer.kind", "os:system"),
    ("scorer", nested({}, 450)),
    ("scorer", nested({}, 20)),
    ("scorer", []),
    ("arm.shift", float("inf")),
    ("arm.shift", "1"),
    ("arm.level", None),
    ("arm.level", HUGE),
    ("classes", [1]),
    ("classes", [0, 0]),
    ("classes", "01"),
    ("pos_label", "other"),
    ("encoder.columns", [{"name": n, "kind": k} for n, k in (("shop", "category"), ("x", "number"))]),
    ("encoder.text_buckets", 10**12),
    ("encoder.text_buckets", "256"),
    ("encoder.categories", {"shop": {"levels": ["a", 2], "rare": []}}),
    ("encoder.time_parts", {"at": ["epoch_days", "minute"]}),
    ("calibrator.kind", "magic"),
    ("manifest.format", True),
    ("manifest.name", 3),
    ("manifest.recipe", []),
    ("manifest.scorer", "exact"),
    ("manifest.scorer.exact", "false"),
    ("manifest.reference", {"rows": HUGE}),
]


@pytest.mark.parametrize(("path", "value"), DAMAGES, ids=lambda v: str(v)[:30])
def test_what_cannot_have_been_written_is_refused(copy, path, value):
    file, *parts = path.split(".") if path.startswith("manifest") else ["model", *path.split(".")]
    state = json.loads((copy / f"{file}.json").read_text())
    at = state
    for part in parts[:-1]:
        at = at[part]
    assert parts[-1] in at
    at[parts[-1]] = value
    raw = json.dumps(state).replace(f'"{LONG}"', LONG).encode()
    if file == "manifest":
        (copy / MANIFEST).write_bytes(raw)
    else:
        replace_file(copy, "model.json", raw)
    for load in (Scorer.load, Bundle.load):
        with pytest.raises(BundleError) as caught:
            load(copy)
        said = str(caught.value)
        assert said.endswith(".")
        assert ".." not in said
        assert "Error" not in said
        assert "'<' not supported" not in said


def test_an_unknown_kind_of_column_is_refused(copy):
    state = json.loads((copy / "model.json").read_text())
    for part in ("encoder", "schema"):
        state[part]["columns"][0]["kind"] = "colour"
    replace_file(copy, "model.json", json.dumps(state).encode())
    with pytest.raises(BundleError, match="The kind 'colour' of the column 'x' is unknown"):
        Scorer.load(copy)


def test_sets_of_categories_without_the_splits_that_use_them_are_refused(copy):
    with_arrays(copy, lambda a: a.pop("category"))
    with pytest.raises(BundleError, match="'category'"):
        Scorer.load(copy)


@pytest.mark.parametrize("value", [np.asarray(np.inf), np.asarray(4.0), np.asarray(True), np.zeros(1, np.int64)])
def test_the_number_of_features_is_a_whole_number(value):
    parts = FlatTrees.stump(feature=0, threshold=0.0, left=0.0, right=1.0, n_features=2).arrays()
    with pytest.raises(InputError, match="n_features"):
        FlatTrees.from_arrays(parts | {"n_features": value})


def test_two_parts_of_one_name_are_refused(copy):
    out = io.BytesIO((copy / "scorer.npz").read_bytes())
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("value.npy", archive.read("value.npy"))
    replace_file(copy, "scorer.npz", out.getvalue())
    with pytest.raises(BundleError, match="two parts of one name"):
        Scorer.load(copy)


@pytest.mark.parametrize("name", [MANIFEST, "model.json", "scorer.npz"])
def test_a_pipe_is_refused_not_waited_for(copy, name):
    (copy / name).unlink()
    os.mkfifo(copy / name)
    with pytest.raises(BundleError, match="no regular file"):
        Scorer.load(copy)


@pytest.mark.parametrize("path", [123, None, b"m", "\0"])
def test_what_names_no_folder_is_refused(path):
    with pytest.raises((InputError, BundleError), match=r"named by its folder|does not exist"):
        Scorer.load(path)


KNOTS = {"slope": 1.0, "intercept": 0.0, "shift": 0.0, "limit": 9.0, "at": [0.0, 1.0], "value": [0.0, 1.0]}
STEPS = {"kind": "venn_abers", "centre": 0.0, "spread": 1.0, "start": [0.0], "low": [0.1, 0.3], "high": [0.2, 0.4]}


@pytest.mark.parametrize(
    "calibrator",
    [
        {"kind": "isotonic", "knots": KNOTS | {"value": [1.0, 0.0]}},
        {"kind": "isotonic", "knots": KNOTS | {"value": [0.0, float("nan")]}},
        {"kind": "isotonic", "knots": KNOTS | {"at": ["0", "1"]}},
        {"kind": "histogram", "knots": KNOTS | {"slope": -1.0}},
        {"kind": "sigmoid", "slope": -1.0, "intercept": 0.0},
        {"kind": "sigmoid", "slope": 0.0, "intercept": 0.0},
        {"kind": "sigmoid", "slope": 1.0, "intercept": 10**400},
        {"kind": "temperature", "temperature": 0.0, "bias": [0.0]},
        {"kind": "beta", "a": -1.0, "b": 1.0, "c": 0.0},
        {"kind": "intercept", "shift": True},
        {"kind": "identity", "ends": {"low": [-20.0, -30.0, 1.0]}},
        {"kind": "identity", "ends": {"high": [20.0, 10.0]}},
        STEPS | {"low": [0.3, 0.1]},
        STEPS | {"high": [0.2, 1.4]},
        STEPS | {"spread": 0.0},
    ],
)
def test_a_calibration_that_does_not_rise_is_refused(calibrator):
    calibration_map({"kind": "isotonic", "knots": KNOTS})
    calibration_map(STEPS)
    with pytest.raises(InputError, match=r"The saved calibration cannot be used: .*[.]$") as caught:
        calibration_map(calibrator)
    assert "Error" not in str(caught.value)


def test_numbers_arrays_and_texts_are_what_they_say():
    assert number({"a": np.float64(2)}, "a", low=0, high=2) == 2.0
    assert whole({"a": 3}, "a", high=3) == 3
    assert texts({"a": ["x", "y"]}, "a") == ["x", "y"]
    assert vector({"a": [1, 2]}, "a").dtype == np.float64
    for damaged in ("1", True, None, float("nan"), 10**400, [1]):
        with pytest.raises(InputError, match="'a' must be a finite number"):
            number({"a": damaged}, "a")
    with pytest.raises(InputError, match="members of a sum"):
        read_member({"kind": "sum", "factors": [], "members": []}, {})
