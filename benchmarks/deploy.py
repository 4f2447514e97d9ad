"""Our server beside KServe's SDK and MLServer on one model, and what it takes where it is deployed.

    make test-foreign
    python benchmarks/deploy.py --rounds 7
    python benchmarks/deploy.py --rounds 3 --start IMAGE/bin/rareclass --demo demo-run/champion

All three answer the same rows of one LightGBM of 200 trees (the two others through the adapters that `rareclass
deploy` writes) in JSON, one process each, in turns, so that what else the machine does meets all of them: medians of
the rounds. Without `--start` the table is of requests a second. With it: seconds from the command to the first answer
(the third start on, so that files are in memory), and the memory of supervisor and workers.

Measured on 29 November 2026, two cores of an AMD EPYC, 5 rounds of 3 s: 3,871 requests a second over 16 connections,
5.6 times KServe's SDK (688) and 3.9 times MLServer (1,038); on one connection 1,838, of which the client takes its
part, 3.2 and 2.4 times (581, 762). The demo's champion answers 2.5 s after its command with one worker (306 MiB) and
3.1 s with two (394 MiB); a worker alone is resident with 206 MiB, 80 to 90 of them its own.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from serving_client import Connection, Service, http, in_json, machine, numbers, pump, resident, save_trees

from rareclass.workflow import Placing, deploy_bundle

FOREIGN = Path(os.environ.get("RARECLASS_FOREIGN", Path(__file__).parents[1] / ".foreign"))
OURS, SDK, ML = "rareclass serve", "KServe's SDK", "MLServer"


@contextlib.contextmanager
def other(command: list[object], port: int, folder: Path) -> Iterator[int]:
    """Another server, until it is ready, on this port."""
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    with open(folder / f"{port}.log", "w") as log:
        process = subprocess.Popen([*map(str, command)], cwd=folder, env=env, stdout=log, stderr=log)
        try:
            while not _ready(port, "/v2/models/m/ready"):
                if process.poll() is not None:
                    raise SystemExit((folder / f"{port}.log").read_text())
                time.sleep(0.1)
            yield port
        finally:
            process.terminate()
            process.wait()


def _ready(port: int, path: str) -> bool:
    with contextlib.suppress(OSError, ValueError):
        return Connection(port, timeout=5.0).ask(http(path))[0] == 200
    return False


def beside(options: argparse.Namespace, work: Path) -> None:
    """Print requests a second of all three, and by how much ours answers more."""
    save_trees(work / "bundle")
    for target in ("kserve", "mlserver"):
        deploy_bundle(work / "bundle", target, work / target, Placing("m"))
    ports = {"http_port": 18_483, "grpc_port": 18_484, "metrics_port": 18_485, "host": "127.0.0.1"}
    settings = work / "mlserver" / "settings.json"
    settings.write_text(json.dumps(json.loads(settings.read_text()) | ports))
    sdk = [FOREIGN / "kserve/bin/python", "adapter.py", "--model_name", "m", "--model_dir", work / "bundle"]
    sdk += ["--http_port", 18_481, "--grpc_port", 18_482, "--enable_grpc", "false", "--workers", 1]
    requests = [in_json("m", row[None]) for row in numbers(200, 3)]
    with (
        Service(f"m={work / 'bundle'}") as ours,
        other(sdk, 18_481, work / "kserve") as first,
        other([FOREIGN / "mlserver/bin/mlserver", "start", "."], 18_483, work / "mlserver") as second,
    ):
        servers = {OURS: ours.port, SDK: first, ML: second}
        _same(servers, requests[0])
        print(f"{machine()}; medians of {options.rounds} rounds of {options.seconds:g} s\n")
        print("| requests/s | " + " | ".join(servers) + " | ours by KServe's | ours by MLServer's |")
        print("| --- " * (len(servers) + 3) + "|")
        for connections in (1, 16):
            rates: dict[str, list[float]] = {name: [] for name in servers}
            for _ in range(options.rounds):
                for name, port in servers.items():
                    rates[name].append(pump(port, requests, connections, options.seconds).size / options.seconds)
            found = {name: statistics.median(values) for name, values in rates.items()}
            by = [statistics.median(a / b for a, b in zip(rates[OURS], rates[name], strict=True)) for name in (SDK, ML)]
            cells = [f"{value:,.0f}" for value in found.values()] + [f"**{value:.1f}**" for value in by]
            print(f"| {connections} connection{'s' * (connections > 1)} | " + " | ".join(cells) + " |")


def _same(servers: dict[str, int], request: bytes) -> None:
    """Stop where they do not give the same numbers."""
    said = {name: json.loads(Connection(port).ask(request)[1])["outputs"] for name, port in servers.items()}
    plain = {name: [output["data"] for output in outputs] for name, outputs in said.items()}
    if any(values != plain[OURS] for values in plain.values()):
        raise SystemExit(f"The servers answer differently: {plain}")


def start(options: argparse.Namespace, folder: Path, make: Callable[[], bytes] | None = None) -> None:
    """Print seconds to the first answer, and memory, with one worker and with two."""
    print(f"{machine()}\n\n| workers | first answer, s | processor, s | memory, MiB | a worker | the supervisor |")
    print("| --- | --- | --- | --- | --- | --- |")
    for workers in (1, 2):
        seconds, spent, sizes = [], [], (0.0, 0.0, 0.0)
        for _ in range(options.rounds + 2):
            began, before = time.perf_counter(), os.times()
            command = [options.start, "serve", f"m={folder}", "--port", "18480", "--quiet", "--workers", str(workers)]
            env = os.environ | {"OMP_NUM_THREADS": "1"}
            process = subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)
            while not _ready(18_480, "/v2/models/m"):
                if process.poll() is not None:
                    sys.exit("It does not start.")
                time.sleep(0.01)
            seconds.append(time.perf_counter() - began)
            time.sleep(1.0)
            sizes = _memory(process.pid)
            process.terminate()
            process.wait()
            after = os.times()
            spent.append(after.children_user + after.children_system - before.children_user - before.children_system)
        first, cost = statistics.median(seconds[2:]), statistics.median(spent[2:])
        print(f"| {workers} | {first:.2f} | {cost:.2f} | " + " | ".join(f"{s / 2**20:.0f}" for s in sizes) + " |")


def _memory(pid: int) -> tuple[float, float, float]:
    """Bytes of all processes with what they share counted once, and of a worker and the supervisor, shared or not."""
    children = [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    whole = 0.0
    for process in (pid, *children):
        said = Path(f"/proc/{process}/smaps_rollup").read_text()
        whole += 1024.0 * int(said.split("Pss:")[1].split()[0])
    return whole, max(map(resident, children)), resident(pid)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--start", help="the program rareclass of an environment without training libraries")
    parser.add_argument("--demo", type=Path, help="with --start: the bundle to serve, instead of the trees")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rareclass-deploy-") as folder:
        if options.start is None:
            beside(options, Path(folder))
            return
        if options.demo is None:
            save_trees(Path(folder) / "bundle")
        start(options, options.demo or Path(folder) / "bundle")


if __name__ == "__main__":
    main()
