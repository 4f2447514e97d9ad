"""A registry whose writers are killed at every step, at random times, and two at once.

A child process is killed by SIGKILL before each step that touches the registry (files opened for writing, renames,
removals, folders, locks, flushes), in the middle of each line that it writes, and at random times. Whatever it left, it
must load with one champion, the old one or the new one; all its versions must load; the next writer must not
wait, must clear up, and must be able to do what was cut off. Then two processes at once promote, go back and add.

    python benchmarks/lifecycle.py registry [--random 120] [--actions add promote rollback retrain]

Measured, ``--random 200``: add, promote, rollback and retrain have 26, 9, 9 and 39 steps, 83 kills; with 368 at random
times (a process that ended before its time is none) a registry was killed 451 times and loaded with one champion after
each. Two processes at once, 50 rounds each, left 55 entries, none torn.
"""

import argparse
import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rareclass import RareClassifier
from rareclass.artifact.trained import trained_bundle
from rareclass.data.problem import Roles
from rareclass.errors import RegistryError
from rareclass.lifecycle import Registry, retrain

TOUCHES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate", "os.chmod", "fcntl.flock", "shutil.rmtree")
Action = Callable[[Path], object]


def child(action: Action, folder: Path, *, at: int | None = None) -> int:
    """The pid of a process that acts on a registry, and is killed at a step of this number."""
    pid = os.fork()
    if pid:
        return pid
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        if at is not None:
            _kill_at(at, str(folder))
        action(folder)
        os._exit(0)
    except BaseException:
        os._exit(1)


