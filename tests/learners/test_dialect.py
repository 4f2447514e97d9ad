"""Every parameter of the four libraries is honoured or refused by name; the lists are the libraries' own."""

import json
import re
from inspect import signature

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from tests.learners.problems import BOOSTERS, bumps, make

from rareclass.errors import InputError
from rareclass.learners import (
    RareCatBoostClassifier,
    RareHistGradientBoostingClassifier,
    RareLGBMClassifier,
    RareXGBClassifier,
)
from rareclass.learners._dialect import by_position, spread

X, Y, _ = bumps(400, base=-3.0)
X[:, 2] = np.random.default_rng(1).integers(0, 5, 400)
PLAIN = {"calibrate": False, "guard": "steady"}
REASON = re.compile(
    r"cannot honour|needs rows to stop on|own values|only one|Use rareclass|leave it out|cross-entropy|refuses"
)


def fitted_or_refused(kind, name, value, *, names=(), **others):
    """The fitted model, or None where the parameter was refused by its name and with a reason."""
    names = {name, *names}
    try:
        return make(kind, **{**PLAIN, **others, name: value}).fit(X, Y)
    except InputError as error:
        said = str(error)
    assert names & set(re.findall(r"\w+", said)), said
    assert REASON.search(said), said
    return None


def close(held, value):
    try:
        return bool(np.isclose(float(held), float(value), rtol=1e-6))
    except (TypeError, ValueError):
        return str(held).lower() == str(value).lower()


LIGHTGBM_FLAGS = set(
    "bagging_by_query boost_from_average deterministic enable_bundle extra_trees feature_pre_filter first_metric_only "
    "force_col_wise force_row_wise gpu_use_dp header is_enable_sparse is_provide_training_metric is_unbalance "
    "lambdarank_norm linear_tree pre_partition precise_float_parser pred_early_stop predict_contrib "
    "predict_disable_shape_check predict_leaf_index predict_raw_score quant_train_renew_leaf reg_sqrt save_binary "
    "stochastic_rounding two_round uniform_drop use_missing use_quantized_grad xgboost_dart_mode "
    "zero_as_missing".split()
)
LIGHTGBM_VALUES = {
    "boosting": "dart",
    "categorical_feature": [2],
    "cegb_penalty_feature_coupled": [1, 0, 0],
    "cegb_penalty_feature_lazy": [1, 0, 0],
    "data_sample_strategy": "goss",
    "device_type": "cpu",
    "eval_at": [2],
    "feature_contri": [2, 1, 1],
    "feature_fraction_bynode": 0.5,
    "force_col_wise": True,
    "interaction_constraints": [[0, 1], [2]],
    "label_gain": [0, 1],
    "max_bin_by_feature": [9, 9, 9],
    "metric": "auc",
    "min_data_in_bin": 3,
    "monotone_constraints": [1, 0, 0],
    "monotone_constraints_method": "intermediate",
    "multi_error_top_k": 2,
    "num_class": 3,
    "num_gpu": 2,
    "num_iterations": 3,
    "num_machines": 2,
    "objective": "cross_entropy",
    "seed": 3,
    "sigmoid": 2.0,
    "task": "train",
    "top_k": 5,
    "tree_learner": "voting",
}
LIGHTGBM_TRANSLATED = set("categorical_feature is_unbalance scale_pos_weight seed use_missing zero_as_missing".split())


def lightgbm_held(model):
    return dict(re.findall(r"^\[(\w+): (.*)\]$", model.booster_.model_to_string(), re.MULTILINE))


