"""A trained PyTorch network as a bundle: its layers as plain arrays, calibrated on validation rows, with a decision."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass._types import Labels, PerRow, Rows
from rareclass.artifact.bundle import Bundle
from rareclass.artifact.trained import trained_bundle
from rareclass.calibration import CalibrationUncertainty, choose_calibration
from rareclass.calibration.base import Calibrator
from rareclass.crossfit import Folds
from rareclass.data.encode import TableEncoder
from rareclass.data.read import read_table
from rareclass.data.schema import Column, Schema
from rareclass.data.target import encode_target
from rareclass.decisions.costs import Costs, as_choice
from rareclass.decisions.minimum_cost import MinimumCost
from rareclass.decisions.rule import DecisionRule
from rareclass.decisions.tier_rule import as_rule
from rareclass.decisions.tiers import TierPolicy
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


@dataclass(frozen=True, kw_only=True)
class NetworkOptions:
    """How a network reads rows, what its score means, and what is decided by it; for `save_network`.

    Parameters
    ----------
    columns : sequence of str, optional
        Names of the d columns; those of the table, or x0, x1, ... by default.
    inputs : sequence of int, optional
        Shape of a row as the network takes it, such as (1, 28, 28); (d,) by default.
    centre, scale : float or array (d,), default=0.0 and 1.0
        The network is given ``(row - centre) / scale``.
    loss : loss of `rareclass.losses` or `rareclass.losses.torch`, optional
        That it was trained with, whose link turns raw scores into log-odds; by default, and for losses without a link,
        the raw score counts as log-odds, which the calibration mends.
    shift : float, default=0.0
        Log-odds to add, where training saw another share of events: minus the `offset` of a sampler of negatives.
    prevalence : float in (0, 1), optional
        The real share of events, where that of the validation rows is another one: events and other rows are then
        weighted to it.
    calibration : str or Calibrator, default="auto"
        As in `RareClassifier`; "none" leaves the scores as they are.
    decision : DecisionRule or TierPolicy, optional
        How `predict` flags rows; without it, and without `costs`, the probability is cut at 0.5.
    costs : CostMatrix or RowCosts, optional
        Of the validation rows; `predict` then minimises the expected cost.
    pos_label : label, optional
        The event; the rarer label by default.
    target : str, optional
        Name of the label column, for `evaluate`.
    name : str, default="network"
        Of the bundle.

    Examples
    --------
    >>> NetworkOptions(inputs=(1, 28, 28), scale=255.0, prevalence=0.01).calibration
    'auto'
    """

    columns: Sequence[str] | None = None
    inputs: Sequence[int] | None = None
    centre: ArrayLike = 0.0
    scale: ArrayLike = 1.0
    loss: Any = None
    shift: float = 0.0
    prevalence: float | None = None
    calibration: str | Calibrator = "auto"
    decision: DecisionRule | TierPolicy | None = None
    costs: Costs | None = None
    pos_label: Any = None
    target: str | None = None
    name: str = NETWORK

    @property
    def method(self) -> str:
        """The name of the calibration."""
        return self.calibration if isinstance(self.calibration, str) else self.calibration.kind


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
    table, event, label, classes = _validation(X, y, how)
    weight = _weights(event, sample_weight, how.prevalence)
    member = _member(module, table.num_columns, how)
    names = table.column_names
    schema = Schema(
        columns=tuple(Column(name, "number") for name in names), target=how.target, pos_label=label, classes=classes
    )
    rows = TableEncoder(schema).fit_transform(table).matrix
    _refuse_missing(rows, names)
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


def _validation(X: Rows, y: Labels, how: NetworkOptions) -> tuple[pa.Table, np.ndarray, Any, tuple[Any, ...]]:
    """The rows as a table of numbers, whether each is an event, the event's label and all labels."""
    columns = how.columns
    if hasattr(X, "detach"):
        X = X.detach().cpu().numpy()
    if isinstance(X, np.ndarray):
        flat = X.reshape(X.shape[0], -1).astype(np.float64)
        names = [f"x{j}" for j in range(flat.shape[1])] if columns is None else list(columns)
        if len(names) != flat.shape[1]:
            raise InputError(f"`columns` must name {flat.shape[1]} columns, one a number of a row; got {len(names)}.")
        table = pa.table({name: flat[:, j] for j, name in enumerate(names)})
    else:
        table = read_table(X)
        table = table if columns is None else table.select(list(columns))
    if hasattr(y, "detach"):
        y = y.detach().cpu().numpy()
    event, label, classes = encode_target(y, how.pos_label, name="y")
    _check.same_length(X=table, y=event)
    return table, event, label, classes


def _weights(event: np.ndarray, sample_weight: PerRow | None, prevalence: float | None) -> np.ndarray | None:
    """Weights (n,) of the validation rows, moved to the real prevalence."""
    weight = _check.weights(sample_weight, event.size)
    if prevalence is None:
        return weight
    real = _check.fraction(prevalence, "prevalence", closed="neither")
    share = float(np.average(event, weights=weight))
    own = np.ones(event.size) if weight is None else weight
    return own * np.where(event, real / share, (1 - real) / (1 - share))


def _member(module: Any, width: int, how: NetworkOptions) -> Network:
    from rareclass.torch.network import describe_network

    layers, arrays = describe_network(module)
    scaling = {"input.centre": how.centre, "input.scale": how.scale}
    arrays |= {name: np.array(np.broadcast_to(np.asarray(v, dtype=np.float64), width)) for name, v in scaling.items()}
    inputs = [width] if how.inputs is None else [int(side) for side in how.inputs]
    if int(np.prod(inputs)) != width:
        raise InputError(f"`inputs` {tuple(inputs)} holds {int(np.prod(inputs))} numbers; a row has {width}.")
    link = _link(how.loss, classes=_outputs(module))
    arrays |= {} if link is None else {"link.score": _GRID, "link.logit": link}
    return Network.from_parts({"inputs": inputs, "layers": layers}, arrays)


def _outputs(module: Any) -> int:
    sizes = [p.shape[0] for p in module.parameters()]
    return int(sizes[-1]) if sizes else 1


def _link(loss: Any, *, classes: int) -> np.ndarray | None:
    """Log-odds at the scores of `_GRID` (the second less the first of two outputs); None where they are the scores."""
    if loss is None or _without_link(loss):
        return None
    both = np.column_stack([np.zeros(_GRID.size), _GRID])
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


def _refuse_missing(rows: np.ndarray, names: Sequence[str]) -> None:
    gone = np.isnan(rows).any(axis=0)
    if gone.any():
        raise InputError(f"Column {names[int(np.argmax(gone))]!r} lacks values, and a network takes none missing.")


def _compare(module: Any, member: Network, rows: np.ndarray) -> None:
    """Raise where the compiled network says otherwise than PyTorch in float64, on some rows."""
    import copy

    import torch

    some = rows[:: max(1, rows.shape[0] // _COMPARED)]
    precise = copy.deepcopy(module).double().cpu().eval()
    parts = np.split(some, np.arange(_AT_A_TIME, some.shape[0], _AT_A_TIME))
    with torch.no_grad():
        outputs = [
            precise(torch.from_numpy(((part - member.centre) / member.scale).reshape(-1, *member.inputs))).numpy()
            for part in parts
        ]
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
