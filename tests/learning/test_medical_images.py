"""The medical project: how it splits and judges, that its sentences follow its intervals, and that it runs."""

import re

import numpy as np
import pytest

from rareclass.learning import lesson, part
from rareclass.metrics import average_precision_score, expected_cost, roc_auc_score
from rareclass.uncertainty.estimate import Interval

images, judging, table = (part(f"medical_images/{name}.py") for name in ("images", "judging", "table"))


@pytest.fixture(scope="module")
def rows():
    """Labels, scores with ties, and weights of three draws."""
    rng = np.random.default_rng(0)
    y = rng.random(80) < 0.4
    return y, np.round(rng.normal(size=80) + y, 1), rng.integers(0, 3, size=(3, 80)).astype(float)


def test_the_weighted_metrics_are_those_of_the_package(rows):
    y, score, weight = rows
    for ours, package in ((judging.average_precision, average_precision_score), (judging.roc_area, roc_auc_score)):
        theirs = [package(y, score, sample_weight=w) for w in weight]
        np.testing.assert_allclose(ours(y, score, weight), theirs, atol=1e-12)
    costs = {"fp": judging.COST_ALARM, "fn": judging.COST_MISSED, "tp": 0.0, "tn": 0.0}
    theirs = [100 * expected_cost(y, score > 0.5, costs, sample_weight=w) for w in weight]
    np.testing.assert_allclose(judging.cost(y, score > 0.5, weight), theirs)


def test_recall_under_a_floor_is_that_of_the_best_threshold(rows):
    y, score, weight = rows
    for w, found in zip(weight, judging.recall_at_precision(y, score, weight, 0.6), strict=True):
        every = [score >= t for t in np.unique(score)]
        kept = [(w * (a & y)).sum() / (w * y).sum() for a in every if (w * (a & y)).sum() >= 0.6 * (w * a).sum()]
        assert found == pytest.approx(max(kept, default=0.0), abs=1e-12)
    assert judging.recall_at_precision(np.array([False, True]), np.array([1.0, 0.0]), np.ones(2), 0.9) == 0.0


def test_test_images_are_weighted_to_the_prevalence_and_resampled_within_their_classes(rows):
    y = rows[0]
    weight = images.test_weights(y, 0.02)
    assert weight[y].sum() / weight.sum() == pytest.approx(0.02)
    drawn = judging.resampled(weight, y, 20)
    np.testing.assert_allclose(drawn[:, y].sum(1), weight[y].sum())
    np.testing.assert_allclose(drawn[:, ~y].sum(1), weight[~y].sum())
    assert np.array_equal(drawn[0], weight)


def test_a_seed_brings_other_findings_which_neither_part_shares_and_which_are_rare():
    made = images.simulated(np.random.default_rng(0), ordinary=1_800)
    numbered = made._replace(pixels=np.arange(made.finding.size, dtype=np.float32)[:, None])
    first, second = (images.split(numbered, seed) for seed in (0, 1))
    for parts in (first, second):
        assert not set(parts.train[:, 0]) & set(parts.valid[:, 0])
        assert not made.test[np.concatenate([parts.train, parts.valid])[:, 0].astype(int)].any()
        assert parts.train_finding.sum() + parts.valid_finding.sum() == images.FINDINGS
        assert parts.counts == (int((~parts.train_finding).sum()), 20)
        assert np.array_equal(made.finding[parts.train[:, 0].astype(int)], parts.train_finding)
    assert max(first.prevalence, first.valid_finding.mean()) < 0.03
    shared = set(first.train[first.train_finding, 0]) & set(second.train[second.train_finding, 0])
    assert len(shared) < 10


def test_without_the_x_rays_simulated_images_stand_in_and_it_is_said(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("RARECLASS_DATA", str(tmp_path))
    images.read.cache_clear()
    found = images.read(quick=True)
    images.read.cache_clear()
    assert "not on this machine: simulated images stand in" in capsys.readouterr().out
    assert found.name == "simulated images"
    assert images.split(found, 0).train_finding.sum() == 20
    assert np.array_equal(found.pixels, found.pixels.astype(np.uint8))  # as they are written for `predict`
    spot = found.pixels[found.finding].mean(0) - found.pixels[~found.finding].mean(0)
    assert spot.reshape(28, 28)[12:16, 12:16].mean() > 4 * abs(spot.reshape(28, 28)[:3, :3].mean())


@pytest.mark.data
def test_no_x_ray_is_there_twice():
    found = images.on_this_machine()
    if found is None:
        pytest.skip("no local data sets")
    assert len(np.unique(found.pixels, axis=0)) == len(found.pixels)
    parts = images.split(found, 0)
    assert max(parts.prevalence, parts.valid_finding.mean()) < 0.02


def test_sentences_follow_the_intervals(capsys):
    up, down, both = Interval(0.1, 0.05, 0.2), Interval(-0.1, -0.2, -0.05), Interval(-0.01, -0.1, 0.1)
    back = {"back": Interval(1.0, 0.5, 2.0)}
    found = {
        "cross-entropy": {"back": Interval(3.0, 2.0, 4.0)},
        "good": {"more": up, "wider": up, "dearer": down} | back,
        "AUC objective": {"more": down, "wider": down, "dearer": up} | back,
        "average-precision objective": {"more": both, "wider": both, "dearer": both} | back,
    }
    table.conclusions(found)
    said = capsys.readouterr().out
    assert "surely above cross-entropy's: good. Surely below: AUC objective." in said
    assert "cannot tell: average-precision objective." in said
    assert "the AUC objective does NOT reach the AUC of cross-entropy (-0.100 [-0.200, -0.050]: worse)" in said
    assert "the average-precision objective does NOT reach" in said
    assert "as far as can be told: good; AUC objective; average-precision objective." in said
    assert "Surely cheaper than cross-entropy with alarms where they pay: good. Surely dearer: AUC objective." in said
    assert "nothing was surely better" not in said
    table.conclusions({way: row for way, row in found.items() if way != "good"})
    assert "nothing was surely better" in capsys.readouterr().out


@pytest.mark.deep
def test_the_whole_project_runs_quickly_and_its_bundle_scores_as_the_network_does(tmp_path, capsys):
    pytest.importorskip("torch")
    found = lesson("medical-images").main(tmp_path, quick=True)
    said = capsys.readouterr().out
    assert said.count("check: ") == 3
    assert found["scored"]["code"] == 0
    ways = part("medical_images/ways.py").WAYS
    assert [way for way in found["rows"] if "ap" in found["rows"][way]] == [*ways]
    for row in found["rows"].values():
        assert all(span.low <= span.estimate <= span.high for span in row.values())
    assert re.search(r"In the mean of the seeds the AUC objective (reaches|does NOT reach)", said)
    assert (tmp_path / "medical_images.svg").is_file()
    assert (tmp_path / "medical_images_curves.svg").is_file()


@pytest.mark.deep
def test_a_network_depends_on_its_seed_and_not_on_the_threads():
    torch = pytest.importorskip("torch")
    ways = part("medical_images/ways.py")
    threads = torch.get_num_threads()
    runs = []
    for count in (1, 2):
        torch.set_num_threads(count)
        runs.append(ways.fit("balanced sampling", 3, epochs=1, quick=True)["score"])
        assert torch.get_num_threads() == count
    torch.set_num_threads(threads)
    assert np.array_equal(*runs)
    assert not np.array_equal(runs[0], ways.fit("balanced sampling", 4, epochs=1, quick=True)["score"])
