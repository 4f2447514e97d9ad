"""What the columns of an encoded matrix are called, wherever rows are encoded."""

from collections.abc import Iterable, Mapping, Sequence

_TEXT = ("length", "digit_share", "upper_share", "mark_share")


def encoded_names(
    columns: Iterable[tuple[str, str]], time_parts: Mapping[str, Sequence[str]], text_buckets: int
) -> list[str]:
    """Names of the encoded columns of columns (name, kind): dates by their parts, texts by shape and hashed words.

    Examples
    --------
    >>> encoded_names([("day", "time"), ("amount", "number")], {"day": ["month", "hour"]}, 8)
    ['day:month', 'day:hour', 'amount']
    """
    names: list[str] = []
    for name, kind in columns:
        if kind == "time":
            names += [f"{name}:{part}" for part in time_parts[name]]
        elif kind == "text":
            names += [f"{name}:{part}" for part in (*_TEXT, *(f"word{i}" for i in range(text_buckets)))]
        else:
            names.append(name)
    return names
