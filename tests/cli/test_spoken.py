"""Sentences in the user's words."""

import pytest

from rareclass.cli.app import app
from rareclass.cli.spoken import _OPTIONS, spoken

ARGUMENTS = ["compare", "t.csv", "--target", "fraud", "--groups=customer", "--time", "day"]


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("`y` holds no event.", "The target 'fraud' holds no event."),
        ("`folds=9` is too many; lower `folds`.", "--folds 9 is too many; lower --folds."),
        ("`groups` are missing.", "--groups customer are missing."),
        ("`times` must be dates.", "--time day must be dates."),
        ("Name it with `pos_label`.", "Name it with --pos-label."),
        ("`fraud` has 3 labels.", "`fraud` has 3 labels."),
    ],
)
def test_arguments_become_options_and_columns(said, wanted):
    assert spoken(said, ARGUMENTS) == wanted


def test_without_a_target_it_is_still_the_target():
    assert spoken("`y_true` is empty.") == "The target is empty."


def test_every_option_that_is_named_exists():
    shown = set()
    for command in app.registered_commands:
        for parameter in command.callback.__annotations__.values():
            shown |= {getattr(m, "default", None) for m in getattr(parameter, "__metadata__", ())}
    assert {o for o in _OPTIONS.values() if o.startswith("--")} <= shown


def test_names_of_files_keep_their_letters_and_cells_their_blanks():
    assert spoken("export.csv is empty.") == "export.csv is empty."
    assert spoken("`folds` must be 2.").startswith("--folds")
    assert spoken("`y` is empty.") == "The target is empty."
    assert spoken("Column 'x': '1\\xa0234' is 1234.") == "Column 'x': '1\xa0234' is 1234."


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("recall", ["--min-recall", "2"]),
        ("precision", ["--min-precision=2"]),
        ("rate", ["--max-fpr", "2"]),
        ("rate", ["--alert-budget", "200%"]),
        ("metric", ["--maximize", "beauty"]),
    ],
)
def test_a_value_is_called_by_the_option_that_was_typed(name, typed):
    assert spoken(f"`{name}` is wrong.", ["train", *typed]).startswith(typed[0].partition("=")[0])
