"""The bundle: model, way back, calibration, decision, schema and the recipe that can rebuild it."""

import contextlib
import datetime
import os
import platform
from dataclasses import InitVar, dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import clone

from rareclass import __version__
from rareclass._json import to_json, to_plain
from rareclass._types import Rows
from rareclass.artifact.atomic import atomic_directory, refuse_foreign
from rareclass.artifact.card import model_card
from rareclass.artifact.learner import dump_learner
from rareclass.artifact.reference import EVENTS
from rareclass.calibration import CalibrationUncertainty, calibrator_from_dict
from rareclass.cascade.classifier import classifier_of
from rareclass.data.encode import TableEncoder
from rareclass.data.schema import Schema, read_label, saved_label
from rareclass.decisions.decision import Decision
from rareclass.errors import BundleError
from rareclass.fitting.arm import Arm, FittedArm
from rareclass.fitting.classifier import RareClassifier
from rareclass.fitting.model import FittedModel
from rareclass.fitting.slices import Slices
from rareclass.kernels.logits import sigmoid
from rareclass.kernels.residuals import residual_sums
from rareclass.scoring.cut import Cut
from rareclass.scoring.drivers import measure_drivers
from rareclass.scoring.files import (
    CARD,
    FORMAT,
    GIVEN,
    LEARNER,
    MANIFEST,
    MODEL,
    PARTS,
    REFERENCE,
    SAID,
    Folder,
    damaged,
    digest,
    version_of,
    write_arrays,
    write_scorer,
)
from rareclass.scoring.learner import read_learner
from rareclass.scoring.members import CompiledLearner
from rareclass.scoring.reasons import ReasonRules, refuse_other
from rareclass.scoring.saved import UNFIT
from rareclass.scoring.scorer import Scorer
from rareclass.scoring.slow import Uncompiled
from rareclass.treatments.registry import saved_treatment


