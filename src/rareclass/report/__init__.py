"""Reports: terminal, one-file HTML, JSON, matplotlib displays. This room draws; `evaluation` computes."""

from rareclass._lazy import lazy_names

_NAMES = {
    "render_html": "html",
    "render_terminal": "terminal",
    "load_results": "json",
    "to_json": "json",
    "to_plain": "json",
    "dump_results": "json",
    "write_text": "json",
}
__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
