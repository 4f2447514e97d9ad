"""The world of the simulated card transactions: customers, merchants, moments, and what is seen of each payment."""

from dataclasses import dataclass

import numpy as np

COUNTRIES = ("DE", "FR", "IT", "ES", "NL", "CH", "AT", "PL", "GB", "US", "TR", "BR")
CATEGORIES = (
    "groceries",
    "restaurants",
    "fuel",
    "transport",
    "clothing",
    "pharmacy",
    "household",
    "entertainment",
    "travel",
    "electronics",
    "digital goods",
    "gift cards",
    "gambling",
    "jewellery",
)
CHANNELS = ("chip", "contactless", "online", "cash machine")
SYSTEMS = ("android", "ios", "windows", "macos", "linux")
DAY = 86_400  # seconds
_CATEGORY_SHARE = np.array([24, 15, 9, 12, 7, 6, 6, 5, 4, 4, 4.5, 1.5, 1, 1]) / 100
_CATEGORY_PRICE = np.array([0.1, 0.0, 0.6, -1.2, 0.7, -0.2, 0.5, 0.0, 1.7, 1.5, -0.8, 0.5, 0.4, 1.8])
_ONLINE_AFFINITY = np.array([-2, -2, -6, 0.5, 0.5, -1, 0.3, 1, 1.5, 1, 5, 2, 4, -0.5])
_COUNTRY_SHARE = np.array([30, 14, 12, 10, 8, 6, 5, 5, 4, 3, 2, 1]) / 100
# share of a day's payments in each hour; the night is quiet
_HOUR = np.array(
    [6, 4, 3, 2, 2, 4, 12, 25, 38, 45, 52, 60, 66, 58, 52, 54, 60, 70, 72, 60, 45, 34, 22, 12], dtype=float
)

_WEEK = np.array([1.0, 1.0, 1.02, 1.05, 1.2, 1.25, 0.8])


@dataclass(frozen=True, kw_only=True)
class Customers:
    """One entry per customer: cumulative activity, typical log amount, home, age, day of opening, liking for online."""

    activity: np.ndarray
    log_amount: np.ndarray
    home: np.ndarray
    age: np.ndarray
    opened: np.ndarray
    online: np.ndarray
    system: np.ndarray


@dataclass(frozen=True)
class Merchants:
    """One entry per merchant: cumulative popularity, category, country, price level, hidden risk."""

    popularity: np.ndarray
    category: np.ndarray
    country: np.ndarray
    price: np.ndarray
    risk: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Payments:
    """What is seen of a block of payments. Missing values are NaN, or the code -1."""

    second: np.ndarray
    customer: np.ndarray
    merchant: np.ndarray
    amount: np.ndarray
    usual_ratio: np.ndarray
    category: np.ndarray
    channel: np.ndarray
    country: np.ndarray
    system: np.ndarray
    new_device: np.ndarray
    distance: np.ndarray
    minutes_since_last: np.ndarray
    count_day: np.ndarray
    card_age: np.ndarray
    age: np.ndarray


def make_customers(count: int, rng: np.random.Generator) -> Customers:
    """Draw the customers."""
    activity = np.cumsum(rng.gamma(1.5, size=count))
    return Customers(
        activity=activity / activity[-1],
        log_amount=rng.normal(3.1, 0.5, count).astype(np.float32),
        home=_draw(_COUNTRY_SHARE, rng.random(count)).astype(np.int8),
        age=np.clip(rng.gamma(7.5, 6.0, count) + 4, 18, 95).astype(np.float32),
        opened=(-rng.exponential(900, count)).astype(np.int32),
        online=rng.normal(-0.9, 0.7, count).astype(np.float32),
        system=_draw(np.array([0.4, 0.33, 0.17, 0.07, 0.03]), rng.random(count)).astype(np.int8),
    )


def make_merchants(count: int, rng: np.random.Generator) -> Merchants:
    """Draw the merchants; popularity falls off like a power of the rank."""
    popularity = np.cumsum((np.arange(count) + 5.0) ** -0.8)
    return Merchants(
        popularity / popularity[-1],
        _draw(_CATEGORY_SHARE, rng.random(count)).astype(np.int8),
        _draw(_COUNTRY_SHARE, rng.random(count)).astype(np.int8),
        rng.normal(0, 0.35, count).astype(np.float32),
        rng.normal(0, 0.45, count).astype(np.float32),
    )


def weekday(day: int | np.ndarray) -> np.ndarray:
    """Payments of a day against the mean; day 0 is a Monday."""
    return _WEEK[day % 7]