def test_every_parameter_of_lightgbm_is_held_or_refused():
    basic = pytest.importorskip("lightgbm").basic
    default = lightgbm_held(make(RareLGBMClassifier, **PLAIN, n_estimators=3).fit(X, Y))
    lost, refused = [], []
    for name, words in basic._ConfigAliases._get_all_param_aliases().items():
        usual = default.get(name)
        if name in LIGHTGBM_VALUES:
            value = LIGHTGBM_VALUES[name]
        elif name in LIGHTGBM_FLAGS:
            value = usual != "1" or name in ("feature_pre_filter", "force_row_wise")
        elif usual and re.fullmatch(r"[-+.e\d]+", usual):
            value = int(usual) + 1 if re.fullmatch(r"-?\d+", usual) and "fraction" not in name else 0.5
        else:
            value = 2 if usual is None else "x"
        trees = {} if name == "num_iterations" else {"n_estimators": 3}
        typed = words[-1]
        seed = {"random_state": None} if name == "seed" else {}
        model = fitted_or_refused(RareLGBMClassifier, typed, value, names=words, **trees, **seed)
        if model is None:
            refused.append(name)
        elif name not in LIGHTGBM_TRANSLATED:
            held = lightgbm_held(model).get(name, model.model_.get_params().get(typed))
            text = re.sub(r"[\[\] ]", "", str(value)).replace("True", "1").replace("False", "0")
            if not close(held, text) and re.sub(r"[\[\] ]", "", str(held)) != text:
                lost.append((name, value, held))
    assert not lost
    assert {"task", "sigmoid", "linear_tree", "early_stopping_round", "objective"} <= set(refused)
    assert not {"verbosity", "max_bin", "bagging_fraction", "lambda_l2", "data_sample_strategy"} & set(refused)


XGBOOST_VALUES = {
    "base_score": 0.3,
    "booster": "gblinear",
    "device": "cpu",
    "disable_default_eval_metric": True,
    "enable_categorical": True,
    "eval_metric": "auc",
    "feature_types": ["q"] * 3,
    "feature_weights": [1.0, 2.0, 3.0],
    "grow_policy": "lossguide",
    "importance_type": "cover",
    "interaction_constraints": "[[0, 1]]",
    "missing": -999.0,
    "monotone_constraints": "(1,0,0)",
    "multi_strategy": "multi_output_tree",
    "normalize_type": "forest",
    "one_drop": 1,
    "objective": "binary:hinge",
    "process_type": "update",
    "sample_type": "weighted",
    "sampling_method": "uniform",
    "seed_per_iteration": True,
    "tree_method": "approx",
    "updater": "grow_quantile_histmaker",
    "validate_parameters": True,
}
WHOLE = set(
    "early_stopping_rounds max_bin max_cached_hist_node max_cat_threshold max_cat_to_onehot max_depth max_leaves "
    "n_estimators n_jobs nthread num_boost_round num_class num_parallel_tree num_round random_state seed top_k "
    "verbosity".split()
)
XGBOOST_TRANSLATED = set("base_score callbacks missing random_state scale_pos_weight seed".split())


def _leaves(config):
    for key, value in config.items():
        if isinstance(value, dict):
            yield from _leaves(value)
        elif isinstance(value, str):
            yield key, value


@pytest.mark.filterwarnings("ignore:.*manually specified the `updater`:UserWarning")
def test_every_parameter_of_xgboost_is_held_or_refused():
    xgboost = pytest.importorskip("xgboost")
    native = (
        "eta lambda alpha min_split_loss nthread num_round seed rate_drop one_drop skip_drop sample_type "
        "normalize_type updater process_type refresh_leaf seed_per_iteration max_cached_hist_node num_class top_k "
        "feature_selector"
    )
    lost, refused = [], []
    for name in [*sorted(set(signature(xgboost.XGBModel).parameters) - {"kwargs"}), *native.split()]:
        value = XGBOOST_VALUES.get(name, 3 if name in WHOLE else 0.5)
        if name == "callbacks":
            value = [xgboost.callback.LearningRateScheduler(lambda _: 0.1)]
        trees = {} if name in ("n_estimators", "num_boost_round", "num_round") else {"n_estimators": 3}
        if name in ("rate_drop", "one_drop", "skip_drop", "sample_type", "normalize_type"):
            trees["booster"] = "dart"
        if name == "seed":
            trees["random_state"] = None
        model = fitted_or_refused(RareXGBClassifier, name, value, **trees)
        if model is None:
            refused.append(name)
        elif name not in XGBOOST_TRANSLATED:
            config = dict(_leaves(json.loads(model.model_.get_booster().save_config())))
            own = {"num_round": "n_estimators", "nthread": "n_jobs"}.get(name, name)
            held = config.get(name, model.model_.get_params().get(own))
            if not close(held, value) and not (isinstance(value, bool) and close(held, int(value))):
                lost.append((name, value, held))
    assert not lost
    wanted = (
        "booster early_stopping_rounds feature_selector feature_types multi_strategy num_class objective process_type "
    )
    assert set(refused) == {*wanted.split(), "refresh_leaf", "top_k"}


