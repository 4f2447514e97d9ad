"""Only how many events there are changed: the champion's model stays, its level and its decision follow."""

import numpy as np
import pytest
from tests.lifecycle.drifting import payments, started, trained

from rareclass.data.problem import Roles
from rareclass.decisions import RecallAtLeast
from rareclass.lifecycle import replay
from rareclass.lifecycle.labelled_rows import labelled_rows
from rareclass.lifecycle.rederived import rederived


@pytest.fixture(scope="module")
def champion(tmp_path_factory):
    return started(tmp_path_factory.mktemp("r") / "r", trained(payments(8000, 0))).champion()


def test_as_many_events_are_expected_as_there_are_and_the_ranking_stays(champion):
    rows = labelled_rows(champion, payments(8000, 1, begin=2, prevalence=0.1), roles=Roles(time="day"))
    found = rederived(champion, rows)
    old, new = (b.model.model_.logit(rows.table)[0] for b in (champion, found))
    assert np.ptp(new - old) < 1e-9
    p = 1 / (1 + np.exp(-new))
    assert p.sum() == pytest.approx(rows.events, rel=1e-6)
    # of the two mixtures with these prevalences: log-odds move by the log of the ratio of odds
    before = np.log(0.03 / 0.97)
    assert new[0] - old[0] == pytest.approx(np.log(0.1 / 0.9) - before, abs=0.25)
    assert found.model.decision_.threshold == champion.model.decision_.threshold  # of probability, by the costs
    assert found.reference["expected_events"] == pytest.approx(rows.events, rel=1e-6)
    assert replay(found, rows.table, rows.labels).model.model_.arm.name == champion.model.model_.arm.name


def test_a_rule_of_recall_finds_its_threshold_on_the_new_rows(tmp_path):
    champion = started(tmp_path / "r", trained(payments(6000, 0), decision=RecallAtLeast(0.8))).champion()
    rows = labelled_rows(champion, payments(6000, 1, begin=2, moved=0.3), roles=Roles(time="day"))
    found = rederived(champion, rows)
    p = found.model.predict_proba(rows.table)[:, 1]
    # the highest threshold that a fifth of the events at most lie below, by hand
    wanted = np.sort(p[rows.event])[::-1][int(np.ceil(0.8 * rows.events)) - 1]
    assert found.model.decision_.threshold == pytest.approx(wanted, rel=1e-9)
    found.save(tmp_path / "saved")
    assert type(found).load(tmp_path / "saved").scorer.exact


def test_weights_count(champion):
    table = payments(4000, 1, begin=2)
    y = table["fraud"].to_numpy()
    rows = labelled_rows(champion, table.append_column("w", [np.where(y, 2.0, 1.0)]), roles=Roles(weights="w"))
    p = rederived(champion, rows).model.predict_proba(rows.table)[:, 1]
    assert p @ rows.counts == pytest.approx(2 * rows.events, rel=1e-6)
