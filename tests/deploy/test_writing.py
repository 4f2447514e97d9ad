"""What `deploy_bundle` writes for each target, and what it refuses."""

import json
import re
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from tests.serving.codec import bundle

from rareclass import RareClassifier, __version__
from rareclass.artifact import Bundle
from rareclass.deploy.writing import TARGETS, TEMPLATES, Placing, deploy_bundle, memory
from rareclass.errors import BundleError, DependencyError, InputError
from rareclass.scoring.files import Folder

ROOT = Path(__file__).parents[2]
TEMPLATED = [target for target in TARGETS if (TEMPLATES / target).is_dir()]


def trees(folder):
    """A bundle of one booster."""
    X = np.random.default_rng(0).normal(size=(400, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = RareClassifier("lightgbm", treatment="none", cv=2).fit(X, X[:, 0] - X[:, 1] > 1.8)
    Bundle(model, name="Card fraud", target="fraud").save(folder)
    return model


@pytest.fixture(scope="module")
def linear(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle") / "m"
    bundle("mixed").save(folder)
    return folder


@pytest.mark.parametrize("target", TEMPLATED)
def test_every_template_is_filled_in(linear, tmp_path, target):
    port = None if target == "mlserver" else 9000  # which has its own
    files, _ = deploy_bundle(linear, target, tmp_path / "out", Placing("fraud", grpc_port=port))
    assert files == sorted(str(f.relative_to(tmp_path / "out")) for f in (tmp_path / "out").rglob("*") if f.is_file())
    for file in files:
        if file.startswith("model/"):
            continue
        text = (tmp_path / "out" / file).read_text()
        assert not re.search(r"\$[a-z]", text), file
        assert "# grpc" not in text, file
        if file.endswith(".json"):
            json.loads(text)
        if file.endswith(".py"):
            compile(text, file, "exec")
            assert len(text.splitlines()) <= 60


def test_the_image_takes_only_what_serving_reads(linear, tmp_path):
    files, _ = deploy_bundle(linear, "docker", tmp_path / "out")
    assert {f for f in files if f.startswith("model/")} == {
        f"model/{name}" for name in ("card.md", "manifest.json", "model.json", "scorer.npz")
    }
    assert Folder(tmp_path / "out" / "model").version == Folder(linear).version


def test_the_image_is_pinned_as_we_test_and_names_no_registry():
    pins = {line.split("==")[0].lower(): line for line in (ROOT / "constraints.txt").read_text().split()}
    text = (TEMPLATES / "docker" / "requirements.txt.txt").read_text()
    asked = [line.split("  #")[0] for line in text.splitlines() if re.match(r"\w", line)]
    lost = [line for line in asked if pins.get(line.split("==")[0].lower(), line) != line]
    assert not lost, "the pins of the image are to be those of constraints.txt"
    for file in TEMPLATES.rglob("*.txt"):
        assert not re.search(r"https?://(?!127|collector)", file.read_text()), file
    said = (TEMPLATES / "docker" / "Dockerfile.txt").read_text()
    assert re.findall("^ARG BASE=(.*)", said, re.M) == ["python:3.11-slim"]
    assert "USER 65532" in said


def test_grpc_is_asked_for_only_where_it_is_wanted(linear, tmp_path):
    for target, file in (("docker", "requirements.txt"), ("kserve", "serving-runtime.yaml")):
        deploy_bundle(linear, target, tmp_path / "with" / target, Placing(grpc_port=9_001))
        deploy_bundle(linear, target, tmp_path / "without" / target)
        found = [(tmp_path / how / target / file).read_text() for how in ("with", "without")]
        assert "grpc" in found[0]
        assert "grpc-v2" not in found[1]
        assert "grpcio" not in found[1]
    assert "9001" in (tmp_path / "with" / "docker" / "Dockerfile").read_text()


def test_names_fit_kubernetes():
    assert Placing().named("lightgbm+None") == "lightgbm-none"
    assert Placing().named("1 model") == "model-1-model"
    assert Placing().named("Ü") == "model"
    assert len(Placing().named("x-" * 60)) <= 53
    for name in ("Fraud", "a" * 54, "-a", "a_b"):
        with pytest.raises(InputError, match="cannot be deployed as"):
            Placing(name).named("m")
    for wrong in ({"image": 'a"b'}, {"storage": "s3://a b"}, {"grpc_port": 0}):
        with pytest.raises(InputError, match="--"):
            Placing(**wrong)


def test_stock_lightgbm_ranks_as_the_model_and_is_left_out_with_the_reason(linear, tmp_path):
    model = trees(tmp_path / "trees")
    _, notes = deploy_bundle(tmp_path / "trees", "kserve", tmp_path / "out", Placing("fraud"))
    assert "not the bundle's calibrated probabilities" in notes[0]
    lightgbm = pytest.importorskip("lightgbm")
    # as KServe's lgbserver loads it: one *.bst file, with a number of threads beside it
    (file,) = (tmp_path / "out" / "stock" / "model").iterdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # LightGBM's, that it does not read them
        stock = lightgbm.Booster(params={"nthread": 1}, model_file=str(file))
    X = np.random.default_rng(1).normal(size=(3_000, 3))
    order = np.argsort(stock.predict(X), kind="stable")
    assert (np.diff(model.positive_logit(X)[order]) >= -1e-9).all()

    _, notes = deploy_bundle(linear, "kserve", tmp_path / "linear")
    assert "a logistic regression" in notes[0]
    assert "--learner lightgbm" in notes[0]
    assert not (tmp_path / "linear" / "stock").exists()


def test_memory_grows_with_workers_and_arrays(linear):
    asked, most = memory(Folder(linear))
    assert 300 <= asked <= 400
    assert most >= asked + 512
    assert memory(Folder(linear), workers=2)[0] > asked


def test_what_cannot_be_served_there_is_said(linear, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(InputError, match=r"no target 'k-serve'.* docker, mlflow\. Did you mean 'kserve'"):
        deploy_bundle(linear, "k-serve", out)
    with pytest.raises(BundleError, match="no bundle"):
        deploy_bundle(tmp_path / "none", "docker", out)
    slow = tmp_path / "slow"
    bundle("mixed").save(slow, keep_learner=True)
    manifest = json.loads((slow / "manifest.json").read_text())
    manifest["scorer"] = {"exact": False, "why_not": "its learner is another one"}
    (slow / "manifest.json").write_text(json.dumps(manifest))
    for target in ("docker", "kserve"):
        with pytest.raises(InputError, match=r"not compiled \(its learner is another one\).*--target mlserver"):
            deploy_bundle(slow, target, out)
    files, _ = deploy_bundle(slow, "mlserver", out)
    assert "model/learner.skops" in files


def test_a_damaged_bundle_is_refused(linear, tmp_path):
    bad = tmp_path / "bad"
    bundle("mixed").save(bad)
    (bad / "scorer.npz").write_bytes(b"no")
    for target in TEMPLATED:
        with pytest.raises(BundleError, match=r"scorer\.npz does not match"):
            deploy_bundle(bad, target, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_only_what_was_written_by_us_is_replaced(linear, tmp_path):
    out = tmp_path / "out"
    deploy_bundle(linear, "docker", out)
    with pytest.raises(InputError, match="not empty"):
        deploy_bundle(linear, "docker", out)
    (out / "rareclass-0.1.0-py3-none-any.whl").write_text("")
    deploy_bundle(linear, "kserve", out, overwrite=True)
    assert not (out / "Dockerfile").exists()
    (out / "mine.txt").write_text("")
    with pytest.raises(InputError, match=r"holds 'mine\.txt'"):
        deploy_bundle(linear, "kserve", out, overwrite=True)
    with pytest.raises(InputError, match="lies in the bundle"):
        deploy_bundle(linear, "kserve", linear / "deploy")
    with pytest.raises(InputError, match="is a file"):
        deploy_bundle(linear, "kserve", out / "mine.txt")
    assert __version__ in Placing().image


def test_the_extra_that_lacks_is_named_before_anything_is_written(linear, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(DependencyError, match=r"pip install \"rareclass\[mlflow\]\""):
        deploy_bundle(linear, "mlflow", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_is_ours_by_the_record_and_not_by_its_name(linear, tmp_path):
    mine = tmp_path / "mine"
    for place in ("Dockerfile", "requirements.txt", "model/weights.pt"):  # a project of somebody else
        (mine / place).parent.mkdir(parents=True, exist_ok=True)
        (mine / place).write_text("mine")
    with pytest.raises(InputError, match="did not write"):
        deploy_bundle(linear, "docker", mine, overwrite=True)
    assert (mine / "model" / "weights.pt").read_text() == "mine"
    out = tmp_path / "out"
    deploy_bundle(linear, "mlserver", out)
    (out / "model" / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"holds 'model/notes\.txt'"):
        deploy_bundle(linear, "mlserver", out, overwrite=True)


def test_a_folder_that_was_used_can_be_written_again_and_keeps_its_wheels(linear, tmp_path):
    out = tmp_path / "out"
    deploy_bundle(linear, "mlserver", out)
    (out / "__pycache__").mkdir()
    (out / "__pycache__" / "adapter.cpython-311.pyc").write_bytes(b"")  # of `mlserver start .`
    (out / "rareclass-0.1.0-py3-none-any.whl").write_text("wheel")  # of `pip wheel --no-deps -w image .`
    for _ in range(2):
        files, _ = deploy_bundle(linear, "docker", out, overwrite=True)
        assert (out / "rareclass-0.1.0-py3-none-any.whl").read_text() == "wheel"
        assert not [file for file in files if file.endswith(".whl")]
    assert not (out / "__pycache__").exists()


@pytest.mark.parametrize(
    ("target", "placing"),
    [
        ("mlserver", {"grpc_port": 9000}),
        ("mlserver", {"image": "mine:1"}),
        ("docker", {"storage": "s3://models"}),
        ("mlflow", {"name": "fraud"}),
        ("mlflow", {"grpc_port": 9000}),
    ],
)
def test_an_option_that_says_nothing_to_a_target_is_refused(linear, tmp_path, target, placing):
    with pytest.raises(InputError, match=f"--{next(iter(placing)).replace('_', '-')} says nothing to .* {target}"):
        deploy_bundle(linear, target, tmp_path / "out", Placing(**placing))


def test_grpc_has_a_port_of_its_own_which_the_image_names(linear, tmp_path):
    with pytest.raises(InputError, match="--grpc-port 8080 is the port of HTTP"):
        Placing(grpc_port=8080)
    for given, exposed in ((None, "EXPOSE 8080"), (7000, "EXPOSE 8080 7000")):
        deploy_bundle(linear, "docker", tmp_path / str(given), Placing(grpc_port=given))
        assert exposed in (tmp_path / str(given) / "Dockerfile").read_text().splitlines()


def test_the_service_may_read_a_model_that_was_written_for_one_user_alone():
    said = (TEMPLATES / "docker" / "Dockerfile.txt").read_text().splitlines()
    user = next(line.split()[1] for line in said if line.startswith("USER"))
    assert f"COPY --chown={user} model /mnt/models" in said
