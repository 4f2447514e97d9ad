"""From the service to the alarm: rows scored over HTTP, late labels; `rareclass monitor` names the planted drift."""

import datetime
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.monitoring.logs import rows_of
from tests.serving.bundles import write
from tests.serving.server import Server

from rareclass.cli import main
from rareclass.monitoring import read_predictions

pytestmark = pytest.mark.serving
DAYS, A_DAY, DRIFT = 60, 120, 30


@pytest.mark.parametrize("drift", [DRIFT, None])
def test_a_drift_behind_a_service_is_found_from_the_command_line(tmp_path, drift, capsys):
    write("plain", tmp_path / "m")
    _, table, event = rows_of(DAYS, a_day=A_DAY, drift=drift, seed=4)
    rows = [{k: None if v != v else v for k, v in row.items()} | {"nr": i} for i, row in enumerate(table.to_pylist())]
    with Server(tmp_path / "m", "--log", tmp_path / "log", "--id", "nr") as server:
        for at in range(0, len(rows), 600):
            assert server.post("/v1/score", {"rows": rows[at : at + 600]})[0] == 200
        assert server.stop() == 0
    first = on_days(tmp_path / "log")
    ids = np.arange(len(rows))
    known = first + (ids // A_DAY + 3) * np.timedelta64(1, "D")
    labels = pa.table({"id": ids, "label": event, "label_time": pa.array(known, pa.timestamp("us"))})
    pq.write_table(labels, tmp_path / "labels.parquet")
    log, table = str(tmp_path / "log"), str(tmp_path / "labels.parquet")
    code = main(["monitor", str(tmp_path / "m"), "--predictions", log, "--labels", table, "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["read"]["predictions"] == found["read"]["labels"] == DAYS * A_DAY
    assert found["problems"] == []
    assert code == (drift is not None)
    if drift is not None:
        alarm = next(a for a in found["standing"] if a["evidence"]["detector"] == "recall")
        planted = first + drift * np.timedelta64(1, "D")
        low, high = (np.datetime64(day) for day in alarm["since"])
        assert low - 7 <= planted.astype("datetime64[D]") <= high + 7


def on_days(folder):
    """Give the rows of a log, which were answered within seconds, days of their own; the first of these days."""
    newest = read_predictions(folder).table()["time"].to_pylist()[0].replace(hour=0, minute=0, second=0, microsecond=0)
    first = newest - datetime.timedelta(days=DAYS)
    for path in sorted(folder.glob("*.parquet")):
        log = pq.read_table(path)
        times = [
            first + datetime.timedelta(days=int(i) // A_DAY, seconds=int(i) % A_DAY) for i in log["id"].to_pylist()
        ]
        moved = pa.array(times, log.schema.field("time").type)
        pq.write_table(log.set_column(1, log.schema.field("time"), moved), path)
    return np.datetime64(first.replace(tzinfo=None), "us")
