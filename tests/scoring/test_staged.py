"""Two compiled stages: the judge sees survivors only, damaged files are refused, reasons come from who decided."""

import json

import numpy as np
import pyarrow as pa
import pytest
from tests.scoring.test_files import replace_file
from tests.treatments.known import line

from rareclass.artifact import Bundle
from rareclass.cascade import CascadeClassifier
from rareclass.errors import BundleError
from rareclass.scoring import Scorer
from rareclass.scoring.contributions import contributions
from rareclass.scoring.export.to_onnx import onnx_model


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    X, y, _ = line(6_000, seed=1)
    model = CascadeClassifier(judge="logistic_regression", judge_treatment="none", gate_recall=0.5, cv=2, gate_trees=20)
    folder = tmp_path_factory.mktemp("staged") / "m"
    Bundle(model.fit(X, y, costs={"fp": 1.0, "fn": 60.0}), rows=X).save(folder)
    return folder, model, X


def test_compiled_stages_equal_the_learner_alone_and_in_a_batch(saved):
    folder, model, X = saved
    scorer = Scorer.load(folder)
    assert scorer.exact
    some, through = X[:500], model.passes(X[:500])
    assert 0 < through.sum() < 500
    together = scorer.logit(some)
    np.testing.assert_allclose(together, model.positive_logit(some), rtol=0, atol=1e-9)
    np.testing.assert_array_equal(np.concatenate([scorer.logit(row) for row in some]), together)
    np.testing.assert_array_equal(scorer.member.passes(some), through)
    assert np.unique(together[~through]).size == 1


def test_the_judge_sees_survivors_only(saved):
    folder, model, X = saved
    member, seen = Scorer.load(folder).member, []

    class Watched:
        kind = "watched"

        def logit(self, rows):
            seen.append(rows)
            return np.zeros(rows.shape[0])

    object.__setattr__(member, "members", (member.members[0], Watched()))
    member.logit(X[:500])
    np.testing.assert_array_equal(seen.pop(), X[:500][model.passes(X[:500])])
    for row in X[:50]:
        member.logit(row[None])
    assert len(seen) == model.passes(X[:50]).sum()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: s.pop("threshold"), "threshold"),
        (lambda s: s["added"].append(0.0), "stages"),
        (lambda s: s["members"].pop(), "stages"),
        (lambda s: s["calibration"].pop("kind"), "kind"),
        (lambda s: s["members"][0].update(kind="staging"), "staging"),
    ],
)
def test_damaged_stages_are_refused(saved, tmp_path, change, said):
    folder, *_ = saved
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    state = json.loads((folder / "model.json").read_text())
    change(state["scorer"])
    replace_file(tmp_path, "model.json", json.dumps(state).encode())
    with pytest.raises(BundleError, match=said):
        Scorer.load(tmp_path)


def test_a_cascade_is_one_graph_that_scores_the_same(saved):
    folder, _, X = saved
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    table = pa.table({f"x{j}": X[:500, j] for j in range(X.shape[1])})
    assert onnx_model(Scorer.load(folder), {}, [table])  # run, compared with the scorer, and found equal


def test_reasons_come_from_the_stage_that_decided(saved):
    folder, model, X = saved
    member = Scorer.load(folder).member
    some, through = X[:300], model.passes(X[:300])
    found = contributions(member, some)
    np.testing.assert_allclose(found.sum(axis=1), member.logit(some), rtol=0, atol=1e-9)
    assert np.unique(found[:, -1]).size == 1
    gate, judge = (contributions(part, some)[:, :-1] for part in member.members)
    for rows, parts in ((~through, gate), (through, judge)):  # what speaks for an event there does so here
        clear = np.abs(parts) > 0.1
        both = clear & rows[:, None] & (np.sign(parts.sum(axis=1)) == np.sign(found[:, :-1].sum(axis=1)))[:, None]
        assert both.sum() > 50
        np.testing.assert_array_equal(np.sign(found[:, :-1][both]), np.sign(parts[both]))
