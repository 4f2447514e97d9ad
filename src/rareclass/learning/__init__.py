"""The learning path: lessons, experiments and projects of `examples/`, run one by one or by `rareclass learn`."""

from rareclass._lazy import lazy_names

_HOMES = {
    "checks": "agree",
    "drawn": "Figure",
    "lessons": "Lesson find_lesson",
    "repeats": "crossed_interval mean_interval shown text_table word",
    "running": "from_command_line lesson part run_lesson",
    "tables": "table_or_simulated",
}
__getattr__, __dir__, __all__ = lazy_names(__name__, _HOMES)
