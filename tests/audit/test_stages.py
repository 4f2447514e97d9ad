"""The audit watches the stages of a cascade: an honest one is clean, a judge or gate that judges itself is found."""

import numpy as np
import pytest

from rareclass import RareClassifier
from rareclass.audit import Subject, audit_subject
from rareclass.audit.stages import stage_findings
from rareclass.cascade import CascadeClassifier, TwoStageLearner
from rareclass.cascade.two_stage import _Passed

SIMPLE = {"gate": "logistic_regression", "judge": "logistic_regression", "judge_treatment": "none"}


class JudgesItself(TwoStageLearner):
    """Its judge is calibrated on the rows that it was fitted on."""

    def _fit_judge(self, work, passed, gate):
        everything = np.arange(work.rows.y.size)
        whole = _Passed.splits
        _Passed.splits = lambda self: [(everything, everything)]
        try:
            super()._fit_judge(work, passed, gate)
        finally:
            _Passed.splits = whole


class PlacesItself(TwoStageLearner):
    """Its gate is placed on the rows that it was fitted on."""

    def _splits(self, rows, groups, times, rng):
        half = np.arange(rows.y.size)
        return [(half, half[::2]), (half, half[1::2])]


class Planted(CascadeClassifier):
    kind = TwoStageLearner

    @property
    def estimator(self):
        return self.kind(**super().estimator.get_params())


@pytest.mark.parametrize(("kind", "stage"), [(JudgesItself, "judge"), (PlacesItself, "gate")])
def test_a_stage_that_judges_itself_is_found(kind, stage, monkeypatch):
    monkeypatch.setattr(Planted, "kind", kind)
    found = stage_findings(Planted(**SIMPLE))
    assert [f.code for f in found] == ["stage-judges-itself"]
    assert f"the {stage} scored" in found[0].evidence
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    codes = [f.code for f in audit_subject(Subject(Planted(**SIMPLE), X, X[:, 0] > 1))]
    assert codes[0] == "stage-judges-itself"


@pytest.mark.parametrize("asked", [{}, {"judge": "auto", "judge_treatment": "auto"}, {"judge_cost": 1.0}])
def test_an_honest_cascade_is_clean_whatever_its_options(asked):
    assert stage_findings(CascadeClassifier(**SIMPLE | asked)) == []
    assert stage_findings(RareClassifier()) == []
