"""A registered model of MLflow follows a registry, on sqlite."""

import pytest
from tests.mlflow.running import ran
from tests.serving.bundles import fitted, write

pytestmark = pytest.mark.foreign


def test_aliases_follow_champion_and_challenger_and_each_bundle_is_logged_once(tmp_path):
    first, second = write("plain", tmp_path / "first"), write("other", tmp_path / "second")
    found = ran("published", tmp_path)
    assert (found["first"], found["second"]) == (first, second)
    numbers = [step.pop("numbers") for step in found["steps"]]
    assert found["steps"] == [
        {"champion": first, "challenger": second},
        {"champion": second},
        {"champion": first, "challenger": second},
    ]
    assert numbers == [{"champion": "1", "challenger": "2"}, {"champion": "2"}, {"champion": "1", "challenger": "2"}]
    assert "no champion yet" in found["empty"]
    assert "no version '000000000000'" in found["unknown"]
    assert found["answer"] == fitted("plain").scorer.probability({"x": 0.1, "shop": "a", "z": None}).tolist()
