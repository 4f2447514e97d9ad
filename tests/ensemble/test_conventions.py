"""scikit-learn's checks, imbalanced-learn's signatures, and what all ensembles share."""

import inspect
import pickle
import warnings

import numpy as np
import pytest
from imblearn import ensemble as peer
from sklearn.base import clone
from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier, RandomForestClassifier
from sklearn.metrics import average_precision_score
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import estimator_checks_generator

from rareclass import ensemble
from rareclass.errors import InputError, TargetError, TooFewEventsError

SHARED = ["BalancedBaggingClassifier", "BalancedRandomForestClassifier", "EasyEnsembleClassifier", "RUSBoostClassifier"]
PARENTS = {
    "BalancedBaggingClassifier": BaggingClassifier,
    "BalancedRandomForestClassifier": RandomForestClassifier,
    "EasyEnsembleClassifier": BaggingClassifier,
    "RUSBoostClassifier": AdaBoostClassifier,
}
SMALL = [
    ensemble.BalancedBaggingClassifier(n_estimators=5, random_state=0),
    ensemble.BalancedRandomForestClassifier(n_estimators=10, random_state=0),
    ensemble.EasyEnsembleClassifier(n_estimators=2, estimator=AdaBoostClassifier(n_estimators=5), random_state=0),
    ensemble.RUSBoostClassifier(n_estimators=10, random_state=0),
    ensemble.SelfPacedEnsembleClassifier(n_estimators=5, random_state=0),
]
IDS = [type(model).__name__ for model in SMALL]
EXEMPT = {
    "check_sample_weight_equivalence_on_dense_data": "rows are drawn, so weights equal repeated rows in law only",
    "check_sample_weight_equivalence_on_sparse_data": "rows are drawn, so weights equal repeated rows in law only",
}


def rare_data(n=6000, seed=0, intercept=-4.5):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    p = 1 / (1 + np.exp(-(intercept + 1.3 * X[:, 0] + X[:, 1])))
    return X, (rng.random(n) < p).astype(int), p


@pytest.mark.parametrize("model", SMALL, ids=IDS)
def test_scikit_learn_accepts_the_estimator(model):
    failed = []
    # check_classifiers_train wants predict to be the argmax of predict_proba. Here predict cuts the balanced scores, so
    # that holds for balanced data and the exact shift; a correction learned from the data may move a tied row.
    members = 2 if hasattr(model, "learning_rate") or "Easy" in type(model).__name__ else 5
    model = clone(model).set_params(n_estimators=members, corrected="shift")
    for estimator, check in estimator_checks_generator(model):
        name = check.func.__name__ if hasattr(check, "func") else check.__name__
        if name in EXEMPT:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                check(estimator)
        except BaseException as error:
            if type(error).__name__ != "SkipTest" and type(error).__name__ != "Skipped":
                failed.append(f"{name}: {type(error).__name__}: {error}")
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize("name", SHARED)
def test_signature_begins_with_that_of_imbalanced_learn(name):
    theirs = inspect.signature(getattr(peer, name).__init__).parameters
    ours = inspect.signature(getattr(ensemble, name).__init__).parameters
    assert list(ours)[: len(theirs)] == list(theirs)
    for key, parameter in theirs.items():
        assert ours[key].default == parameter.default, key
        assert ours[key].kind == parameter.kind, key
    assert all(ours[key].kind is inspect.Parameter.KEYWORD_ONLY for key in list(ours)[len(theirs) :])


@pytest.mark.parametrize("name", SHARED)
def test_class_is_what_isinstance_of_imbalanced_learn_shows(name):
    assert issubclass(getattr(ensemble, name), PARENTS[name])


@pytest.mark.parametrize("model", SMALL, ids=IDS)
def test_scores_are_balanced_and_probabilities_at_the_real_prevalence(model):
    X, y, _ = rare_data()
    model = clone(model).fit(X, y)
    balanced, real = model.balanced_proba(X), model.predict_proba(X)
    assert balanced[:, 1].mean() > 5 * y.mean()
    assert real[:, 1].mean() < 3 * y.mean()
    np.testing.assert_allclose(real.sum(axis=1), 1)
    np.testing.assert_array_equal(model.predict(X), model.classes_[balanced.argmax(axis=1)])
    order = np.argsort(balanced[:, 1], kind="stable")
    assert (np.diff(real[order, 1]) >= -1e-12).all()
    finite = np.clip(real, 1e-12, 1)
    np.testing.assert_allclose(model.decision_function(X), np.log(finite[:, 1] / finite[:, 0]))
    plain = clone(model).set_params(corrected=False).fit(X, y)
    np.testing.assert_allclose(plain.predict_proba(X), balanced)


