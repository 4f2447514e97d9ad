"""How the house is built, counted: what `tests/test_house.py` asserts. Run it to see the numbers.

python tests/house.py [-v]        counts; with -v the places behind them
"""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import numpy as np
from scipy.sparse.csgraph import connected_components

SOURCE = Path(__file__).resolve().parents[1] / "src" / "rareclass"
WIDE = 8
"""Parameters (self and cls aside) or positional arguments above or at which a call stops being readable."""


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    a = function.args
    found = [*a.posonlyargs, *a.args, *a.kwonlyargs, *(v for v in (a.vararg, a.kwarg) if v is not None)]
    return [p for p in found if p.arg not in ("self", "cls")]


def _is_bare_any(annotation: ast.expr | None) -> bool:
    return isinstance(annotation, ast.Name) and annotation.id == "Any"


def _is_broad(handler: ast.ExceptHandler) -> bool:
    named = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(n is None or (isinstance(n, ast.Name) and n.id in ("Exception", "BaseException")) for n in named)


def _positional_dataclass(node: ast.ClassDef) -> bool:
    """Whether a dataclass of six or more fields takes them by position."""
    for d in node.decorator_list:
        call = d.func if isinstance(d, ast.Call) else d
        if isinstance(call, ast.Name) and call.id == "dataclass":
            given = {k.arg: k.value for k in d.keywords} if isinstance(d, ast.Call) else {}
            by_name = isinstance(given.get("kw_only"), ast.Constant) and given["kw_only"].value is True
            fields = [ast.unparse(s) for s in node.body if isinstance(s, ast.AnnAssign)]
            fields = list(takewhile(lambda s: "KW_ONLY" not in s, (s for s in fields if "ClassVar" not in s)))
            return len(fields) >= 6 and not by_name
    return False


def count(source: Path = SOURCE) -> dict[str, list[str]]:
    """The places behind each count, as "file:line name"."""
    found: dict[str, list[str]] = defaultdict(list)
    annotations = 0
    for path in sorted(source.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        at = str(path.relative_to(source))
        inside_kernels = at.startswith("kernels")
        lines = text.splitlines()
        if len(lines) > 400:
            found["files over 400 lines"].append(f"{at} {len(lines)}")
        found["fmt: skip"] += [f"{at}:{i}" for i, line in enumerate(lines, 1) if "# fmt: skip" in line]
        tree = ast.parse(text)
        for f in _functions(tree):
            given = _parameters(f)
            here = f"{at}:{f.lineno} {f.name}"
            wide = len(given) > WIDE and f.name != "__init__"
            if wide and not (at.startswith("cli") and f.name == "command"):
                found["functions with more than 8 parameters"].append(f"{here} {len(given)}")
            found["parameters without annotation"] += [f"{here} {p.arg}" for p in given if p.annotation is None]
            every = [p.annotation for p in given if p.annotation is not None] + ([f.returns] if f.returns else [])
            annotations += len(every)
            found["bare Any"] += [here for a in every if _is_bare_any(a)]
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler) and _is_broad(node):
                found["broad excepts"].append(f"{at}:{node.lineno}")
            if isinstance(node, ast.Call) and not inside_kernels and len(node.args) >= WIDE:
                found["calls with 8 or more positional arguments"].append(f"{at}:{node.lineno}")
            if isinstance(node, ast.ClassDef) and not inside_kernels and _positional_dataclass(node):
                found["dataclasses of six or more fields by position"].append(f"{at}:{node.lineno} {node.name}")
        found["source lines"] += [""] * len(lines)
    found["annotations"] = [""] * annotations
    return found


def _modules(source: Path) -> dict[str, ast.Module]:
    """Every module of the package by its dotted name."""
    trees = {}
    for path in sorted(source.rglob("*.py")):
        parts = path.relative_to(source.parent).with_suffix("").parts
        trees[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = ast.parse(path.read_text(encoding="utf-8"))
    return trees


def _lazy(tree: ast.Module) -> dict[str, str]:
    """Names that a package hands out lazily, and the module of each: its dictionaries of two strings."""
    pairs = [p for d in ast.walk(tree) if isinstance(d, ast.Dict) for p in zip(d.keys, d.values, strict=True)]
    both = [(k.value, v.value) for k, v in pairs if isinstance(k, ast.Constant) and isinstance(v, ast.Constant)]
    return {str(k): str(v) for k, v in both}


def circles(source: Path = SOURCE) -> list[list[str]]:
    """Groups of modules that import each other, at the top or inside functions, directly or through lazy names."""
    trees = _modules(source)
    lazy = {name: _lazy(tree) for name, tree in trees.items()}
    names = list(trees)
    number = {name: i for i, name in enumerate(names)}
    edges = np.zeros((len(names), len(names)), dtype=bool)
    for name, tree in trees.items():
        for node in ast.walk(tree):
            wanted = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module in trees:
                found = ((a.name, lazy[node.module].get(a.name, a.name)) for a in node.names)
                inside = [next((m for part in pair if (m := f"{node.module}.{part}") in trees), None) for pair in found]
                wanted = [m if m is not None else node.module for m in inside]
            for module in wanted:
                if module in trees and module != name:
                    edges[number[name], number[module]] = True
    count, label = connected_components(edges, directed=True, connection="strong")
    groups = [[n for n, k in zip(names, label, strict=True) if k == g] for g in range(count)]
    return [g for g in groups if len(g) > 1]


def main() -> None:
    found = count()
    for name, places in sorted(found.items()):
        share = f" ({len(places) / len(found['annotations']):.1%})" if name == "bare Any" else ""
        print(f"{len(places):6,} {name}{share}")
        if "-v" in sys.argv and places[0]:
            print("\n".join(f"       {p}" for p in places))
    for group in circles():
        print("circle:", ", ".join(group))


if __name__ == "__main__":
    main()
