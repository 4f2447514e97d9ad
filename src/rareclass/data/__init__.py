"""Tables: reading, schema, fingerprint, encoders, splits that keep events in every part, simulators, catalogue."""

from rareclass._lazy import lazy_names

_HOMES = {
    "binormal": "SimulatedScores simulate_scores",
    "catalogue": "list_data load_data",
    "duplicates": "DuplicateCount count_duplicates duplicate_groups",
    "encode": "Encoded TableEncoder",
    "entry": "CatalogueEntry DataInfo",
    "fingerprint": "table_fingerprint",
    "read": "read_table",
    "schema": "Column Schema",
    "simulate": "Simulated simulate_transactions",
    "split": "locked_test make_splits merge_groups",
    "target": "encode_target",
}
__getattr__, __dir__, __all__ = lazy_names(__name__, _HOMES)
