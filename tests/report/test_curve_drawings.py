"""Pictures that lay arms over each other: what their captions and tables say."""

from rareclass.evaluation.results import ConfusionRecord, CostPoints, PrecisionRecallPoints, RocPoints
from rareclass.report import curve_drawings
from rareclass.report.drawing import Layer

CUT = ConfusionRecord(threshold=0.1, tp=8, fp=2, fn=2, tn=88)
CURVE = PrecisionRecallPoints(recall=[0.5, 1.0], precision=[0.8, 0.1], low=[0.6, None], high=[0.9, 0.2])


def test_precision_and_recall_are_read_at_half_of_the_events():
    drawn = curve_drawings.precision_recall([Layer("a", "line-a", CURVE, CUT)], 0.1)
    assert drawn.caption == "Catching 50% of the events, 80% of the alerts are right [60%, 90%]."
    assert ("chosen", "where the decision cuts") in drawn.legend
    assert ("chance", "chance 0.100") in drawn.legend


def test_the_curve_is_read_where_one_percent_of_the_negatives_is_flagged():
    points = RocPoints(fpr=[0.0, 0.01, 1.0], tpr=[0.2, 0.6, 1.0])
    drawn = curve_drawings.roc([Layer("a", "line-a", points, CUT)])
    assert drawn.caption.startswith("Flagging 1.0% of the negatives catches 60% of the events. Under rarity")


def test_the_cost_of_the_chosen_threshold_stands_beside_the_trivial_rules():
    points = CostPoints(threshold=[0.01, 0.1, 0.5], cost=[3.0, 1.0, 2.0], chosen=0.1, flag_none=5.0, flag_all=9.0)
    drawn = curve_drawings.cost([Layer("a", "line-a", points, CUT)])
    assert drawn.caption == "The threshold 0.100 costs 1.00 per row; flagging none 5.00 and all 9.00."
    assert [row[2] for row in drawn.rows] == ["1.00", "5.00", "9.00"]


def test_nothing_is_drawn_without_points():
    for draw in (curve_drawings.roc, curve_drawings.cost, lambda shown: curve_drawings.precision_recall(shown, 0.1)):
        assert draw([]) is None
    assert curve_drawings.cost([Layer("a", "line-a", CostPoints(), CUT)]) is None
