"""`rareclass predict` by parts: the same file, byte for byte, and the same notes as of the whole table."""

import contextlib
import filecmp

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest

from rareclass.artifact import Bundle
from rareclass.artifact.tables import table_writer, write_table
from rareclass.cli import main
from rareclass.data import delimited, parts
from rareclass.data.layout import TextFormat
from rareclass.decisions import AlertBudget, MinimumCost
from rareclass.errors import CostError, ReadError
from rareclass.serving import predict
from rareclass.serving.scoring import Asked
from rareclass.workflow import PeriodColumns, Roles, predict_file, predict_table, read_problem, train_table

N = 900


def table(seed=0, n=N):
    rng = np.random.default_rng(seed)
    amount, new = rng.lognormal(4, 1, n), rng.random(n) < 0.3
    when = np.datetime64("2024-03-01T00:00:00", "s") + np.arange(n) * 3_600
    return pa.table(
        {
            "amount": amount,
            "items": rng.integers(1, 20, n),
            "shop": rng.choice(["A1", "B2", "C3"], n),
            "code": rng.choice(["7", "12", "44"], n),
            "new": new,
            "when": when,
            "price": rng.uniform(1, 9, n),
            "fraud": (amount * (1 + new) > np.quantile(amount * (1 + new), 0.9)).astype(int),
        }
    )


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    made = {}
    for name, options in {"plain": {}, "budget": {"decision": AlertBudget(3, per="day")}}.items():
        out = tmp_path_factory.mktemp(name) / "bundle"
        roles = Roles(drop=["price"], time="when" if options else None)
        train_table(read_problem(table(), "fraud", roles), out=out, estimator="logistic_regression", cv=3, **options)
        made[name] = out
    return made


@pytest.fixture
def _small(monkeypatch):
    monkeypatch.setattr(parts, "ROWS", 128)
    monkeypatch.setattr(delimited, "_BLOCK", 4_000)


def given(path, german=False):
    """A file with unknown values, missing ones, an odd column, and values far outside."""
    found = table(1).drop_columns("fraud").to_pydict()
    found["shop"][800:] = ["Z9"] * 100
    found["items"][5] = None
    found["amount"][700:] = [1e7 + i for i in range(200)]
    found["note"] = [f"x, {i}" for i in range(N)]
    frame = pa.table(found)
    if path.suffix == ".parquet":
        pa.parquet.write_table(frame, path, row_group_size=300)
    elif path.suffix == ".arrow":
        pa.feather.write_feather(frame, str(path))
    elif german:
        found["amount"] = [f"{v:,.2f}".replace(",", " ").replace(".", ",") for v in found["amount"]]
        found["when"] = [f"{v:%d.%m.%Y %H:%M}" for v in found["when"]]
        found["price"] = [f"{v:.4f}".replace(".", ",") for v in found["price"]]
        lines = [";".join(found), *(";".join("" if v is None else str(v) for v in row) for row in zip(*found.values()))]
        path.write_text("\n".join([*lines[:400], ";" * 7, *lines[400:]]) + "\n")
    else:
        pa.csv.write_csv(frame, path)
    return path


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize(
    ("name", "ending", "out", "asked"),
    [
        ("plain", "csv", "csv", None),
        ("budget", "csv", "csv.gz", Asked(k=2)),
        ("plain", "german.csv", "parquet", Asked(k=2, alerts_only=True)),
        ("budget", "german.csv", "arrow", None),
        ("plain", "parquet", "tsv", Asked(k=1)),
        ("budget", "parquet", "parquet", None),
        ("plain", "arrow", "arrow", Asked(k=2)),
    ],
)
def test_parts_give_the_file_and_the_notes_of_the_whole(bundles, tmp_path, monkeypatch, name, ending, out, asked):
    bundle, path = Bundle.load(bundles[name]), given(tmp_path / f"t.{ending}", german="german" in ending)
    options = {"keep": ["note", "price"], "asked": asked}
    whole = predict_table(bundle, path, **options)
    write_table(whole.table, tmp_path / f"whole.{out}")
    monkeypatch.setattr(predict, "read_source", lambda *_, **__: pytest.fail("read whole"))
    seen = []
    found = predict_file(
        bundle,
        path,
        lambda: table_writer(tmp_path / f"parts.{out}"),
        tick=lambda done, rows: seen.append(done),
        **options,
    )
    assert filecmp.cmp(tmp_path / f"whole.{out}", tmp_path / f"parts.{out}", shallow=False)
    assert found.notes == whole.notes
    assert len(found.notes) >= 2
    assert (found.rows, found.alerts) == (N, int(np.sum(whole.table["alert"].to_numpy(zero_copy_only=False))))
    assert len(seen) > 6
    assert seen[-1] == N


