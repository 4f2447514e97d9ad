"""The HTML page: well-formed, offline, escaped, complete, accessible, within a phone's width."""

import copy
import html
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

from rareclass.report.html import render_html

VOID = {"meta", "br", "wbr", "img", "input", "hr", "link"}
EVENTS = re.compile(r"^on[a-z]+$")


class Page(HTMLParser):
    """Collects elements and fails on tags that are not closed in order."""

    def __init__(self, text):
        super().__init__()
        self.stack, self.elements, self.text, self.css, self.js = [], [], [], "", ""
        self.feed(text)
        self.close()
        assert not self.stack

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), tuple(self.stack)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), tuple(self.stack)))

    def handle_endtag(self, tag):
        assert self.stack, tag
        assert self.stack.pop() == tag

    def handle_data(self, data):
        where = self.stack[-1] if self.stack else ""
        if where == "style":
            self.css += data
        elif where == "script":
            self.js += data
        else:
            self.text.append(data)

    def all(self, tag):
        return [attrs for name, attrs, _ in self.elements if name == tag]

    @property
    def words(self):
        return " ".join("".join(self.text).split())


def test_the_page_is_well_formed_and_small(results):
    text = render_html(results)
    Page(text)
    assert len(text.encode()) < 600_000


def test_nothing_is_loaded_from_outside(results):
    text = render_html(results)
    page = Page(text)
    assert not re.search(r"(?:https?:)?//[\w.]", page.css)
    assert "url(" not in page.css
    assert "@import" not in page.css
    assert not page.all("link") + page.all("img") + page.all("iframe")
    for _, attrs, _ in page.elements:
        for key in ("src", "href", "xlink:href", "action"):
            assert (attrs.get(key) or "#").startswith("#")
    policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv"))
    assert "default-src 'none'" in policy


def test_names_from_the_data_never_become_markup(full):
    page = Page(render_html(full))
    assert len(page.all("script")) == 1
    assert not [a for _, a, _ in page.elements if any(EVENTS.match(k) for k in a)]
    assert "<script>alert('arm')</script>" in page.words
    assert "<img src=x onerror=alert(1)>" in page.words


def test_every_string_is_escaped_wherever_it_stands(full):
    evil = "</script></style><b onclick='x'>\"&"

    def poison(value):
        if isinstance(value, dict):
            return {k: poison(v) for k, v in value.items()}
        if isinstance(value, list):
            return [poison(v) for v in value]
        return evil + value if isinstance(value, str) else value

    results = poison(full)
    results["figures"] = {evil + k: v for k, v in full["figures"].items()}
    clean = Page(render_html(full))
    page = Page(render_html(results))
    assert not [a for _, a, _ in page.elements if any(EVENTS.match(k) for k in a)]
    assert {t for t, _, _ in page.elements} <= {t for t, _, _ in clean.elements}
    assert len(page.all("script")) == len(page.all("style")) == 1


def test_every_arm_its_verdict_and_its_sentence_are_there(results):
    words = Page(render_html(results)).words
    for arm in results["arms"]:
        assert " ".join(arm["name"].split()) in words
        assert arm["verdict"] in words
        if arm.get("sentence"):
            assert arm["sentence"].replace(" -", " −").replace("[-", "[−") in words


def test_headline_warnings_findings_advice_and_missing_arms_are_there(full):
    words = Page(render_html(full)).words
    wanted = [full["champion_reason"], *full["warnings"], *full["data"]["notes"], *full["design"]["notes"]]
    for f in full["findings"]:
        wanted += [f["title"], f["code"], f["severity"], f["evidence"], f.get("remedy", "")]
    wanted += [v for a in full["advice"] for v in a.values()]
    wanted += [s["reason"] for s in full["arms_not_run"]] + [full["command"], "21 November 2026, 09:41 UTC"]
    for sentence in wanted:
        assert " ".join(sentence.split()) in words


def test_findings_stand_above_all_numbers_worst_first(full):
    text = render_html(full)
    assert text.index('id="findings"') < text.index('class="facts"') < text.index('id="arms"')
    assert text.index("12 groups") < text.index("Column V14 alone") < text.index("481 exact duplicate rows")
    assert '<a href="#findings">' in text
    without = render_html({**full, "findings": []})
    assert "findings" not in without.split("</style>")[1]


