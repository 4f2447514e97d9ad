"""Pictures of one arm: what their bins, legends and ticks say."""

from rareclass.evaluation.results import ConfusionRecord, ReliabilityBins, ScoreCounts
from rareclass.report import row_drawings

BINS = ReliabilityBins(
    mean_predicted=[0.01, 0.2, None], observed=[0.0, 0.25, 0.5], low=[0.0, 0.1], high=[0.1, 0.5], count=[90, 10],
    events=[0, 3],
)  # fmt: skip


def test_bins_are_read_with_their_interval_events_and_rows():
    drawn = row_drawings.reliability(BINS, "a")
    assert list(drawn.rows) == [("1.0%", "0%", "[0%, 10%]", "0", "90"), ("20%", "25%", "[10%, 50%]", "3", "10")]
    assert "Hollow: a bin without any event" in drawn.caption
    assert ("bin", "events in the bin, at most 3") in drawn.legend


def test_the_four_outcomes_stand_beside_the_threshold():
    counts = ScoreCounts(edges=[-4.0, 0.0, 4.0], positives=[2, 8], negatives=[88, 2])
    drawn = row_drawings.histogram(counts, ConfusionRecord(threshold=0.5, tp=8, fp=2, fn=2, tn=88), "a")
    for said in ("8 caught", "2 missed", "2 false alerts", "88 passed"):
        assert said in drawn.svg
    assert ("chosen-line", "threshold 0.500") in drawn.legend


def test_nothing_is_drawn_without_bins():
    assert row_drawings.reliability(None, "a") is None
    assert row_drawings.histogram(ScoreCounts(edges=[0.0]), ConfusionRecord(), "a") is None


def test_odds_are_written_as_percent_without_idle_zeros():
    assert [text for _, text in row_drawings.ODDS[::4]] == ["0.00001%", "0.1%", "90%"]
