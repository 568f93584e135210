# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""Programs as people write them, of many types: each load of each object by both verifiers.

Each is compiled by each compiler that is there, at every level of optimisation and for several
instruction sets. Linux accepts them all, and so do we.
"""

import json
import os
import pathlib
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

BPFTREK = os.environ["BPFTREK"]
OBJECTS = pathlib.Path(os.environ["REAL_OBJECTS"])
PROGRAMS = os.environ["REAL_PROGRAMS"].split()
VARIANTS = os.environ["REAL_VARIANTS"].split()


def check(engine, path):
    return subprocess.run([BPFTREK, "--on", engine, "--json", "check", str(path)],
                          capture_output=True, timeout=120, check=False)


@pytest.fixture(scope="session")
def engine():
    """The kernel, where it can be used, beside our verifier."""
    done = check("kernel", OBJECTS / f"{PROGRAMS[0]}.{VARIANTS[0]}.bpf.o")
    if done.stdout:
        return "kernel"
    return "embedded"


@pytest.fixture(scope="session")
def pool():
    with ThreadPoolExecutor(4 * os.cpu_count()) as executor:  # most of the time they wait
        yield executor


@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name, engine, pool):
    paths = [OBJECTS / f"{name}.{variant}.bpf.o" for variant in VARIANTS]
    for path, done in zip(paths, pool.map(lambda path: check(engine, path), paths)):
        refused = [f"{path.name}: {program['name']} by {by}: {verdict['message']}"
                   for program in json.loads(done.stdout)
                   for by, verdict in program["verdict"].items() if not verdict["accepted"]]
        assert not refused
        assert (done.returncode, done.stderr) == (0, b"")