def test_advice_without_evidence_is_shown_without_a_source(full):
    advice = [{"topic": "Split", "textbook": "Resample first.", "measured": "Split first."}]
    inner = render_html({**full, "advice": advice}).split('<section id="advice">')[1].split("</section>")[0]
    assert "Split first." in inner
    assert 'class="id"' not in inner


def test_all_six_pictures_are_drawn_out_of_fold_and_on_the_test_part(full):
    text = render_html(full)
    for part in ("curves", "test"):
        inner = text.split(f'<section id="{part}">')[1].split("</section>")[0]
        for title in (
            "Precision and recall",
            "Receiver operating",
            "Cost against",
            "Reliability",
            "Scores by class",
            "Confusion",
        ):
            assert f"<h3>{title}" in inner


def test_the_cost_picture_shows_its_band_and_the_interval_at_the_chosen_threshold(full):
    page = Page(render_html(full))
    assert f"{full['champion']}, with 95% band" in page.words
    assert re.search(r"The threshold \S+ costs \S+ \[\S+, \S+\] per row", page.words)
    bare = copy.deepcopy(full)
    for figure in (*bare["figures"].values(), bare["figures_test"]):
        del figure["cost"]["low"]
    words = Page(render_html(bare)).words
    assert re.search(r"The threshold \S+ costs \S+ per row", words)
    assert not re.search(r"costs \S+ \[", words)


def test_no_cost_picture_without_costs(no_cost):
    words = Page(render_html(no_cost)).words
    assert "Cost against threshold" not in words
    assert "Cost per row" not in words


def test_every_picture_has_a_label_and_every_table_a_caption(full):
    text = render_html(full)
    page = Page(text)
    assert all(a.get("role") == "img" and a.get("aria-label") for a in page.all("svg"))
    assert text.count("<table") == text.count("<caption>")
    assert page.all("html")[0]["lang"] == "en"
    assert [m for m in page.all("meta") if m.get("name") == "viewport"]
    assert len(page.all("h1")) == 1


def test_coordinates_are_finite_and_inside_the_frame(results):
    page = Page(render_html(results))
    for tag in ("path", "rect", "circle", "text"):
        for attrs in page.all(tag):
            for key in ("d", "x", "y", "cx", "cy", "width", "height"):
                numbers = [float(n) for n in re.findall(r"-?\d+\.?\d*", attrs.get(key) or "")]
                assert all(-20 <= n <= 400 for n in numbers), (tag, attrs)
                assert "nan" not in (attrs.get(key) or "").lower()


def test_figures_of_unknown_shape_are_left_out_and_the_rest_is_drawn(full):
    results = copy.deepcopy(full)
    figure = results["figures"][results["champion"]]
    figure["precision_recall"] = {"recall": [None], "precision": [None]}
    figure["roc"] = None
    figure["reliability"] = {"mean_predicted": [0.1], "observed": [0.0]}
    figure["cost"] = {"threshold": [], "cost": []}
    figure["histogram"] = {"edges": [0.0]}
    figure["confusion"] = {"tp": None}
    Page(render_html(results))
    results["figures"] = {"x": {}, "y": None}
    results["figures_test"] = None
    Page(render_html(results))


def test_figures_of_perfect_and_of_useless_scores_are_drawn():
    flat = {
        "precision_recall": {"recall": [1.0], "precision": [0.01], "low": [0.005], "high": [0.02]},
        "roc": {"fpr": [0.0, 1.0], "tpr": [0.0, 1.0], "low": [0.0, 0.9], "high": [0.1, 1.0]},
        "reliability": {
            "mean_predicted": [0.01],
            "observed": [0.01],
            "low": [0.0],
            "high": [1.0],
            "count": [100],
            "events": [1],
        },
        "cost": {"threshold": [0.01], "cost": [5.0], "chosen": 1.0, "flag_none": 5.0, "flag_all": 9.9},
        "histogram": {"edges": [-4.6, -4.5], "positives": [1], "negatives": [99]},
        "confusion": {"threshold": None, "tp": 0, "fp": 0, "fn": 1, "tn": 99},
    }
    Page(render_html({"champion": "a", "arms": [{"name": "a"}], "figures": {"a": flat}}))
    flat["cost"] |= {"cost": [-5.0], "flag_none": 0.0, "flag_all": -2.0}
    flat["reliability"] |= {"mean_predicted": [1.0], "observed": [1.0]}
    Page(render_html({"champion": "a", "arms": [{"name": "a"}], "figures": {"a": flat}}))


