# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""bpftrek audit upon objects that are made in the kernel for it, pinned in a bpf file system of this
process's own mount namespace: what is blamed, and that those beside it are not.

Nothing is attached but to a socket of this process. BPFTOOL makes most of the objects.
"""

import contextlib
import ctypes
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import pytest

from command import BPFTREK, bpftrek, compile_object, document
from kernel import anybody_may_ask, kernel_has
from sources import HEAD, iterator_with, map_source

BPFTOOL = os.environ["BPFTOOL"]
CLONE_NEWNS = 0x20000
MS_REC_PRIVATE = 0x4000 | 0x40000
SO_ATTACH_BPF = 50
BPF_TRACE_ITER = 28
BPF_SK_LOOKUP = 36
NOBODY = 65534

SOURCE = HEAD + map_source("counts") + """
SEC("socket")
int audited(struct __sk_buff *skb)
{
	__u32 key = skb->len;
	__u64 one = 1;
	bpf_map_update_elem(&counts, &key, &one, 0);
	return 0;
}
"""
ITERATOR = iterator_with("come_with_it", "come_and_go", kind="ARRAY", entries=1)
LOOKUP = HEAD + 'SEC("sk_lookup") int lookup(struct bpf_sk_lookup *ctx) { return SK_PASS; }\n'

# In another process: open a pin, say so, and wait to be ended.
HOLD = """
import ctypes, os, sys
lib = ctypes.CDLL("libbpf.so.1")
fds = [lib.bpf_obj_get(path.encode()) for path in sys.argv[1:]]
print("held" if min(fds) >= 0 else "refused", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def bpffs(kernel_refusal):
    """A directory that any user may search, where a bpf file system is mounted."""
    if kernel_refusal:
        pytest.skip("the kernel's BPF cannot be used here: " + kernel_refusal)
    libc = ctypes.CDLL(None, use_errno=True)
    path = tempfile.mkdtemp(prefix="audit-", dir="/tmp")
    os.chmod(path, 0o755)
    if (libc.unshare(CLONE_NEWNS) or libc.mount(b"none", b"/", None, MS_REC_PRIVATE, None) or
            libc.mount(b"bpf", path.encode(), b"bpf", 0, b"mode=0755")):
        os.rmdir(path)
        pytest.skip("no bpf file system can be mounted: " + os.strerror(ctypes.get_errno()))
    yield path
    libc.umount(path.encode())
    os.rmdir(path)


@pytest.fixture
def pins(bpffs):
    """An empty directory in it, which is removed with all that is in it."""
    path = tempfile.mkdtemp(dir=bpffs)
    os.chmod(path, 0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return compile_object(tmp_path_factory.mktemp("audit") / "audited.bpf.o", SOURCE)


def bpftool(*args):
    done = subprocess.run([BPFTOOL, "--json", "--bpffs", *args], check=False, capture_output=True)
    assert not done.returncode, (args, done.stdout, done.stderr)
    # It leaves control characters in its strings as they are.
    return json.loads(done.stdout, strict=False) if done.stdout else None


def create_map(path, kind="hash", entries=4, **more):
    args = [word for name, value in more.items() for word in (name, str(value))]
    bpftool("map", "create", path, "type", kind, "key", "4", "value", "4", "entries", str(entries),
            "name", "audited", *args)
    return bpftool("map", "show", "pinned", path)["id"]


def fill(path, count):
    for key in range(count):
        bpftool("map", "update", "pinned", path, "key", str(key), "0", "0", "0",
                "value", "1", "0", "0", "0")


def load(program, path):
    bpftool("prog", "load", program, path)
    return bpftool("prog", "show", "pinned", path)


@contextlib.contextmanager
def holder(*paths, **options):
    """A process that has what is pinned there open."""
    with subprocess.Popen([sys.executable, "-c", HOLD, *paths], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True, **options) as process:
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.stdin.close()


def audit(*args):
    return document("kernel", "audit", *args)["findings"]


def of(findings, kind, number):
    return [f for f in findings if (f["kind"], f["id"]) == (kind, number)]


def rules_of(findings, kind, number):
    return sorted(f["rule"] for f in of(findings, kind, number))


# What nobody uses.


def test_a_map_that_only_its_pin_keeps(pins):
    path = os.path.join(pins, "it's here")
    number = create_map(path)
    beside = create_map(os.path.join(pins, "beside"))
    with holder(os.path.join(pins, "beside")):
        findings = audit()
        assert not of(findings, "map", beside)
    [finding] = of(findings, "map", number)
    assert finding["rule"] == "stale-pin"
    assert finding["evidence"]["refcnt"] == 1
    assert finding["evidence"]["pinned"] == [path]
    # What it says does what it says.
    subprocess.run(["sh", "-ec", finding["command"]], check=True)
    assert not os.path.exists(path)
    assert not of(audit(), "map", number)


def test_a_program_that_only_its_pin_keeps(pins, program):
    path = os.path.join(pins, "prog")
    loaded = load(program, path)
    findings = audit()
    assert rules_of(findings, "prog", loaded["id"]) == ["stale-pin"]
    for number in loaded["map_ids"]:
        assert rules_of(findings, "map", number) == ["orphan-map"]
    with holder(path) as (process, said):
        assert said == "held"
        findings = audit()
        assert not of(findings, "prog", loaded["id"])
        for number in loaded["map_ids"]:
            assert not of(findings, "map", number)


def test_a_program_that_a_socket_has(pins, program):
    path = os.path.join(pins, "prog")
    loaded = load(program, path)
    fd = ctypes.CDLL("libbpf.so.1").bpf_obj_get(path.encode())
    assert fd >= 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attached:
        attached.setsockopt(socket.SOL_SOCKET, SO_ATTACH_BPF, fd)
        os.close(fd)
        # Its references tell that the pin is not all there is.
        findings = audit()
        assert not of(findings, "prog", loaded["id"])
        os.unlink(path)
        findings = audit()
        [finding] = of(findings, "prog", loaded["id"])
        assert (finding["rule"], finding["severity"]) == ("unused-program", "note")
        assert "SO_ATTACH_BPF" in finding["message"]
        for number in loaded["map_ids"]:
            assert not of(findings, "map", number)


def test_a_program_that_an_open_iterator_runs(pins, tmp_path):
    path = os.path.join(pins, "iterator")
    loaded = load(compile_object(tmp_path / "iterator.bpf.o", ITERATOR), path)
    lib = ctypes.CDLL("libbpf.so.1")
    prog = lib.bpf_obj_get(path.encode())
    link = lib.bpf_link_create(prog, 0, BPF_TRACE_ITER, None)
    iterator = lib.bpf_iter_create(link)
    assert iterator >= 0
    for fd in [prog, link]:
        os.close(fd)
    os.unlink(path)
    try:
        findings = audit()
    finally:
        os.close(iterator)
    [finding] = of(findings, "prog", loaded["id"])
    assert (finding["rule"], finding["severity"]) == ("unused-program", "note")
    assert "an iterator that is open" in finding["message"]
    for number in loaded["map_ids"]:
        assert not of(findings, "map", number)


def test_a_tail_call_and_an_inner_map(pins, program):
    calls, called = os.path.join(pins, "calls"), os.path.join(pins, "called")
    outer, inner = os.path.join(pins, "outer"), os.path.join(pins, "inner")
    number_of_calls = create_map(calls, "prog_array")
    loaded = load(program, called)
    bpftool("map", "update", "pinned", calls, "key", "0", "0", "0", "0", "value", "pinned", called)
    number_of_inner = create_map(inner)
    bpftool("map", "create", outer, "type", "hash_of_maps", "key", "4", "value", "4", "entries",
            "4", "name", "outer", "inner_map", "pinned", inner)
    number_of_outer = bpftool("map", "show", "pinned", outer)["id"]
    bpftool("map", "update", "pinned", outer, "key", "0", "0", "0", "0", "value", "pinned", inner)
    os.unlink(called)
    os.unlink(inner)
    findings = audit()
    assert rules_of(findings, "map", number_of_calls) == ["stale-pin"]
    assert rules_of(findings, "prog", loaded["id"]) == ["unused-program"]
    assert rules_of(findings, "map", number_of_outer) == ["stale-pin"]
    assert rules_of(findings, "map", number_of_inner) == ["orphan-map"]
    with holder(calls, outer) as (process, said):
        assert said == "held"
        findings = audit("--ignore", "map-without-program")
        for number in [number_of_calls, number_of_outer, number_of_inner]:
            assert not of(findings, "map", number)
        assert not of(findings, "prog", loaded["id"])


def test_a_map_that_is_pinned_in_another_mount_namespace(pins, bpffs):
    number = create_map(os.path.join(pins, "map"))
    done = subprocess.run(["unshare", "-m", "sh", "-ec", 'umount "$1"; shift; exec "$@"', "sh", bpffs,
                           BPFTREK, "--on", "kernel", "--json", "audit"],
                          check=True, capture_output=True)
    [finding] = of(json.loads(done.stdout)["findings"], "map", number)
    assert (finding["rule"], finding["severity"]) == ("unused-map", "note")
    assert "mount namespace" in finding["message"]
    assert re.fullmatch(r"nsenter --target \d+ --mount bpftrek audit", finding["command"])
    # From here, where there is the pin, it is the pin that keeps it.
    assert rules_of(audit(), "map", number) == ["stale-pin"]


def test_a_link_whose_network_namespace_is_gone(pins, tmp_path):
    path = os.path.join(pins, "lookup")
    loaded = load(compile_object(tmp_path / "lookup.bpf.o", LOOKUP), path)
    lib = ctypes.CDLL("libbpf.so.1")
    prog = lib.bpf_obj_get(path.encode())
    with subprocess.Popen(["unshare", "-n", "sh", "-c", "echo; read line"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        netns = os.open(f"/proc/{other.pid}/ns/net", os.O_RDONLY)
        link = lib.bpf_link_create(prog, netns, BPF_SK_LOOKUP, None)
        os.close(netns)
        assert link >= 0
        try:
            assert not lib.bpf_obj_pin(link, os.path.join(pins, "link").encode())
            found = [f for f in audit("--only", "dead-link")
                     if f["evidence"]["prog_id"] == loaded["id"]]
            assert not found
            other.stdin.close()
            other.wait()
            # The namespace goes some time after its last process.
            for _ in range(100):
                found = [f for f in audit("--only", "dead-link")
                         if f["evidence"]["prog_id"] == loaded["id"]]
                if found:
                    break
                time.sleep(0.1)
        finally:
            os.close(link)
            os.close(prog)
    [finding] = found
    assert finding["evidence"]["pinned"] == [os.path.join(pins, "link")]
    assert finding["command"] == "rm " + os.path.join(pins, "link")


def test_a_map_that_a_process_has_alone(pins):
    path = os.path.join(pins, "map")
    number = create_map(path)
    with holder(path) as (process, said):
        assert said == "held"
        os.unlink(path)
        [finding] = of(audit(), "map", number)
        assert (finding["rule"], finding["severity"]) == ("map-without-program", "note")
        assert finding["evidence"]["pid"] == process.pid


# Maps that are full.


def test_maps_that_are_full(pins):
    numbers = {}
    for name, kind, count in [("full", "hash", 4), ("nearly", "hash", 3), ("half", "hash", 2),
                              ("recent", "lru_hash", 4), ("array", "array", 4)]:
        path = os.path.join(pins, name)
        numbers[create_map(path, kind)] = name
        fill(path, count)
    audited = document("kernel", "audit", "--only", "map-nearly-full", "--full", "75")
    if not kernel_has("bpf_map_sum_elem_count"):
        [rule] = audited["rules"]
        assert "does not count the elements of hashes" in rule["not_checked"]
        return
    found = {numbers[f["id"]]: f["severity"] for f in audited["findings"] if f["id"] in numbers}
    assert found == {"full": "high", "nearly": "medium"}


# Who may open what.


def opens(path):
    """Whether a user that is nothing here gets a descriptor of what is pinned there."""
    with holder(path, user=NOBODY, group=NOBODY, extra_groups=[]) as (process, said):
        return said == "held"


def test_pins_that_any_user_may_open(pins):
    path = os.path.join(pins, "map")
    number = create_map(path)
    os.chmod(path, 0o666)
    [finding] = of(audit("--only", "world-open-pin"), "map", number)
    assert finding["severity"] == "high"
    assert finding["evidence"]["mode"] == "0666"
    assert opens(path) == anybody_may_ask()
    os.chmod(pins, 0o700)
    assert not of(audit("--only", "world-open-pin"), "map", number)
    assert not opens(path)
    os.chmod(pins, 0o755)
    subprocess.run(["sh", "-ec", finding["command"]], check=True)
    assert not of(audit("--only", "world-open-pin"), "map", number)
    assert not opens(path)


def test_a_pin_that_any_user_may_replace(pins):
    number = create_map(os.path.join(pins, "map"))
    os.chmod(pins, 0o777)
    [finding] = of(audit("--only", "replaceable-pin"), "map", number)
    assert finding["severity"] == "high"
    subprocess.run(["sh", "-ec", finding["command"]], check=True)
    assert not of(audit("--only", "replaceable-pin"), "map", number)


def test_names_that_talk_to_the_terminal(pins):
    path = os.path.join(pins, "\033[31mred\n'")
    number = create_map(path)
    [finding] = of(audit("--only", "stale-pin"), "map", number)
    assert finding["evidence"]["pinned"] == [pins + "/\\x1b[31mred\\x0a'"]
    table = bpftrek("--on", "kernel", "audit", "--only", "stale-pin").stdout
    assert b"\033" not in table and b"\\x1b[31mred\\x0a'" in table
    sarif = json.loads(bpftrek("--on", "kernel", "audit", "--only", "stale-pin", "--sarif").stdout)
    [result] = [r for r in sarif["runs"][0]["results"]
                if r["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] ==
                f"kernel/map/{number}"]
    assert "\\[31mred" in result["message"]["text"]
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert location == "file://" + pins + "/%1B%5B31mred%0A'"
    subprocess.run(["bash", "-ec", finding["command"]], check=True)
    assert not os.path.exists(path)


# Who may write into whose maps.


def test_a_map_that_a_process_of_another_user_has(pins, program):
    path = os.path.join(pins, "prog")
    loaded = load(program, path)
    [number] = [m for m in loaded["map_ids"] if bpftool("map", "show", "id", str(m))["name"] ==
                "counts"]
    lib = ctypes.CDLL("libbpf.so.1")
    fd = lib.bpf_map_get_fd_by_id(number)
    assert fd >= 0
    try:
        with holder(path), holder(path, user=NOBODY, group=NOBODY, extra_groups=[], pass_fds=[fd]):
            [finding] = of(audit("--only", "foreign-descriptor"), "map", number)
        assert finding["evidence"]["process_uid"] == NOBODY
        assert finding["evidence"]["prog_ids"] == [loaded["id"]]
        with holder(path, pass_fds=[fd]):
            assert not of(audit("--only", "foreign-descriptor"), "map", number)
    finally:
        os.close(fd)


def test_a_map_that_programs_of_two_processes_use(pins, program):
    first, second, counts = (os.path.join(pins, name) for name in ["first", "second", "counts"])
    loaded = load(program, first)
    [number] = [m for m in loaded["map_ids"] if bpftool("map", "show", "id", str(m))["name"] ==
                "counts"]
    bpftool("map", "pin", "id", str(number), counts)
    bpftool("prog", "load", program, second, "map", "name", "counts", "pinned", counts)
    with holder(first, second):
        assert not of(audit("--only", "shared-map-writer"), "map", number)
    with holder(first), holder(second):
        [finding] = of(audit("--only", "shared-map-writer"), "map", number)
    assert finding["severity"] == "note"


# Time.


def test_a_program_that_runs_all_the_time(pins, program):
    path, data = os.path.join(pins, "prog"), tempfile.NamedTemporaryFile()
    loaded = load(program, path)
    beside = load(program, os.path.join(pins, "beside"))
    data.write(bytes(64))
    data.flush()
    with subprocess.Popen([BPFTOOL, "prog", "run", "pinned", path, "data_in", data.name, "repeat",
                           "4000000000"], stdout=subprocess.DEVNULL) as running:
        try:
            findings = audit("--only", "run-time-dominator", "--sample", "1", "--cpu", "1")
        finally:
            running.kill()
    assert running.returncode == -9, "it ran to its end before it was looked at"
    [finding] = of(findings, "prog", loaded["id"])
    assert finding["evidence"]["run_cnt"] > 0
    assert 1 <= finding["evidence"]["percent_of_a_cpu"] <= 200
    assert not of(findings, "prog", beside["id"])


# What goes while it is looked at.


def test_objects_that_come_and_go_are_not_blamed(bpffs, tmp_path):
    """A process that loads and gives up all the time: each object lives for milliseconds."""
    come = compile_object(tmp_path / "come.bpf.o", ITERATOR)
    loop = 'while "$0" --on kernel run "$1"; do :; done'
    with subprocess.Popen(["sh", "-c", loop, BPFTREK, come], stdout=subprocess.DEVNULL) as busy:
        try:
            blamed = [f for _ in range(5) for f in audit("--ignore", "map-without-program")
                      if f["name"] in ["come_and_go", "come_with_it"]]
        finally:
            busy.kill()
    assert not blamed
