"""Tables: reading, schema, fingerprint, encoders, splits that keep events in every part, simulators, catalogue."""

from rareclass._lazy import lazy_names

_NAMES = {
    "CatalogueEntry": "entry",
    "Column": "schema",
    "DataInfo": "entry",
    "DuplicateCount": "duplicates",
    "Encoded": "encode",
    "Schema": "schema",
    "SimulatedScores": "binormal",
    "Simulated": "simulate",
    "TableEncoder": "encode",
    "count_duplicates": "duplicates",
    "duplicate_groups": "duplicates",
    "encode_target": "target",
    "list_data": "catalogue",
    "load_data": "catalogue",
    "locked_test": "split",
    "make_splits": "split",
    "merge_groups": "split",
    "read_table": "read",
    "simulate_scores": "binormal",
    "simulate_transactions": "simulate",
    "table_fingerprint": "fingerprint",
}
__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
