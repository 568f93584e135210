# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""Iterator programs as people write them, on both engines.

Each program is compiled by each compiler that is there, at every level of optimisation and for
several instruction sets, since each makes other instructions of the same source. All load on both
engines and all give the same output: the order of a HASH aside.
"""

import json
import os
import random
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

BPFTREK = os.environ["BPFTREK"]
OBJECTS = os.environ["REAL_OBJECTS"]
# "clang.O2.v3": compiler, level of optimisation, instruction set, as the build made them.
VARIANTS = os.environ["REAL_VARIANTS"].split()
NEED_V3 = {"sample_atomics"}


def obj(name, variant):
    return os.path.join(OBJECTS, f"{name}.{variant}.bpf.o")


def run(engine, name, variant, args):
    return subprocess.run([BPFTREK, "--on", engine, "run", obj(name, variant), *args],
                          capture_output=True, timeout=60)


def flows(rnd):
    for i in range(200):
        key = {"saddr": rnd.randrange(2**32) & 0xFFFF0300 | 0x0A, "daddr": rnd.randrange(2**32),
               "sport": rnd.randrange(2**16), "proto": rnd.choice([1, 6, 6, 6, 17, 17, 47]),
               "dport": rnd.choice([0x5000, 0xBB01, 0x3500, 0x901F, rnd.randrange(2**16)]),
               "dir": i & 1, "zone": i}
        first = rnd.randrange(2**30)
        yield key, {"bytes": 2 ** rnd.randrange(40) + rnd.randrange(1000), "tos": i % 7 * 4,
                    "packets": rnd.randrange(1, 2**20), "first_ms": first, "state": i % 6,
                    "last_ms": first + rnd.randrange(100000), "flags": rnd.randrange(64)}


def tasks(rnd):
    commands = ["", "/usr/sbin/sshd -D -p 2222", "make -j8 CFLAGS=-O2 V=1", "sleep 30s 5",
                "dd if=/dev/zero of=/tmp/x bs=64k count=16", "/opt/a b/c   --cache=4M --limit 50%",
                "java -Xmx2g -Xms512m\t-jar /srv/app.jar --port 8080 " + 11 * "x",
                "0123456789" * 6]
    for i in range(120):
        pid = i + 1 if i < 100 else i * 977
        yield pid, {"ppid": 0 if i == 0 else rnd.randrange(max(1, i - 8), i + 1),
                    "uid": rnd.choice([0, 0, 33, 1000]), "pages": 2 ** rnd.randrange(22) + i,
                    "nice": rnd.choice([0, 0, 19, 2**16 - 20]), "threads": rnd.randrange(1, 250),
                    "state": rnd.choice([0, 1, 1, 2, 4, 8, 32, 64, 128, 255]),
                    "comm": f"task-{i:x}" + "y" * (i % 10), "cmdline": commands[i % len(commands)],
                    "time_ms": rnd.randrange(2**24)}


def points(rnd):
    for i in range(64):
        yield i, {axis: rnd.choice([i, -i, rnd.randrange(-2**31, 2**31), rnd.randrange(-99, 99)])
                  for axis in "xyz"}


def samples(rnd):
    for i in range(300):
        yield i, rnd.choice([0, i, rnd.randrange(10**4), rnd.randrange(2**32),
                             rnd.randrange(2**64)])


def names(rnd):
    fixed = ["10.0.0.1", "255.255.255.255", "256.1.1.1", "1.2.3", "a.b.c.d", "1.2.3.4.5", "0.0.0.0",
             "01.2.3.4", "1..2.3", "999999.1.1.1", "12.34.56.78", "192.168.0.254"]
    for i, name in enumerate(fixed + [f"{rnd.randrange(300)}.{i}.7.9" for i in range(60)]):
        yield name, i * 0x1010101 % 2**32


FILLS = {maker.__name__: maker for maker in (flows, tasks, points, samples, names)}


@pytest.fixture(scope="session")
def fill_files(tmp_path_factory):
    """A --fill file for each of the maps."""
    made = {}
    for name, maker in FILLS.items():
        made[name] = tmp_path_factory.mktemp("fill") / (name + ".jsonl")
        with made[name].open("w", encoding="utf-8") as file:
            for key, value in maker(random.Random(name)):
                file.write(json.dumps({"key": key, "value": value}) + "\n")
    return made


@pytest.fixture(scope="session")
def kernel():
    """Skip where the kernel's engine cannot be used."""
    probe = run("kernel", "flow_top", VARIANTS[0], ["--map", "name", "flows"])
    if probe.returncode != 0:
        pytest.skip("the kernel's BPF cannot be used here: " + probe.stderr.decode().strip())


