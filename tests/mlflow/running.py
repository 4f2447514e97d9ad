"""Steps in the environment of MLflow, and what they found."""

import json
import os
import subprocess
from pathlib import Path

from tests.deploy.foreign import python_of


def ran(verb, root):
    env = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true", "GIT_PYTHON_REFRESH": "quiet"}
    command = [python_of("mlflow"), Path(__file__).with_name("steps.py"), verb, root]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, env=env, cwd=root)
    assert done.returncode == 0, done.stderr
    return json.loads((root / "found.json").read_text())
