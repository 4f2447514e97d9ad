"""The audit of whole evaluations: pipelines and splitters, functions, tables, runs."""

from rareclass._lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, {"runs": "audit_run", "subject": "Subject audit_subject"})
