"""The monitor of the champion, fed from the prediction log and with labels as they come."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from rareclass.artifact.bundle import Bundle
from rareclass.monitoring.alarms import Alarm
from rareclass.monitoring.log_days import encoding
from rareclass.monitoring.monitor import RareClassMonitor
from rareclass.production.feedback import Decided


class Watch:
    """Watches one version of the model from the day on which it took over.

    Labels are those of the random sample alone, of which all become known: what is stopped and not looked into has
    none, so the others are no fair sample.
    """

    def __init__(self, bundle: Bundle, *, mature_after: float) -> None:
        self.bundle = bundle
        self.monitor = RareClassMonitor.from_bundle(bundle, mature_after=mature_after)
        self._days: list[Decided] = []
        self._told = -np.inf

    def look(self, logged: pa.Table, days: Sequence[Decided], now: float, date: np.datetime64) -> list[Alarm]:
        """Take what was logged of these days, and the labels that came until now; the alarms that are new.

        The log's clock is that of the machine, so the moments of the simulation are joined to its rows.
        """
        encode, _ = encoding(self.bundle, logged.schema)
        moments = np.concatenate([day.moment for day in days])
        self.monitor.predictions(
            logged["id"].to_pylist(),
            moments,
            logged["probability"].to_numpy(),
            features=encode(logged.combine_chunks().to_batches()[0]),
            slices=logged["slice"].to_pylist(),
            alerts=logged["alert"].to_numpy().astype(bool),
            versions=self.bundle.version,
        )
        self._days += days
        for day in self._days:
            fresh = np.flatnonzero(day.drawn & (day.known > self._told) & (day.known <= now))
            if fresh.size:
                when = date + np.round((day.known[fresh] - now) * 86_400).astype("timedelta64[s]")
                self.monitor.labels([day.ids[i] for i in fresh], day.fraud[fresh], times=when)
        self._told = now
        self._days = [day for day in self._days if day.known[day.drawn].max(initial=-np.inf) > now]
        return self.monitor.check(date)