@pytest.mark.usefixtures("_small")
def test_costs_by_row_are_those_of_the_rows(tmp_path):
    columns = {"fp": "price", "fn": "amount"}
    problem = read_problem(table(), "fraud", Roles(cost_columns={"fn": "amount", "fp": "price"}))
    bundle = train_table(problem, out=tmp_path / "b", estimator="logistic_regression", cv=3, decision=MinimumCost())
    path = given(tmp_path / "t.csv")
    whole = predict_table(bundle, path, cost_columns=columns)
    pieces = []
    found = predict_file(bundle, path, lambda: contextlib.nullcontext(pieces.append), cost_columns=columns)
    assert len(pieces) > 1
    assert pa.concat_tables(pieces).equals(whole.table)
    assert found.notes == whole.notes


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("why", ["periods", "text in numbers", "late"])
def test_what_needs_all_rows_is_read_whole_and_written_once(bundles, tmp_path, monkeypatch, why):
    bundle, path = Bundle.load(bundles["budget"]), given(tmp_path / "t.csv")
    periods = PeriodColumns(one_period=True) if why == "periods" else PeriodColumns()
    if why == "text in numbers":
        frame = pa.csv.read_csv(path)
        path = tmp_path / "t.parquet"
        place = frame.schema.get_field_index("amount")
        frame = frame.set_column(place, "amount", frame["amount"].cast(pa.string()))
        pa.parquet.write_table(frame, path)
    elif why == "late":
        scored, done = predict.score, []

        def failing(*args, **how):
            done.append(1)
            if len(done) == 4:
                raise parts.ReadWholeError
            return scored(*args, **how)

        monkeypatch.setattr(predict, "score", failing)
    found = predict_file(bundle, path, lambda: table_writer(tmp_path / "found.csv"), periods=periods)
    whole = predict_table(bundle, path, periods=periods)
    write_table(whole.table, tmp_path / "whole.csv")
    assert filecmp.cmp(tmp_path / "whole.csv", tmp_path / "found.csv", shallow=False)
    assert found.notes == whole.notes


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
@pytest.mark.parametrize("out", ["out.csv", "out.parquet", None])
def test_nothing_half_written_is_left(bundles, tmp_path, monkeypatch, capfdbinary, error, out):
    path, scored, done = given(tmp_path / "t.csv"), predict.score, []

    def stopped(*args, **how):
        done.append(1)
        if len(done) == 4:
            raise error
        return scored(*args, **how)

    monkeypatch.setattr(predict, "score", stopped)
    with contextlib.suppress(KeyboardInterrupt, OSError):
        assert main(["predict", str(bundles["plain"]), str(path), *(["--out", str(tmp_path / out)] if out else [])])
    assert len(done) == 4
    assert [p.name for p in tmp_path.iterdir()] == ["t.csv"]
    assert capfdbinary.readouterr().out == b""


@pytest.mark.usefixtures("_small")
def test_a_row_of_another_width_late_in_the_file_is_an_error(bundles, tmp_path):
    path = given(tmp_path / "t.csv")
    with path.open("a") as file:
        file.write("1,2,3\n")
    with pytest.raises(ReadError, match="Expected 8 columns, got 3"):
        predict_file(Bundle.load(bundles["plain"]), path, lambda: table_writer(tmp_path / "o.csv"), how=TextFormat())


@pytest.mark.usefixtures("_small")
def test_a_part_whose_costs_leave_no_choice_is_answered(tmp_path):
    problem = read_problem(table(), "fraud", Roles(cost_columns={"fn": "amount", "fp": "price"}))
    bundle = train_table(problem, out=tmp_path / "b", estimator="logistic_regression", cv=3, decision=MinimumCost())
    data = pa.csv.read_csv(given(tmp_path / "t.csv"))
    alarm = np.where(np.arange(data.num_rows) < data.num_rows - 3, 30.0, 0.0)
    data = data.append_column("checking", pa.array(alarm))
    pa.csv.write_csv(data, tmp_path / "c.csv")
    columns = {"fp": "checking", "fn": "amount"}
    pieces = []
    predict_file(bundle, tmp_path / "c.csv", lambda: contextlib.nullcontext(pieces.append), cost_columns=columns)
    assert len(pieces) > 1
    assert pa.concat_tables(pieces).equals(predict_table(bundle, tmp_path / "c.csv", cost_columns=columns).table)
    last = predict_table(bundle, data.slice(data.num_rows - 1), cost_columns=columns)
    assert last.table["alert"].to_pylist() == pieces[-1]["alert"].to_pylist()[-1:] == [True]


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_missing_cost_is_named_with_its_row_and_a_negative_one_refused(tmp_path, form):
    problem = read_problem(table(), "fraud", Roles(cost_columns={"fn": "amount", "fp": "price"}))
    bundle = train_table(problem, out=tmp_path / "b", estimator="logistic_regression", cv=3, decision=MinimumCost())
    data, columns = table(1).to_pydict(), {"fp": "price", "fn": "amount"}
    data["amount"][N - 3], data["amount"][N - 2] = -5.0, -6.0
    write_table(pa.table(data), tmp_path / f"n.{form}")
    note = f"Column 'amount' holds 2 negative costs (fn), the first in row {N - 2:,}: -5. A negative cost is a benefit;"
    found = read_problem(tmp_path / f"n.{form}", "fraud", Roles(cost_columns=columns))
    assert [n.startswith(note) for n in found.notes].count(True) == 1
    refused = rf"^The cost `fn` must be a number from 0 on; got -5 in row {N - 2:,}\.$"  # as the service says
    with pytest.raises(CostError, match=refused):
        predict_file(bundle, tmp_path / f"n.{form}", lambda: contextlib.nullcontext(len), cost_columns=columns)
    with pytest.raises(CostError, match=refused):
        predict_table(bundle, tmp_path / f"n.{form}", cost_columns=columns)
    data["amount"][N - 2] = None
    write_table(pa.table(data), tmp_path / f"m.{form}")
    wrong = f"The cost column 'amount' holds no number in row {N - 1:,}. "
    with pytest.raises(CostError, match=wrong):
        predict_file(bundle, tmp_path / f"m.{form}", lambda: contextlib.nullcontext(len), cost_columns=columns)
    with pytest.raises(CostError, match=wrong):
        read_problem(tmp_path / f"m.{form}", "fraud", Roles(cost_columns=columns))