@dataclass(kw_only=True)
class Bundle:
    """A model as it is deployed.

    A folder of plain files: ``manifest.json`` (what it is, and the sha256 of every other file), ``model.json`` (schema,
    encoder, way back, calibration, decision), ``scorer.npz`` (the fitted learner as plain arrays, found equal to it
    when the bundle was written; ``tensors.safetensors`` for a network) and ``card.md`` (the model card, for people).
    ``learner.skops`` (the learner itself, without pickle, loaded against a fixed list of types) stands there where it
    cannot be compiled, or was kept; ``given.skops`` where the learner that was asked for is no name; ``reference.npz``
    where the training rows were at hand. Loading verifies every checksum, and runs nothing.

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
    sketches : dict of arrays
        What monitoring compares new rows with, see `rareclass.artifact.reference`; empty where nothing was kept.
    manifest : dict
        As read from disk; empty for a bundle that was not saved yet.
    version : str
        First 12 hex digits of the manifest's sha256; empty for a bundle that was not saved yet.
    card : str
        The model card (Markdown); empty for a bundle that was not saved yet, or was written before there were cards.
    rows : table or None
        Training rows, on which the scorer is compared with the model when the bundle is written; they are not saved.
    compiled : Scorer or None
        The model compiled already, with its rules of reasons.
    reasons : ReasonRules or None
        How reasons are grouped and worded; None groups numeric columns by their rank correlation on `rows`.

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
    >>> bool(np.allclose(same, model.predict_proba(X), rtol=0, atol=1e-9))
    True
    """

    model: RareClassifier = field(kw_only=False)
    name: str = "model"
    target: str | None = None
    evidence: dict[str, Any] = field(default_factory=dict)
    reference: dict[str, Any] = field(default_factory=dict)
    recipe: dict[str, Any] = field(default_factory=dict)
    sketches: dict[str, np.ndarray] = field(default_factory=dict, repr=False, compare=False)
    manifest: dict[str, Any] = field(default_factory=dict)
    version: str = ""
    card: str = field(default="", repr=False)
    rows: Rows | None = field(default=None, repr=False, compare=False)
    reasons: ReasonRules | None = field(default=None, repr=False, compare=False)
    compiled: InitVar[Scorer | None] = None
    _compiled: tuple[FittedModel, ReasonRules | None, Scorer] | None = field(
        default=None, init=False, repr=False, compare=False
    )
    _stored: tuple[Path, FittedModel, ReasonRules | None] | None = field(
        default=None, init=False, repr=False, compare=False
    )

    def __post_init__(self, compiled: Scorer | None) -> None:
        if compiled is not None:
            self.reasons = compiled.rules
            self._compiled = (self.model.model_, self.reasons, compiled)
        refuse_other(self.reasons)

    @property
    def scorer(self) -> Scorer:
        """The model compiled to plain arrays, or its slow path."""
        fitted = self.model.model_
        if self._compiled is None or self._compiled[0] is not fitted or self._compiled[1] is not self.reasons:
            self._compiled = (fitted, self.reasons, Scorer.from_model(self.model, self.rows, self.reasons))
        return self._compiled[2]

    def save(
        self,
        path: str | os.PathLike,
        *,
        overwrite: bool = False,
        keep_learner: bool = False,
        reference_rows: bool = True,
    ) -> None:
        """Write the bundle; the folder appears whole or not at all.

        Parameters
        ----------
        keep_learner : bool, default=False
            Write the fitted learner too, for those who want to look into it; it is not needed to score or to replay.
        reference_rows : bool, default=True
            Keep the encoded events among the sketches; otherwise counts and quantiles only.

        Raises
        ------
        InputError
            When the folder holds something and `overwrite` is False, or more than a run or a bundle.
        """
        refuse_foreign(path, overwrite=overwrite)
        with atomic_directory(path, overwrite=overwrite) as folder:
            self.write_into(folder, keep_learner=keep_learner, reference_rows=reference_rows)
        self.lies_in(Path(path))

    @property
    def stored(self) -> Path | None:
        """The folder that it was read from or saved to; None where there is none, or either changed since."""
        if self._stored is None or self._stored[1] is not self.model.model_ or self._stored[2] is not self.reasons:
            return None
        with contextlib.suppress(BundleError):
            said = Folder(self._stored[0])
            if said.version == self.version and all(said.manifest[k] == to_plain(getattr(self, k)) for k in SAID):
                return said.path
        return None

    def lies_in(self, folder: Path) -> None:
        """Remember a folder that holds the bundle as it is now."""
        self._stored = (folder.absolute(), self.model.model_, self.reasons)

    def write_into(self, folder: Path, *, keep_learner: bool = False, reference_rows: bool = True) -> None:
        """Write the files into an existing empty folder (the caller makes it atomic)."""
        if not hasattr(self.model, "model_"):
            raise BundleError(
                "Only a fitted model of one rare class can be saved. Fit it, with `pos_label` if need be."
            )
        model, scorer = self.model.model_, self.scorer
        if not scorer.exact:  # read from a bundle whose learner may be compiled by now
            scorer = Scorer.from_model(self.model, self.rows, self.reasons)
        measure_drivers(self.model, scorer)
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
            "scorer": None,
            "reasons": scorer.rules.saved(),
            **dict.fromkeys(PARTS),
            "slices": model.slices,
        }
        if scorer.exact:
            state["scorer"], arrays = scorer.saved()
            write_scorer(arrays, folder, scorer.member)
        (folder / MODEL).write_text(to_json(state, sort_keys=True, finite_only=True) + "\n", encoding="utf-8")
        if keep_learner and isinstance(model.arm.learner, CompiledLearner):
            raise BundleError(
                "There is no learner to keep: the bundle was read from one that holds its compiled form only. Train it "
                "again, or leave `keep_learner` out."
            )
        if keep_learner or not scorer.exact:
            dump_learner(model.arm.learner, folder / LEARNER)
        if not isinstance(model.arm.arm.learner, str):
            dump_learner(clone(model.arm.arm.learner), folder / GIVEN)
        sketches = {name: v for name, v in self.sketches.items() if reference_rows or name != EVENTS}
        if sketches:
            write_arrays(sketches, folder / REFERENCE)
        manifest = {
            "format": FORMAT,
            "rareclass": __version__,
            "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "python": platform.python_version(),
            "libraries": library_versions(),
            "scorer": {"exact": scorer.exact, "why_not": scorer.why_not},
            **{name: getattr(self, name) for name in SAID},
        }
        card = model_card(model, manifest)
        (folder / CARD).write_text(card, encoding="utf-8", newline="\n")
        manifest["files"] = {file.name: digest(file.read_bytes()) for file in sorted(folder.iterdir())}
        raw = (to_json(manifest, sort_keys=True) + "\n").encode()
        (folder / MANIFEST).write_bytes(raw)
        self.manifest, self.version, self.card = manifest, version_of(raw), card

    @classmethod
    def load(cls, path: str | os.PathLike) -> Self:
        """Read and verify a bundle; of a registry, its champion.

        Raises
        ------
        BundleError
            When a file is missing or was altered, the format is newer, or the learner holds a type that is not on
            the list.
        """
        folder = Folder(path)
        state = folder.state()
        kept = read_learner(folder.read(LEARNER), folder.path / LEARNER) if _needs_learner(folder) else None
        scorer = Scorer.from_folder(folder, state, None if kept is None else Uncompiled(kept))
        learner = CompiledLearner(scorer.member) if kept is None else kept  # type: ignore[arg-type]
        try:
            model = _read_model(folder, state, learner)
        except UNFIT as error:
            raise damaged(folder.path, error) from None
        found = cls(
            model,
            compiled=scorer,
            sketches=folder.arrays(REFERENCE) if folder.holds(REFERENCE) else {},
            manifest=folder.manifest,
            version=folder.version,
            card=folder.read(CARD).decode("utf-8") if folder.holds(CARD) else "",
            **{name: folder.manifest[name] for name in SAID},
        )
        found.lies_in(folder.path)
        return found


