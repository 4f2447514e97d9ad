"""What is left without the named columns is what the same fits find without them."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from tests.evaluation.test_champion import result_of
from tests.fitting.small import points

from rareclass.evaluation.judge import Judged
from rareclass.evaluation.refit import without_columns
from rareclass.fitting.arm import Arm
from rareclass.fitting.design import Columns, SplitOptions, make_design
from rareclass.fitting.out_of_fold import ranking_of, score_arms
from rareclass.fitting.rows import Beside
from rareclass.metrics import average_precision_score


def table():
    X, y = points(900)
    return {"a": X[:, 0], "b": X[:, 1], "leak": 9.0 * y + X[:, 0]}, y


def design(**how):
    return make_design(*table(), Beside(), split=SplitOptions(folds=3), seed=2, **how)


def test_the_figure_without_a_column_is_that_of_a_table_without_it():
    whole, arm = design(), Arm(LogisticRegression())
    (scores,) = score_arms(whole, [arm])
    tested = np.arange(whole.y.size)
    champion = result_of(arm, whole.y, scores.oof.score, tested)
    (note,) = without_columns(whole, Judged(y=whole.y), tested, [champion], champion, ["leak"])
    fewer = design(columns=Columns(drop=["leak"]))
    (again,) = score_arms(fewer, [arm])
    left = average_precision_score(fewer.y, ranking_of(fewer, again))
    assert note.severity == "note"
    assert f"average precision of {left:.3f} [" in note.title
    assert note.title.endswith(f"instead of {champion.average_precision.estimate:.3f}.")


def test_nothing_is_fitted_without_a_name_or_without_a_column_left():
    whole, arm = design(), Arm(LogisticRegression())
    (scores,) = score_arms(whole, [arm])
    tested = np.arange(whole.y.size)
    champion = result_of(arm, whole.y, scores.oof.score, tested)
    for names in ([], ["a", "b", "leak"]):
        assert without_columns(whole, Judged(y=whole.y), tested, [champion], champion, names) == []
