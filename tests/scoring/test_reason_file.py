"""Files of rules for reasons."""

from pathlib import Path

import pytest

from rareclass.errors import InputError, ReadError
from rareclass.scoring.reason_file import read_rules


def test_groups_texts_and_correlation_are_read(tmp_path: Path) -> None:
    file = tmp_path / "reasons.toml"
    file.write_text(
        'correlation = 0.8\n[groups]\nincome = ["a", "b"]\n[texts]\na = "A"\n[texts.c]\nraises = "Much c"\n'
    )
    rules = read_rules(file)
    assert (rules.correlation, rules.groups) == (0.8, {"income": ["a", "b"]})
    assert rules.texts == {"a": "A", "c": {"raises": "Much c"}}


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("groups = [", ReadError, "no TOML"),
        ("group.a = ['b']", InputError, "'group'"),
        ("groups.a = 'b'", InputError, "list of columns"),
        ("correlation = 2", InputError, "at most 1"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, kind: type[Exception], said: str) -> None:
    file = tmp_path / "reasons.toml"
    file.write_text(text)
    with pytest.raises(kind, match=said):
        read_rules(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"nowhere\.toml cannot be read"):
        read_rules(tmp_path / "nowhere.toml")
