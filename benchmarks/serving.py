"""The service under measurement: how fast it answers, and what it takes.

    rareclass demo --out demo-run && python benchmarks/serving.py latency --demo demo-run/champion
    python benchmarks/serving.py rpc
    python benchmarks/serving.py load --minutes 30
    python benchmarks/serving.py fuzz --cases 20000
    python benchmarks/serving.py schema --cases 10000

`latency`: one worker on loopback and on one core, the client on the others: p50 and p99 of single requests at one
connection, requests a second at 16, reasons, 10,000 rows; the worker's processor time a request does not depend on what
else the machine does. `beside`: one worker of this checkout and one of another, in turns. `rpc`: gRPC beside HTTP, in
turns. `load`: see `serving_load.py`. `fuzz`: damaged requests over raw sockets. `schema`: what schemathesis makes of
the service's own OpenAPI. `shadow`: what a challenger in the shadow costs those who ask. The tables stand in
docs/figures.md.
"""

from verbs import run

if __name__ == "__main__":
    run(__doc__, "serving", ("latency", "rpc", "load", "codec", "fuzz", "schema", "shadow", "beside"))
