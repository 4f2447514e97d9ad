"""One page: a single document that loads nothing, light and dark, on a phone, on paper and for screen readers."""

from collections.abc import Sequence
from importlib import resources

from rareclass.html.parts import esc, name


def document(
    title: str,
    *,
    links: Sequence[tuple[str, str]],
    main: str,
    footer: str = "",
    style: str = "",
    script: str = "",
    asks: bool = False,
) -> str:
    """The page around its contents, which are escaped already; the title is not.

    Parameters
    ----------
    title : str
    links : sequence of (id, title)
        Sections that the head of the page leads to.
    main, footer : str
        HTML; the footer with its element.
    style, script : str
        Beside those that all pages share.
    asks : bool, default=False
        Whether its script may ask the server that it came from.
    """
    look = "\n".join(asset("rareclass.html", f"{part}.css") for part in ("colours", "page", "plot"))
    act = asset("rareclass.html", "page.js")
    source = " connect-src 'self';" if asks else ""
    led = "".join(f'<a href="#{key}">{said}</a>' for key, said in links)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        f"script-src 'unsafe-inline';{source} base-uri 'none'; form-action 'none'\">"
        '<meta name="color-scheme" content="light dark">'
        f"<title>{esc(title)} · rareclass</title><style>{look}{style}</style></head><body>"
        f'<header><div><b>rareclass</b><span>{name(title)}</span></div><nav aria-label="Sections">{led}</nav>'
        '<button id="theme" type="button" hidden>Theme: auto</button></header>'
        f"<main>{main}</main>{footer}<script>{act}{script}</script></body></html>\n"
    )


def asset(room: str, file: str) -> str:
    """The text of a file among a room's assets."""
    return resources.files(room).joinpath("assets", file).read_text(encoding="utf-8").strip()
