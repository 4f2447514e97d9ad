"""Which rows to have labelled so that recall can be told, and what their labels say.

Labels that come because a row alerted say nothing of the events that were missed. An audit draws rows at random, with
known probability, more of them where an event is likelier.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass.errors import InputError
from rareclass.kernels.draw import apportion
from rareclass.monitoring.audit_rates import AuditRates, Stratum, audit_rates, half_width

_STRATA, _EACH = 20, 8
_BROAD = 0.1
"""Added to each probability: this share of their mean, so that rows that the model is sure of are audited, too."""


@dataclass(frozen=True, kw_only=True)
class AuditPlan:
    """A random sample of rows to be labelled, stratified by score.

    When to use: labels come for alerts only, or late, and recall is to be known. When not: every row gets its label
    anyway; judge matured rows then.

    Attributes
    ----------
    keys : list
        Ids of the rows (n,).
    probability, alert : ndarray of shape (n,)
    stratum : ndarray of shape (n,), int
        Strata of rows that do not alert, from the least likely; then those of alerts.
    inclusion : ndarray of shape (n,)
        Probability with which each row was drawn.
    drawn : ndarray of shape (n,), bool
        Rows whose label is needed: the audited ones, and all alerts where these are labelled anyway.
    alerts_labelled : bool

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> p = rng.beta(0.02, 2, 20_000)
    >>> y = rng.random(20_000) < p
    >>> plan = AuditPlan.draw(np.arange(20_000), p, p >= 0.5, audits=300, seed=1)
    >>> len(plan.rows())
    300
    >>> found = plan.rates(np.where(plan.drawn, y, np.nan))
    >>> bool(found.recall.low <= y[p >= 0.5].sum() / y.sum() <= found.recall.high)
    True
    """

    keys: Sequence[Any]
    probability: np.ndarray
    alert: np.ndarray
    stratum: np.ndarray
    inclusion: np.ndarray
    drawn: np.ndarray
    alerts_labelled: bool

    @classmethod
    def draw(
        cls,
        keys: ArrayLike,
        probability: ArrayLike,
        alert: ArrayLike,
        *,
        audits: int,
        seed: int = 0,
        alerts_labelled: bool = True,
    ) -> Self:
        """Draw the rows of one period (a day, a week).

        Parameters
        ----------
        keys : (n,)
            Ids of the rows, each once. Whether a row is drawn hangs on its id, the seed and the other rows' scores,
            not on the order of rows.
        probability : (n,)
            Calibrated, in [0, 1].
        alert : (n,), bool
        audits : int >= 1
            Labels that can be asked for beyond those that come anyway.
        seed : int, default=0
            Another seed (say, the number of the week) draws other rows.
        alerts_labelled : bool, default=True
            Whether alerts are labelled anyway. Else a part of the audits goes to them.

        Raises
        ------
        InputError
            A key comes twice, a probability is missing or outside [0, 1], or there are no rows.

        Notes
        -----
        Strata hold equal sums of ``sqrt(p (1 - p))`` and get equal numbers of audits: Neyman's allocation, with
        boundaries after Dalenius and Hodges (1959). Within a stratum every sample of its size is equally likely.
        """
        audits = _check.whole_number(audits, "audits", low=1)
        names = _check.column(keys, "keys").tolist()
        p = _check.probabilities(_check.scores(probability, "probability"))
        flag = _check.column(alert, "alert").astype(bool)
        _check.same_length(keys=names, probability=p, alert=flag)
        if len(set(map(str, names))) < len(names):
            raise InputError("`keys` holds an id twice; give each row its own, and each row once.")
        chance = _numbers(names, seed)
        stratum, inclusion, drawn = np.zeros(p.size, np.int64), np.ones(p.size), flag.copy()
        groups = _shared(p, flag, audits, alerts_labelled)
        begin = 0
        for rows, number in groups:
            size = np.sqrt(_broad(p[rows]) * (1 - p[rows]).clip(1e-12))
            order = np.lexsort((chance[rows], p[rows]))
            for part, asked in _strata(rows[order], size[order], number):
                stratum[part], inclusion[part] = begin, asked / part.size
                drawn[part] = False
                drawn[part[np.argsort(chance[part], kind="stable")[:asked]]] = True
                begin += 1
        if alerts_labelled:
            stratum[flag] = begin
        return cls(
            keys=names, probability=p, alert=flag, stratum=stratum, inclusion=inclusion, drawn=drawn,
            alerts_labelled=alerts_labelled,
        )  # fmt: skip

    def rows(self) -> list[dict[str, Any]]:
        """The rows to audit, in an order that says nothing of their score: id, inclusion probability, stratum."""
        chosen = self.drawn & ~(self.alert & self.alerts_labelled)
        found = np.flatnonzero(chosen)
        order = np.argsort(_numbers([self.keys[i] for i in found.tolist()], -1), kind="stable")
        return [
            {"id": self.keys[i], "inclusion": float(self.inclusion[i]), "stratum": int(self.stratum[i])}
            for i in found[order].tolist()
        ]

    def rates(self, label: ArrayLike, *, level: float = 0.95) -> AuditRates:
        """Recall, precision and prevalence of the period from the labels of the rows that were drawn.

        Parameters
        ----------
        label : (n,)
            1 event, 0 other, NaN not labelled; labels of rows that were not drawn are left out. Drawn rows without an
            answer count as if those of their stratum had answered for them.
        level : float in (0, 1), default=0.95

        Raises
        ------
        InputError
            No drawn row has a label, or labels are not 0, 1 or NaN.
        """
        y = np.asarray(_check.column(label, "label"), dtype=np.float64)
        _check.same_length(label=y, probability=self.probability)
        if not np.isin(y[~np.isnan(y)], (0.0, 1.0)).all():
            raise InputError("`label` must hold 1 for events, 0 for others and NaN where there is no label.")
        answered = self.drawn & ~np.isnan(y)
        if not answered.any():
            raise InputError("No drawn row has a label yet; nothing can be told from this audit.")
        parts = [self._parts(flag, answered, y) for flag in (False, True)]
        unanswered = int((self.drawn & np.isnan(y)).sum())
        return audit_rates(*parts, unanswered=unanswered, level=level)

    def _parts(self, flag: bool, answered: np.ndarray, y: np.ndarray) -> list[Stratum]:
        """Strata of one side; one without answers joins the next likelier one, at the end the one before."""
        mine = self.alert == flag
        made: list[Stratum] = []
        held: Stratum | None = None
        for number in np.unique(self.stratum[mine]):
            rows = mine & (self.stratum == number)
            seen = rows & answered
            new = Stratum(
                rows=int(rows.sum()),
                audited=int(seen.sum()),
                events=int(y[seen].sum()),
                expected=float(self.probability[rows].sum()),
            )
            new = new if held is None else held.joined(new)
            held = None if new.audited else new
            if new.audited:
                made.append(new)
        if held is not None:
            made = [*made[:-1], made[-1].joined(held)] if made else [held]
        return made


def audit_power(
    probability: ArrayLike, alert: ArrayLike, audits: Sequence[int], *, periods: int = 1, alerts_labelled: bool = True
) -> list[dict[str, float]]:
    """What audits of each size will tell, before any is done.

    Parameters
    ----------
    probability, alert : (n,)
        Of the rows of one past period, taken as typical.
    audits : sequence of int
        Audits a period.
    periods : int, default=1
        So many periods are judged together.
    alerts_labelled : bool, default=True

    Returns
    -------
    list of dict
        ``audits``; ``recall`` as the probabilities expect it; ``half_width`` of its 95 % interval (design-based, as
        long as audits find events); ``fall`` of recall that is found with probability 0.8 at level 0.05, two-sided;
        ``found``, events that the audits are expected to find; ``unseen``, missed events that an audit without any
        still leaves possible, in the stratum that is audited most thinly.

    Examples
    --------
    >>> p = np.repeat([0.6, 0.02, 0.0005], [50, 500, 20_000])
    >>> few, many = audit_power(p, p > 0.5, [100, 400])
    >>> few["half_width"] > many["half_width"] > 0
    True
    """
    p = _check.scores(probability, "probability")
    flag = _check.column(alert, "alert").astype(bool)
    _check.same_length(probability=p, alert=flag)
    periods = _check.whole_number(periods, "periods", low=1)
    found = []
    for number in audits:
        plan = AuditPlan.draw(np.arange(p.size), p, flag, audits=number, alerts_labelled=alerts_labelled)
        parts = [plan._parts(side, plan.drawn, np.zeros(p.size)) for side in (False, True)]
        found.append({"audits": number, **half_width(*parts, periods=periods)})
    return found


def _shared(p: np.ndarray, flag: np.ndarray, audits: int, alerts_labelled: bool) -> list[tuple[np.ndarray, int]]:
    """Rows and audits of both sides."""
    others, alerts = np.flatnonzero(~flag), np.flatnonzero(flag)
    if alerts_labelled:
        return [(others, min(audits, others.size))]
    # errors of both numbers count alike in recall: by the square root of p (1 - p), as within a side
    size = [float(np.sqrt(_broad(p[rows]) * (1 - p[rows]).clip(1e-12)).sum()) for rows in (others, alerts)]
    if not sum(size) > 0:
        size = [float(others.size), float(alerts.size)]
    number = apportion(np.array(size), min(audits, p.size))
    total = min(audits, p.size)
    least = min(alerts.size, 1 if total > 1 else 0)
    most = min(alerts.size, total - min(others.size, 1))
    of_alerts = min(max(int(number[1]), least, total - others.size), most)
    return [(others, total - of_alerts), (alerts, of_alerts)]


def _broad(p: np.ndarray) -> np.ndarray:
    return np.asarray(p + max(_BROAD * float(p.mean()), 1e-9)) if p.size else p


def _strata(rows: np.ndarray, size: np.ndarray, audits: int) -> list[tuple[np.ndarray, int]]:
    """Rows, in order of score, cut into strata of equal sums of size, and the audits of each; small ones are full."""
    made: list[tuple[np.ndarray, int]] = []
    while rows.size and audits:
        number = max(min(_STRATA - len(made), audits // _EACH), 1)
        each = -(-audits // number)
        # from the likeliest down: what is likely is soon audited wholly, and leaves the rest to others
        upto = np.cumsum(size[::-1])
        count = rows.size if number == 1 else int(np.searchsorted(upto, upto[-1] / number, side="left")) + 1
        count = min(max(count, min(each, rows.size)), rows.size)
        asked = min(each, count, audits)
        made.append((rows[rows.size - count :], asked))
        rows, size, audits = rows[: rows.size - count], size[: size.size - count], audits - asked
    if rows.size:  # fewer audits than rows, all spent: the rest belongs to the last stratum
        last, asked = made.pop() if made else (rows[:0], 0)
        made.append((np.concatenate([rows, last]), asked))
    return made[::-1]


def _numbers(keys: Sequence[Any], seed: int) -> np.ndarray:
    """A number of each key (n,), uint64, as good as drawn."""
    salt = int(seed).to_bytes(16, "little", signed=True)
    raw = b"".join(blake2b(str(key).encode(), digest_size=8, salt=salt).digest() for key in keys)
    return np.frombuffer(raw, dtype="<u8")
