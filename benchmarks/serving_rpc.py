"""gRPC beside HTTP, the same rows and worker: `python benchmarks/serving.py rpc` (extra ``grpc``)."""

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from serving_client import Service, in_binary, in_json, machine, numbers, one_by_one, pump, save_trees

from rareclass._lazy import need

INFER = "/inference.GRPCInferenceService/ModelInfer"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=5, help="of each measurement, in turns")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement at 16 connections")
    parser.add_argument("--requests", type=int, default=2_000, help="of each measurement at one connection")


def in_message(rows: np.ndarray) -> bytes:
    """The request of these rows with raw contents."""
    messages = need("rareclass.serving.rpc.messages", extra="grpc")
    said = messages.message_class("ModelInferRequest")(model_name="m", raw_input_contents=[rows.tobytes()])
    said.inputs.add(name="x", datatype="FP64", shape=rows.shape)
    written: bytes = said.SerializeToString()
    return written


def alone(address: str, requests: list[bytes], count: int) -> np.ndarray:
    """Seconds of each of `count` answers on one connection."""
    spent, grpc = [], need("grpc", extra="grpc")
    with grpc.insecure_channel(address) as channel:
        ask = channel.unary_unary(INFER)
        for i in range(count):
            begin = time.perf_counter()
            ask(requests[i % len(requests)])
            spent.append(time.perf_counter() - begin)
    return np.array(spent)


def at_once(address: str, requests: list[bytes], connections: int, seconds: float) -> np.ndarray:
    """Seconds of each answer, asked on so many connections at once for so long."""
    spent: list[float] = []
    aio = need("grpc.aio", extra="grpc")

    async def ask(turn: int) -> None:
        own = [("grpc.use_local_subchannel_pool", 1)]  # a connection of its own
        async with aio.insecure_channel(address, options=own) as channel:
            call = channel.unary_unary(INFER)
            while time.perf_counter() < until:
                begin = time.perf_counter()
                await call(requests[turn % len(requests)])
                spent.append(time.perf_counter() - begin)
                turn += 1

    async def run() -> None:
        await asyncio.gather(*map(ask, range(connections)))

    until = time.perf_counter() + seconds
    asyncio.run(run())
    return np.array(spent)


def run(options: argparse.Namespace) -> None:
    """Print the table: medians of the rounds."""
    rows = [row[None] for row in numbers(500, seed=2)]
    asked = {"HTTP, JSON": [in_json("m", row) for row in rows], "HTTP, binary": [in_binary("m", row) for row in rows]}
    messages, found = [in_message(row) for row in rows], {name: [] for name in (*asked, "gRPC")}
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as work:
        save_trees(Path(work) / "trees")
        with Service(f"m={work}/trees", "--grpc-port", "0", cores={cores[0]}) as service:
            os.sched_setaffinity(0, set(cores[1:]) or set(cores))
            address = service.events[[e["event"] for e in service.events].index("serving")]["grpc"]
            for _ in range(options.rounds):
                for name, lines in found.items():
                    over = name == "gRPC"
                    one = (
                        alone(address, messages, options.requests)
                        if over
                        else one_by_one(service.port, asked[name], options.requests)
                    )
                    begun = service.processor_seconds()
                    many = (
                        at_once(address, messages, 16, options.seconds)
                        if over
                        else pump(service.port, asked[name], 16, options.seconds)
                    )
                    used = (service.processor_seconds() - begun) / len(many)
                    times = 1e3 * np.concatenate([np.quantile(one, [0.5, 0.99]), np.quantile(many, [0.5, 0.99])])
                    lines.append([*times, len(many) / options.seconds, 1e6 * used])
    print(f"{machine()}; medians of {options.rounds} rounds\n")
    head = ["one row", "p50, ms", "p99, ms", "of 16: p50, ms", "p99, ms", "requests/s", "processor, µs"]
    print(f"| {' | '.join(head)} |\n|{' --- |' * len(head)}")
    for name, lines in found.items():
        middle = np.median(np.array(lines), axis=0)
        print(f"| {name} | {' | '.join(f'{v:.3f}' for v in middle[:4])} | {middle[4]:,.0f} | {middle[5]:,.0f} |")