@pytest.mark.parametrize("model", SMALL, ids=IDS)
def test_shift_multiplies_the_odds_by_the_ratio_of_real_and_drawn_odds(model):
    X, y, _ = rare_data()
    model = clone(model).set_params(corrected="shift").fit(X, y)
    balanced, real = model.balanced_proba(X), model.predict_proba(X)
    inner = (balanced[:, 1] > 0) & (balanced[:, 1] < 1)
    real, balanced = real[inner], balanced[inner]
    ratio = real[:, 1] / real[:, 0] * balanced[:, 0] / balanced[:, 1]
    np.testing.assert_allclose(ratio, y.mean() / (1 - y.mean()), rtol=1e-9)


@pytest.mark.parametrize("model", SMALL, ids=IDS)
def test_ensemble_ranks_better_than_one_tree_on_all_rows(model):
    X, y, _ = rare_data(12_000)
    half = np.arange(12_000) < 6_000
    size = {"n_estimators": 30} if type(model).__name__ != "EasyEnsembleClassifier" else {"n_estimators": 5}
    ours = clone(model).set_params(**size, corrected=False).fit(X[half], y[half]).predict_proba(X[~half])[:, 1]
    tree = DecisionTreeClassifier(random_state=0).fit(X[half], y[half]).predict_proba(X[~half])[:, 1]
    assert average_precision_score(y[~half], ours) > average_precision_score(y[~half], tree)


@pytest.mark.parametrize("model", SMALL, ids=IDS)
def test_labels_may_be_texts_and_their_names_do_not_matter(model):
    X, y, _ = rare_data(3000)
    plain = clone(model).fit(X, y)
    named = clone(model).fit(X, np.where(y == 1, "z fraud", "a good"))
    assert named.classes_.tolist() == ["a good", "z fraud"]
    np.testing.assert_array_equal(plain.predict_proba(X), named.predict_proba(X))


@pytest.mark.parametrize("model", SMALL, ids=IDS)
def test_rows_of_weight_zero_do_not_count(model):
    X, y, _ = rare_data(3000)
    weight = np.ones(3000)
    weight[:1000] = 0
    X_bad = X.copy()
    X_bad[:1000] = 1e6
    a = clone(model).fit(X, y, sample_weight=weight)
    b = clone(model).fit(X_bad, y, sample_weight=weight)
    np.testing.assert_array_equal(a.balanced_proba(X), b.balanced_proba(X))


@pytest.mark.parametrize(
    "model", [m for m in SMALL if "Bagging" not in type(m).__name__ and "Easy" not in type(m).__name__]
)
def test_weights_set_the_real_prevalence(model):
    X, y, _ = rare_data(3000)
    one = clone(model).set_params(corrected="shift").fit(X, y)
    assert np.diff(one.prior_shift_)[0] == pytest.approx(np.log(y.mean() / (1 - y.mean())), abs=1e-9)
    weighted = clone(model).fit(X, y, sample_weight=np.where(y == 1, 10.0, 1.0))
    share = 10 * y.sum() / (10 * y.sum() + (1 - y).sum())
    mean = np.average(weighted.predict_proba(X)[:, 1], weights=np.where(y == 1, 10.0, 1.0))
    assert mean == pytest.approx(share, rel=0.35)


@pytest.mark.parametrize("model", SMALL, ids=IDS)
def test_three_classes_keep_their_real_shares(model):
    rng = np.random.default_rng(1)
    y = rng.choice(3, p=[0.9, 0.07, 0.03], size=6000)
    X = rng.normal(size=(6000, 3)) + 1.2 * np.eye(3)[y]
    model = clone(model).fit(X[:3000], y[:3000])
    share = np.bincount(y[3000:]) / 3000
    np.testing.assert_allclose(model.predict_proba(X[3000:]).mean(axis=0), share, rtol=0.35)
    assert model.decision_function(X[:5]).shape == (5, 3)


@pytest.mark.parametrize("model", SMALL, ids=IDS)
def test_bad_targets_and_weights_are_refused_in_a_sentence(model):
    X, y, _ = rare_data(300, intercept=-1)
    with pytest.raises(TargetError, match="more than 1 class"):
        clone(model).fit(X, np.zeros(300))
    with pytest.raises(TargetError, match="missing value"):
        clone(model).fit(X, np.where(np.arange(300) == 3, np.nan, y))
    with pytest.raises(InputError, match="negative"):
        clone(model).fit(X, y, sample_weight=np.full(300, -1.0))
    with pytest.raises(TooFewEventsError, match="weight zero"):
        clone(model).fit(X, y, sample_weight=1.0 - y)
    with pytest.raises(ValueError, match="must be"):
        clone(model).set_params(n_estimators=0).fit(X, y)


@pytest.mark.parametrize("model", SMALL, ids=IDS)
def test_pickle_gives_the_same_probabilities_and_holds_no_training_rows(model):
    X, y, _ = rare_data()
    model = clone(model).fit(X, y)
    blob = pickle.dumps(model)
    np.testing.assert_array_equal(pickle.loads(blob).predict_proba(X), model.predict_proba(X))
    assert len(blob) < X.nbytes * 2
