"""Prediction logs and labels of a simulated service, with or without a planted drift of the events."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from rareclass.monitoring.prediction_log import log_schema

FIRST = np.datetime64("2026-03-01T00:00:00", "us")
DAY = np.timedelta64(86_400_000_000, "us")
KINDS = (("x", "number"), ("shop", "category"), ("z", "number"))


def rows_of(days, *, a_day=150, drift=None, seed=0):
    """Times, features and truth of rows; from day `drift` on, most events look like ordinary rows."""
    rng = np.random.default_rng(seed)
    n = days * a_day
    day = np.repeat(np.arange(days), a_day)
    times = np.sort(FIRST + day * DAY + (rng.random(n) * 86_399e6).astype("timedelta64[us]"))
    shop = np.array(["a", "b", "c"])[rng.integers(0, 3, n)]
    x, z = rng.normal(size=n), rng.normal(size=n)
    event = x + (shop == "a") + rng.normal(size=n) > 1.8
    moved = event & (rng.random(n) < 0.5) & (day >= (days if drift is None else drift))
    x, shop = np.where(moved, rng.normal(size=n) - 1, x), np.where(moved, "c", shop)
    return times, pa.table({"x": x, "shop": shop, "z": np.where(rng.random(n) < 0.1, np.nan, z)}), event


def written(folder, bundle, days, *, segments=4, first=0, **options):
    """A log of the bundle, in so many segments, and the table of its labels, each known three days later."""
    times, table, event = rows_of(days, **options)
    folder.mkdir(exist_ok=True)
    scorer = bundle.scorer
    n = times.size
    schema = log_schema("m", bundle.version, KINDS)
    probability = scorer.probability(table)
    columns = {f.name: pa.nulls(n, f.type) for f in schema}
    columns |= {f"feature:{name}": table[name].combine_chunks() for name, _ in KINDS}
    columns |= {
        "id": pa.array([str(i) for i in range(n)]),
        "time": pa.array(times, pa.timestamp("us")).cast(schema.field("time").type),
        "model": pa.array(["m"] * n),
        "version": pa.array([bundle.version] * n),
        "probability": pa.array(probability),
        "logit": pa.array(scorer.logit(table)),
        "alert": pa.array(scorer.decide(table)),
        "slice": table["shop"].combine_chunks(),
    }
    log = pa.table([columns[f.name] for f in schema], schema=schema)
    for number, part in enumerate(np.array_split(np.arange(n), segments)):
        target = folder / f"{number:03d}.parquet"
        if number >= first:
            parquet.write_table(log.take(pa.array(part)), target, row_group_size=400, write_page_checksum=True)
    known = pa.array(times + 3 * DAY, pa.timestamp("us"))
    return pa.table({"id": columns["id"], "label": pa.array(event), "label_time": known})
