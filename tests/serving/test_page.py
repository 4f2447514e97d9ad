"""The status page: what is served and counted is told, offline, and nothing of the user's becomes markup."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

metrics = pytest.importorskip("rareclass.serving.metrics")
status_page = pytest.importorskip("rareclass.serving.page").status_page
from rareclass.html.document import asset  # noqa: E402

EVIL = '<script>alert("x")</script>'
INTERVAL = {"estimate": 0.594, "low": 0.483, "high": 0.694}
CARD = {
    "created": "2026-11-28T22:05:18+00:00",
    "evidence": {
        "data": {"prevalence": 0.01},
        "test": {"rows": 8000, "events": 83, "metrics": {"average_precision": INTERVAL}},
    },
    "fit": {},
    "decision": {"rule": "minimum_cost", "threshold": 0.02, "per_row": False, "why": "Cheaper from 0.02 on."},
    "reference": {"edges": [-16.0 + k / 2 for k in range(65)], "counts": [1] * 64},
    "text": f"# Model card: a\n\n- Event: {EVIL}",
}


def model(name, **more):
    said = {"version": "abc", "target": "fraud", "labels": ("0", "1"), "slice_column": None, "tiers": (), "card": CARD}
    return SimpleNamespace(name=name, **said | more)


class Models:
    def __init__(self, *served, problems=None, away=()):
        self._served = {s.name: s for s in served}
        self.told = problems or {}
        self.names = [*self._served, *away]
        self.versions = {s.name: s.version for s in served}

    def get(self, name):
        return self._served[name]


@pytest.fixture
def counting(tmp_path):
    m = metrics.Metrics("w0", tmp_path)
    m.reloaded("fraud", "abc")
    return m


def ask(m, served, logit, tier=None, unknown=None, slices=None):
    z = np.asarray(logit, dtype=float)
    given = SimpleNamespace(logit=z, alert=z > -3.9, tier=tier, unknown=unknown or {}, slices=slices)
    m.answered(served, given, 0.0004)


def text(page):
    return re.sub(r"\s+", " ", re.sub(r"<(style|script)>.*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL))


def test_no_class_of_the_page_is_that_of_letters_in_drawings(counting):
    """`.said` became one, and the page's own list shrank."""
    styles = "".join(asset("rareclass.html", name) for name in ("plot.css", "page.css"))
    drawn = {name for name, rule in re.findall(r"\.([\w-]+)\{([^}]*)\}", styles) if "font:" in rule and "fill:" in rule}
    assert len(drawn) > 1
    ask(counting, model("fraud"), [-5.0, -3.0])
    page = re.sub(r"<svg.*?</svg>", "", status_page(Models(model("fraud")), counting), flags=re.DOTALL)
    used = {name for names in re.findall(r'class="([^"]*)"', page) for name in names.split()}
    assert "told" in used
    assert not drawn & used


def test_it_tells_evidence_decision_and_counts(counting):
    fraud = model("fraud")
    ask(counting, fraud, [-6.0] * 97 + [-1.0] * 3)
    said = text(status_page(Models(fraud), counting))
    for part in (
        "fraud is being served.",
        "abc",
        "0.594 [0.483, 0.694]",
        "fraud = 1",
        "Cheaper from 0.02 on.",
        "1 worker",
    ):
        assert part in said
    assert "28 November 2026, 22:05 UTC" in said
    assert re.search(r"alert 3 3\.0%", said)
    assert re.search(r"Rows 100 ", said)


def test_evidence_without_shares_has_no_column_for_bars_and_no_words_of_a_tick(counting):
    cost = {"rows": 8000, "events": 83, "metrics": {"expected_cost": INTERVAL}}
    card = CARD | {"evidence": {"data": {"prevalence": 0.01}, "test": cost}}
    said = text(status_page(Models(model("fraud", card=card)), counting))
    assert "0.594" in said
    assert "0 to 1" not in said
    assert "red tick" not in said


def test_nothing_of_the_users_becomes_markup(counting):
    odd = model(
        EVIL,
        target=EVIL,
        labels=("0", EVIL),
        slice_column=EVIL,
        tiers=("allow", EVIL),
        version=EVIL,
        card=CARD | {"tiers": {"tiers": [{"name": "allow"}, {"name": EVIL}], "thresholds": [0.1]}, "created": EVIL},
    )
    counting.reloaded(EVIL, None, EVIL)
    tier = np.array(["allow", EVIL], dtype=object)
    ask(counting, odd, [-6.0, -1.0], tier=tier, unknown={EVIL: 1}, slices=[EVIL, None])
    page = status_page(Models(odd, problems={EVIL: EVIL}), counting)
    assert page.count("<script>") == page.count("</script>") == 1
    assert "alert(&quot;x&quot;)" in page
    assert "<img" not in page


def test_it_loads_nothing_and_speaks_to_its_own_server_only(counting):
    page = status_page(Models(model("fraud")), counting)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)[1]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert not re.search(r'(src|href)="(https?:)?//', page)
    assert 'lang="en"' in page
    assert page.count("<h1>") == 1


def test_what_is_wrong_comes_first(counting):
    problem = "scorer.npz does not match its checksum."
    counting.reloaded("fraud", None, problem)
    page = status_page(Models(model("fraud"), problems={"fraud": problem}), counting)
    said = text(page)
    assert said.index("the last reload failed") < said.index(problem) < said.index("Traffic", said.index(problem))
    assert "ready" not in said.lower().split("traffic", 2)[2][:40]
    away = text(status_page(Models(away=["late"], problems={"late": problem}), counting))
    assert "late cannot be asked." in away
    assert problem in away


def test_parts_that_change_have_names_of_their_own(counting):
    fraud = model("fraud")
    before = status_page(Models(fraud), counting)
    ask(counting, fraud, [-6.0])
    after = status_page(Models(fraud), counting)
    for page in (before, after):
        ids = re.findall(r' id="([^"]+)"', page)
        assert len(ids) == len(set(ids))
    live = [re.findall(r' id="([^"]+)"[^>]* data-live', page) for page in (before, after)]
    assert live[0] == live[1]
    assert "model-0-answers" in live[0]


def test_workers_that_differ_are_told(counting, tmp_path):
    other = metrics.Metrics("w1", tmp_path)
    other.reloaded("fraud", "def")
    said = text(status_page(Models(model("fraud")), counting))
    assert "abc 1 of 2 workers" in said
