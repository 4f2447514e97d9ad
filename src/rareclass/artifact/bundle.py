"""The bundle: model, way back, calibration, decision, schema and the recipe that can rebuild it."""

import datetime
import hashlib
import json
import os
import platform
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import clone

from rareclass import __version__
from rareclass._json import to_json
from rareclass.artifact.atomic import atomic_directory, refuse_foreign
from rareclass.artifact.learner import dump_learner, load_learner
from rareclass.calibration import CalibrationUncertainty, calibrator_from_dict
from rareclass.data.encode import TableEncoder
from rareclass.data.schema import Schema, read_label, saved_label
from rareclass.decisions.decision import Decision
from rareclass.errors import BundleError
from rareclass.fitting.arm import Arm, FittedArm
from rareclass.fitting.classifier import RareClassifier
from rareclass.fitting.model import FittedModel
from rareclass.kernels.logits import sigmoid
from rareclass.treatments.registry import saved_treatment

FORMAT = 2
MANIFEST, MODEL, LEARNER, GIVEN = "manifest.json", "model.json", "learner.skops", "given.skops"


@dataclass(kw_only=True)
class Bundle:
    """A model as it is deployed.

    A folder of plain files: ``manifest.json`` (what it is, and the sha256 of every other file), ``model.json``
    (schema, encoder, way back, calibration, decision), ``learner.skops`` (the learner, without pickle, loaded against
    a fixed list of types), and ``given.skops`` where the learner that was asked for is no name. Loading verifies every
    checksum and runs nothing.

    Attributes
    ----------
    model : RareClassifier
    name : str
    target : str or None
    evidence : dict
        How well the model did where it was judged.
    reference : dict
        Counts of scores at training time, and how well the calibration is known, for monitoring.
    recipe : dict
        What rebuilds the model: arm, seed, data fingerprint, options.
    manifest : dict
        As read from disk; empty for a bundle that was not saved yet.

    Examples
    --------
    >>> import numpy as np, tempfile, pathlib
    >>> from rareclass import RareClassifier
    >>> from rareclass.artifact import Bundle
    >>> X = np.random.default_rng(0).normal(size=(300, 2))
    >>> model = RareClassifier(estimator="logistic_regression").fit(X, X[:, 0] > 1)
    >>> with tempfile.TemporaryDirectory() as d:
    ...     Bundle(model).save(pathlib.Path(d) / "m")
    ...     same = Bundle.load(pathlib.Path(d) / "m").model.predict_proba(X)
    >>> bool(np.array_equal(same, model.predict_proba(X)))
    True
    """

    model: RareClassifier = field(kw_only=False)
    name: str = "model"
    target: str | None = None
    evidence: dict[str, Any] = field(default_factory=dict)
    reference: dict[str, Any] = field(default_factory=dict)
    recipe: dict[str, Any] = field(default_factory=dict)
    manifest: dict[str, Any] = field(default_factory=dict)

    def save(self, path: str | os.PathLike, *, overwrite: bool = False) -> None:
        """Write the bundle; the folder appears whole or not at all.

        Raises
        ------
        InputError
            When the folder holds something and `overwrite` is False, or more than a run or a bundle.
        """
        refuse_foreign(path, overwrite=overwrite)
        with atomic_directory(path, overwrite=overwrite) as folder:
            self.write_into(folder)

    def write_into(self, folder: Path) -> None:
        """Write the files into an existing empty folder (the caller makes it atomic)."""
        if not hasattr(self.model, "model_"):
            raise BundleError(
                "Only a fitted model of one rare class can be saved. Fit it, with `pos_label` if need be."
            )
        model = self.model.model_
        state = {
            "schema": model.schema,
            "encoder": model.encoder,
            "arm": _saved_arm(model.arm),
            "calibrator": model.calibrator,
            "decision": model.decision,
            "classes": [saved_label(label) for label in model.classes],
            "pos_label": saved_label(model.pos_label),
            "evidence": model.evidence,
            "calibration_uncertainty": model.calibration_uncertainty,
            "parameters": kept_parameters(self.model),
        }
        (folder / MODEL).write_text(to_json(state, sort_keys=True, finite_only=True) + "\n", encoding="utf-8")
        dump_learner(model.arm.learner, folder / LEARNER)
        files = [MODEL, LEARNER]
        if not isinstance(model.arm.arm.learner, str):
            dump_learner(clone(model.arm.arm.learner), folder / GIVEN)
            files.append(GIVEN)
        manifest = {
            "format": FORMAT,
            "rareclass": __version__,
            "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "python": platform.python_version(),
            "libraries": library_versions(),
            **{name: getattr(self, name) for name in SAID},
            "files": {name: _digest(folder / name) for name in files},
        }
        (folder / MANIFEST).write_text(to_json(manifest, sort_keys=True) + "\n", encoding="utf-8")
        self.manifest = manifest

    @classmethod
    def load(cls, path: str | os.PathLike) -> Self:
        """Read and verify a bundle.

        Raises
        ------
        BundleError
            When a file is missing or was altered, the format is newer, or the learner holds a type that is not on
            the list.
        """
        folder = Path(path)
        if not (folder / MANIFEST).exists() and (folder / "champion" / MANIFEST).exists():
            raise BundleError(f"This is no bundle but the folder of a run: {folder}. Did you mean {folder}/champion?")
        manifest = _read_json(folder / MANIFEST, "This is no bundle")
        if manifest.get("format") != FORMAT:
            raise BundleError(
                f"The bundle {folder} has format {manifest.get('format')!r}; this version reads format {FORMAT}. "
                "Use the version of rareclass that wrote it, or train it again."
            )
        missing = [name for name in (*SAID, "files") if name not in manifest]
        if missing:
            raise BundleError(f"The bundle {folder} is incomplete: its manifest lacks {missing[0]!r}. Save it again.")
        files = {MODEL, LEARNER} | ({GIVEN} & manifest["files"].keys())
        for name in sorted(files):
            _verify(folder, name, manifest)
        state = _read_json(folder / MODEL, "The bundle is incomplete")
        decision = Decision.from_dict(state["decision"])
        fit = FittedModel(
            schema=Schema.from_dict(state["schema"]),
            encoder=TableEncoder.from_dict(state["encoder"]),
            arm=_read_arm(folder, state["arm"], GIVEN in files),
            calibrator=calibrator_from_dict(state["calibrator"]),
            decision=decision,
            rule=decision.rule,
            pos_label=read_label(state["pos_label"]),
            classes=tuple(map(read_label, state["classes"])),
            evidence=state["evidence"],
            calibration_uncertainty=_read_uncertainty(state),
        )
        model = RareClassifier.from_model(fit, **state["parameters"])
        return cls(model, manifest=manifest, **{name: manifest[name] for name in SAID})