@pytest.mark.parametrize(
    "results", [{}, {"arms": None}, {"arms": [None]}, {"schema_version": 1, "arms": [], "champion": None}]
)
def test_broken_results_still_make_a_page(results):
    Page(render_html(results))


def test_results_are_not_changed_by_drawing(full):
    before = copy.deepcopy(full)
    render_html(full)
    assert full == before


CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("width", [360, 1280])
def test_no_sideways_scrolling_in_a_browser(full, tmp_path, width):
    """Measured inside a frame of that width, because a browser window cannot be as narrow as a phone."""
    probe = "<script>document.title = 'widest ' + document.documentElement.scrollWidth;</script></body>"
    text = render_html(full).replace("</body>", probe)
    (tmp_path / "outer.html").write_text(
        f"<body><iframe style='width:{width}px;height:4000px;border:0' srcdoc=\"{html.escape(text)}\"></iframe>"
        "<script>onload = () => {document.body.textContent = document.querySelector('iframe').contentDocument.title}"
        "</script>"
    )
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
               "--window-size=1400,900", "--dump-dom", f"file://{tmp_path / 'outer.html'}"]  # fmt: skip
    try:
        shown = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False).stdout
    except subprocess.TimeoutExpired:
        pytest.skip("the browser did not answer within 90 seconds")
    found = re.search(r"widest (\d+)", shown)
    if not found:
        pytest.skip("the browser did not start on this machine")
    assert int(found[1]) <= width


def _luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one, other):
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1, 2])
def test_text_has_enough_contrast_in_light_and_dark(theme):
    """WCAG 2.2, success criterion 1.4.3: at least 4.5 to 1."""
    css = Page(render_html({})).css
    palette = [
        dict(re.findall(r"--([\w-]+):(#\w{3,6})[;}]", block)) for block in re.findall(r"\{color-scheme:[^}]+\}", css)
    ]
    colours = {k: v if len(v) == 7 else "#" + "".join(2 * c for c in v[1:]) for k, v in palette[theme].items()}
    for text, ground in (
        ("ink", "bg"), ("soft", "bg"), ("accent", "bg"), ("bad", "bg"), ("doubt", "bg"), ("ink", "panel"),
        ("good", "good-bg"), ("bad", "bad-bg"), ("doubt", "doubt-bg"), ("soft", "plain-bg"), ("ink", "doubt-bg"),
    ):  # fmt: skip
        assert _contrast(colours[text], colours[ground]) >= 4.5, (text, ground)


def test_the_page_shows_top_alerts_versions_and_what_the_simulator_knows(full):
    results = copy.deepcopy(full)
    share = {"estimate": 0.4, "low": 0.3, "high": 0.5}
    results["figures_test"]["top"] = [{"alerts": 52, "precision": share, "recall": share}]
    results |= {"versions": {"rareclass": "0.1", "numpy": "2.4"}, "truth": ["mean probability 0.0100, true 0.0101"]}
    words = Page(render_html(results)).words
    assert re.search(r"the rows with the highest scores.*52 ?40% \[30%, 50%\]", words)
    assert "rareclass 0.1, numpy 2.4" in words
    assert "Against the truth" in words
    assert "mean probability 0.0100, true 0.0101" in words
    assert "Against the truth" not in Page(render_html(full)).words


def test_every_number_of_an_arm_has_its_interval(full):
    results = copy.deepcopy(full)
    for arm in results["arms"]:
        arm["metrics"] |= {
            k: {"estimate": 1.0, "low": 0.9, "high": 1.13} for k in ("observed_to_expected", "brier_skill")
        }
    table = render_html(results).split('class="arms"')[1].split("</table>")[0]
    rows = table.split("<tr")[2:]
    assert len(rows) == len(full["arms"])
    for row in rows:
        assert row.count("<small>[") + row.count("[+") + row.count("[−") >= 4
    assert "[0.90, 1.13]" in table
