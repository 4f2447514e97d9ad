"""The service as a process: one that cannot start is said in a sentence, and leaves no process."""

import os
import signal
from pathlib import Path

import pytest

from rareclass.errors import ServiceError
from rareclass.production.service import Service, sigterm_unwinds


@pytest.mark.serving
def test_a_service_that_cannot_start_is_said_in_a_sentence_and_leaves_no_process(tmp_path: Path) -> None:
    (tmp_path / "registry").mkdir()
    service = Service(tmp_path / "registry", tmp_path / "log")
    with pytest.raises(ServiceError, match="did not start"), service:
        pass
    assert service._process.poll() is not None


def test_sigterm_closes_what_the_block_opened_and_is_then_as_it_was() -> None:
    closed = []

    def block() -> None:
        with sigterm_unwinds():
            try:
                os.kill(os.getpid(), signal.SIGTERM)
            finally:
                closed.append(True)

    with pytest.raises(SystemExit) as ended:
        block()
    assert (closed, ended.value.code) == ([True], 143)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