def _read_model(folder: Folder, state: dict[str, Any], learner: Any) -> RareClassifier:
    decision = Decision.from_dict(state["decision"])
    fit = FittedModel(
        schema=Schema.from_dict(state["schema"]),
        encoder=TableEncoder.from_dict(state["encoder"]),
        arm=_read_arm(folder, state["arm"], learner),
        calibrator=calibrator_from_dict(state["calibrator"]),
        decision=decision,
        rule=decision.rule,
        pos_label=read_label(state["pos_label"]),
        classes=tuple(map(read_label, state["classes"])),
        evidence=state["evidence"],
        calibration_uncertainty=_read_uncertainty(state),
        slices=Slices.from_dict(state["slices"]) if state.get("slices") else None,
    )
    return classifier_of(fit, **state["parameters"])


def _needs_learner(folder: Folder) -> bool:
    return folder.holds(LEARNER) or folder.scorer["exact"] is not True


def _read_uncertainty(state: dict[str, Any]) -> CalibrationUncertainty | None:
    """How well the calibration is known; None where the bundle is older than that, or nothing was calibrated."""
    saved = state.get("calibration_uncertainty")
    return None if saved is None else CalibrationUncertainty.from_dict(saved)


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


def _read_arm(folder: Folder, saved: dict[str, Any], learner: Any) -> FittedArm:
    own = folder.holds(GIVEN)
    if not own and saved["learner"] is None:
        raise BundleError(f"The bundle {folder.path} is incomplete: {GIVEN} is missing. Save it again.")
    asked = read_learner(folder.read(GIVEN), folder.path / GIVEN) if own else saved["learner"]
    arm = Arm(asked, saved_treatment(saved["treatment"], saved["treatment_label"]))
    saved = {"level": 0.0} | saved  # bundles of earlier versions have none
    return FittedArm(arm=arm, learner=learner, **{name: saved[name] for name in FITTED})


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
    """The reference of a model that was just fitted, with the weights (n,) of its rows.

    Beside what `score_reference` counts: sums of the residuals, and what its decision flags and misses out of fold.
    In order of time, out-of-fold scores count by the calibration that is deployed: `oof_logit` leaves the first part,
    whose fit had the fewest rows, uncalibrated, so that what is answered would seem to have moved at once.
    """
    logit = model.oof_deployed if model.oof_deployed.size else model.oof_logit
    found = score_reference(logit, model.oof_y, weight, calibration=model.calibration_uncertainty)
    seen = np.isfinite(logit)
    p, y = sigmoid(logit[seen]), model.oof_y[seen]
    w = np.ones(p.size) if weight is None else weight[seen]
    found["residuals"] = residual_sums(p, y, w).tolist()
    cut = Cut.of(model.decision.to_dict())
    if not (cut.per_row or cut.by_entity):  # what other decisions flag hangs on more than the probability
        alert = cut.flag(p, None)
        masks = {"events": y, "missed": y & ~alert, "alerts": alert, "alert_events": y & alert}
        found["decided"] = {name: float(w[mask].sum()) for name, mask in masks.items()}
    return found


def kept_parameters(model: RareClassifier) -> dict[str, Any]:
    """What `replay` needs beside learner, treatment, decision and columns; splits of one's own are not kept."""
    names = ("calibration", "fit_rows", "random_state") + (("cv",) if isinstance(model.cv, int | np.integer) else ())
    return {name: getattr(model, name) for name in names}


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