def _read_uncertainty(state: dict[str, Any]) -> CalibrationUncertainty | None:
    """How well the calibration is known; None where the bundle is older than that, or nothing was calibrated."""
    saved = state.get("calibration_uncertainty")
    return None if saved is None else CalibrationUncertainty.from_dict(saved)


SAID = ("name", "target", "evidence", "reference", "recipe")
FITTED = ("shift", "level", "exact", "note", "restoration", "rows", "seconds")


def _saved_arm(fitted: FittedArm) -> dict[str, Any]:
    """What was asked for (a learner that is no name has a file of its own) and what came of it."""
    arm = fitted.arm
    asked = {
        "learner": arm.learner if isinstance(arm.learner, str) else None,
        "treatment": arm.treatment.describe(),
        "treatment_label": arm.treatment.label,
    }
    return asked | {name: getattr(fitted, name) for name in FITTED}


def _read_arm(folder: Path, saved: dict[str, Any], own: bool) -> FittedArm:
    if not own and saved["learner"] is None:
        raise BundleError(f"The bundle {folder} is incomplete: {GIVEN} is missing. Save it again.")
    learner = load_learner(folder / GIVEN) if own else saved["learner"]
    arm = Arm(learner, saved_treatment(saved["treatment"], saved["treatment_label"]))
    saved = {"level": 0.0} | saved  # bundles of earlier versions have none
    return FittedArm(arm=arm, learner=load_learner(folder / LEARNER), **{name: saved[name] for name in FITTED})


def score_reference(
    logit: np.ndarray,
    y: np.ndarray | None = None,
    weight: np.ndarray | None = None,
    *,
    calibration: CalibrationUncertainty | None = None,
) -> dict[str, Any]:
    """Counts (with `weight`, sums of weights) of calibrated log-odds in fixed bins, for monitoring their drift later.

    All arrays are (n,); rows whose log-odds are NaN are left out. With labels also the counts of the events; with
    `calibration` how well it is known, which alarms on events need.
    """
    seen = np.isfinite(logit)
    logit, weights = logit[seen], None if weight is None else weight[seen]
    edges = np.arange(-16.0, 16.5, 0.5)
    clipped = np.clip(logit, edges[0], edges[-1] - 1e-9)
    counts = np.histogram(clipped, edges, weights=weights)[0].tolist()
    expected = float(sigmoid(logit).sum() if weights is None else sigmoid(logit) @ weights)
    found = {"edges": edges.tolist(), "rows": int(logit.size), "expected_events": expected, "counts": counts}
    if calibration is not None:
        found["calibration"] = calibration.to_dict()
    if y is None:
        return found
    y = y[seen]
    of_events = np.histogram(clipped[y], edges, weights=None if weights is None else weights[y])[0].tolist()
    return found | {"event_counts": of_events, "events": int(y.sum())}


def reference_of(model: FittedModel, weight: np.ndarray | None = None) -> dict[str, Any]:
    """The reference of a model that was just fitted, with the weights (n,) of its rows."""
    return score_reference(model.oof_logit, model.oof_y, weight, calibration=model.calibration_uncertainty)


def kept_parameters(model: RareClassifier) -> dict[str, Any]:
    """What `replay` needs beside learner, treatment, decision and columns; splits of one's own are not kept."""
    names = ("calibration", "fit_rows", "random_state") + (("cv",) if isinstance(model.cv, int | np.integer) else ())
    return {name: getattr(model, name) for name in names}


def _digest(path: Path) -> dict[str, Any]:
    with open(path, "rb") as file:
        return {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "bytes": path.stat().st_size}


def _verify(folder: Path, name: str, manifest: dict[str, Any]) -> None:
    said = manifest.get("files", {}).get(name)
    if said is None or not (folder / name).is_file():
        raise BundleError(f"The bundle {folder} is incomplete: {name} is missing. Save it again.")
    if _digest(folder / name) != said:
        raise BundleError(f"The bundle {folder} was altered: {name} does not match its checksum. Do not use it.")


def _read_json(path: Path, what: str) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BundleError(f"{what}: {path} does not exist.") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BundleError(f"{what}: {path} cannot be read ({error}).") from None
    return found if isinstance(found, dict) else {}


def library_versions() -> dict[str, str]:
    """Versions of the installed libraries that numbers and saved models depend on."""
    from importlib.metadata import PackageNotFoundError, version

    out = {}
    for name in ("numpy", "scipy", "scikit-learn", "lightgbm", "xgboost-cpu", "xgboost", "catboost", "skops"):
        try:
            out[name] = version(name)
        except PackageNotFoundError:
            continue
    return out
