"""The simulated months as one SVG file, for a page that brings no style of its own."""

from html import escape

from rareclass.html.svg import Plot
from rareclass.production.drawings import ALERT_LEGEND, COST_LEGEND, Results, alert_plot, cost_plot

_STYLE = """
.ground{fill:#fff}text{font:12px/1 "Inter","Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;fill:#59626d}
.head{font-size:16px;font-weight:650;fill:#171a1f}.plot path{fill:none}.grid{stroke:#e1e5ea}.axis,.stub{stroke:#59626d}
.line{stroke-width:1.6;fill:none;stroke-linejoin:round}.line-a{stroke:#1b5cb8;stroke-width:2.4}
.line-c{stroke:#ad2f27;stroke-dasharray:5 3}.chance{stroke:#59626d;stroke-dasharray:3 3}
.others{fill:#59626d;fill-opacity:.45}.strong-bar{fill:#171a1f}
.dot.chosen{fill:#fff;stroke:#171a1f;stroke-width:2}.dot.mark{fill:#1b5cb8}
"""
_WIDTH = 900


def figure_svg(results: Results) -> str:
    """A file of its own: cost a day with and without retraining over alerts a day.

    Examples
    --------
    >>> day = {"date": "2025-01-06", "retrained": 1.0, "frozen": 2.0}
    >>> said = {"payments": 90, "days": [day] * 9}
    >>> said |= {"changes": [], "alarms": [], "promotions": [], "alerts_per_day": [3] * 9}
    >>> figure_svg(said | {"capacity": 4, "cost": {"retrained": 9.0, "frozen": 18.0}})[:39]
    '<svg xmlns="http://www.w3.org/2000/svg"'
    """
    cost = results["cost"]
    less = 1 - cost["retrained"] / cost["frozen"] if cost["frozen"] else 0.0
    head = (
        f"{results['payments']:,} simulated card payments over {len(results['days'])} days: "
        f"with retraining {abs(less):.0%} {'less' if less >= 0 else 'more'} cost"
    )
    first, second = cost_plot(results), alert_plot(results)
    top = 58
    height = top + first.height + 22 + second.height + 4
    parts = [
        f'<text class="head" x="14" y="24">{escape(head)}</text>',
        _legend(COST_LEGEND, 44),
        _inner(first, top),
        _legend(ALERT_LEGEND, top + first.height + 8),
        _inner(second, top + first.height + 18),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:g}" width="{_WIDTH}" '
        f'height="{height:g}"><title>{escape(head)}</title><style>{_STYLE}</style>'
        f'<rect class="ground" width="{_WIDTH}" height="{height:g}"/>{"".join(parts)}</svg>\n'
    )


def _inner(plot: Plot, y: float) -> str:
    size = f'x="0" y="{y:g}" width="{plot.width:g}" height="{plot.height:g}"'
    return plot.render().replace("<svg ", f"<svg {size} ", 1)


def _legend(entries: tuple[tuple[str, str], ...], y: float) -> str:
    out, x = [], 92.0
    for cls, said in entries:
        at = y - 4
        drawn = {
            "chosen": f'<circle class="dot chosen" cx="{x + 9:g}" cy="{at:g}" r="4"/>',
            "mark": f'<circle class="dot mark" cx="{x + 9:g}" cy="{at:g}" r="4"/>',
            "others": f'<rect class="others" x="{x:g}" y="{at - 4:g}" width="18" height="8"/>',
            "chosen-line": f'<rect class="strong-bar" x="{x + 8:g}" y="{at - 6:g}" width="3" height="12"/>',
        }.get(cls, f'<path class="line {cls}" d="M{x:g} {at:g}h18"/>')
        out.append(f'{drawn}<text x="{x + 23:g}" y="{y:g}">{escape(said)}</text>')
        x += 38 + 5.7 * len(said)
    return "".join(out)
