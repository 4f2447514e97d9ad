"""A trained PyTorch network as a bundle: its layers as plain arrays, calibrated on validation rows, with a decision."""

import math
import os
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass._types import Labels, PerRow, Rows
from rareclass.artifact.bundle import Bundle
from rareclass.artifact.network_options import NetworkOptions, real_weights, refuse_missing, validation_rows
from rareclass.artifact.trained import trained_bundle
from rareclass.calibration import CalibrationUncertainty, choose_calibration
from rareclass.crossfit import Folds
from rareclass.data.encode import TableEncoder
from rareclass.data.schema import Column, Schema
from rareclass.decisions.costs import as_choice
from rareclass.decisions.minimum_cost import MinimumCost
from rareclass.decisions.tier_rule import as_rule
from rareclass.errors import InputError
from rareclass.fitting.arm import Arm, FittedArm
from rareclass.fitting.calibrate import as_counts, cross_calibrated
from rareclass.fitting.classifier import RareClassifier
from rareclass.fitting.model import FittedModel, calibration_evidence, equal_costs_decision
from rareclass.fitting.sample import RowSample
from rareclass.kernels.logits import apart, sigmoid
from rareclass.scoring.members import CompiledLearner
from rareclass.scoring.network import Network
from rareclass.scoring.scorer import NO_GROUPS

NETWORK = "network"
"""What stands in the place of a learner's name."""
TOLERANCE = 1e-6
"""How far the compiled network may be `apart` from PyTorch's in float64, in log-odds."""
_GRID = np.linspace(-40.0, 40.0, 8001)
_FARTHEST = 1e3
"""Log-odds that stand for certainty, which smoothed labels may mean."""
_COMPARED, _AT_A_TIME = 500, 100


def save_network(
    module: Any,
    folder: str | os.PathLike,
    X: Rows,
    y: Labels,
    how: NetworkOptions = NetworkOptions(),
    *,
    sample_weight: PerRow | None = None,
    groups: PerRow | None = None,
    overwrite: bool = False,
) -> Bundle:
    """Save a trained network as a bundle that `rareclass predict`, `serve` and `evaluate` score without PyTorch.

    The layers are written as a description and arrays (`tensors.safetensors`, the state of the network); calibration
    and decision are fitted on validation rows. Nothing runs when the bundle is loaded. Scores are added up in float64
    and equal PyTorch's in float64 within 1e-6; an image of 28 x 28 takes about a millisecond with small convolutions, a
    row of a table microseconds. There are no reasons (`explain`), and retraining needs PyTorch and a new
    `save_network`. Use it for networks that take one row of numbers each; others are better exported by `torch.export`.

    Parameters
    ----------
    module : torch.nn.Sequential
        Of known layers (see `rareclass.torch.describe_network`), with one output (the raw score of the event) or two
        (of the other class and of the event). It is left as it is; layers count as in evaluation mode.
    folder : path
        Of the bundle; it appears whole or not at all.
    X : array (n, d) or (n, *inputs), or table of n rows
        Validation rows that the network was not trained on, as they will come: pixels 0 to 255, say, where `scale` is
        255.
    y : array-like of shape (n,)
        Their labels.
    how : NetworkOptions, optional
        Shape and scale of a row, the loss, the real prevalence, calibration, decision and costs, names.
    sample_weight, groups : array-like of shape (n,), optional
        Of the validation rows: 1 / the probability with which each was kept, and what belongs together.
    overwrite : bool, default=False

    Returns
    -------
    Bundle
        As it was saved; ``.model.predict_proba`` scores, ``.model.summary()`` says what was done.

    Raises
    ------
    InputError
        A layer is unknown, columns or shapes do not fit, or the folder holds something.
    TargetError
        The validation rows hold one class only.

    Examples
    --------
    >>> import tempfile, torch
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(2000, 4))
    >>> y = rng.random(2000) < sigmoid(X[:, 0] - 4)
    >>> network = torch.nn.Linear(4, 1)
    >>> _ = network.load_state_dict({"weight": torch.eye(4)[:1], "bias": torch.tensor([-4.0])})
    >>> with tempfile.TemporaryDirectory() as d:
    ...     bundle = save_network(network, f"{d}/bundle", X, y)
    >>> bool(abs(bundle.model.predict_proba(X)[:, 1].mean() - y.mean()) < 0.001)
    True
    """
    if not isinstance(how, NetworkOptions):
        raise InputError(f"`how` must be a NetworkOptions; got {type(how).__name__}.")
    table, event, label, classes = validation_rows(X, y, how)
    weight = real_weights(event, sample_weight, how.prevalence)
    member = _member(module, table.num_columns, how)
    names = table.column_names
    schema = Schema(
        columns=tuple(Column(name, "number") for name in names), target=how.target, pos_label=label, classes=classes
    )
    rows = TableEncoder(schema).fit_transform(table).matrix
    refuse_missing(rows, names)
    _compare(module, member, rows)
    arm = FittedArm(
        arm=Arm(NETWORK),
        learner=CompiledLearner(member),
        shift=_check.fraction(how.shift, "shift", low=-np.inf, high=np.inf, closed="neither"),
        undone=float(how.shift),
        exact=True,
        note=f"a network of {len(member.specs)} layers and {sum(a.size for a in member.weights.values()):,} numbers",
        restoration=_restoration(how),
        rows=0,
        seconds=0.0,
    )
    fitted = _calibrated(arm, table, event, schema, _Beside(weight, groups), how)
    bundle = trained_bundle(
        RareClassifier.from_model(fitted, calibration=how.method),
        table,
        event,
        weight=weight,
        whole=table,
        recipe={
            "arm": NETWORK,
            "seed": None,
            "rows": int(event.size),
            "events": int(event.sum()),
            "fingerprint": schema.fingerprint(table),
            "pos_label": str(label),
        },
        name=how.name,
        target=how.target,
        evidence={
            "out_of_fold": dict(fitted.evidence),
            "test": None,
            "data": {"prevalence": float(np.average(event, weights=weight)), "notes": []},
            "findings": [],
        },
        reasons=NO_GROUPS,
    )
    bundle.save(folder, overwrite=overwrite)
    return bundle


