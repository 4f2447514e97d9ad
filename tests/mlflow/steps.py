"""What `test_flavour.py` and `test_publishing.py` have MLflow do, in an environment of its own; says what came out."""

import json
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
from mlflow.exceptions import MlflowException

import mlflow
from rareclass import mlflow as ours
from rareclass.errors import BundleError, InputError, RegistryError
from rareclass.lifecycle import Registry


def refused(call, *arguments, **options):
    try:
        call(*arguments, **options)
    except (MlflowException, BundleError, InputError, RegistryError) as error:
        return str(error)
    return None


def saved(root):
    """Save and load, by the flavour and as a python_function, and ask."""
    ours.save_model(root / "bundle", root / "saved")
    model, rows = mlflow.pyfunc.load_model(str(root / "saved")), pq.read_table(root / "rows.parquet").to_pandas()
    answers = model.predict(rows, params={"explain": "alerts"})
    answers.to_parquet(root / "answers.parquet")
    lone = rows.head(1).astype(object)
    lone.loc[:, ["count", "ok", "at"]] = None
    whole = rows.assign(x=7)  # as read_csv has a column of numbers that happen to be whole
    retyped = {
        "whole": whole,
        "nullable": whole.convert_dtypes(),
        "arrow": whole.convert_dtypes(dtype_backend="pyarrow"),
        "categories": whole.assign(shop=whole["shop"].astype("category")),
        "objects": whole.astype(object),
    }
    mlflow.set_tracking_uri(f"sqlite:///{root}/other.db")
    mlflow.sklearn.save_model(_anything(), str(root / "foreign"), serialization_format="cloudpickle")
    return {
        "version": ours.load_model(str(root / "saved")).version,
        "inputs": model.metadata.get_input_schema().to_dict(),
        "columns": list(model.predict(rows.head(2)).columns),
        "plain": model.predict(whole.assign(x=7.0))["probability"].tolist(),
        "retyped": {how: model.predict(frame)["probability"].tolist() for how, frame in retyped.items()},
        "nulls": model.predict(lone)["probability"].tolist(),
        "example": model.predict(model.input_example)["probability"].tolist(),
        "missing column": refused(model.predict, rows.drop(columns="count")),
        "wrong value": refused(model.predict, rows.assign(count="many")),
        "wrong explain": refused(model.predict, rows, params={"explain": "some"}),
        "costs": refused(model.predict, rows, params={"costs": '{"fp": 1}'}),
        "not compiled": refused(ours.save_model, root / "slow", root / "no"),
        "damaged": refused(ours.save_model, root / "damaged", root / "no"),
        "not ours": refused(ours.load_model, str(root / "foreign")),
    }


def _anything():
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression().fit([[0.0], [1.0]], [0, 1])


def published(root):
    """Follow a registry through a promotion, a challenger and the way back."""
    mlflow.set_tracking_uri(f"sqlite:///{root}/mlflow.db")
    mlflow.create_experiment("e", artifact_location=(root / "artifacts").as_uri())
    mlflow.set_experiment("e")
    registry, steps = Registry(root / "registry"), []
    empty = refused(ours.publish, registry, "fraud")
    first, second = registry.add(root / "first"), registry.add(root / "second")
    registry.promote(first)

    def step(**options):
        found = ours.publish(registry, "fraud", **options)
        aliases = mlflow.MlflowClient().get_registered_model("fraud").aliases
        assert {name: str(version) for name, version in aliases.items()} == found
        steps.append({name: ours.load_model(f"models:/fraud@{name}").version for name in found} | {"numbers": found})

    step(challenger=second)
    registry.promote(second)
    step()
    registry.rollback()
    step(challenger=second)
    unknown = refused(ours.publish, registry, "fraud", challenger="000000000000")
    X = pd.DataFrame({"x": [0.1], "shop": ["a"], "z": [None]})
    answer = mlflow.pyfunc.load_model("models:/fraud@champion").predict(X)["probability"].tolist()
    return {"first": first, "second": second, "steps": steps, "empty": empty, "unknown": unknown, "answer": answer}


if __name__ == "__main__":
    verb, folder = {"saved": saved, "published": published}[sys.argv[1]], Path(sys.argv[2])
    found = verb(folder)
    (folder / "found.json").write_text(json.dumps(found))
