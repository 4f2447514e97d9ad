"""Files as people have them: read with the numbers that were written, or refused with column and option; never else."""

import datetime
import gzip
import re

import numpy as np
import pyarrow as pa
import pytest

from rareclass.data import read_table
from rareclass.data.layout import TextFormat
from rareclass.data.problem import Roles, read_problem
from rareclass.data.read import read_source
from rareclass.errors import InputError, ReadError, SchemaError

AMOUNT = [1234.56, 0.5, -7.25, 12345.0, 1234567.89, 3.0]
COUNT = [1, 2, 3, 4, 50, 600]
WHOLE = [1234, 2500, 12345, 987654, 1000, 1000001]
DAYS = [datetime.date(2024, 12, 31), datetime.date(2024, 2, 1), datetime.date(2023, 7, 15)] * 2
SHOP = ["Zürich", "Genève", "Köln", "Zürich", "Köln", "Genève"]
LABEL = ["Ja", "Nein", "Nein", "Ja", "Nein", "Nein"]
N = len(AMOUNT)


def grouped(value, mark, thousands):
    text = f"{value:,.2f}"
    return text.replace(",", "T").replace(".", mark).replace("T", thousands)


def text_of(columns, separator=";", quote=False, newline="\n"):
    def cell(value):
        text = "" if value is None else str(value)
        needs = quote or any(c in text for c in (separator, '"', "\n"))
        return '"' + text.replace('"', '""') + '"' if needs else text

    rows = [list(columns), *zip(*columns.values())]
    return newline.join(separator.join(map(cell, row)) for row in rows) + newline


def export(**changed):
    """A German export: decimal commas with points for thousands, semicolons, dates with dots."""
    columns = {
        "Betrag": [grouped(v, ",", ".") for v in AMOUNT],
        "Anzahl": COUNT,
        "Datum": [d.strftime("%d.%m.%Y") for d in DAYS],
        "Ort": SHOP,
        "Betrug": LABEL,
    }
    return columns | changed


def american(**changed):
    own = {"Betrag": [grouped(v, ".", ",") for v in AMOUNT], "Datum": [d.strftime("%m/%d/%Y") for d in DAYS]}
    return export(**own | changed)


def amounts(write, like=export):
    return like(Betrag=[write(v) for v in AMOUNT])


def dates(form, like=export):
    return like(Datum=[d.strftime(form) for d in DAYS])


