"""Tiers in a TOML file: what docs/tiers.md shows is read, and anything else is refused in one sentence."""

import re
from pathlib import Path

import pytest

from rareclass.decisions import Tier, TierPolicy, read_tiers
from rareclass.errors import InputError, ReadError

ROOT = Path(__file__).resolve().parents[2]


def test_the_file_of_the_documentation_is_read(tmp_path):
    text = re.search(r"```toml\n(.*?)```", (ROOT / "docs/tiers.md").read_text(encoding="utf-8"), re.S)[1]
    (tmp_path / "tiers.toml").write_text(text, encoding="utf-8")
    assert read_tiers(tmp_path / "tiers.toml") == TierPolicy(
        [
            Tier("allow"),
            Tier("review", cost=5, prevents=0.9, capacity=100, per="day"),
            Tier("block", cost_fp=30, prevents=1.0),
        ]
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"holds no \[\[tier\]\]"),
        ('tier = [{name = "a"}, {name = "b"}]\nper = "day"', "holds 'per'"),
        ('tier = [{name = "a"}]', "two tiers at least"),
        ('tier = [{name = "a"}, {name = "b", price = 3}]', "'price', which is none of capacity, cost"),
        ('tier = [{name = "a"}, {cost = 3}]', "lacks 'name'"),
        ('tier = ["a", "b"]', "must be a mapping"),
        ("tier = 3", "list of tiers"),
    ],
)
def test_a_file_that_holds_no_policy_is_refused(tmp_path, text, said):
    (tmp_path / "tiers.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_tiers(tmp_path / "tiers.toml")


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ReadError, match=r"nothing.toml cannot be read"):
        read_tiers(tmp_path / "nothing.toml")
    (tmp_path / "odd.toml").write_bytes(b"\xff\xfe[")
    with pytest.raises(ReadError, match="no TOML"):
        read_tiers(tmp_path / "odd.toml")