@pytest.fixture(scope="session")
def pool():
    with ThreadPoolExecutor(4 * os.cpu_count()) as executor:  # most of the time they wait
        yield executor


def as_is(output):
    return output


def any_order(output):
    return sorted(output.splitlines())


def records(size):
    return lambda output: sorted(output[at:at + size] for at in range(0, len(output), size))


def once(output):
    """Lines of objects that other runs, at the same time, may have, too."""
    return set(output.splitlines())


def no_tag(output):
    """Without the tag: the offsets that CO-RE puts into a program are the engine's."""
    assert re.search(rb" tag [0-9a-f]{16} ", output)
    return once(re.sub(rb" tag [0-9a-f]{16} ", b" ", output))


def no_sequence(output):
    """The records of flow_export without the number that each has by its place."""
    assert len(output) == 200 * (24 + 48)
    found = [output[at:at + 72] for at in range(0, len(output), 72)]
    assert [int.from_bytes(record[4:8], "big") for record in found] == list(range(200))
    return sorted(record[:4] + record[8:] for record in found)


# program: the map that it walks and is filled (None: its target walks no map), more arguments, how
# outputs are compared.
CASES = {
    "flow_agg": ("flows", [], any_order),
    "flow_export": ("flows", [], no_sequence),
    "flow_filter": ("flows", [], any_order),
    "flow_hash": ("flows", [], any_order),
    "flow_hist": ("flows", ["--set", "bar_width=33"], as_is),
    "flow_report": ("flows", [], as_is),
    "flow_sketch": ("flows", [], as_is),
    "flow_state": ("flows", [], any_order),
    "flow_top": ("flows", [], as_is),
    "link_list": (None, [], once),
    "map_count": (None, [], once),
    "map_list": (None, [], once),
    "map_types": (None, [], once),
    "name_json": ("names", [], any_order),
    "name_memory": ("names", [], any_order),
    "name_parse": ("names", [], any_order),
    "point_box": ("points", [], as_is),
    "point_write": ("points", ["--set", "clamp_to=5000"], as_is),
    "prog_funcs": (None, [], once),
    "prog_list": (None, [], no_tag),
    "prog_maps": (None, [], once),
    "sample_atomics": ("samples", [], as_is),
    "sample_bits": ("samples", [], as_is),
    "sample_bloom": ("samples", [], as_is),
    "sample_stats": ("samples", [], as_is),
    "sample_window": ("samples", ["--set", "window=12"], as_is),
    "task_args": ("tasks", [], any_order),
    "task_groups": ("tasks", [], records(56)),
    "task_list": ("tasks", [], any_order),
    "task_tree": ("tasks", [], any_order),
}


@pytest.mark.parametrize("name", CASES)
def test_program(name, kernel, pool, fill_files):
    map_name, args, compared = CASES[name]
    if map_name:
        args = ["--map", "name", map_name, "--fill", f"{map_name}=@{fill_files[map_name]}", *args]
    runs = [(engine, variant) for engine in ("kernel", "embedded") for variant in VARIANTS
            if name not in NEED_V3 or not variant.endswith("v2")]
    # What walks all objects of an engine runs alone, so as not to see those that come and go.
    several = pool.map if map_name else map
    results = several(lambda key: run(key[0], name, key[1], args), runs)
    expected = None
    for (engine, variant), done in zip(runs, results):
        assert (done.returncode, done.stderr) == (0, b""), f"{engine} {variant}"
        assert done.stdout
        output = compared(done.stdout)
        expected = expected or output
        assert output == expected, f"{engine} {variant}"
