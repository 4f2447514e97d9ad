"""All shared data sets: read, inferred, encoded and split without a crash, with the counts that their index states."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from rareclass.data import Schema, TableEncoder, count_duplicates, encode_target, load_data, make_splits
from rareclass.errors import RareclassError

ROOT = Path(os.environ.get("RARECLASS_DATA", Path(__file__).parents[2] / "../shared/data"))
INDEX = json.loads((ROOT / "index.json").read_text(encoding="utf-8")) if (ROOT / "index.json").is_file() else []
pytestmark = [pytest.mark.data, pytest.mark.skipif(not INDEX, reason=f"the shared data sets are not at {ROOT}")]


@pytest.mark.parametrize("record", INDEX or [None], ids=lambda r: r["name"] if r else "none")
def test_a_shared_set_is_read_encoded_and_split(record, monkeypatch):
    monkeypatch.setenv("RARECLASS_DATA", str(ROOT))
    entry = load_data(record["name"])
    y, _, _ = encode_target(entry.table.column(entry.target), entry.pos_label, name=entry.target)
    assert int(y.sum()) == record["positives"]
    schema = Schema.infer(
        entry.table, target=entry.target, pos_label=entry.pos_label, drop=entry.drop, categorical=entry.categorical
    )
    assert len(schema.columns) == record["features"]
    found = count_duplicates(entry.table.select(schema.names), entry.table.column(entry.target))
    assert found.repeated_with_label == record["duplicate_rows"]
    assert found.conflicting == record["conflicting_rows"]
    for constant in record["constant_columns"]:
        assert any(repr(constant) in note for note in schema.notes)
    train, test = make_splits(y, folds=3)[0]
    small = entry.table.take(train[:20_000]), entry.table.take(test[:20_000])
    encoded = TableEncoder(schema).fit(small[0]).transform(small[1])
    assert encoded.matrix.shape == (small[1].num_rows, len(encoded.feature_names))
    assert not np.isinf(encoded.matrix).any()
    if record["missing_cells"] == 0:
        assert np.isnan(encoded.matrix).sum() <= sum(encoded.unknown_counts.values())


def test_every_set_has_a_design_that_fits_its_table():
    for record in INDEX:
        if record["rows"] > 20_000:
            continue
        entry = load_data(record["name"])
        wanted = {entry.target, *entry.drop, *entry.categorical, *(entry.cost_columns or {}).values()}
        wanted |= {c for c in (entry.groups, entry.times) if c}
        assert wanted <= set(entry.table.column_names)
        assert entry.features.num_columns == record["features"]


def test_kinds_without_any_hint_are_sane():
    for name in ("adult", "bank_additional_full", "thyroid_sick", "sms_spam"):
        entry = load_data(name)
        schema = Schema.infer(entry.table, target=entry.target, drop=entry.drop)
        kinds = {c.name: c.kind for c in schema.columns}
        assert {n for n, k in kinds.items() if k == "category"} == set(entry.categorical)
        assert not [n for n, why in schema.dropped.items() if why == "identifier"]
    assert kinds == {"text": "text"}


def test_identifiers_of_a_real_set_are_found():
    entry = load_data("ai4i2020")
    schema = Schema.infer(entry.table, target=entry.target)
    assert schema.dropped == {"Product ID": "identifier"}
    assert any("'UDI'" in note and "numbers the rows" in note for note in schema.notes)


def test_the_target_of_more_classes_asks_for_the_event():
    entry = load_data("kddcup99_10pct")
    with pytest.raises(RareclassError, match="pos_label"):
        encode_target(entry.table.column(entry.target))