class _Beside(NamedTuple):
    weight: np.ndarray | None
    groups: PerRow | None


def _member(module: Any, width: int, how: NetworkOptions) -> Network:
    from rareclass.torch.network import describe_network

    layers, arrays = describe_network(module)
    odd = next((name for name, array in arrays.items() if not np.isfinite(array).all()), None)
    if odd is not None:
        raise InputError(
            f"{odd!r} of the network holds numbers that are not finite. Its training went astray; repeat it."
        )
    arrays |= {"input.centre": _each(how.centre, "centre", width), "input.scale": _each(how.scale, "scale", width)}
    inputs = [width] if how.inputs is None else how.inputs
    if isinstance(inputs, str) or np.ndim(inputs) != 1 or len(inputs) not in (1, 3):
        raise InputError(f"`inputs` must be one or three whole numbers, such as (1, 28, 28); got {how.inputs!r}.")
    inputs = [_check.whole_number(side, "inputs", low=1) for side in inputs]
    if math.prod(inputs) != width:
        raise InputError(f"`inputs` {tuple(inputs)} holds {math.prod(inputs)} numbers; a row has {width}.")
    link = _link(how.loss, classes=_outputs(module))
    arrays |= {} if link is None else {"link.score": _GRID, "link.logit": link}
    try:
        return Network.from_parts({"inputs": inputs, "layers": layers}, arrays)
    except InputError as error:
        said = str(error).removeprefix("The scorer is damaged: ")
        raise InputError(f"Rows of shape {tuple(inputs)} do not go through this network: {said}") from None


def _each(values: ArrayLike, name: str, width: int) -> np.ndarray:
    """A number for each column."""
    try:
        found = np.array(np.broadcast_to(np.asarray(values, dtype=np.float64), width))
    except (TypeError, ValueError):
        found = np.array([np.nan])
    if not np.isfinite(found).all() or (name == "scale" and not found.min() > 0):
        above = " above 0" if name == "scale" else ""
        raise InputError(f"`{name}` must be one finite number{above}, or {width} of them, one a column.")
    return found


def _outputs(module: Any) -> int:
    sizes = [p.shape[0] for p in module.parameters()]
    return int(sizes[-1]) if sizes else 1


