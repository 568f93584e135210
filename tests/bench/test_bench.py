# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""The benchmark of maps runs, measures every operation, and none fails. Not: how fast."""

import json
import os
import subprocess

MAPS = {"HASH": 3, "PERCPU_HASH": 3, "LRU_HASH": 3, "LRU_PERCPU_HASH": 3, "ARRAY": 2,
        "PERCPU_ARRAY": 2}


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
