"""Where a source file is tested that has no test file of its name, because the tests of another serve it rightly."""

WHERE = {
    "report/html_parts.py": "tests/report/test_html.py",
    "report/html_sections.py": "tests/report/test_html.py",
}
