"""Names that are promises, and an import that stays light."""

import importlib
import random
import subprocess
import sys
import types

import pytest

from rareclass._lazy import available, need, need_keras
from rareclass.errors import DependencyError

PROMISED = {
    "rareclass": ["RareClassifier", "FunctionSampler"],
    "rareclass.over_sampling": ["SMOTE", "SMOTENC", "SMOTEN", "BorderlineSMOTE", "SVMSMOTE", "KMeansSMOTE", "ADASYN",
                                "RandomOverSampler"],
    "rareclass.under_sampling": [
        "RandomUnderSampler", "NearMiss", "TomekLinks", "EditedNearestNeighbours", "RepeatedEditedNearestNeighbours",
        "AllKNN", "CondensedNearestNeighbour", "OneSidedSelection", "NeighbourhoodCleaningRule",
        "InstanceHardnessThreshold", "ClusterCentroids", "NegativeSampler"],
    "rareclass.combine": ["SMOTEENN", "SMOTETomek"],
    "rareclass.ensemble": ["BalancedBaggingClassifier", "BalancedRandomForestClassifier", "EasyEnsembleClassifier",
                           "RUSBoostClassifier", "SelfPacedEnsembleClassifier"],
    "rareclass.pipeline": ["Pipeline", "make_pipeline"],
    "rareclass.base": ["BaseSampler", "Draw", "Sampler", "SamplerMixin", "is_sampler", "join"],
    "rareclass.batches": ["BalancedBatchGenerator", "balanced_batch_generator"],
    "rareclass.flat_pipeline": ["Pipeline", "make_pipeline"],
    "rareclass.datasets": ["make_imbalance", "fetch_datasets"],
    "rareclass.model_selection": ["InstanceHardnessCV"],
    "rareclass.losses": ["FocalLoss", "WeightedCrossEntropy", "ClassBalancedLoss", "LDAMLoss", "AsymmetricLoss",
                         "LogitAdjustedLoss", "PolyLoss", "TverskyLoss"],
    "rareclass.calibration": ["prior_shift"],
    "rareclass.learners": ["RareLGBMClassifier", "RareXGBClassifier", "RareCatBoostClassifier",
                           "RareHistGradientBoostingClassifier", "RareForestClassifier",
                           "FewEventsLogisticRegression", "RareBlendClassifier"],
    "rareclass.decisions": ["MinimumCost", "RecallAtLeast", "PrecisionAtLeast", "FalsePositiveRateAtMost",
                            "AlertBudget", "Maximize", "CostMatrix", "best_threshold", "ThresholdedClassifier"],
    "rareclass.metrics": [
        "average_precision_score", "matthews_corrcoef", "geometric_mean_score", "expected_cost", "savings_score",
        "precision_at_k", "recall_at_k", "recall_at_precision", "precision_at_recall", "recall_at_fpr",
        "brier_skill_score", "observed_to_expected", "confidence_interval"],
    "rareclass.audit": ["Subject", "audit_run", "audit_subject"],
    "rareclass.evaluation": ["compare", "cross_fit", "audit"],
    "rareclass.advisor": ["diagnose", "flowchart"],
    "rareclass.artifact": ["Bundle"],
    "rareclass.cascade": ["CascadeClassifier"],
    "rareclass.monitoring": ["RareClassMonitor"],
}  # fmt: skip
ROOMS = sorted({*PROMISED, "rareclass.data", "rareclass.learning", "rareclass.treatments", "rareclass.report",
                "rareclass.serving", "rareclass.lifecycle", "rareclass.scale", "rareclass.uncertainty"}
               - {"rareclass"})  # fmt: skip


@pytest.mark.parametrize("module", sorted(PROMISED))
def test_promised_names_exist(module):
    room = importlib.import_module(module)
    for name in PROMISED[module]:
        assert not isinstance(getattr(room, name), types.ModuleType), name


@pytest.mark.parametrize("module", ROOMS)
def test_every_exported_name_loads_and_is_not_hidden_by_a_module(module):
    room = importlib.import_module(module)
    exported = getattr(room, "__all__", [])
    for name in exported:
        value = getattr(room, name)
        if f"{module}.{name}" == "rareclass.metrics.pairwise":  # imbalanced-learn's users import this module by name
            continue
        assert not isinstance(value, types.ModuleType), name
        assert getattr(value, "__doc__", None), f"{module}.{name} has no docstring"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (None, r'pip install "rareclass\[keras\]"'),
        ("import tensorflow", "asks for the back end tensorflow.*pip install tensorflow, or.*KERAS_BACKEND"),
        ("raise ValueError('Unable to import backend : nope')", "backend : nope.*KERAS_BACKEND"),
        ("__version__ = '2.15.0'", "needs Keras 3; got 2.15.0"),
        (
            "from types import SimpleNamespace as S; __version__ = '3.1'; config = S(backend=lambda: 'openvino')",
            "trains",
        ),
    ],
)
def test_keras_that_cannot_be_used_says_why(monkeypatch, tmp_path, source, said):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    monkeypatch.setitem(sys.modules, "keras", None)
    if source is not None:
        monkeypatch.delitem(sys.modules, "keras")
        (tmp_path / "keras.py").write_text(source)
        monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DependencyError, match=said):
        need_keras()


def loaded_by(code: str) -> set[str]:
    script = f"import sys; {code}; print(' '.join(sys.modules))"
    return set(
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    )


def test_importing_the_package_loads_no_library():
    assert not {"numpy", "sklearn", "pyarrow", "lightgbm", "matplotlib"} & loaded_by("import rareclass")


def test_help_loads_no_library():
    script = (
        "from rareclass.cli import main\nmain(['--help'])\nimport sys\nprint('|'.join(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "compare" in done.stdout
    assert not {"numpy", "sklearn", "pyarrow", "lightgbm", "matplotlib"} & set(done.stderr.split("|"))


def test_nothing_loads_xgboost_catboost_or_torch_by_itself():
    code = "import rareclass.workflow, rareclass.evaluation.run, rareclass.report.html"
    # LightGBM itself loads pandas where it is installed.
    assert not {"xgboost", "catboost", "torch", "polars"} & loaded_by(code)


def test_what_is_loaded_on_use_leaves_the_callers_random_numbers_alone(tmp_path, monkeypatch):
    """Results must not depend on what was imported when; rich, and so skorch, draws as it is imported."""
    monkeypatch.syspath_prepend(str(tmp_path))
    for name, body in (("drawing_one", ""), ("drawing_two", ""), ("drawing_three", "import nowhere_at_all")):
        (tmp_path / f"{name}.py").write_text(f"import random\nrandom.random()\n{body}\n")
    before = random.getstate()
    need("drawing_one", extra="torch")
    assert available("drawing_two") is None
    assert "nowhere_at_all" in available("drawing_three")
    assert random.getstate() == before
