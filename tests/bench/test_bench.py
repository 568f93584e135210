# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""The benchmarks run, measure everything, and nothing fails. Not: how fast."""

import json
import os
import subprocess

MAPS = {"HASH": 3, "PERCPU_HASH": 3, "LRU_HASH": 3, "LRU_PERCPU_HASH": 3, "ARRAY": 2,
        "PERCPU_ARRAY": 2}
SHAPES = {"straight on", "branches that join", "loop", "loop with branches", "callback",
          "full stack", "map lookups", "calls, 8 deep", "bits, no pruning"}


def test_maps():
    run = subprocess.run([os.environ["BENCH_MAPS"], "--quick", "--json"], check=True,
                         stdout=subprocess.PIPE, text=True)
    rows = json.loads(run.stdout)
    for name, operations in MAPS.items():
        for place, more in (("program", 1), ("user", 0)):  # chained lookups
            assert operations + more == sum(row["map"] == name and row["from"] == place for row in rows)
    for row in rows:
        for engine in ("bpftrek", "kernel"):
            # null: the kernel's maps are not for this user
            assert row[engine] is None and engine == "kernel" or row[engine]["failures"] == 0, row


def test_verify():
    objects = [os.path.join(os.environ["BENCH_OBJECTS"], f"{name}.bpf.o") for name in ("maps", "progs")]
    run = subprocess.run([os.environ["BENCH_VERIFY"], "--quick", "--json", *objects], check=True,
                         stdout=subprocess.PIPE, text=True)
    rows = json.loads(run.stdout)
    assert {row["program"].rpartition(",")[0] for row in rows} >= SHAPES
    assert {row["program"].partition(":")[0] for row in rows} >= {"maps", "progs"}
    assert max(row["memory_kib"] for row in rows) > 0
    for row in rows:
        assert row["bpftrek"]["verified_insns"] > 0, row
        assert row["bpftrek"]["load_us"] >= row["bpftrek"]["verify_least_us"] > 0, row
        # null: the kernel's programs are not for this user
        assert row["kernel"] is None or row["verify_ratio"] > 0 and row["load_ratio"] > 0, row
