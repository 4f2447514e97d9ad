"""Where a real table is not there, simulated transactions stand in for it, and that is said."""

import numpy as np
import pytest

from rareclass.data.catalogue import data_folder
from rareclass.learning import table_or_simulated


def test_without_data_it_is_simulated_and_said(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("RARECLASS_DATA", str(tmp_path))
    found = table_or_simulated("mammography", rows=500, prevalence=0.1)
    assert found.simulated
    assert "'mammography' is not on this machine: 500 simulated card transactions stand in" in capsys.readouterr().out
    assert found.matrix.shape == (500, found.matrix.shape[1])
    assert np.isfinite(found.matrix).all()
    assert 0 < found.y.sum() < 150


@pytest.mark.data
def test_a_table_that_is_there_is_read(capsys):
    if data_folder() is None:
        pytest.skip("no local data sets")
    found = table_or_simulated("mammography")
    assert not found.simulated
    assert (found.matrix.shape, found.y.sum()) == ((11_183, 6), 260)
    assert capsys.readouterr().out == ""
