"""What a comparison gives out: the same numbers as values, as tables and by name."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from tests.fitting.small import points

from rareclass.evaluation import compare, comparison, run
from rareclass.evaluation.plan import Plan
from rareclass.evaluation.results import Results, SkippedRecord
from rareclass.fitting.arm import Arm
from rareclass.kernels.logits import sigmoid

BASELINE, OTHER = Arm(LogisticRegression()), Arm(GaussianNB())


@pytest.fixture(scope="module")
def compared():
    """A comparison of two arms that are fitted in no time."""
    X, y = points(1000)
    X[900:], y[900:] = X[:100], y[:100]
    plan = Plan(arms=[BASELINE, OTHER], baseline=BASELINE.name, not_run=[SkippedRecord(name="late", reason="no time")])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "make_plan", lambda *_, **__: plan)
        return compare({"a": X[:, 0], "b": X[:, 1]}, y, costs={"fp": 1, "fn": 9}, folds=3, n_jobs=1, random_state=2)


def test_an_arm_is_found_by_its_name(compared):
    assert compared["GaussianNB+none"].arm == OTHER
    with pytest.raises(KeyError, match=r"No arm 'magic'; there are \['"):
        compared["magic"]


def test_the_record_holds_the_data_the_design_and_every_arm(compared):
    said = compared.record()
    d, split = compared.design, compared.design.split
    assert (said.data.rows, said.data.events, said.data.duplicates) == (1000, d.rows.y.sum(), d.duplicates)
    assert [(c.name, c.kind) for c in said.data.columns] == [("a", "number"), ("b", "number")]
    assert said.design.dev_rows + said.design.test_rows == 1000
    assert said.design.dev_events + said.design.test_events == said.data.events
    assert (said.design.folds, said.design.seed, said.design.split) == (3, 2, "stratified")
    assert said.test.rows == split.test.size
    assert [s.name for s in said.arms_not_run] == ["late"]
    assert (said.baseline, said.champion) == (compared.baseline, compared.champion)
    for arm, result in zip(said.arms, compared.results, strict=True):
        assert (arm.name, arm.verdict, arm.sentence) == (result.name, result.verdict.word, result.verdict.sentence)
        assert arm.metrics["average_precision"] == result.average_precision
        assert arm.decision.expected_cost == result.judgement.acted["expected_cost"].estimate
        assert (arm.difference_to_baseline is None) == (arm.name == BASELINE.name)


def test_results_are_plain_values_that_can_be_read_again(compared):
    values = compared.to_dict()
    assert json.loads(json.dumps(values)) == values
    assert Results.from_dict(values).to_dict() == values


def test_the_table_of_arms_is_a_frame_or_an_arrow_table(compared, monkeypatch):
    frame = compared.to_frame()
    assert isinstance(frame, pd.DataFrame)
    assert list(frame["arm"]) == [r.name for r in compared.results]
    assert frame["average_precision"].is_monotonic_decreasing
    row = frame.set_index("arm").loc[OTHER.name]
    verdict = compared[OTHER.name].verdict
    assert (row["difference"], row["verdict"]) == (verdict.difference.estimate, verdict.word)
    monkeypatch.setattr(comparison, "available", lambda package: f"{package} does not load")
    table = compared.to_frame()
    assert isinstance(table, pa.Table)
    assert table.column_names == list(frame.columns)
    assert table["difference"].null_count == 1  # the baseline beside itself


def test_the_table_of_scores_names_row_fold_and_arm(compared):
    table = compared.oof_table()
    d = compared.design
    assert table.num_rows == 2 * d.split.dev.size
    for result in compared.results:
        own = table.filter(pc.equal(table["arm"].cast(pa.string()), result.name))
        np.testing.assert_array_equal(own["row"], d.split.dev)
        np.testing.assert_array_equal(own["score"], result.scores.oof.score)
        np.testing.assert_array_equal(own["probability"], sigmoid(result.logit))
    for k, (_, test) in enumerate(d.split.parts):
        rows = np.asarray(own["row"])[np.asarray(own["fold"]) == k]
        np.testing.assert_array_equal(rows, d.split.dev[test])


def test_it_is_short_to_read_in_a_shell_and_a_table_in_a_notebook(compared):
    said = repr(compared).splitlines()
    assert (
        said[0]
        == f"Comparison of 2 arms on {compared.design.split.dev.size:,} rows with {compared.design.y.sum()} events"
    )
    assert len(said) == 4
    assert sum(line.startswith("* ") for line in said) == 1
    assert said[-1] == compared.champion_reason
    shown = compared._repr_html_()
    assert shown.count("<tr") == 3
    assert shown.count("bold") == 1
    for r in compared.results:
        assert r.name in shown
        assert f"{r.average_precision.estimate:.3f} [" in shown