WANTED = {"Betrag": AMOUNT, "Anzahl": COUNT, "Datum": DAYS, "Ort": SHOP, "Betrug": LABEL}
GERMAN = text_of(export())
READ = {
    # separators and decimals
    "german": GERMAN,
    "german with tabs": text_of(export(), "\t"),
    "german with bars": text_of(export(), "|"),
    "german with commas, quoted": text_of(export(), ",", quote=True),
    "american": text_of(american(), ","),
    "american quoted": text_of(american(), ",", quote=True),
    "american with semicolons": text_of(american(), ";"),
    "american with tabs": text_of(american(), "\t"),
    "french, blanks for thousands": text_of(amounts(lambda v: grouped(v, ",", " "))),
    "french, narrow blanks": text_of(amounts(lambda v: grouped(v, ",", "\u202f"))),
    "french, unbroken blanks": text_of(amounts(lambda v: grouped(v, ",", "\xa0"))),
    "swiss": text_of(amounts(lambda v: grouped(v, ".", "'"))),
    "swiss, curly": text_of(amounts(lambda v: grouped(v, ".", "’"))),
    "indian": text_of(american(Betrag=["1,234.56", "0.50", "-7.25", "12,345.00", "12,34,567.89", "3"]), ","),
    "decimal comma, no thousands": text_of(amounts(lambda v: str(v).replace(".", ","))),
    "plain points": text_of(amounts(str), ","),
    "exponents with commas": text_of(amounts(lambda v: f"{v:.8E}".replace(".", ","))),
    "plus signs": text_of(amounts(lambda v: grouped(v, ",", ".") if v < 0 else "+" + grouped(v, ",", "."))),
    "true minus": text_of(amounts(lambda v: grouped(v, ",", ".").replace("-", "−"))),
    "minus behind": text_of(amounts(lambda v: grouped(abs(v), ",", ".") + ("-" if v < 0 else ""))),
    "minus as brackets": text_of(
        amounts(lambda v: f"({grouped(-v, '.', ',')})" if v < 0 else grouped(v, ".", ","), american), ","
    ),
    "euros behind": text_of(amounts(lambda v: grouped(v, ",", ".") + " €")),
    "dollars ahead": text_of(amounts(lambda v: "$" + grouped(v, ".", ","), american), ","),
    "minus before dollars": text_of(
        amounts(lambda v: ("-" if v < 0 else "") + "$" + grouped(abs(v), ".", ","), american), ","
    ),
    "francs ahead": text_of(amounts(lambda v: "CHF " + grouped(v, ".", "'"))),
    "percent": text_of(amounts(lambda v: grouped(v, ",", ".") + " %")),
    "percent, tight": text_of(amounts(lambda v: grouped(v, ".", ",") + "%", american), ","),
    # dates
    "dates as in Germany": text_of(dates("%d.%m.%Y")),
    "dates with a time": text_of(dates("%d.%m.%Y 00:00")),
    "dates with seconds": text_of(dates("%d.%m.%Y 00:00:00")),
    "dates with slashes, day first": text_of(dates("%d/%m/%Y")),
    "dates with dashes, day first": text_of(dates("%d-%m-%Y")),
    "dates as in America": text_of(dates("%m/%d/%Y")),
    "American time": text_of(dates("%m/%d/%Y 12:00 AM", american), ","),
    "two digits of the year": text_of(dates("%d.%m.%y")),
    "names of months": text_of(dates("%d-%b-%Y")),
    "names of months first": text_of(dates("%B %d, %Y")),
    "year first with slashes": text_of(dates("%Y/%m/%d")),
    "year first with dots": text_of(dates("%Y.%m.%d")),
    "iso": text_of(dates("%Y-%m-%d")),
    "iso with a time": text_of(dates("%Y-%m-%dT00:00:00")),
    # encodings and line ends
    "utf-8 with its mark": GERMAN.encode("utf-8-sig"),
    "utf-16": GERMAN.encode("utf-16"),
    "utf-16 big end": b"\xfe\xff" + GERMAN.encode("utf-16-be"),
    "utf-16 without its mark": GERMAN.encode("utf-16-le"),
    "latin-1": GERMAN.encode("latin-1"),
    "cp1252 with euros": text_of(amounts(lambda v: grouped(v, ",", ".") + " €")).encode("cp1252"),
    "gzip": gzip.compress(GERMAN.encode(), mtime=0),
    "gzip of latin-1": gzip.compress(GERMAN.encode("latin-1"), mtime=0),
    "windows line ends": text_of(export(), newline="\r\n"),
    "old Mac line ends": text_of(export(), newline="\r"),
    "no last line end": GERMAN.rstrip("\n"),
    # blanks, quotes, labels
    "blanks around everything": text_of({f" {k} ": [f" {v}  " for v in c] for k, c in export().items()}),
    "quotes everywhere": text_of(export(), quote=True),
    "blanks inside quotes": text_of({k: [f" {v} " for v in c] for k, c in export().items()}, quote=True),
    # above and below the table
    "a title": "Umsätze 2024\n\n" + GERMAN,
    "a title as wide as the table": "Umsätze 2024;;;;\n;;;;\n" + GERMAN,
    "a comment": "# exported 2024-12-31, by hand\n" + GERMAN,
    "a comment of as many cells": "# a;b;c;d;e\n" + GERMAN,
    "Excel's line": "sep=;\n" + GERMAN,
    "blank lines": GERMAN.replace("\n", "\n\n"),
    "blank lines at the end": GERMAN + "\n\n   \n",
    "empty rows of Excel": GERMAN + ";;;;\n;;;;\n",
    "separators at line ends": GERMAN.replace("\n", ";\n"),
    "separators at the ends of rows": GERMAN.replace("\n", ";\n").replace("Betrug;\n", "Betrug\n", 1),
    "separators behind the header": GERMAN.replace("Betrug\n", "Betrug;\n", 1),
}


def write(folder, content, name="export.csv"):
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def check(table, wanted=WANTED):
    assert table.column_names == list(wanted)
    for name, values in wanted.items():
        column = table[name]
        if values and isinstance(values[0], datetime.date):
            got = [v if type(v) is datetime.date else v.date() for v in column.to_pylist()]
            assert got == values, name
        elif isinstance(values[0], float):
            np.testing.assert_array_equal(column.to_numpy(), values, err_msg=name)
        else:
            assert column.to_pylist() == values, name


