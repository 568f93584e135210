# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""What `map dump` writes of the kernel's maps, --fill puts into maps of the other engine, too."""

import os

import pytest

from command import output
from zoo import OBJECTS

VALUES = os.path.join(OBJECTS, "values.bpf.o")

# What is behind the end of a text, and what no member has, is not in a dump.
MAPS = [
    "numbers_of_every_size", "bits_of_every_size", "texts", "nests", "pointers", "plain_arrays",
    "signed_numbers", "texts_alone", "moods", "flexible", "hash_of_nests_by_cpu",
    "array_of_numbers_by_cpu", "bytes_by_cpu", "nothing_in_it", "prefixes", "without_types",
    "queue_of_numbers", "locked_values",
]


@pytest.mark.parametrize("engine", ["embedded", "kernel"])
@pytest.mark.parametrize("name", MAPS)
def test_round_trip(zoo, tmp_path, engine, name):
    o = zoo.named("map", name)
    lines = zoo.bpftrek("-q", "--jsonl", "map", "dump", "id", str(o["id"])).stdout
    assert lines or name == "nothing_in_it"
    (tmp_path / "rows").write_bytes(lines)
    back = output(engine, "-q", "map", "dump", name, "--format", "jsonl", "--load", VALUES,
                  "--fill", f"{name}={tmp_path / 'rows'}")
    assert sorted(back.splitlines()) == sorted(lines.decode().splitlines())


@pytest.mark.parametrize("section", [".data", ".bss"])
def test_globals(zoo, tmp_path, section):
    o = zoo.named("map", "values" + section)
    lines = zoo.bpftrek("--jsonl", "map", "dump", "id", str(o["id"])).stdout.decode()
    changed = lines.replace('"hello"', '"bye"').replace('"anonymous":0', '"anonymous":5')
    assert lines != changed
    (tmp_path / "rows").write_text(changed)
    back = output("embedded", "map", "dump", "values" + section, "--format", "jsonl", "--load",
                  VALUES, "--fill", f"{section}={tmp_path / 'rows'}")
    assert back == changed
