"""Where a source file is tested that has no test file of its name, because the tests of another serve it rightly."""

WHERE = {
    "metrics/_inputs.py": "tests/metrics/test_contract.py",
    "metrics/agreement.py": "tests/metrics/test_contract.py",
    "metrics/index_balanced.py": "tests/metrics/test_imbalance.py",
    "metrics/ordinal.py": "tests/metrics/test_imbalance.py",
    "report/displays/base.py": "tests/report/test_displays.py",
    "report/displays/costs.py": "tests/report/test_displays.py",
    "report/displays/decided.py": "tests/report/test_displays.py",
    "report/displays/probabilities.py": "tests/report/test_displays.py",
    "report/displays/ranking.py": "tests/report/test_displays.py",
    "report/html_parts.py": "tests/report/test_html.py",
    "report/html_sections.py": "tests/report/test_html.py",
    "uncertainty/estimate.py": "tests/uncertainty/test_interval.py",
    "uncertainty/money.py": "tests/uncertainty/test_interval.py",
    "uncertainty/reliability.py": "tests/metrics/test_reliability.py",
    "uncertainty/resample.py": "tests/uncertainty/test_interval.py",
    "uncertainty/sample.py": "tests/uncertainty/test_interval.py",
    "uncertainty/spread.py": "tests/uncertainty/test_interval_coverage.py",
}
