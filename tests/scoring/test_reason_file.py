"""Files of rules for reasons."""

from pathlib import Path

import pytest

from rareclass.errors import InputError, ReadError
from rareclass.scoring.reason_file import read_rules


def test_groups_and_texts_are_read(tmp_path: Path) -> None:
    file = tmp_path / "reasons.toml"
    file.write_text('[groups]\nincome = ["a", "b"]\n[texts]\na = "A"\n[texts.c]\nraises = "Much c"\n')
    rules = read_rules(file)
    assert rules.groups == {"income": ["a", "b"]}
    assert rules.texts == {"a": "A", "c": {"raises": "Much c"}}


def test_a_correlation_is_read_and_refused_beside_groups(tmp_path: Path) -> None:
    file = tmp_path / "reasons.toml"
    file.write_text("correlation = 0.8")
    assert (read_rules(file).correlation, read_rules(file).groups) == (0.8, None)
    for correlation in (0.8, 0.9):
        file.write_text(f'correlation = {correlation}\n[groups]\nincome = ["a", "b"]')
        with pytest.raises(InputError, match="only where no groups are given"):
            read_rules(file)


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
