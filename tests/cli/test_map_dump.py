# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""`map dump` and `map count`: what each form of output is, and what ends a dump early.

What is in it is held against bpftool's in tests/zoo. The build passes in the environment, beside
what command.py needs: HAMMER (hammer.c).
"""

import csv
import fcntl
import io
import json
import os
import pathlib
import pty
import re
import resource
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import time

import pytest

from command import BPFTREK, ENV, bpftrek, compile_object, obj, output, says, unprivileged
from kernel import anybody_may_ask

HAMMER = os.environ["HAMMER"]
CPUS = os.sysconf("SC_NPROCESSORS_CONF")


@pytest.fixture
def loaded(tmp_path):
    """The arguments that load dumped.bpf.o with these rows in a map of it."""

    def arguments(name, rows):
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return ["--load", obj("dumped"), "--fill", f"{name}={path}"]

    return arguments


def numbered(count):
    return [{"key": n, "value": n * n} for n in range(count)]


def start(engine, *args, **options):
    return subprocess.Popen([BPFTREK, "--on", engine, *args], stdout=subprocess.PIPE,
                            stderr=options.pop("stderr", subprocess.PIPE),
                            env=dict(ENV, TERM="xterm"), **options)


# Forms.


def test_table(engine, loaded):
    args = ["map", "dump", "texts", *loaded("texts", [
        {"key": 7, "value": {"kind": 1, "text": "caf\u00e9"}}])]
    assert output(engine, *args) == "KEY  KIND  TEXT\n  7     1  caf\u00e9\n"
    assert output(engine, "-q", *args) == "  7     1  caf\u00e9\n"


def test_what_would_talk_to_the_terminal_is_escaped(engine, loaded):
    octets = [*b"a\t\x1b[1m", 0, 0, 0, 0, 0, 0, 0, 0, 0]
    args = ["map", "dump", "texts", *loaded("texts", [
        {"key": 7, "value": {"kind": 1, "text": octets}}])]
    for form in ["table", "csv", "json", "jsonl"]:
        text = output(engine, *args, "--format", form)
        assert "\x1b" not in text and "\t" not in text
    assert json.loads(output(engine, *args, "--format", "json"))[0]["value"]["text"] == octets
    args = ["map", "dump", "texts", *loaded("texts", [
        {"key": 7, "value": {"kind": 1, "text": "a\tb\nc"}}])]
    assert "a\\tb\\nc" in output(engine, *args)
    assert json.loads(output(engine, "--jsonl", *args))["value"]["text"] == "a\tb\nc"


def test_keys_that_differ_behind_a_nul(engine, tmp_path):
    source = """
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
typedef char name[4];
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 9); __type(key, name);
	__type(value, name); } names SEC(".maps");
"""
    keys = ["a", [97, 0, 0, 1], [97, 0, 98, 0]]
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"key": k, "value": [97, 0, 0, 1]}) + "\n" for k in keys))
    args = ["map", "dump", "names", "--load", compile_object(tmp_path / "names.o", source),
            "--fill", f"names={rows}"]
    read = [json.loads(line) for line in output(engine, "--jsonl", *args).splitlines()]
    assert sorted(map(str, keys)) == sorted(str(element["key"]) for element in read)
    assert {element["value"] for element in read} == {"a"}
    assert sorted(output(engine, "-q", *args).splitlines()) == [
        "61 00 00 01  a", "61 00 62 00  a", "a            a"]


def test_columns_after_wide_characters(engine, tmp_path):
    """As a terminal shows them: two columns for an ideograph, none for an accent over a letter."""
    source = """
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
typedef char name[8];
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 9); __type(key, name);
	__type(value, name); } names SEC(".maps");
