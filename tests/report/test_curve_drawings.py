"""Pictures that lay arms over each other: what their captions and tables say."""

from rareclass.evaluation.results import ConfusionRecord, CostPoints, PrecisionRecallPoints, RocPoints
from rareclass.report import curve_drawings
from rareclass.report.drawing import Layer
from rareclass.uncertainty import Interval

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


def test_the_cost_of_the_decision_is_its_own_not_that_of_the_nearest_point_of_the_curve():
    points = CostPoints(threshold=[0.01, 0.12, 0.5], cost=[3.0, 1.0, 2.0], chosen=0.1, decided=Interval(0.9, 0.8, 1.1))
    drawn = curve_drawings.cost([Layer("a", "line-a", points, CUT)])
    assert drawn.caption == "The threshold 0.100 costs 0.900 [0.800, 1.10] per row."
    assert drawn.rows[0][1:] == ("0.100", "0.900", "[0.800, 1.10]")


def test_where_costs_differ_by_row_no_threshold_is_named():
    points = CostPoints(threshold=[0.01, 0.5], cost=[3.0, 2.0], chosen=None, decided=Interval(0.9, 0.8, 1.1))
    drawn = curve_drawings.cost([Layer("a", "line-a", points, CUT)])
    assert drawn.caption == "The decision, by the costs of each row, costs 0.900 [0.800, 1.10] per row."
    assert drawn.rows[0][1] == "each row its own"


def test_the_precision_axis_ends_where_it_happens():
    low = PrecisionRecallPoints(recall=[0.01, 0.5, 1.0], precision=[1.0, 0.08, 0.02])
    drawn = curve_drawings.precision_recall([Layer("a", "line-a", low, ConfusionRecord())], 0.01)
    assert ">0.1<" in drawn.svg
    assert ">1<" in drawn.svg  # of the recall
    assert drawn.svg.count(">1<") == 1
    whole = curve_drawings.precision_recall([Layer("a", "line-a", CURVE, CUT)], 0.1)
    assert whole.svg.count(">1<") == 2


def test_nothing_is_drawn_without_points():
    for draw in (curve_drawings.roc, curve_drawings.cost, lambda shown: curve_drawings.precision_recall(shown, 0.1)):
        assert draw([]) is None
    assert curve_drawings.cost([Layer("a", "line-a", CostPoints(), CUT)]) is None
