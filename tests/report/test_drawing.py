"""Which arms a picture lays over each other, and how they are told apart."""

from rareclass.evaluation.results import FiguresRecord, RocPoints
from rareclass.report.drawing import layers


def _figures(*names):
    return {name: FiguresRecord(roc=RocPoints(fpr=[0.0, 1.0], tpr=[0.0, 1.0])) for name in names}


def test_champion_baseline_and_exhibit_come_first_each_in_its_own_style():
    figures = _figures("a+none", "b+none", "lightgbm_library_default+none", "base+none", "champ+none")
    shown = layers(figures, "roc", "champ+none", "base+none", ["lightgbm_library_default+none"])
    assert [(s.name, s.cls) for s in shown] == [
        ("champ+none", "line-a"),
        ("base+none", "line-b"),
        ("lightgbm_library_default+none", "line-c"),
        ("a+none", "line-d"),
    ]


def test_arms_without_the_picture_are_passed_over():
    figures = {**_figures("a+none"), "b+none": FiguresRecord(), "c+none": FiguresRecord.from_dict(None)}
    assert [s.name for s in layers(figures, "roc", "b+none", "c+none", ())] == ["a+none"]