"""
    rows = tmp_path / "rows.jsonl"
    keys = ["\u6771\u4eac", "cafe\u0301", "\U0001f600", "plain"]
    rows.write_text("".join(json.dumps({"key": key, "value": "x"}) + "\n" for key in keys))
    args = ["map", "dump", "names", "--load", compile_object(tmp_path / "names.o", source),
            "--fill", f"names={rows}"]
    assert sorted(output(engine, *args).splitlines()) == sorted([
        "KEY    VALUE", "\u6771\u4eac   x", "cafe\u0301   x", "\U0001f600     x", "plain  x"])


def test_json(engine, loaded):
    args = ["map", "dump", "large", *loaded("large", numbered(100))]
    by_key = lambda element: element["key"]  # noqa: E731
    expected = numbered(100)
    for options in [["-j"], ["-p"], ["--format", "json"], ["--jsonl", "--format", "json"]]:
        assert sorted(json.loads(output(engine, *args, *options)), key=by_key) == expected
    for options in [["--jsonl"], ["--format", "jsonl"], ["-p", "--format", "jsonl"]]:
        lines = output(engine, *args, *options).splitlines()
        assert sorted(map(json.loads, lines), key=by_key) == expected
    one = output(engine, "-p", *args, "--limit", "1")
    assert one == json.dumps(json.loads(one), indent=2) + "\n"


@pytest.mark.parametrize("form,empty", [
    ("table", "KEY  VALUE\n"), ("json", "[]\n"), ("jsonl", ""), ("csv", "key,value\n"),
    ("raw", "")])
def test_nothing(engine, form, empty):
    args = ["map", "dump", "large", "--load", obj("dumped"), "--format", form]
    assert output(engine, *args) == empty
    assert output(engine, *args, "--pretty") == empty
    assert output(engine, *args, "--limit", "0", "--pretty") == empty
    assert output(engine, "map", "count", "large", "--load", obj("dumped")) == "0\n"


def test_csv(engine, loaded):
    texts = ['a,"b"', "", '"', ",", "a\nb\\n", "\tb\\", " x ", "\u65e5\u672c"]
    rows = [{"key": n, "value": {"kind": 2, "text": text}} for n, text in enumerate(texts)]
    text = output(engine, "map", "dump", "texts", "--format", "csv", *loaded("texts", rows))
    read = sorted(csv.reader(io.StringIO(text, newline="")))
    assert read.pop() == ["key", "value.kind", "value.text"]
    assert read == [[str(n), "2", text] for n, text in enumerate(texts)]


def test_raw(engine, loaded):
    args = ["map", "dump", "large", "--format", "raw", *loaded("large", numbered(1000))]
    raw = bpftrek("--on", engine, *args).stdout
    assert sorted(struct.iter_unpack("=IQ", raw)) == [(n, n * n) for n in range(1000)]
    says(bpftrek("--on", engine, *args, "--percpu", "sum"), "raw", status=2)


def on_terminal(engine, columns, *args):
    """What a terminal of so many columns is shown, and standard error."""
    main, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 20, columns, 0, 0))
    done = bpftrek("--on", engine, *args, stdout=terminal)
    os.close(terminal)
    assert done.returncode == 0
    return read_terminal(main).decode().replace("\r\n", "\n"), done.stderr


def test_a_table_that_is_too_wide_is_blocks(engine, loaded):
    rows = [{"key": 7, "value": {"kind": 1, "text": "fourteen bytes"}}]
    args = ["map", "dump", "texts", *loaded("texts", rows)]
    table = "KEY  KIND  TEXT\n  7     1  fourteen bytes\n"
    blocks = "key:  7\nkind: 1\ntext: fourteen bytes\n\n"
    assert output(engine, *args) == table
    assert on_terminal(engine, 25, *args) == (table, b"")
    assert on_terminal(engine, 24, *args) == (blocks, b"")
    assert on_terminal(engine, 24, "-q", *args) == (blocks, b"")


def test_blocks_of_cpus(engine, loaded):
    args = ["map", "dump", "counters", *loaded("counters", COUNTERS)]
    blocks = "".join(f"key:   5\ncpu:   {value['cpu']}\nvalue: {value['value']}\n\n"
                     for value in COUNTERS[0]["values"])
    assert on_terminal(engine, 10, *args, "--percpu", "each") == (blocks, b"")
    total = sum(value["value"] for value in COUNTERS[0]["values"])
    text, errors = on_terminal(engine, 10, *args)
    assert text == f"key:   5\nvalue: {total}\n\n"
    assert b"sums" in errors and b"--percpu each" in errors
    assert on_terminal(engine, 10, "-q", *args)[1] == b""


def test_widths_are_of_what_is_shown(engine, loaded):
    args = ["map", "dump", "list", *loaded("list", [{"key": 1, "value": 1 << 40}])]
    assert output(engine, *args, "--limit", "1") == "KEY  VALUE\n  0      0\n"
    assert output(engine, *args, "--limit", "2") == (
        "KEY          VALUE\n  0              0\n  1  1099511627776\n")


def test_arrays_are_in_order(engine, loaded):
    lines = output(engine, "--jsonl", "map", "dump", "list", *loaded("list", numbered(5000)))
    assert [json.loads(line) for line in lines.splitlines()] == numbered(5000)


def test_limit(engine, loaded):
    args = ["map", "dump", "large", *loaded("large", numbered(20000))]
    for limit in [1, 4096, 4097, 20000, 30000]:
        lines = output(engine, "-q", *args, "--limit", str(limit)).splitlines()
        assert len(set(lines)) == len(lines) == min(limit, 20000)


@pytest.mark.parametrize("args", [["--format", "xml"], ["--percpu", "none"], ["--limit", "-1"],
                                  ["--limit", "many"]], ids=" ".join)
def test_usage_errors(args):
    says(bpftrek("map", "dump", "m", *args), "--help", status=2)


def test_no_such_map(engine):
    says(bpftrek("--on", engine, "map", "dump", "no_such_map"), "no_such_map", "no such map")
    says(bpftrek("--on", engine, "map", "count", "id", "4294967295"), "4294967295")


# Values of CPUs.


COUNTERS = [{"key": 5, "values": [{"cpu": cpu, "value": (1 << 63) + cpu} for cpu in range(CPUS)]}]


def test_values_of_cpus(engine, loaded):
    args = ["map", "dump", "counters", *loaded("counters", COUNTERS)]
    assert json.loads(output(engine, "--jsonl", *args)) == COUNTERS[0]
    total = sum(value["value"] for value in COUNTERS[0]["values"])
    greatest = (1 << 63) + CPUS - 1
    assert output(engine, "--jsonl", *args, "--percpu", "sum") == f'{{"key":5,"value":{total}}}\n'
    assert json.loads(output(engine, "--jsonl", *args, "--percpu", "max"))["value"] == greatest
    assert output(engine, "-q", *args).split() == ["5", str(total)]
    assert output(engine, "-q", *args, "--percpu", "max").split() == ["5", str(greatest)]
    each = output(engine, *args, "--percpu", "each").splitlines()
    assert each[0].split() == ["KEY", "CPU", "VALUE"]
    assert [line.split() for line in each[1:]] == [
        ["5", str(cpu), str((1 << 63) + cpu)] for cpu in range(CPUS)]


def test_sums_of_what_has_no_type(engine, tmp_path):
    source = """
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#define MAP(map, size) struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(key_size, 4); \\
	__uint(value_size, size); __uint(max_entries, 1); } map SEC(".maps")
