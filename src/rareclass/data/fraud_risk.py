"""Log-odds of fraud of simulated payments: smooth effects, interactions and four ways of cheating.

It is a function of what the table shows (missing values included), of the merchant and of time, so the probability of
a row is the exact conditional probability given its table row.
"""

import numpy as np

from rareclass.data.world import DAY, Merchants, Payments

_CATEGORY = np.array([-0.6, -0.5, -0.2, -0.3, 0.1, -0.4, -0.1, 0.1, 0.5, 0.8, 0.6, 1.1, 0.9, 0.7], dtype=np.float32)
_COUNTRY = np.array([-0.2, 0.0, 0.1, 0.0, -0.1, -0.2, -0.2, 0.2, 0.2, 0.4, 0.6, 0.6], dtype=np.float32)
_CHANNEL = np.array([-0.9, -0.7, 0.4, 0.0], dtype=np.float32)
_SYSTEM = np.array([0.1, -0.2, 0.2, -0.1, 0.4, 0.0], dtype=np.float32)  # the last stands for missing


def fraud_risk(seen: Payments, merchants: Merchants, shift: np.ndarray | float) -> np.ndarray:
    """Log-odds (n,) up to a constant, float64.

    `shift` in [-0.5, 0.5] moves risk from card present (negative) to take-over of online accounts (positive): drift of
    the concept.
    """
    hour = (seen.second % DAY) / 3600
    night = np.exp(-((((hour - 3 + 12) % 24) - 12) ** 2) / 8)
    online = seen.channel == 2
    new = np.nan_to_num(seen.new_device, nan=0.25)
    ratio = seen.usual_ratio
    rush = np.where(np.isnan(seen.minutes_since_last), 0.0, np.exp(-np.nan_to_num(seen.minutes_since_last) / 20))
    kilometres = np.log1p(np.nan_to_num(seen.distance, nan=3.0))
    age = np.nan_to_num(seen.age, nan=45.0)
    small = _step(1.2 - np.log(seen.amount))

    risk = _CATEGORY[seen.category] + _COUNTRY[seen.country] + _CHANNEL[seen.channel] + _SYSTEM[seen.system]
    risk = risk + merchants.risk[seen.merchant] + 0.7 * _bend(ratio - 0.8) + 0.6 * np.exp(-seen.card_age / 90)
    risk += 0.4 * ((age - 48) / 20) ** 2 * online - 0.1 * ((age - 48) / 20)
    # the four ways: account take-over, card testing, a copied card far from home, cash after theft
    risk += (1 + shift) * online * (3.0 * new + 1.6 * new * _step(ratio - 0.7) + 1.2 * night + 1.5 * new * night)
    risk += online * small * (1.2 + 2.2 * rush + 0.25 * np.minimum(seen.count_day, 12))
    risk += (1 - shift) * (kilometres > 5) * (1.4 * _step(ratio - 0.3) + 3.2 * rush)
    risk += (
        (1 - shift)
        * (seen.channel == 3)
        * (1.2 * night + 1.8 * _step(ratio - 1.2) + 0.3 * np.minimum(seen.count_day, 6))
    )
    risk += 0.9 * _bend(ratio - 1.2) * (_CATEGORY[seen.category] > 0.6)
    return risk.astype(np.float64)


def _step(x: np.ndarray) -> np.ndarray:
    """Smooth step from 0 to 1."""
    return 1 / (1 + np.exp(-4 * x))


def _bend(x: np.ndarray) -> np.ndarray:
    """Smooth hinge: 0 on the left, rising to at most 2."""
    return np.clip(np.logaddexp(0, 3 * x) / 3, 0, 2)
