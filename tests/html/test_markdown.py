"""Model cards as HTML: what Markdown means is kept, and nothing of the user's becomes markup."""

from html.parser import HTMLParser

import pytest

from rareclass.artifact.card import plain
from rareclass.html.markdown import from_markdown


class Read(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


SCRIPT = "<script>alert(1)</script>"
ODD = [SCRIPT, "a|b", "`code`", "*no* _emphasis_ # ~", "\\|", "&lt;b&gt;", "[x](javascript:y)", "\"'"]
PLACES = ["# Card: {}", "- Event: {} = 1.", "With {}.", "| Column | Kind |\n| --- | --- |\n| {} | number |"]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("where", PLACES)
def test_text_of_users_is_shown_as_it_is(odd, where):
    read = Read(from_markdown(where.format(plain(odd))))
    assert odd in read.text
    assert set(read.tags) <= {"h2", "ul", "li", "p", "div", "table", "thead", "tbody", "tr", "th", "td"}


def test_cells_stay_in_their_columns():
    read = Read(from_markdown("| A | B |\n| --- | --- |\n| x \\| y | 2 |\n| z | 3 |"))
    assert read.tags.count("td") == 2
    assert read.tags.count("th") == 4


def test_headings_lists_and_code():
    page = from_markdown("# One\n\n## Two\n\n- a `b<c`\n- d\n\n```python\nx = 1\n\ny < 2\n```\n", level=3)
    assert "<h3>One</h3><h4>Two</h4>" in page
    assert "<li>a <code>b&lt;c</code></li><li>d</li>" in page
    assert "<pre><code>x = 1\n\ny &lt; 2</code></pre>" in page


def test_a_span_of_code_may_hold_backticks():
    assert from_markdown("`` a `b` ``") == "<p><code>a `b`</code></p>"