@pytest.mark.parametrize("case", READ)
def test_an_export_is_read_with_the_values_that_were_written(tmp_path, case):
    check(read_table(write(tmp_path, READ[case])))


def test_the_corpus_holds_sixty_files_and_more():
    assert len(READ) + len(REFUSED) + len(SETTLED) >= 80


MISSING = ["NA", "n/a", "", "NULL", "N/A", "nan", "#N/A", "<NA>", "?", "-", ".", "--"]


@pytest.mark.parametrize("mark", MISSING)
def test_spellings_of_nothing_are_missing_among_numbers(tmp_path, mark):
    table = read_table(write(tmp_path, text_of(export(Betrag=["1,5", mark, "2,5", mark, "3,5", "4,5"]))))
    assert table["Betrag"].to_pylist() == [1.5, None, 2.5, None, 3.5, 4.5]


def test_columns_of_nothing_are_missing_throughout(tmp_path):
    table = read_table(write(tmp_path, "x;z;y\n;-;0\n;?;1\n"))
    assert table["x"].to_pylist() == table["z"].to_pylist() == [None, None]


def test_other_spellings_of_nothing_can_be_named(tmp_path):
    path = write(tmp_path, text_of(export(Betrag=["1,5", "k.A.", "2,5", "<0,1", "3,5", "k.A."])))
    assert pa.types.is_string(read_table(path)["Betrag"].type)
    assert read_table(path, missing=["k.A.", "<0,1"])["Betrag"].to_pylist() == [1.5, None, 2.5, None, 3.5, None]


def test_a_sentinel_stays_the_number_that_it_is(tmp_path):
    assert read_table(write(tmp_path, "x;y\n-999;0\n5;1\n"))["x"].to_pylist() == [-999, 5]


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["true", "false"], [True, False]),
        (["TRUE", "FALSE"], [True, False]),
        (["1.0", "0.0"], [1.0, 0.0]),
        (["1,0", "0,0"], [1.0, 0.0]),
        (["1", "0"], [1, 0]),
        (["Ja ", "Ja"], ["Ja", "Ja"]),
        (["007", "010"], [7, 10]),
    ],
)
def test_labels_are_what_they_say(tmp_path, texts, values):
    assert read_table(write(tmp_path, text_of({"x": [1, 2], "y": texts})))["y"].to_pylist() == values