MAP(number, 8);
MAP(bytes, 12);
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 1); __type(key, int);
	__type(value, char[8]); } text SEC(".maps");
"""
    args = ["--load", compile_object(tmp_path / "untyped.o", source)]

    def dump(name, size, *options):
        values = [{"cpu": cpu, "value": "0x" + "07" + "00" * (size - 1)} for cpu in range(CPUS)]
        rows = tmp_path / "rows.jsonl"
        rows.write_text(json.dumps({"key": 0, "values": values}))
        return ["map", "dump", name, *args, "--fill", f"{name}={rows}", *options]

    for how, number in [("sum", 7 * CPUS), ("max", 7)]:
        text = output(engine, "--jsonl", *dump("number", 8, "--percpu", how))
        assert json.loads(text) == {"key": 0, "value": number}
        text = output(engine, "-q", *dump("number", 8, "--percpu", how))
        assert text.split()[-1] == str(number)
        for form in ["json", "table", "csv"]:
            options = ["--percpu", how, "--format", form]
            says(bpftrek("--on", engine, *dump("bytes", 12, *options)), "bytes", "no number")
            says(bpftrek("--on", engine, *dump("text", 8, *options)), "text", "no number")
    assert len(output(engine, "-q", *dump("text", 8)).splitlines()) == CPUS


def test_sums_of_numbers_with_a_sign(engine, loaded):
    rows = [{"key": 1, "values": [{"cpu": cpu, "value": -(1 << 31)} for cpu in range(CPUS)]}]
    args = ["map", "dump", "slots", *loaded("slots", rows)]
    args += ["-q", "--format", "csv"]
    lines = output(engine, *args).splitlines()
    assert lines == ["0,0", f"1,{-(1 << 31) * CPUS}"]
    lines = output(engine, *args, "--percpu", "max").splitlines()
    assert lines == ["0,0", f"1,{-(1 << 31)}"]


@pytest.mark.parametrize("row,words", [
    ({"key": 1, "values": 5}, "no list"),
    ({"key": 1, "values": [5]}, "not a CPU's"),
    ({"key": 1, "values": [{"cpu": 1 << 20, "value": 1}]}, "no CPU 1048576"),
    ({"key": 1, "values": [{"cpu": -1, "value": 1}]}, "no CPU -1"),
    ({"key": 1, "values": [{"cpu": 0, "value": 1 << 40}]}, "does not fit"),
])
def test_wrong_values_of_cpus(engine, loaded, row, words):
    says(bpftrek("--on", engine, "map", "dump", "slots", *loaded("slots", [row])), words)


# Sizes.


def test_elements_larger_than_a_batch(engine, loaded):
    rows = [{"key": n, "value": "0x" + f"{n:02x}" * 300000} for n in range(1, 6)]
    args = ["map", "dump", "pages", "--format", "raw", *loaded("pages", rows)]
    raw = bpftrek("--on", engine, *args).stdout
    elements = sorted(raw[at:at + 300004] for at in range(0, len(raw), 300004))
    # A difference of this size is not for pytest to explain.
    assert len(elements) == 5
    assert all(e == struct.pack("=I", n) + bytes([n]) * 300000
               for n, e in enumerate(elements, 1))


def test_buckets_larger_than_a_batch(engine, loaded):
    rows = [{"key": n, "value": "0x" + f"{n:02x}" * 65536} for n in range(64)]
    args = ["map", "dump", "blocks", "--format", "raw", *loaded("blocks", rows)]
    raw = bpftrek("--on", engine, *args).stdout
    assert sorted(struct.unpack_from("=I65536B", raw, at)[::65536]
                  for at in range(0, len(raw), 65540)) == [(n, n) for n in range(64)]


def test_trie(engine, loaded):
    rows, seen = [], set()
    for n in range(4000):
        length = (32, 24, 28, 30, 31, 0, 17)[n % 7]
        address = (n * 2654435761 & 0xffffffff) >> 32 - length << 32 - length
        if (length, address) not in seen:
            rows.append({"key": {"prefixlen": length, "address": [*address.to_bytes(4, "big")]},
                         "value": n})
            seen.add((length, address))
    args = ["map", "dump", "prefixes", *loaded("prefixes", rows)]
    lines = output(engine, "--jsonl", *args).splitlines()
    by_value = lambda element: element["value"]  # noqa: E731
    assert sorted(map(json.loads, lines), key=by_value) == rows


def test_count(engine, loaded):
    args = ["map", "count", "large", *loaded("large", numbered(12345))]
    assert output(engine, *args) == "12345\n"
    told = json.loads(output(engine, "-j", *args))
    assert told.pop("id") and told.pop("counted_by") in ["engine", "reading"]
    assert told == {"name": "large", "max_entries": 1000000, "elements": 12345}
    for name, count in [("list", 5000), ("slots", 2), ("prefixes", 0)]:
        assert output(engine, "map", "count", name, "--load", obj("dumped")) == f"{count}\n"


# Ends.


def test_reader_that_goes_away(engine, loaded):
    args = loaded("large", numbered(50000))
    for form in ["table", "json", "raw"]:
        process = start(engine, "map", "dump", "large", "--format", form, *args)
        assert process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        process.stderr.close()
        assert process.wait(60) in [0, -signal.SIGPIPE]


def test_full_disk(engine, loaded):
    args = ["map", "dump", "large", *loaded("large", numbered(20000))]
    for form in ["table", "json", "raw"]:
        with open("/dev/full", "wb") as full:
            done = bpftrek("--on", engine, *args, "--format", form, stdout=full)
        assert done.returncode == 1
        assert done.stderr == (b"bpftrek: standard output: No space left on device; make room and "
                               b"run it again\n")


def test_closed_output(engine, loaded):
    args = ["map", "dump", "large", *loaded("large", numbered(3))]
    done = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", BPFTREK, "--on", engine, *args],
                          stderr=subprocess.PIPE, env=ENV, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr == (b"bpftrek: standard output: Bad file descriptor; open it to be written "
                           b"and run it again\n")


def test_limit_of_files(kernel_refusal, loaded, tmp_path):
    if kernel_refusal:
        pytest.skip("the kernel's BPF cannot be used here: " + kernel_refusal)
    args = ["map", "dump", "large", *loaded("large", numbered(20000))]
    with open(tmp_path / "out", "wb") as out:
        done = bpftrek("--on", "kernel", *args, stdout=out,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)))
    assert done.returncode == 1
    assert done.stderr == (b"bpftrek: standard output: File too large; raise the limit of files "
                           b"(ulimit -f) and run it again\n")


def test_empty_places_of_arrays_of_maps(engine, tmp_path):
    source = """
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct inner { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, int);
	__type(value, int); } first SEC(".maps"), last SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __uint(max_entries, 9000); __type(key, int);
	__array(values, struct inner); } outer SEC(".maps") = {.values = {[10] = &first,
									[8999] = &last}};
