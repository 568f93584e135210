# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""The same object file, once on each engine, gives the same output: ids mapped, hash order ignored.

The objects are compiled once, against the types of the kernel that built them.
"""

import hashlib
import json
import os
import re
import struct
import subprocess

import pytest

from kernel import kernel_has

BPFTREK = os.environ["BPFTREK"]
OBJECTS = os.environ["TEST_OBJECTS"]


def obj(name):
    return os.path.join(OBJECTS, name + ".bpf.o")


def run(engine, *args):
    done = subprocess.run([BPFTREK, "--on", engine, "run", *args], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""
    return done.stdout


@pytest.fixture(scope="session")
def both():
    """Run on both engines; skip where the kernel's cannot be used."""
    probe = subprocess.run([BPFTREK, "--on", "kernel", "run", obj("progs")], capture_output=True,
                           timeout=60)
    if probe.returncode != 0:
        pytest.skip("the kernel's BPF cannot be used here: " + probe.stderr.decode().strip())
    return lambda *args: (run("embedded", *args), run("kernel", *args))


@pytest.fixture
def rows(tmp_path):
    """A --fill file of the map `hash`, with values of every size."""
    path = tmp_path / "rows.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for i in range(1000):
            row = {"key": (i * 2654435761) % 2**32, "value": (i**7 * 0x9E3779B97F4A7C15) % 2**64}
            file.write(json.dumps(row) + "\n")
    return path


@pytest.fixture
def flows(tmp_path):
    """A --fill file of the map `flows`."""
    path = tmp_path / "flows.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for i in range(100):
            value = {"bytes": 2**64 - 1 - i, "packets": i * 40_000_000, "delta": i * 600 - 30_000,
                     "flags": 255 - i, "tag": f"flow{i}"}
            file.write(json.dumps({"key": i, "value": value}) + "\n")
    return path


def same_lines(outputs):
    ours, theirs = (sorted(out.decode().splitlines()) for out in outputs)
    assert ours == theirs
    return ours


def test_maps(both, rows):
    def called(output):
        """The lines of maps of such names, without their ids."""
        lines = [line.split(None, 1)[1] for line in output.decode().splitlines()
                 if re.match(r" *\d+ (hash|flows) ", line)]
        return sorted(re.sub(" +", " ", line) for line in lines)

    outputs = both(obj("maps"), "--load", obj("hash_elems"), "--load", obj("array_elems"),
                   "--fill", f"hash=@{rows}")
    embedded, kernel = map(called, outputs)
    assert embedded == ["flows type=2 max=100 elems=0", "hash type=1 max=4096 elems=1000"]
    if not kernel_has("bpf_map_sum_elem_count"):
        embedded = [re.sub("elems=.*", "elems=-1", line) for line in embedded]
    # Others on this host may have maps that are called so, too.
    assert set(embedded) <= set(kernel)
    for output in outputs:
        last = output.decode().splitlines()[-1]
        assert last == f"end seq_num={len(output.splitlines()) - 2}"


def hashes_with(algorithm):
    """Whether the kernel takes the tag of a program from this hash of it: SHA-1 before Linux 6.18."""
    insns = struct.pack("=BBhiBBhi", 0xB4, 0, 0, 0, 0x95, 0, 0, 0)  # w0 = 0; exit
    done = subprocess.run([BPFTREK, "--on", "kernel", "-j", "prog", "list", "--load",
                           obj("no_iterator")], capture_output=True, check=True, timeout=60)
    tag = algorithm(insns).hexdigest()[:16]
    return tag in [p["tag"] for p in json.loads(done.stdout) if p.get("name") == "drop"]


def test_progs(both):
    def ours(output):
        found = {}
        for line in output.decode().splitlines():
            fields = line.split()
            found[fields[1]] = fields[2:]
        # The offsets that this one reads at are the engine's, and so is its tag.
        assert found["progs"].pop(1).startswith("tag=")
        names = ("progs", "hash_elems", "array_elems", "total", "records")
        return {name: found[name] for name in names}

    loads = [arg for name in ("hash_elems", "array_elems", "total", "records")
             for arg in ("--load", obj(name))]
    embedded, kernel = map(ours, both(obj("progs"), *loads))
    if not hashes_with(hashlib.sha256):
        assert hashes_with(hashlib.sha1)
        for found in (embedded, kernel):
            for name in found.keys() - {"progs"}:
                assert found[name].pop(1).startswith("tag=")
    assert embedded == kernel
    assert embedded["progs"] == ["type=26", "attach=bpf_iter_bpf_prog", "full=progs"]
    assert embedded["total"][-2:] == ["attach=bpf_iter_bpf_map_elem", "full=total"]


def test_links(both):
    """The link of the running iterator is there itself, and so is its program."""
    if not kernel_has("bpf_iter__bpf_link"):
        pytest.skip("this kernel has no iterator over links")
    for output in both(obj("links")):
        assert re.search(r"^ *\d+ type=4 prog=\d+$", output.decode(), re.MULTILINE)


def test_hash_elems(both, rows):
    lines = same_lines(both(obj("hash_elems"), "--map", "name", "hash", "--fill", f"hash=@{rows}"))
    assert len(lines) == 1000


def test_array_elems(both, flows):
    outputs = both(obj("array_elems"), "--map", "name", "flows", "--fill", f"flows=@{flows}")
    assert outputs[0] == outputs[1]
    assert len(outputs[0].splitlines()) == 100


@pytest.mark.parametrize("least", ["0", str(2**63), str(2**64 - 1)])
def test_total(both, rows, least):
    outputs = both(obj("total"), "--load", obj("hash_elems"), "--map", "name", "hash",
                   "--fill", f"hash=@{rows}", "--set", f"least={least}")
    assert outputs[0] == outputs[1]
    assert outputs[0].decode().startswith("elements=")
    assert outputs[0].decode().endswith(" last=999\n")


def test_records(both, rows):
    def records(output):
        found = list(struct.iter_unpack("<IIQ", output))
        assert [seq for _, seq, _ in found] == list(range(len(found)))
        return sorted((key, value) for key, _, value in found)

    embedded, kernel = map(records, both(obj("records"), "--load", obj("hash_elems"), "--map",
                                         "name", "hash", "--fill", f"hash=@{rows}"))
    assert embedded == kernel
    assert len(embedded) == 1000


def test_features(both, rows):
    """Few rows, so that they fit one buffer: the program counts an element again that is shown again,
    and which one that is depends on the order."""
    if not kernel_has("BPF_FUNC_loop"):
        pytest.skip("this kernel has no bpf_loop()")
    rows.write_text("".join(rows.read_text().splitlines(keepends=True)[:500]))
    lines = same_lines(both(obj("features"), "--map", "name", "hash", "--fill", f"hash=@{rows}"))
    assert len(lines) == 502
