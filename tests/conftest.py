"""Files of the marker `deep` are imported only where asked for: what they import takes seconds, or is absent."""

import os
import re
from pathlib import Path

import pytest

os.environ.setdefault("KERAS_BACKEND", "torch")

WHOLE_FILE = re.compile(r"^pytestmark = .*\bmark\.deep\b", re.MULTILINE)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the files without a test for this run; `-m ""` imports them all."""
    if not re.fullmatch(r"test_\w+\.py", collection_path.name):
        return None
    asked, text = config.option.markexpr, collection_path.read_text(encoding="utf-8")
    if "not deep" in asked:
        return bool(WHOLE_FILE.search(text)) or None
    return (asked == "deep" and "mark.deep" not in text) or None