def _link(loss: Any, *, classes: int) -> np.ndarray | None:
    """Log-odds at the scores of `_GRID` (the second less the first of two outputs); None where they are the scores."""
    if loss is None or _without_link(loss):
        return None
    both = np.column_stack([np.zeros(_GRID.size), _GRID])
    if isinstance(loss, type):
        raise InputError(f"`loss` must be a loss, not its class; give {loss.__name__}() with its parameters.")
    if hasattr(loss, "log_odds"):  # a module of rareclass.losses.torch, which undoes its smoothing and weights too
        import torch

        if classes == 1:
            found = loss.log_odds(torch.from_numpy(_GRID)).numpy()
        else:
            with np.errstate(divide="ignore"):
                found = np.diff(np.log(loss.link(torch.from_numpy(both)).numpy()), axis=1)[:, 0]
    elif hasattr(loss, "link_logit"):
        found = np.asarray(loss.link_logit(_GRID)) if classes == 1 else np.diff(loss.link_logit(both), axis=1)[:, 0]
    else:
        raise InputError(
            f"`loss` must be a loss of rareclass.losses or rareclass.losses.torch; got {type(loss).__name__}. Leave "
            "others out: the calibration then does what a link would."
        )
    return None if np.array_equal(found, _GRID) else np.maximum.accumulate(np.clip(found, -_FARTHEST, _FARTHEST))


def _without_link(loss: Any) -> bool:
    """Whether its scores are no probabilities until they are calibrated."""
    return bool(getattr(getattr(loss, "loss", loss), "needs_calibration", False))


def _compare(module: Any, member: Network, rows: np.ndarray) -> None:
    """Raise where the compiled network says otherwise than PyTorch in float64, on some rows."""
    import copy

    import torch

    some = rows[:: max(1, rows.shape[0] // _COMPARED)]
    precise = copy.deepcopy(module).double().cpu().eval()
    parts = np.split(some, np.arange(_AT_A_TIME, some.shape[0], _AT_A_TIME))
    with torch.no_grad():
        outputs = [precise(torch.from_numpy(member.taken(part))).numpy() for part in parts]
    wanted = np.concatenate(outputs).reshape(some.shape[0], -1)
    raw = wanted[:, 0] if wanted.shape[1] == 1 else wanted[:, 1] - wanted[:, 0]
    found = np.concatenate([member.raw(part) for part in parts])
    off = float(apart(found, raw).max())
    if off > TOLERANCE:
        raise InputError(
            f"The compiled network differs from PyTorch's by {off:.2g} in its score. This is a fault of rareclass; "
            "export the network by `torch.export`."
        )


def _restoration(how: NetworkOptions) -> str:
    said = [] if how.loss is None or _without_link(how.loss) else [f"link of {type(how.loss).__name__}"]
    return "; ".join([*said, *(["the share of negatives that were kept"] if how.shift else [])])


def _calibrated(
    arm: FittedArm, table: pa.Table, event: np.ndarray, schema: Schema, beside: _Beside, how: NetworkOptions
) -> FittedModel:
    """The network with its calibration, its decision, and how well both do on the validation rows."""
    weight = beside.weight
    groups = None if beside.groups is None else _check.column(beside.groups, "groups")
    _check.same_length(X=table, groups=groups)
    encoder = TableEncoder(schema).fit(table)
    score, folds = arm.logit(encoder.transform(table).matrix), Folds(np.zeros(event.size, dtype=np.int64))
    calibrator = choose_calibration(score, event, method=how.calibration, sample_weight=as_counts(weight, event))
    held = cross_calibrated(score, event, folds, method=how.method, sample_weight=weight)
    costs = None if how.costs is None else as_choice(how.costs, n=event.size)
    rule = None if how.decision is None else as_rule(how.decision).with_costs(costs).with_times(None, weight)
    if rule is None and costs is not None:
        rule = MinimumCost(costs)
    judged = (event, sigmoid(held), weight, costs)
    return FittedModel(
        schema=schema,
        encoder=encoder,
        arm=arm,
        calibrator=calibrator,
        decision=equal_costs_decision() if rule is None else rule.decided_on(*judged),
        rule=rule,
        pos_label=schema.pos_label,
        classes=schema.classes,
        evidence=calibration_evidence(event, held, weight, groups),
        calibration_uncertainty=CalibrationUncertainty.of(
            np.asarray(calibrator.predict_logit(score)), event, sample_weight=weight, groups=groups
        ),
        oof_logit=held,
        oof_y=event,
        oof_row=np.arange(event.size),
        sample=RowSample.of(table, event, weight=weight),
    )