CATBOOST_VALUES = {
    "allow_const_label": True,
    "allow_writing_files": False,
    "auto_class_weights": "Balanced",
    "boost_from_average": False,
    "boosting_type": "Ordered",
    "bootstrap_type": "Bernoulli",
    "callback": None,
    "cat_features": [2],
    "class_names": ["a", "b"],
    "class_weights": [1.0, 3.0],
    "data_partition": "DocParallel",
    "devices": "0",
    "device_config": "0",
    "eval_fraction": 0.1,
    "eval_metric": "AUC",
    "feature_border_type": "Median",
    "feature_weights": [1.0, 2.0, 1.0],
    "fixed_binary_splits": [0],
    "grow_policy": "Depthwise",
    "has_time": True,
    "ignored_features": [1],
    "langevin": True,
    "leaf_estimation_backtracking": "No",
    "leaf_estimation_method": "Gradient",
    "logging_level": "Silent",
    "loss_function": "CrossEntropy",
    "max_leaves": 5,
    "metadata": {"a": "b"},
    "monotone_constraints": [1, 0, 0],
    "name": "run",
    "nan_mode": "Max",
    "objective": "CrossEntropy",
    "od_type": "Iter",
    "per_object_feature_penalties": [0.0, 1.0, 0.0],
    "first_feature_use_penalties": [0.0, 1.0, 0.0],
    "random_score_type": "Gumbel",
    "sampling_frequency": "PerTree",
    "sampling_unit": "Object",
    "score_function": "L2",
    "silent": True,
    "task_type": "CPU",
    "use_best_model": True,
    "used_ram_limit": "1gb",
    "verbose": False,
    "verbose_eval": False,
    **dict.fromkeys(("custom_loss", "custom_metric"), "AUC"),
    **dict.fromkeys(("approx_on_full_history", "posterior_sampling", "save_snapshot", "store_all_simple_ctr"), True),
}
CATBOOST_BESIDE = {
    "approx_on_full_history": {"boosting_type": "Ordered"},
    "max_leaves": {"grow_policy": "Lossguide"},
    "num_leaves": {"grow_policy": "Lossguide"},
}
FRACTIONS = set(
    "bagging_temperature colsample_bylevel eta gpu_ram_part l2_leaf_reg learning_rate model_shrink_rate "
    "model_size_reg mvs_reg od_pval random_strength reg_lambda rsm scale_pos_weight sparse_features_conflict_fraction "
    "subsample target_border".split()
)
CATBOOST_TRANSLATED = set(
    "auto_class_weights boost_from_average callback cat_features class_weights random_seed random_state "
    "scale_pos_weight verbose_eval".split()
)
CATBOOST_OWN = spread(
    {
        "iterations": "n_estimators num_trees num_boost_round",
        "learning_rate": "eta",
        "depth": "max_depth",
        "l2_leaf_reg": "reg_lambda",
        "rsm": "colsample_bylevel",
        "border_count": "max_bin",
        "min_data_in_leaf": "min_child_samples",
        "max_leaves": "num_leaves",
        "custom_metric": "custom_loss",
    }
)


