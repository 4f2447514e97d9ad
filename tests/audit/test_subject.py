"""A fault planted into each kind of subject is named; its honest twin is not; what cannot be audited is refused."""

import json
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict, cross_val_score, train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from rareclass.audit import Subject, audit_subject
from rareclass.audit.subject import subject_named
from rareclass.cli import main
from rareclass.errors import InputError
from rareclass.over_sampling import SMOTE
from rareclass.under_sampling import RandomUnderSampler

FOLDS = StratifiedKFold(4, shuffle=True, random_state=0)


def rows(seed=0, n=1_200, d=5):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    return X, (rng.random(n) < 1 / (1 + np.exp(2.7 - X[:, 0]))).astype(int)


def codes(subject):
    return {f.code for f in audit_subject(subject)}


def cross(model, X, y):
    return y, cross_val_predict(model, X, y, cv=FOLDS, method="predict_proba")[:, 1]


def smote_first(X, y):
    return cross(KNeighborsClassifier(), *SMOTE(random_state=0).fit_resample(X, y))


def under_first(X, y):
    return cross(GaussianNB(), *RandomUnderSampler(random_state=0).fit_resample(X, y))


def isotonic_on_the_test(X, y):
    a, b, c, d = train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)
    p = GaussianNB().fit(a, c).predict_proba(b)[:, 1]
    return d, IsotonicRegression().fit(p, d).predict(p)


def fitted_on_all(X, y):
    return y, KNeighborsClassifier(1).fit(X, y).predict_proba(X)[:, 1]


def cut_on_the_test(X, y):
    y, p = cross(GaussianNB(), X, y)
    cuts = np.unique(p)
    best = max(cuts, key=lambda t: (p >= t)[y == 1].mean() - (p >= t)[y == 0].mean())
    return {"y_true": y, "y_score": p, "y_pred": (p >= best).astype(int)}


@pytest.mark.parametrize(
    ("function", "code"),
    [
        (smote_first, "resampled-before-split"),
        (under_first, "test-part-resampled"),
        (isotonic_on_the_test, "calibrated-on-judged-rows"),
        (fitted_on_all, "learns-what-is-not-there"),
        (cut_on_the_test, "threshold-on-judged-rows"),
    ],
)
def test_evaluations_are_caught_by_labels_at_random(function, code):
    assert codes(Subject(function, *rows())) == {code}


def honest(X, y):
    return cross(make_pipeline(StandardScaler(), GaussianNB()), X, y)


def honest_number(X, y):
    return float(cross_val_score(GaussianNB(), X, y, cv=4, scoring="average_precision").mean())


def test_honest_evaluations_pass():
    assert codes(Subject(honest, *rows())) == set()
    assert codes(Subject(honest_number, *rows(), metric="average_precision")) == set()


def test_a_number_without_a_name_is_not_judged():
    assert codes(Subject(honest_number, *rows())) == {"not-probed"}


def test_scores_of_many_small_parts_are_named_as_such_and_not_as_a_leak():
    def each(X, y):
        return cross_val_score(GaussianNB(), X, y, cv=20, scoring="average_precision")

    assert codes(Subject(each, *rows(), metric="average_precision")) == {"averaged-folds-few-events"}


def test_labels_frames_and_series_of_any_kind_are_handed_over_as_they_are():
    X, y = rows()
    frame, words = pd.DataFrame(X, columns=list("abcde")), pd.Series(np.where(y == 1, "fraud", "fine"), name="what")

    def evaluate(X, y):
        assert list(X.columns[:5]) == list("abcde")
        assert set(y) == {"fraud", "fine"}
        return y, cross_val_predict(GaussianNB(), X, y, cv=FOLDS, method="predict_proba")[:, 1]

    assert codes(Subject(evaluate, frame, words)) == set()


def test_a_calibrated_copy_of_the_labels_of_groups_is_named():
    rng = np.random.default_rng(0)
    own = rng.normal(size=(240, 3))
    group = np.repeat(np.arange(240), 5)
    X, y = own[group] + 0.01 * rng.normal(size=(1200, 3)), (rng.random(240) < 0.1).astype(int)[group]

    def ignores(X, y, groups):
        return cross(KNeighborsClassifier(3), X, y)

    assert "group-across-split" in codes(Subject(ignores, X, y, groups=group))


def test_tables_with_repeated_rows_and_a_richer_test_are_named():
    X, y = rows()
    whole = pd.DataFrame(X).assign(y=y)
    whole.columns = [*"abcde", "y"]
    train, test = train_test_split(whole, stratify=y, random_state=0)
    assert codes(Subject((train, test), target="y")) == set()
    assert codes(Subject((train, pd.concat([test, train[:30]])), target="y")) == {"duplicates-across-split"}
    rich = pd.concat([test[test.y == 1], test[test.y == 0][:40]])
    assert codes(Subject((train, rich), target="y")) == {"prevalence-differs"}


