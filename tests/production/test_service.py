"""The service as a process: one that cannot start is said in a sentence, and leaves no process."""

from pathlib import Path

import pytest

from rareclass.errors import ServiceError
from rareclass.production.service import Service


@pytest.mark.serving
def test_a_service_that_cannot_start_is_said_in_a_sentence_and_leaves_no_process(tmp_path: Path) -> None:
    (tmp_path / "registry").mkdir()
    service = Service(tmp_path / "registry", tmp_path / "log")
    with pytest.raises(ServiceError, match="did not start"), service:
        pass
    assert service._process.poll() is not None
