"""The running service answers as its OpenAPI says; a small part of benchmarks/serving.py schema."""

import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.serving
pytest.importorskip("uvicorn")
if subprocess.run([sys.executable, "-m", "schemathesis.cli", "--version"], capture_output=True, check=False).returncode:
    pytest.skip("schemathesis is not installed", allow_module_level=True)

from tests.serving.codec import bundle  # noqa: E402  (after the check that its packages are there)
from tests.serving.server import Server  # noqa: E402

CHECKS = "not_a_server_error,response_schema_conformance,content_type_conformance"
OPTIONS = ["--phases", "examples,fuzzing", "--max-examples", "25", "--seed", "3", "--generation-database", "none"]


def test_what_is_generated_from_the_description_is_answered_as_it_says(tmp_path):
    for name in ("mixed", "numbers"):
        bundle(name).save(tmp_path / name)
    with Server(tmp_path / "mixed", tmp_path / "numbers") as server:
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"http://127.0.0.1:{server.port}/openapi.json"]
        found = subprocess.run(
            [*command, "--checks", CHECKS, "--no-color", *OPTIONS],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=False,
            timeout=300,
        )
        assert found.returncode == 0, found.stdout
        generated, passed = map(int, re.search(r"(\d+) generated, (\d+) passed", found.stdout).groups())
        assert generated == passed > 150, found.stdout
        assert not server.events("request failed")