def test_a_pipeline_is_read_and_its_splits_are_checked():
    X, y = rows()
    assert codes(Subject(make_pipeline(StandardScaler(), LogisticRegression()), X, y, cv=FOLDS)) == set()
    made = SMOTE(random_state=0).fit_resample(X, y)
    assert "resampled-before-split" in codes(Subject(LogisticRegression(), *made, cv=FOLDS))
    assert codes(Subject(LogisticRegression(), X, y, cv=FOLDS, groups=np.arange(1200) // 2)) == {"group-across-split"}


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        (Subject(3.5), "pipeline, a function"),
        (Subject(LogisticRegression, *rows()), "pipeline, a function"),
        (Subject(LogisticRegression()), "give X and y"),
        (Subject(lambda X: X, *rows()), "one of evaluate"),
        (Subject(honest, *rows(), metric="f1"), "metric"),
        (Subject(LogisticRegression(), rows()[0], rows()[1][:-1]), "same number of rows"),
        (Subject(LogisticRegression(), *rows(), cv=[(np.arange(10), np.arange(2000))]), "beyond the 1200 rows"),
        (Subject(LogisticRegression(), *rows(), cv=[(np.ones(7, bool), np.ones(7, bool))]), "marks 7 rows"),
        (Subject(({"a": [1]}, {"b": [1]}), target="a"), "different columns"),
        (Subject(({"a": [1]}, {"a": [1]})), "target"),
        (Subject(({"a": [1]},), target="a"), "Two tables"),
    ],
)
def test_what_cannot_be_audited_is_refused_in_a_sentence(subject, said):
    with pytest.raises((InputError, ValueError), match=said):
        audit_subject(subject)


def test_a_function_that_fails_on_a_probe_is_named_and_the_others_go_on():
    def narrow(X, y):
        if X.shape[1] > 5:
            raise KeyError("only five columns")
        return smote_first(X, y) if X.shape[1] == 0 else honest(X, y)

    found = audit_subject(Subject(narrow, *rows()))
    assert [f.code for f in found] == ["probe-failed"]
    assert "columns of noise: KeyError" in found[0].evidence

    def always(X_train, y_train, X_test):
        raise RuntimeError("no")

    assert "not-probed" in codes(Subject(always, *rows()))


def test_objects_are_imported_from_the_working_directory(tmp_path, monkeypatch):
    (tmp_path / "my_eval_module.py").write_text("def evaluate(X, y):\n    return y, X[:, 0]\n")
    (tmp_path / "my_broken_module.py").write_text("1 / 0\n")
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    assert callable(subject_named("my_eval_module:evaluate"))
    for name, said in (
        ("my_eval_module:other", "holds no 'other'; it holds evaluate"),
        ("my_missing_module:x", "cannot be imported"),
        ("my_broken_module:x", "ZeroDivisionError"),
    ):
        with pytest.raises(InputError, match=said):
            subject_named(name)
    assert sys.path == before


OWN = """
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from rareclass.audit import Subject
word, folds, model = "a text", KFold(3), LogisticRegression()

def evaluate(X, y):
    print("of the user")
    return y, cross_val_predict(model, X, y, cv=3, method="predict_proba")[:, 1]

def fitted(X, y):
    return y, KNeighborsClassifier(1).fit(X, y).predict_proba(X)[:, 1]

rng = np.random.default_rng(0)
subject = Subject(fitted, rng.normal(size=(400, 3)), np.arange(400) % 8 == 0)
"""


def test_the_command_says_what_it_found_and_exits_by_it(tmp_path, monkeypatch, capsys):
    X, y = rows()
    pd.DataFrame(X, columns=list("abcde")).assign(y=y).to_csv(tmp_path / "t.csv", index=False)
    (tmp_path / "my_own_evaluation.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    table = ["--table", "t.csv", "--target", "y"]

    def run(*arguments):
        code = main(["audit", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    code, out, err = run("my_own_evaluation:evaluate", *table, "--json")
    assert (code, json.loads(out)) == (0, [])
    assert "of the user" in err
    code, out, _ = run("my_own_evaluation:subject")
    assert code == 1
    assert "learns-what-is-not-there" in out
    assert run("my_own_evaluation:model", *table, "--splitter", "my_own_evaluation:folds")[0] == 0
    for arguments, said in (
        (["my_own_evaluation:word", *table], "is a text"),
        (["my_own_evaluation:folds", *table], "got KFold"),
        (["my_own_evaluation:model"], "--table FILE"),
        (["my_own_evaluation:model", *table, "--splitter", "x"], "--splitter is a number"),
        (["no_such_folder"], "results.json is missing"),
    ):
        code, out, err = run(*arguments)
        assert (code, out) == (2, "")
        assert said in err
