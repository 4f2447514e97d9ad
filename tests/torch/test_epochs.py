"""Two real processes that talk by gloo share each epoch."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.deep
torch = pytest.importorskip("torch", exc_type=ImportError)
from tests.torch.two_processes import LABELS  # noqa: E402

SCRIPT = Path(__file__).with_name("two_processes.py")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    if not torch.distributed.is_available():
        pytest.skip("this build of torch has no torch.distributed")
    folder = tmp_path_factory.mktemp("ranks")
    command = [sys.executable, "-W", "ignore", str(SCRIPT), str(folder / "store")]
    started = [subprocess.Popen([*command, str(rank), str(folder / f"{rank}.json")]) for rank in (0, 1)]
    assert [process.wait(timeout=120) for process in started] == [0, 0]
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in (0, 1)]


@pytest.mark.parametrize("name", ["subset", "hard", "balanced", "weighted"])
def test_ranks_have_equally_many_items_in_every_epoch(drawn, name):
    assert [len(epoch) for epoch in drawn[0][name]] == [len(epoch) for epoch in drawn[1][name]]
    assert drawn[0][name] != drawn[1][name]
    assert drawn[0][name][0] != drawn[0][name][1]


@pytest.mark.parametrize("name", ["subset", "hard", "balanced"])
def test_ranks_have_no_negative_in_common(drawn, name):
    for epoch in (0, 1):
        rows = np.concatenate([np.ravel(rank[name][epoch]) for rank in drawn])
        assert np.bincount(rows, minlength=LABELS.size)[LABELS == 0].max() == 1
        if name == "balanced":
            assert {int(LABELS[batch].sum()) for rank in drawn for batch in rank[name][epoch]} == {4}
        else:
            assert sorted(rows[LABELS[rows] == 1]) == np.flatnonzero(LABELS).tolist()


def test_scores_that_differ_between_ranks_are_refused_on_both(drawn):
    assert all("differ between ranks" in rank["refused"] for rank in drawn)
