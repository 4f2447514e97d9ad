"""Figures of lessons are SVG files that stand alone and speak to screen readers."""

from xml.etree import ElementTree

from rareclass.learning import Figure

SVG = "{http://www.w3.org/2000/svg}"


def drawn(panels):
    figure = Figure("Cost & threshold", "Least at 0.02 <here>.", across=2)
    for i in range(panels):
        plot = figure.panel(f"panel {i}", (0, 1), (0, 5), "threshold", "cost")
        plot.line([(0, 4), (1, 5)], "line-a")
        plot.dot(0.5, 2, "events")
    figure.legend(*((f"line-{k}", f"a long name of a line, number {k}") for k in "abcdef"))
    return figure


def test_a_figure_is_xml_with_title_and_description_and_a_look_of_its_own(tmp_path, capsys):
    path = drawn(1).save(tmp_path, "cost")
    root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "figure-title"
    assert root.find(f"{SVG}title").text == "Cost & threshold"
    assert root.find(f"{SVG}desc").text == "Least at 0.02 <here>."
    look = root.find(f"{SVG}style").text
    assert "prefers-color-scheme:dark" in look
    assert ".line-a{" in look
    assert capsys.readouterr().out == "figure: cost.svg: Cost & threshold\n"


def test_panels_and_legend_stay_inside_the_picture_and_apart():
    root = ElementTree.fromstring(drawn(3).render())
    _, _, width, height = map(float, root.get("viewBox").split())
    inner = [[float(e.get(k)) for k in ("x", "y", "width", "height")] for e in root.findall(f"{SVG}svg")]
    assert len(inner) == 3
    assert all(x + w <= width and y + h <= height for x, y, w, h in inner)
    assert len({(x, y) for x, y, _, _ in inner}) == 3
    said = [(float(e.get("x")), float(e.get("y"))) for e in root.findall(f"{SVG}text[@class='said']")]
    assert len({*said}) == 6
    assert max(y for _, y in said) < min(y for _, y, _, _ in inner)


def test_a_log_axis_leaves_room_for_its_numbers_beside_the_title():
    figure = Figure("Probability", "From 0.0001.")
    figure.panel("all", (0, 1), (5e-6, 1), "output", "probability", y_kind="log")
    marks = [e for e in ElementTree.fromstring(figure.render()).iter(f"{SVG}text") if e.get("text-anchor") == "end"]
    assert "0.0001" in [e.text for e in marks]
    assert min(float(e.get("x")) - 6 * len(e.text) for e in marks) > 15  # the title stands on 11
