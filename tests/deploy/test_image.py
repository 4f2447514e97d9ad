"""The image without a container engine: its Dockerfile's installation in an empty folder, packed as a layer is, and its
command run there without rights on a tree that cannot be written."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time

import pytest
from tests.deploy.foreign import ROOT, answers, ask, equal_to_predict, free_port, request_of, running
from tests.serving.codec import bundle, table

from rareclass.workflow import Placing, deploy_bundle

pytestmark = pytest.mark.foreign
NOBODY = 65532
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'


def shell(command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


class Image:
    """What the Dockerfile builds, with `root` in the place of /opt/rareclass and /mnt/models."""

    def __init__(self, root):
        self.root, self.context = root, root / "context"
        self.root.chmod(0o755)
        bundle("mixed").save(root / "bundle")
        deploy_bundle(root / "bundle", "docker", self.context, Placing("fraud"))
        self.text = (self.context / "Dockerfile").read_text().replace("\\\n", " ")
        said = shell([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(self.context), str(ROOT)])
        if said.returncode:
            pytest.skip(f"the wheel cannot be built here: {said.stderr[-300:]}")
        self.env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
        self.env |= {k: v for k, v in os.environ.items() if k.startswith(("PIP_", "SSL_", "http", "HTTP"))}
        for line in re.findall("^ENV (.*)", self.text, re.M):
            self.env |= dict(part.replace("${CPU}", "generic").split("=") for part in line.split())

    def here(self, text):
        places = {"/opt/rareclass": self.root / "tree" / "rareclass", "/mnt/models": self.root / "tree" / "models"}
        for there, here in (places | {"/build": self.context}).items():
            text = text.replace(there, str(here))
        return text

    def build(self):
        run = self.here(re.search("^RUN (.*)", self.text, re.M)[1])
        run = re.sub(r"(?<!/)\bpython -m", f"{shlex.quote(sys.executable)} -m", run)
        (self.root / "tree").mkdir()
        said = shell(run, shell=True, env=self.env, cwd=self.context)
        if "No matching distribution" in said.stderr or "Could not fetch" in said.stderr:
            pytest.skip(f"its packages are not to be had here: {said.stderr[-300:]}")
        assert said.returncode == 0, said.stderr
        shutil.copytree(self.context / "model", self.root / "tree" / "models")
        # as a layer: times in whole seconds, and every file written anew
        pack = "tar --format=gnu -cf layer.tar tree && rm -r tree && tar -xf layer.tar && rm layer.tar"
        assert shell(pack, shell=True, cwd=self.root).returncode == 0

    @property
    def python(self):
        return self.root / "tree" / "rareclass" / "bin" / "python"

    def guarded(self, command):
        """The command on a tree that cannot be written, as somebody else or at least without any rights."""
        if os.getuid():
            return command
        other = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", "--no-new-privs"]
        if shell(
            [*other, str(self.python), "-c", "import orjson"], env=self.env
        ).returncode:  # its base lies in a folder that is root's only
            other = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
        return ["unshare", "-m", "sh", "-c", READ_ONLY, str(self.root / "tree"), *other, *map(str, command)]


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    made = Image(tmp_path_factory.mktemp("image"))
    made.build()
    return made


def test_it_holds_no_library_of_training(image):
    for name in ("sklearn", "scipy", "lightgbm", "catboost", "pandas", "narwhals", "pip"):
        said = shell([image.python, "-c", f"import {name}"], env=image.env)
        assert "ModuleNotFoundError" in said.stderr, name


def test_its_kernels_were_compiled_when_it_was_built(image):
    code = f"""
        import sys
        from pathlib import Path
        from rareclass.serving.models import read_served
        read_served("m", Path({str(image.root / "tree" / "models")!r}))
        rooms = [room for name, room in sys.modules.items() if name.startswith("rareclass.")]
        kernels = {{id(k): k for room in rooms for k in vars(room).values() if hasattr(k, "py_func")}}.values()
        hits = sum(sum(k.stats.cache_hits.values()) for k in kernels)
        print(hits > 3, sum(sum(k.stats.cache_misses.values()) for k in kernels))
    """
    code = "\n".join(line.strip() for line in code.splitlines())
    command = image.guarded([image.python, "-W", "error", "-c", code])
    said = shell([*map(str, command)], env=image.env)
    assert said.stdout == "True 0\n", said.stderr


def test_it_serves_without_rights_from_a_tree_that_cannot_be_written(image, tmp_path):
    entry, given, check = (
        json.loads(image.here(re.search(f"^{word} (\\[.*)", image.text, re.M)[1]))
        for word in ("ENTRYPOINT", "CMD", "HEALTHCHECK.*CMD")
    )
    port = free_port()
    given = [str(port) if part == "8080" else "127.0.0.1" if part == "0.0.0.0" else part for part in given]
    began = time.monotonic()
    command = image.guarded([*entry, *given])
    with running(command, (port, "/v2/health/ready"), tmp_path / "log.txt", env=image.env):
        seconds = time.monotonic() - began
        rows = table(200, 7)[0]
        status, said = ask(port, "/v2/models/fraud/infer", request_of(rows))
        assert status == 200, said
        equal_to_predict(said, bundle("mixed"), rows)
        health = [part.replace(":8080", f":{port}") for part in check]
        assert shell(health, env=image.env).returncode == 0
        tried = image.guarded([image.python, "-c", f"open({str(image.root / 'tree' / 'x')!r}, 'w')"])
        assert shell([*map(str, tried)], env=image.env).returncode != 0
    assert not answers(port, "/v2/health/live")
    assert shell(health, env=image.env).returncode != 0
    assert "warning" not in (tmp_path / "log.txt").read_text().lower()
    print(f"from the command to the first answer: {seconds:.2f} s")
    assert seconds < 15  # it compiles for longer; how fast it is, is measured by benchmarks/deploy.py