"""
    args = ["--load", compile_object(tmp_path / "outer.o", source)]
    lines = output(engine, "--jsonl", "map", "dump", "outer", *args).splitlines()
    assert [json.loads(line)["key"] for line in lines] == [10, 8999]
    assert output(engine, "map", "count", "outer", *args) == "2\n"


ENDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGHUP: "hung up"}


def catches(process, which):
    with open(f"/proc/{process.pid}/status", encoding="utf-8") as status:
        return int(re.search(r"SigCgt:\s*(\w+)", status.read())[1], 16) >> which - 1 & 1


def end_and_read(process, end=signal.SIGINT):
    """All output of a process that a signal ends after some, and what it says of how much it is."""
    text = process.stdout.read(100)
    process.send_signal(end)
    text += process.stdout.read()
    errors = process.stderr.read().decode()
    assert process.wait(60) == 128 + end
    told = re.fullmatch(rf"bpftrek: {ENDS[end]} after (\d+) elements; [^\n]+\n", errors)
    assert told, errors
    process.stdout.close()
    process.stderr.close()
    return text.decode(), int(told[1])


@pytest.mark.parametrize("form,end", [
    ("json", signal.SIGINT), ("jsonl", signal.SIGTERM), ("pretty", signal.SIGHUP)],
    ids=["json", "jsonl", "pretty"])
def test_a_signal_leaves_whole_json(engine, loaded, form, end):
    args = ["map", "dump", "large", *loaded("large", numbered(50000))]
    options = ["--" + form]
    text, told = end_and_read(start(engine, *options, *args), end)
    elements = [json.loads(line) for line in text.splitlines()] if form == "jsonl" \
        else json.loads(text)
    assert len(elements) == told < 50000
    assert all(element["value"] == element["key"] ** 2 for element in elements)


def test_a_signal_that_is_ignored_stays_so(engine, loaded):
    process = start(engine, "--json", "map", "dump", "large", *loaded("large", numbered(20000)),
                    preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    text = process.stdout.read(100)
    process.send_signal(signal.SIGHUP)
    assert len(json.loads(text + process.stdout.read())) == 20000
    assert (process.stderr.read(), process.wait(60)) == (b"", 0)
    process.stdout.close()
    process.stderr.close()


def test_a_second_signal_ends_it_at_once(engine, loaded):
    """Be it another one."""
    first, second = signal.SIGINT, signal.SIGTERM
    process = start(engine, "--json", "map", "dump", "large", *loaded("large", numbered(50000)),
                    pipesize=4096)
    assert select.select([process.stdout], [], [], 60)[0]

    assert catches(process, first)
    process.send_signal(first)
    while process.poll() is None and catches(process, first):
        time.sleep(0.001)
    process.send_signal(second)
    status = process.wait(60)
    # It may have come to its own end by then.
    assert status in [128 + first, -second]
    process.stdout.close()
    process.stderr.close()


def test_interrupt_while_nobody_reads(engine, loaded):
    process = start(engine, "--jsonl", "map", "dump", "large", *loaded("large", numbered(50000)),
                    pipesize=4096)
    assert select.select([process.stdout], [], [], 60)[0]
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert b"it is cut" in process.stderr.read()
    process.stdout.close()
    process.stderr.close()


def test_interrupt_while_somebody_reads_slowly(engine, loaded):
    """What was begun by then is little: it is written, nothing else."""
    process = start(engine, "--jsonl", "map", "dump", "large", *loaded("large", numbered(50000)),
                    pipesize=4096)
    fd = process.stdout.fileno()
    assert os.read(fd, 4096)
    process.send_signal(signal.SIGINT)
    after = 0
    while piece := os.read(fd, 4096):
        after += len(piece)
        time.sleep(0.02)
    assert after < 20000
    assert process.wait(60) == 130
    assert b"interrupted" in process.stderr.read()
    process.stdout.close()
    process.stderr.close()


def is_stuck(process, terminal):
    """For half a second nothing can be written, and nothing runs that would."""
    for _ in range(5):
        if select.select([], [terminal], [], 0.1)[1]:
            return False
        for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
            if (task / "stat").read_text().rpartition(") ")[2][0] != "S":
                return False
    return True


def test_interrupt_of_a_terminal_that_takes_nothing(engine, loaded):
    args = loaded("large", numbered(50000))
    for errors in [subprocess.PIPE] * 3 + [None] * 2:
        main, terminal = pty.openpty()
        process = subprocess.Popen([BPFTREK, "--on", engine, "map", "dump", "large", *args],
                                   stdout=terminal, stderr=errors or terminal, env=ENV)
        assert select.select([main], [], [], 60)[0]
        while not is_stuck(process, terminal):
            pass
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        if errors:
            assert b"it is cut" in process.stderr.read()
            process.stderr.close()
        os.close(terminal)
        os.close(main)


PINNED = """
mount -t bpf -o mode=0755 none "$1"
"$BPFTOOL" map create "$1/map" type hash key 4 value 4 entries 4 name pinned
"$BPFTOOL" map update pinned "$1/map" key 7 0 0 0 value 8 0 0 0
chmod "$2" "$1/map"
shift 2
exec "$@"
"""


@pytest.mark.parametrize("mode", ["0666", "0644", "0600"])
def test_a_pin_is_opened_by_who_may(mode, kernel_refusal):
    """That needs no capability."""
    if os.getuid() or kernel_refusal or not shutil.which("setpriv"):
        pytest.skip("not root, or no kernel, or no setpriv")
    user = str(unprivileged()["user"])
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        os.chmod(directory, 0o755)
        for command, expected in [("dump", b'{"key":"0x07000000","value":"0x08000000"}\n'),
                                  ("count", None)]:
            done = subprocess.run(
                ["unshare", "-m", "sh", "-ec", PINNED, "sh", directory, mode, "setpriv", "--reuid",
                 user, "--clear-groups", BPFTREK, "--jsonl", "map", command, "pinned",
                 directory + "/map"], env=ENV, capture_output=True, check=False, timeout=60)
            if not anybody_may_ask():
                says(done, "CAP_BPF")
                continue
            if mode == "0600":
                says(done, "its mode", "run it as root")
                continue
            assert (done.returncode, done.stderr) == (0, b"")
            assert json.loads(done.stdout)["elements"] == 1 if not expected else (
                done.stdout == expected)


LARGE = {"numbers": ("unsigned long long[1 << 20]", "0x" + "01" * (8 << 20)),
         "text": ("char[8 << 20]", "ab" * (4 << 20)),
         "octets": ("char[8 << 20]", "0x" + "ff61" * (4 << 20)),
         "bytes": (None, "0x" + "ff61" * (4 << 20))}


@pytest.mark.parametrize("type,form", [("numbers", "csv"), ("text", "json"), ("octets", "csv"),
                                       ("bytes", "table")])
def test_a_signal_in_a_large_value(engine, tmp_path, type, form):
    """What is there is whole, unless it is said that it is cut: this is no test of time, so the
    value may be written already."""
    c_type, value = LARGE[type]
    types = f"__type(key, int); __type(value, {c_type})" if c_type else (
        "__uint(key_size, 4); __uint(value_size, 8 << 20)")
    source = f"""
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct {{ __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); {types}; }} large SEC(".maps");
"""
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"key": 0, "value": value}))
    process = start(engine, "map", "dump", "large", "--format", form, "--load",
                    compile_object(tmp_path / "large.o", source), "--fill", f"large={rows}")
    while process.poll() is None and not catches(process, signal.SIGTERM):
        time.sleep(0.001)
    process.send_signal(signal.SIGTERM)
    text, errors = process.communicate(timeout=60)
    if b"of type array: Argument list too long" in errors:
        pytest.skip("this kernel makes no array of such values")
    assert process.returncode == 128 + signal.SIGTERM
    if b"it is cut" in errors:
        return
    told = re.match(rb"bpftrek: terminated after ([01]) elements; ", errors)
    assert told, errors
    elements = json.loads(text) if form == "json" else text.splitlines()[1:]
    assert len(elements) == int(told[1])


@pytest.mark.parametrize("command", ["dump", "count"])
@pytest.mark.parametrize("name", [["id", "1"], ["some_name"]], ids=["id", "name"])
def test_to_open_an_id_takes_one_capability(command, name):
    user = unprivileged()
    if not user and not os.getuid():
        pytest.skip("no other user")
    says(bpftrek("map", command, *name, **user), "CAP_SYS_ADMIN", "pinned", "--on embedded")


def read_terminal(fd):
    text = b""
    try:
        while piece := os.read(fd, 4096):
            text += piece
    except OSError:  # nobody writes to it any more
        pass
    os.close(fd)
    return text


def test_raw_bytes_do_not_go_to_a_terminal(engine, loaded):
    main, terminal = pty.openpty()
    done = bpftrek("--on", engine, "map", "dump", "large", "--format", "raw",
                   *loaded("large", numbered(3)), stdout=terminal)
    os.close(terminal)
    assert read_terminal(main) == b"" and done.returncode == 1
    assert re.fullmatch(rb"bpftrek: --format raw: [^\n]+; send them to a file.*\n", done.stderr)


@pytest.mark.parametrize("options,shown", [([], True), (["-q"], False)], ids=["shown", "quiet"])
def test_progress(engine, loaded, options, shown):
    args = loaded("large", numbered(50000))
    main, terminal = pty.openpty()
    process = start(engine, *options, "map", "dump", "large", *args, stderr=terminal)
    os.close(terminal)
    assert process.stdout.read(100)
    time.sleep(0.7)  # longer than a dump is silent
    process.stdout.read()
    assert process.wait(60) == 0
    process.stdout.close()
    text = read_terminal(main)
    if shown:
        assert b"elements" in text and text.endswith(b"\r\x1b[K")
    else:
        assert text == b""


# Beside who writes.


# hammer.c says what is in them: how many keys stay, and how many numbers a value has.
HAMMERED = {"hash": (20000, 8), "hash_no_prealloc": (20000, 8), "percpu_hash": (20000, 8),
            "lru_hash": (20000, 8), "lru_percpu_hash": (20000, 8), "lpm_trie": (20000, 8),
            "locked_array": (64, 512)}


def is_whole(numbers, n, kind):
    """The numbers of a key with a CPU each, or with a lock in place of the first one."""
    each = HAMMERED[kind][1]
    if kind == "locked_array":
        numbers = numbers[1:2] + numbers[1:]
    return all(set(numbers[cpu * each:(cpu + 1) * each]) ==
               {numbers[cpu * each] >> 32 << 32 | cpu << 20 | n}
               for cpu in range(len(numbers) // each))


@pytest.mark.parametrize("kind", HAMMERED)
def test_what_stays_is_there_once(kernel_refusal, kind):
    if kernel_refusal:
        pytest.skip("the kernel's BPF cannot be used here: " + kernel_refusal)
    stay, each = HAMMERED[kind]
    count = each * (CPUS if "percpu" in kind else 1)
    element = struct.Struct(f"={'I' if kind == 'lpm_trie' else ''}I{count}Q")
    with subprocess.Popen([HAMMER, kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as hammer:
        id = hammer.stdout.readline().strip()
        assert id, "no map to hammer on"
        for _ in range(100 if kind == "locked_array" else 5):
            raw = bpftrek("--on", "kernel", "map", "dump", "id", id, "--format", "raw").stdout
            keys = []
            for fields in element.iter_unpack(raw):
                n, numbers = fields[-count - 1], fields[-count:]
                keys.append(n)
                assert is_whole(numbers, n, kind), (n, numbers)
            assert sorted(n for n in keys if n < stay) == list(range(stay))
        assert hammer.poll() is None
        hammer.stdin.close()
        assert hammer.wait(60) == 0