def payment_seconds(n: int, days: int, rng: np.random.Generator) -> np.ndarray:
    """Sorted seconds since the start: a daily and a weekly rhythm, no sorting needed."""
    intensity = (weekday(np.arange(days))[:, None] * (_HOUR / _HOUR.sum())).ravel()
    cumulative = np.concatenate([[0.0], np.cumsum(intensity)])
    steps = rng.standard_exponential(n + 1)
    uniform = np.cumsum(steps[:n], out=steps[:n]) / (steps[:n].sum() if n == 0 else steps[n - 1] + steps[n])
    hours = np.interp(uniform, cumulative / cumulative[-1], np.arange(cumulative.size))
    return (hours * 3600).astype(np.int64)


def who_paid(n: int, customers: Customers, rng: np.random.Generator) -> np.ndarray:
    """Customer of each payment."""
    return np.searchsorted(customers.activity, rng.random(n)).astype(np.int32)


def customer_history(customer: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Minutes since the customer's previous payment (NaN for the first) and their payments in the 24 hours before."""
    order = np.argsort(customer, kind="stable")
    span = int(second[-1]) + DAY + 1 if second.size else 1
    key = customer[order].astype(np.int64) * span + second[order]
    gap = np.full(customer.size, np.nan, dtype=np.float32)
    same = customer[order[1:]] == customer[order[:-1]]
    gap[order[1:][same]] = (np.diff(key)[same] / 60).astype(np.float32)
    count = np.empty(customer.size, dtype=np.int16)
    # the key jumps by more than a day between customers, so the window never reaches into another one
    count[order] = np.minimum(np.arange(customer.size) - np.searchsorted(key, key - DAY), 32_000)
    return gap, count


def make_payments(
    second: np.ndarray,
    customer: np.ndarray,
    history: tuple[np.ndarray, np.ndarray],
    customers: Customers,
    merchants: Merchants,
    online_trend: np.ndarray | float,
    *,
    missing: float,
    rng: np.random.Generator,
) -> Payments:
    """Draw everything else that is seen of a block of payments."""
    n = second.size
    random = lambda: rng.random(n, dtype=np.float32)  # noqa: E731
    normal = lambda: rng.standard_normal(n, dtype=np.float32)  # noqa: E731
    home = customers.home[customer]
    merchant = np.searchsorted(merchants.popularity, rng.random(n)).astype(np.int32)
    category = merchants.category[merchant]
    lean = customers.online[customer] + _ONLINE_AFFINITY[category].astype(np.float32) + online_trend
    online = random() < 1 / (1 + np.exp(-lean))
    cash = ~online & (category == 0) & (random() < 0.12)
    channel = np.where(online, 2, np.where(cash, 3, random() < 0.55)).astype(np.int8)
    abroad = random() < np.where(online, 0.12, 0.025)
    country = np.where(abroad, merchants.country[merchant], home).astype(np.int8)
    log_amount = (
        customers.log_amount[customer] + _CATEGORY_PRICE[category] + merchants.price[merchant] + 0.75 * normal()
    )
    log_amount = np.where(random() < 0.015, -0.5 + 0.5 * normal(), log_amount)  # trial payments of about one unit
    amount = np.where(cash, np.maximum(np.round(np.exp(log_amount) / 10) * 10, 10), np.exp(log_amount))
    amount = np.maximum(np.round(amount, 2), 0.01).astype(np.float32)
    ratio = np.log(amount) - customers.log_amount[customer]
    system = np.where(online, customers.system[customer], -1).astype(np.int8)
    new_device = np.where(online, random() < 0.06, np.nan).astype(np.float32)
    changed = online & (new_device == 1) & (random() < 0.5)
    system[changed] = rng.integers(0, len(SYSTEMS), int(changed.sum()))
    far = np.where(country != home, 6.5 + 0.7 * normal(), 1.2 + 1.3 * normal())
    distance = np.where(online, np.nan, np.exp(np.minimum(far, 9.6))).astype(np.float32)
    days_open = second / DAY - customers.opened[customer]
    age = customers.age[customer].copy()
    hidden = random() < missing
    system[hidden] = -1
    new_device[hidden | (random() < missing)] = np.nan
    distance[random() < missing] = np.nan
    # a customer's age is unknown for all payments or for none
    age[(customer * np.int64(2_654_435_761) % 1_000) < 1_000 * missing] = np.nan
    return Payments(
        second=second,
        customer=customer,
        merchant=merchant,
        amount=amount,
        usual_ratio=ratio.astype(np.float32),
        category=category,
        channel=channel,
        country=country,
        system=system,
        new_device=new_device,
        distance=distance,
        minutes_since_last=history[0],
        count_day=history[1],
        card_age=days_open.astype(np.float32),
        age=age,
    )


def _draw(share: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Index drawn with probabilities `share`."""
    return np.minimum(np.searchsorted(np.cumsum(share), uniform), share.size - 1)