def _kill_at(step: int, folder: str) -> None:
    done = 0
    write, fsync = os.write, os.fsync

    def reached() -> bool:
        nonlocal done
        done += 1
        return done == step

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def heard(event: str, args: tuple) -> None:
        if event == "open":
            writes = isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if not writes or not str(args[0]).startswith(folder):
                return
        elif event not in TOUCHES:
            return
        if reached():
            die()

    def half_written(file: int, data: bytes) -> int:
        if reached():
            write(file, data[: len(data) // 2])
            die()
        return write(file, data)

    def not_flushed(file: int) -> None:
        if reached():
            die()
        fsync(file)

    os.write, os.fsync = half_written, not_flushed
    sys.addaudithook(heard)


def ended(pid: int) -> bool:
    """Wait for a process; whether it did what it was to do, rather than being killed.

    Raises
    ------
    RuntimeError
        It failed.
    """
    status = os.waitpid(pid, 0)[1]
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError("The process failed instead of being killed.")
    return os.WIFEXITED(status)


@dataclass(frozen=True)
class World:
    """A registry to be copied, whose champion is `b`, after `a`, a bundle outside it, and a labelled table."""

    registry: Path
    a: str
    b: str
    outside: Path
    table: Path

    @property
    def actions(self) -> dict[str, Action]:
        return {
            "add": lambda folder: Registry(folder).add(self.outside),
            "promote": lambda folder: Registry(folder).promote(self.a, "as before"),
            "rollback": lambda folder: Registry(folder).rollback("alarm"),
            "retrain": lambda folder: retrain(Registry(folder), self.table, roles=Roles(time="t"), history="growing"),
        }


def make_world(folder: Path) -> World:
    """Small models of two columns."""
    bundles = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        rows = pa.table({"x": rng.normal(size=800), "z": rng.normal(size=800)})
        y = rows["x"].to_numpy() + rng.normal(size=800) > 1.8
        model = RareClassifier("logistic_regression", treatment="none", cv=2).fit(rows, y, costs={"fp": 1, "fn": 20})
        how = {"weight": None, "whole": rows, "recipe": {"rows": 800}, "name": "small", "target": "y"}
        bundles.append(trained_bundle(model, rows, y, **how))
    registry = Registry(folder / "registry")
    a, b = (registry.add(bundle) for bundle in bundles[:2])
    for version in (a, b, a, b):
        registry.promote(version, "for now")
    bundles[2].save(folder / "outside")
    rng = np.random.default_rng(3)
    x, z = rng.normal(size=(2, 4_000))
    y = z + rng.normal(size=4_000) > 1.8  # it hangs on the other column now, so that the challenger takes over
    pq.write_table(pa.table({"x": x, "z": z, "y": y, "t": np.arange(4_000.0)}), folder / "table.parquet")
    return World(folder / "registry", a, b, folder / "outside", folder / "table.parquet")


def whole(folder: Path, old: str) -> bool:
    """Whether a registry that a killed process left has a new champion.

    Raises
    ------
    AssertionError
        It has none, a version does not load, or the next writer could not write or did not clear up.
    """
    registry = Registry(folder, patience=0.0)
    champion = registry.champion()
    assert champion is not None, "there is no champion"
    assert all(registry.load(version).version == version for version in registry.versions())
    before = len(registry.history())
    registry.note("looked at", champion.version, "after the kill")
    assert len(registry.history()) == before + 1
    assert registry.champion_version == champion.version
    left = [path.name for path in (folder / "bundles").iterdir() if path.name.startswith(".")]
    assert not left, left
    return champion.version != old


def kill_at_every_step(
    world: World, action: Action, work: Path, *, again: bool = True, every: int = 1
) -> tuple[int, int]:
    """How many steps the action was killed at, and after how many of them the new state stood."""
    step, new = 1, 0
    while True:
        folder = work / f"at-{step}"
        shutil.copytree(world.registry, folder)
        done = ended(child(action, folder, at=step))
        new += whole(folder, world.b) or len(Registry(folder).versions()) > 2
        if again and not done:
            ended(child(action, folder))
            whole(folder, world.b)
        shutil.rmtree(folder)
        if done:
            return (step - 1) // every, new - 1
        step += every


def kill_at_random(world: World, action: Action, work: Path, times: int, rng: random.Random) -> int:
    """How often of `times` the action was killed before it ended."""
    folder = work / "whole"
    shutil.copytree(world.registry, folder)
    began = time.perf_counter()
    ended(child(action, folder))
    seconds = time.perf_counter() - began
    killed = 0
    for k in range(times):
        shutil.copytree(world.registry, folder := work / f"random-{k}")
        pid = child(action, folder)
        time.sleep(rng.uniform(0, 1.1 * seconds))
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        killed += not ended(pid)
        whole(folder, world.b)
        shutil.rmtree(folder)
    return killed


def busy(world: World, seed: int, rounds: int) -> Action:
    """What one of several processes at once does."""

    def act(folder: Path) -> None:
        rng, registry = random.Random(seed), Registry(folder, patience=60.0)
        for k in range(rounds):
            what = rng.randrange(4)
            with contextlib.suppress(RegistryError):  # nothing to go back to
                if what == 0:
                    registry.add(world.outside)
                elif what == 1:
                    registry.rollback(f"{seed}-{k}")
                else:
                    registry.promote(rng.choice(registry.versions()), f"{seed}-{k}")
            assert registry.champion() is not None

    return act


def several_at_once(world: World, work: Path, processes: int, rounds: int) -> int:
    """Entries that several processes at once left in the journal, each whole."""
    shutil.copytree(world.registry, folder := work / "several")
    for pid in [child(busy(world, seed, rounds), folder) for seed in range(processes)]:
        assert ended(pid)
    whole(folder, world.b)
    return len(Registry(folder).history()) - len(Registry(world.registry).history()) - 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--random", type=int, default=120, help="kills at random times of each action; 30 of retrain")
    parser.add_argument("--actions", nargs="+", default=["add", "promote", "rollback", "retrain"])
    parser.add_argument("--rounds", type=int, default=50, help="of each of two processes at once")


def run(options: argparse.Namespace) -> None:
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as place:
        world, work = make_world(Path(place)), Path(place)
        rng, total = random.Random(0), 0
        print(f"{'action':10} {'steps':>6} {'new state':>10} {'random kills':>13}")
        for name in options.actions:
            action = world.actions[name]
            steps, new = kill_at_every_step(world, action, work, again=name != "retrain")
            killed = kill_at_random(world, action, work / name, options.random // (4 if name == "retrain" else 1), rng)
            total += steps + killed
            print(f"{name:10} {steps:6} {new:10} {killed:13}")
        print(f"{total} kills: the registry loaded with one champion after each")
        entries = several_at_once(world, work, 2, options.rounds)
        print(f"two processes at once, {options.rounds} rounds each: {entries} entries, none torn, one champion")