# content, words of the sentence, and how the same file is read: the option and the values
REFUSED = {
    "thousands or decimals with commas": (
        text_of(export(Betrag=["1,234", "2,345", "3", "4", "5", "6"])),
        ["'Betrag'", "'1,234'", "1234 or 1.234", "`decimal`"],
        {"decimal": ","},
        ("Betrag", [1.234, 2.345, 3, 4, 5, 6]),
    ),
    "thousands or decimals with points": (
        text_of({"x": ["1.234", "2.500", "999"], "y": [0, 1, 0]}),
        ["'x'", "'1.234'", "`decimal`"],
        {"decimal": ","},
        ("x", [1234.0, 2500.0, 999.0]),
    ),
    "quoted thousands in a table of commas": (
        text_of({"x": ["1,234", "2,500", "999"], "y": [0, 1, 0]}, ","),
        ["'x'", "'1,234'", "`decimal`"],
        {"decimal": "."},
        ("x", [1234.0, 2500.0, 999.0]),
    ),
    "day or month": (
        text_of({"t": ["03/04/2024", "05/06/2024"], "y": [0, 1]}),
        ["'t'", "'03/04/2024'", "`date_format`"],
        {"date_format": "%d/%m/%Y"},
        ("t", [datetime.datetime(2024, 4, 3), datetime.datetime(2024, 6, 5)]),
    ),
    "month or day": (
        text_of({"t": ["03/04/2024", "05/06/2024"], "y": [0, 1]}, ","),
        ["'t'", "`date_format`"],
        {"date_format": "%m/%d/%Y"},
        ("t", [datetime.datetime(2024, 3, 4), datetime.datetime(2024, 5, 6)]),
    ),
    "both decimal marks": (
        text_of({"x": ["1.5", "2,5", "3"], "y": [0, 1, 0]}),
        ["'x'", "'1.5'", "'2,5'", "mixes"],
        {"as_text": ["x"]},
        ("x", ["1.5", "2,5", "3"]),
    ),
    "two currencies": (
        text_of({"x": ["5 €", "$ 7", "3"], "y": [0, 1, 0]}),
        ["'x'", "€", "$", "mixes"],
        {"as_text": ["x"]},
        ("x", ["5 €", "$ 7", "3"]),
    ),
    "percent here and there": (
        text_of({"x": ["5 %", "0,07", "3"], "y": [0, 1, 0]}),
        ["'x'", "%"],
        {"as_text": ["x"]},
        ("x", ["5 %", "0,07", "3"]),
    ),
    "days first and months first": (
        text_of({"t": ["31/12/2024", "12/31/2024"], "y": [0, 1]}),
        ["'t'", "'31/12/2024'", "'12/31/2024'"],
        {"as_text": ["t"]},
        ("t", ["31/12/2024", "12/31/2024"]),
    ),
    "blanks between the cells": ("a:b\n1:2\n", [], {"delimiter": ":"}, ("b", [2])),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_may_mean_two_things_is_refused_and_read_with_the_option_that_is_named(tmp_path, case):
    content, words, option, (name, values) = REFUSED[case]
    path = write(tmp_path, content)
    if words:
        with pytest.raises(ReadError) as error:
            read_table(path)
        assert all(word in str(error.value) for word in words), error.value
        assert "\n" not in str(error.value)
    assert read_table(path, **option)[name].to_pylist() == values


# the column that may mean two things, and what stands beside it
SETTLED = {
    "decimals beside a decimal comma": (["1,234", "2,345"], ["0,5", "1,25"], [1.234, 2.345]),
    "thousands beside a decimal comma": (["1.234", "2.345"], ["0,5", "1,25"], [1234, 2345]),
    "thousands beside a decimal point": (["1,234", "2,345"], ["0.5", "1.25"], [1234, 2345]),
    "decimals beside a decimal point": (["1.234", "2.345"], ["0.5", "1.25"], [1.234, 2.345]),
    "thousands beside grouped cents": (["1.234", "2.345"], ["1.234,50", "7"], [1234, 2345]),
    "days first": (["03/04/2024", "05/06/2024"], ["31/12/2024", "01/01/2024"], ["2024-04-03", "2024-06-05"]),
    "months first": (["03/04/2024", "05/06/2024"], ["12/31/2024", "01/01/2024"], ["2024-03-04", "2024-05-06"]),
    "equal either way": (["03/03/2024", "05/05/2024"], ["1", "2"], ["2024-03-03", "2024-05-05"]),
}


@pytest.mark.parametrize("case", SETTLED)
def test_what_the_other_columns_show_settles_it(tmp_path, case):
    texts, beside, values = SETTLED[case]
    got = read_table(write(tmp_path, text_of({"x": texts, "z": beside, "y": [0, 1]})))["x"].to_pylist()
    assert [str(v.date()) if isinstance(v, datetime.datetime) else v for v in got] == values


@pytest.mark.parametrize("separator", [",", "\t", "|"])
def test_three_decimals_in_a_table_without_semicolons_are_decimals_and_that_is_said(tmp_path, separator):
    path = write(tmp_path, text_of({"x": ["1.234", "70.500"], "y": [0, 1]}, separator))
    reading = read_source(path)
    assert reading.table["x"].to_pylist() == [1.234, 70.5]
    (note,) = reading.column_notes
    assert "'x'" in note
    assert "`decimal`" in note


def test_earlier_files_settle_what_a_batch_of_one_row_cannot_show(tmp_path):
    first = read_source(write(tmp_path, text_of({"x": ["1.234,5", "7"], "t": ["31/12/2024", "01/02/2024"]})))
    batch = write(tmp_path, text_of({"x": ["1.234"], "t": ["03/04/2024"]}))
    assert set(read_source(batch).doubts) == {"x", "t"}
    table = read_source(batch, before=first.found).settled()
    assert table["x"].to_pylist() == [1234]
    assert table["t"].to_pylist() == [datetime.datetime(2024, 4, 3)]


def test_doubts_about_columns_that_stay_text_stop_nobody(tmp_path):
    path = write(tmp_path, text_of({"x": ["1,234"], "z": ["a"]}))
    with pytest.raises(ReadError, match="'x'"):
        read_source(path).settled()
    assert read_source(path, as_text={"x"}).settled()["x"].to_pylist() == ["1,234"]


def test_each_reading_that_is_no_matter_of_course_is_said(tmp_path):
    reading = read_source(write(tmp_path, "Titel\n" + GERMAN))
    notes = " ".join([*reading.notes, *reading.column_notes])
    for words in ("'Betrag'", "decimal comma", "'1.234.567,89' is 1234567.89", "'Datum'", "day before month", "line 2"):
        assert words in notes
    assert "cp1252" in " ".join(read_source(write(tmp_path, GERMAN.encode("latin-1"))).notes)


def test_names_that_lack_or_repeat(tmp_path):
    reading = read_source(write(tmp_path, ";a;y\n1;2,5;0\n2;3,5;1\n"))
    assert reading.table.column_names == ["column 1", "a", "y"]
    assert any("'column 1'" in note for note in reading.notes)
    for header in ("a;a ;y", "a;a;y"):
        with pytest.raises(SchemaError, match="more than one column called 'a'"):
            read_table(write(tmp_path, f"{header}\n1;2;0\n"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a,b,y\n1,5,2,5,0\n2,5,3,5,1\n", "Expected 3 columns, got 5"),
        ("a,b,y\n1,5,2,0\n2,5,3,1\n", "decimal commas"),
        ("a;b;y\n1;2;0\nSumme;3\n", "'Summe;3'"),
        ("   \n\n", "blanks only"),
    ],
)
def test_rows_that_do_not_fit_the_header_are_shown(tmp_path, content, said):
    with pytest.raises(ReadError, match=r"export\.csv") as error:
        read_table(write(tmp_path, content))
    assert said in str(error.value)


def test_letters_of_another_encoding_are_read_when_it_is_named(tmp_path):
    content = text_of({"Miejsce": ["Łódź", "Kraków"], "y": [0, 1]})
    path = write(tmp_path, content.encode("cp1250"))
    assert read_table(path, encoding="cp1250")["Miejsce"].to_pylist() == ["Łódź", "Kraków"]
    with pytest.raises(ReadError, match="`encoding`"):
        read_table(path, encoding="utf-8")


def test_letters_that_are_not_utf8_far_down_are_read_too(tmp_path):
    content = ("a;b\n" + "1,5;x\n" * 60_000).encode() + "2,5;é\n".encode("latin-1")
    reading = read_source(write(tmp_path, content))
    assert reading.table["b"][-1].as_py() == "é"
    assert any("cp1252" in note for note in reading.notes)


@pytest.mark.parametrize(
    "wrong", [{"separator": ";;"}, {"decimal": "x"}, {"encoding": "klingon"}, {"date_format": "dmy"}]
)
def test_options_that_mean_nothing_are_refused_by_name(wrong):
    (name,) = wrong
    with pytest.raises(InputError, match=f"`{name}`"):
        TextFormat(**wrong)


def test_a_date_format_that_fits_no_column_is_refused(tmp_path):
    with pytest.raises(InputError, match="%Y%m%d"):
        read_table(write(tmp_path, GERMAN), date_format="%Y%m%d%H")


def test_codes_with_zeros_ahead_stay_codes_beside_other_text(tmp_path):
    assert read_table(write(tmp_path, "x;y\n007;0\n?;1\n"))["x"].to_pylist() == ["007", "?"]
    assert read_table(write(tmp_path, "x;y\n007;0\n010;1\n"), as_text=["x"])["x"].to_pylist() == ["007", "010"]


def test_random_combinations_are_read_right_or_refused_but_never_read_wrong(tmp_path):
    rng = np.random.default_rng(0)
    outcome = {"read": 0, "refused": 0}

    def pick(*choices):
        return choices[rng.integers(len(choices))]

    for _ in range(300):
        decimal, thousands = pick((",", "."), (",", " "), (",", "\u202f"), (".", ","), (".", "'"), (",", ""), (".", ""))
        digits, rows = int(rng.integers(0, 4)), int(rng.integers(1, 12))
        numbers = np.round(rng.lognormal(4, 3, rows) * rng.choice([1, -1], rows, p=[0.8, 0.2]), digits)
        days = np.datetime64("2024-01-01") + rng.integers(0, 366, rows)
        form = pick("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d", "%d-%b-%Y", "%m-%d-%Y")
        frame = pick("{}", "{} €", "${}", " {} ")
        texts = [
            frame.format(f"{v:,.{digits}f}".replace(",", "T").replace(".", decimal).replace("T", thousands))
            for v in numbers
        ]
        columns = {
            "Größe": texts,
            "Tag": [d.item().strftime(form) for d in days],
            "Ort": [pick("Köln", "Genève", "Bern") for _ in range(rows)],
            "y": [pick("Ja", "Nein ") for _ in range(rows)],
        }
        separator = pick(",", ";", "\t", "|")
        content = pick("", "Titel\n\n", "# hier\n") + text_of(columns, separator, pick(True, False), pick("\n", "\r\n"))
        path = write(tmp_path, content.encode(pick("utf-8", "utf-8-sig", "utf-16")))
        doubts = " ".join(read_source(path).doubts.values())
        how = {"decimal": decimal, "date_format": form}
        table = read_table(path, **{name: value for name, value in how.items() if f"`{name}`" in doubts})
        outcome["refused" if doubts else "read"] += 1
        if separator != ";" and all(re.fullmatch(r"-?[1-9]\d{0,2}\.\d{3}", t.strip()) for t in texts):
            continue  # three decimals that are thousands are read as decimals there, which a note says
        np.testing.assert_array_equal(table["Größe"].to_numpy(), numbers + 0.0, err_msg=content)
        np.testing.assert_array_equal(np.asarray(table["Tag"]).astype("datetime64[D]"), days, err_msg=content)
        assert table["y"].to_pylist() == [v.strip() for v in columns["y"]]
        assert table["Ort"].to_pylist() == columns["Ort"]
    assert outcome["read"] > 200
    assert outcome["refused"] > 10


@pytest.mark.parametrize("odd", ["31.02.2024", "2024-02-31"])
def test_one_impossible_date_is_named_with_its_row_and_refused_as_time(tmp_path, odd):
    form = "%d.%m.%Y" if "." in odd else "%Y-%m-%d"
    days = [(datetime.date(2024, 1, 1) + datetime.timedelta(i)).strftime(form) for i in range(50)]
    path = write(tmp_path, text_of({"d": [*days, odd], "y": [0, 1] * 25 + [0]}))
    (note,) = read_source(path).column_notes
    assert "'d'" in note
    assert f"row 51 holds '{odd}'" in note
    with pytest.raises(InputError, match=f"row 51 holds '{odd}'"):
        read_problem(path, "y", Roles(time="d"))


@pytest.mark.parametrize("mark", ["00.00.0000", "0000-00-00", "?"])
def test_dates_that_count_as_missing_are_said(tmp_path, mark):
    reading = read_source(write(tmp_path, text_of({"d": ["31.12.2024", mark, "01.02.2024"], "y": [0, 1, 0]})))
    assert reading.table["d"].null_count == 1
    assert f"{mark!r} as missing" in reading.column_notes[0]


def test_codes_with_zeros_ahead_are_numbers_and_that_is_said_once(tmp_path):
    reading = read_source(write(tmp_path, text_of({"nr": ["00037", "00041", "12"], "x": ["0.5", "0", "-0.25"]})))
    assert reading.table["nr"].to_pylist() == [37, 41, 12]
    (note,) = reading.column_notes
    for words in ("'nr'", "'00037' as 37", "`categorical`"):
        assert words in note


@pytest.mark.parametrize(
    ("text", "rows", "lost"),
    [
        ("a,b\n,\n,\n", 0, 2),
        ("a,b\n,", 0, 1),
        ("a\n \n", 0, 1),
        ("a,b\n1,2\n,\n", 1, 1),
        ("a,b\n\n", 0, 0),
        ("a,b\n", 0, 0),
    ],
)
def test_lines_without_any_value_are_counted_also_where_there_are_no_others(tmp_path, text, rows, lost):
    reading = read_source(write(tmp_path, text))
    assert reading.table.num_rows == rows
    said = (f"{lost} line(s) without any value were left out; rows are numbered without them.",) if lost else ()
    assert reading.notes == said


def test_cells_stand_beside_the_table_as_they_were_written(tmp_path):
    reading = read_source(write(tmp_path, "a;b;y\n 007;1.234,50 €;03.04.2024\n;;\nNA;7,0 €;31.12.2024\n"))
    assert reading.cells.to_pydict() == {
        "a": [" 007", "NA"], "b": ["1.234,50 €", "7,0 €"], "y": ["03.04.2024", "31.12.2024"]
    }  # fmt: skip
    assert reading.table.num_rows == 2
