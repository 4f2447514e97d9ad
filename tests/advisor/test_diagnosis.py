"""Diagnosis: counts are right, advice follows the events, every sentence has a source."""

import json

import numpy as np
import pandas as pd
import pytest

from rareclass.advisor import diagnose
from rareclass.advisor.diagnosis import advise, what_events_allow
from rareclass.errors import InputError
from rareclass.kernels.intervals import wilson


def test_counts_are_those_of_the_table():
    frame = pd.DataFrame({"x": [1.0, 1.0, 2.0, 3.0, np.nan, 5.0], "kind": list("aabbcc")})
    found = diagnose(frame, ["no", "no", "no", "no", "no", "yes"])
    assert (found.rows, found.events, found.pos_label) == (6, 1, "yes")
    assert found.imbalance_ratio == 5
    assert found.missing == {"x": pytest.approx(1 / 6)}
    assert found.duplicates == 1
    assert found.conflicting == 0
    json.dumps(found.to_dict(), default=str)


def test_rows_that_occur_with_both_labels_are_counted():
    found = diagnose(np.array([[1.0], [1.0], [2.0], [3.0]]), [0, 1, 0, 0])
    assert found.conflicting == 2


@pytest.mark.parametrize("events", [5, 30, 120, 5000])
def test_what_events_allow_gives_the_interval_of_a_recall_of_eighty_percent(events):
    said = what_events_allow(events)
    low, high = wilson(0.8 * events, events, 0.95)
    assert f"[{low:.0%}, {high:.0%}]" in said[0]
    assert len(said) == 2


def test_few_events_are_advised_a_penalised_model_and_many_rows_a_sample():
    few, many = advise(20, 4000), advise(5000, 1_000_000)
    assert "penalised logistic regression" in few[0].measured
    assert [a.topic for a in many if a not in few][-1] == "size"


def test_a_column_that_knows_the_label_is_found():
    rng = np.random.default_rng(0)
    y = rng.random(2000) < 0.03
    found = diagnose(pd.DataFrame({"honest": rng.normal(size=2000), "leak": y * 5.0 + rng.random(2000)}), y)
    assert any("leak" in f.title + f.evidence for f in found.findings)


def test_unusable_labels_are_one_sentence():
    with pytest.raises(InputError, match=r"constant|one class"):
        diagnose(np.zeros((5, 1)), np.zeros(5))