def test_every_parameter_of_catboost_is_held_or_refused(tmp_path):
    catboost = pytest.importorskip("catboost")
    lost, refused = [], []
    for name in [*signature(catboost.CatBoostClassifier).parameters, "verbose_eval"]:
        value = CATBOOST_VALUES.get(name, 0.5 if name in FRACTIONS else 3)
        value = str(tmp_path) if name == "train_dir" else value
        own = CATBOOST_OWN.get(name, name)
        others = {**CATBOOST_BESIDE.get(name, {}), **({} if own == "iterations" else {"iterations": 3})}
        if name in ("random_seed", "random_state"):
            others["random_state"] = None
        model = fitted_or_refused(RareCatBoostClassifier, name, value, **others)
        if model is None:
            refused.append(name)
        elif name not in CATBOOST_TRANSLATED:
            held = model.model_.get_params()[own]
            if held != value:
                lost.append((name, value, held))
            # what the library trained with, where it says so as a plain number or text
            trained = model.model_.get_all_params().get(own, value)
            if isinstance(trained, int | float | str) and not close(trained, value):
                lost.append((name, value, trained))
    assert not lost
    assert {"class_names", "text_features", "model_shrink_rate", "od_wait", "one_hot_max_size"} <= set(refused)
    for taken in ("thread_count", "n_estimators", "num_trees", "random_seed", "verbose", "silent", "logging_level"):
        assert taken not in refused


def test_every_parameter_of_hist_gradient_boosting_is_held_or_refused():
    values = {
        "loss": "other",
        "max_features": 0.5,
        "learning_rate": 0.5,
        "l2_regularization": 0.5,
        "validation_fraction": 0.2,
        "tol": 1e-3,
        "scoring": "roc_auc",
        "categorical_features": [2],
        "monotonic_cst": [1, 0, 0],
        "interaction_cst": [{0, 1}, {2}],
        "early_stopping": True,
        "class_weight": "balanced",
        "warm_start": True,
        "max_bins": 31,
        "verbose": 0,
    }
    refused = []
    for name in signature(HistGradientBoostingClassifier).parameters:
        value = values.get(name, 5)
        trees = {} if name == "max_iter" else {"max_iter": 3}
        model = fitted_or_refused(RareHistGradientBoostingClassifier, name, value, **trees)
        if model is None:
            refused.append(name)
        elif name not in ("class_weight", "random_state", "categorical_features"):
            assert model.model_.get_params()[name] == value, name
    assert refused == ["loss", "warm_start"]


@pytest.mark.parametrize("kind", BOOSTERS[:3])
def test_each_name_of_a_parameter_means_the_same_and_two_of_them_are_refused(kind):
    learner = make(kind)
    aliases = learner._dialect().aliases
    assert aliases
    for typed, own in aliases.items():
        assert learner._dialect().settings(make(kind, random_state=None, **{typed: 7}))[own] == (typed, 7)
    trees = learner._TREES
    with pytest.raises(InputError, match=f"`{trees}` and `num_boost_round` are one parameter; got 5 and 7"):
        make(kind, **{trees: 5}, num_boost_round=7).fit(X, Y)
    assert make(kind, num_boost_round=5).set_params(**{trees: 6}).fit(X, Y).parameters_[trees] == 6


@pytest.mark.parametrize("kind", BOOSTERS[:3])
def test_a_number_of_trees_by_any_name_is_a_tuned_model(kind):
    model = make(kind, num_boost_round=7, calibrate=False).fit(X, Y)
    assert model.parameters_[kind._TREES] == 7
    assert model.guard_ == "steady"
    assert model._all_trees(model.model_) == [7]


@pytest.mark.parametrize("kind", BOOSTERS[:3])
def test_a_name_that_the_library_does_not_know_is_refused_with_the_nearest(kind):
    with pytest.raises(InputError, match=r"know no parameter `learning_rat`\. Did you mean `learning_rate`"):
        make(kind, learning_rat=0.1).fit(X, Y)


def test_names_of_columns_become_their_numbers():
    names = ["a", "b", "c"]
    assert by_position({"b": -1}, names, "p") == (0, -1, 0)
    assert by_position([["a", "c"], ["b"]], names, "p") == [[0, 2], [1]]
    for unknown in ({"x": 1}, [["x"]]):
        with pytest.raises(InputError, match=r"columns? that `X` does not have"):
            by_position(unknown, names, "p")
