"""`rareclass deploy`: what it says, and one sentence with exit code 2 for what it cannot."""

import os
import subprocess
import sys

import pytest
from tests.cli.test_bad_input import refused
from tests.serving.codec import bundle

from rareclass.cli import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("bundle") / "m"
    bundle("numbers").save(path)
    return str(path)


def test_it_says_what_it_wrote_and_what_not(folder, tmp_path, capsys):
    assert main(["deploy", folder, "--target", "kserve", "--out", str(tmp_path / "k"), "--name", "fraud"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "note: No resource for KServe's stock LightGBM server" in said.err
    assert "serving-runtime.yaml" in said.err
    assert "name: fraud\n" in (tmp_path / "k" / "inference-service.yaml").read_text()


def test_what_cannot_be_is_refused(folder, tmp_path, capsys):
    out = tmp_path / "out"
    refused(capsys, ["deploy", folder, "--out", out], "--target kserve|mlserver|docker")
    refused(capsys, ["deploy", folder, "--target", "docker"], "--out DIR")
    refused(capsys, ["deploy", folder, "--target", "nomad", "--out", out], "'nomad'", "kserve, mlserver, docker")
    refused(capsys, ["deploy", tmp_path, "--target", "docker", "--out", out], "no bundle")
    refused(capsys, ["deploy", folder, "--target", "docker", "--out", out, "--name", "A B"], "--name")
    refused(capsys, ["deploy", folder, "--target", "docker", "--out", out, "--grpc-port", 0], "--grpc-port")
    assert not out.exists()
    (tmp_path / "file").write_text("")
    refused(capsys, ["deploy", folder, "--target", "docker", "--out", tmp_path / "file" / "x"], str(tmp_path / "file"))
    out.mkdir()
    (out / "mine").write_text("")
    refused(capsys, ["deploy", folder, "--target", "docker", "--out", out], "not empty", "--overwrite")


def test_a_folder_that_cannot_be_written_is_named(folder, tmp_path):
    (tmp_path / "closed").mkdir(mode=0o555)
    command = [
        sys.executable,
        "-m",
        "rareclass",
        "deploy",
        folder,
        "--target",
        "docker",
        "--out",
        tmp_path / "closed/x",
    ]
    if os.getuid() == 0:  # whom no mode hinders, but the lack of capabilities
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", *command]
    try:
        said = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no setpriv")
    assert said.returncode == 2
    assert f"Permission denied: {tmp_path / 'closed'}" in said.stderr
