# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""The command from end to end, on each engine: what it prints, and what it says of bad input.

The build passes in the environment, beside what command.py needs: SKELETON and RINGS (libbpf
programs).
"""

import json
import os
import re
import resource
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import time

import pytest

from command import BPFTREK, ENV, bpftrek, compile_object, obj, output, says, unprivileged

SKELETON = os.environ["SKELETON"]
RINGS = os.environ["RINGS"]


@pytest.fixture
def rows(tmp_path):
    """Writes rows into a file and returns its path."""

    def write(*lines, name="rows.jsonl"):
        path = tmp_path / name
        path.write_text("".join(
            (line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
        return str(path)

    return write


# The command itself.


@pytest.mark.parametrize("command", ["run", "check", "targets", "btf", "btf dump", "exec",
                                     "version", "help"])
def test_help_of_a_command(command):
    text = output("embedded", *command.split(), "--help")
    assert text.startswith("Usage: bpftrek " + command)
    assert re.search(r"\nExamples?:\n  bpftrek ", text)
    assert max(map(len, text.splitlines())) <= 80
    assert output("embedded", "help", *command.split()) == text


@pytest.mark.parametrize("args, meant", [
    ("chek x", "'check'"), ("btf dmp", "'dump'"), ("help btf dupm", "'dump'"), ("r x", "'run'"),
    ("btf dump --formt c", "'--format'"), ("run --verbos x", None), ("--jason", "'--json'"),
    ("btf dump --format rwa", "'raw'"), ("btf dump --format RAW", "'raw'"),
    ("list", "'prog list', 'map list', 'link list' or 'btf list'"), ("count x", "'map count'"),
    ("dump x", "'map dump' or 'btf dump'"), ("frobnicate", None), ("run --frobnicate x", None),
])
def test_what_was_meant(args, meant):
    done = bpftrek("--on", "embedded", *args.split())
    assert done.returncode in (1, 2)
    assert re.findall(r"did you mean ('.*?')\?", done.stderr.decode()) == ([meant] if meant else [])


@pytest.mark.parametrize("args", ["-j run x", "run -p x", "btf --jsonl dump", "exec -j -- true",
                                  "-j help"])
def test_json_where_there_is_none(args):
    says(bpftrek(*args.split()), "writes no JSON", status=2)


def test_quiet_leaves_out_the_head():
    table = output("embedded", "targets")
    assert output("embedded", "-q", "targets") == table.split("\n", 1)[1]


def test_help_lists_the_commands():
    text = bpftrek("-h").stdout.decode()
    for command in ["run", "check", "targets", "btf", "exec", "version", "help"]:
        assert re.search(rf"^  {command} ", text, re.M)


def test_version():
    text = bpftrek("version").stdout.decode()
    assert re.fullmatch(r"bpftrek \d+\.\d+\.\d+, libbpf \d+\.\d+\n", text)
    assert bpftrek("-V").stdout.decode() == text
    assert bpftrek("run", "--version").stdout.decode() == text
    versions = json.loads(bpftrek("-j", "version").stdout)
    assert text == f"bpftrek {versions['bpftrek']}, libbpf {versions['libbpf']}\n"


@pytest.mark.parametrize("args", [
    [], ["nosuch"], ["-x"], ["--nosuch"], ["--on"], ["--on", "mars", "targets"],
    ["run"], ["run", "a", "b", "c"], ["run", "--nosuch", "a"], ["run", "a", "--map"],
    ["run", "a", "--map", "id"], ["run", "a", "--map", "id", "x"], ["run", "a", "--map", "id", "-1"],
    ["run", "a", "--map", "id", "4294967296"], ["run", "a", "--map", "m", "--map", "n"],
    ["run", "a", "--fill", "m"], ["run", "a", "--json=x"], ["run", "a", "--fill", "=f"], ["run", "a", "--set", "v"],
    ["targets", "a"], ["btf"], ["btf", "nosuch"], ["btf", "dump", "a"],
    ["btf", "dump", "--format", "d"], ["help", "btf", "a"], ["version", "a"], ["exec"], ["exec", "--"],
    ["--on", "kernel", "exec", "--", "true"],
], ids=" ".join)
def test_usage_errors(args):
    says(bpftrek(*args), "--help", status=2)


def test_engine_of_the_environment():
    says(bpftrek("targets", env={"BPFTREK_ON": "mars"}), "$BPFTREK_ON", "mars", status=2)
    assert bpftrek("targets", env={"BPFTREK_ON": "embedded"}).stdout == \
        bpftrek("--on", "embedded", "targets").stdout
    assert bpftrek("targets", "--on", "embedded", env={"BPFTREK_ON": "mars"}).returncode == 0


def test_targets(engine):
    table = output(engine, "targets")
    assert re.match(r"TARGET +CONTEXT\n", table)
    lines = dict(line.split(maxsplit=1) for line in table.splitlines())
    assert lines["bpf_map"] == "struct bpf_map *map"
    assert lines["bpf_prog"] == "struct bpf_prog *prog"
    assert lines["bpf_link"] == "struct bpf_link *link"
    assert lines["bpf_map_elem"] == "struct bpf_map *map, void *key, void *value"
    assert list(lines)[1:] == sorted(list(lines)[1:])

    targets = json.loads(output(engine, "-j", "targets"))
    assert [t["target"] for t in targets] == list(lines)[1:]
    elem = next(t for t in targets if t["target"] == "bpf_map_elem")
    assert elem == {
        "target": "bpf_map_elem",
        "context": "struct bpf_iter__bpf_map_elem",
        "arguments": [{"name": "map", "type": "struct bpf_map *"},
                      {"name": "key", "type": "void *"}, {"name": "value", "type": "void *"}],
    }
    assert json.loads(output(engine, "-p", "targets")) == targets
    assert [json.loads(line) for line in output(engine, "--jsonl", "targets").splitlines()] == targets


def test_btf_dump_is_a_header_to_compile_against(engine, tmp_path):
    header = output(engine, "btf", "dump")
    assert header.startswith("#ifndef __VMLINUX_H__\n#define __VMLINUX_H__\n")
    assert header.endswith("#endif /* __VMLINUX_H__ */\n")
    assert "preserve_access_index" in header
    (tmp_path / "vmlinux.h").write_text(header)
    sources = os.path.join(os.path.dirname(__file__), "..", "progs")
    for name in ("maps", "features"):  # features has constants and types of every origin
        subprocess.run([os.environ["CLANG"], *shlex.split(os.environ["BPF_CFLAGS"]), "-I", tmp_path,
                        "-c", os.path.join(sources, name + ".bpf.c"),
                        "-o", tmp_path / (name + ".bpf.o")], check=True)
    assert "end seq_num=" in output(engine, "run", str(tmp_path / "maps.bpf.o"))


def test_btf_dump_raw(engine):
    raw = bpftrek("--on", engine, "btf", "dump", "--format", "raw").stdout
    assert raw[:2] == (0xEB9F).to_bytes(2, sys.byteorder)
    if engine == "kernel":
        with open("/sys/kernel/btf/vmlinux", "rb") as file:
            assert raw == file.read()


# run: what is wrong.


def test_object_is_not_there(engine):
    says(bpftrek("--on", engine, "run", "/nonexistent.bpf.o"), "/nonexistent.bpf.o: No such file")


def test_object_is_a_directory(engine, tmp_path):
    says(bpftrek("--on", engine, "run", str(tmp_path)), "Is a directory")


@pytest.mark.parametrize("content", [b"", b"\x7f", b"not an object\n", b"\0" * 4096], ids=repr)
def test_object_is_no_elf(engine, tmp_path, content):
    path = tmp_path / "text.bpf.o"
    path.write_bytes(content[:64])
    says(bpftrek("--on", engine, "run", str(path)), f"{path}: not an ELF file")


def test_object_is_of_another_machine(engine):
    says(bpftrek("--on", engine, "run", BPFTREK), f"{BPFTREK}: not a BPF object")


def test_object_is_cut_off(engine, tmp_path):
    path = tmp_path / "cut.bpf.o"
    with open(obj("maps"), "rb") as file:
        path.write_bytes(file.read()[:2000])
    says(bpftrek("--on", engine, "run", str(path)), str(path))


def section(elf, wanted):
    """Where section @wanted of an ELF file is: offset and size."""
    order = "<" if elf[5] == 1 else ">"
    table, = struct.unpack_from(order + "Q", elf, 0x28)
    count, names = struct.unpack_from(order + "HH", elf, 0x3C)
    headers = [struct.unpack_from(order + "IIQQQQ", elf, table + 64 * i) for i in range(count)]
    for name, _, _, _, offset, size in headers:
        if elf[headers[names][4] + name:].startswith(wanted + b"\0"):
            return offset, size
    raise KeyError(wanted)


@pytest.mark.parametrize("word", [0x00FFFFFF, 0x7FFFFFF8, 0], ids=hex)
def test_types_of_the_object_are_damaged(engine, word, tmp_path):
    """Names and type ids that are none, types that hold themselves: a word said, no signal."""
    with open(obj("hash_elems"), "rb") as file:
        good = file.read()
    offset, _ = section(good, b".BTF")
    length, = struct.unpack_from("=I", good, offset + 12)
    path = tmp_path / "damaged.bpf.o"
    refused = 0
    for at in range(24, 24 + length, 4 * 7):
        path.write_bytes(good[:offset + at] + struct.pack("=I", word) + good[offset + at + 4:])
        done = bpftrek("--on", engine, "run", str(path), "--map", "hash", "--set", "nosuch=1")
        says(done)
        refused += b"types are damaged" in done.stderr
    assert refused or not word


def test_type_that_holds_itself(engine, tmp_path):
    with open(obj("hash_elems"), "rb") as file:
        elf = bytearray(file.read())
    offset, _ = section(elf, b".BTF")
    at = offset + 24
    type_id = 1
    while struct.unpack_from("=I", elf, at + 4)[0] >> 24 & 31 != 8:  # typedef
        kind, vlen = (struct.unpack_from("=I", elf, at + 4)[0] >> shift & mask
                      for shift, mask in ((24, 31), (0, 0xFFFF)))
        at += 12 + {1: 4, 3: 12, 4: 12 * vlen, 5: 12 * vlen, 6: 8 * vlen, 13: 8 * vlen, 14: 4,
                    15: 12 * vlen, 17: 4}.get(kind, 0)
        type_id += 1
    struct.pack_into("=I", elf, at + 8, type_id)
    path = tmp_path / "loop.bpf.o"
    path.write_bytes(elf)
    says(bpftrek("--on", engine, "run", str(path), "--map", "hash"), "damaged", "holds itself")


def test_loaded_object_is_no_elf(engine):
    says(bpftrek("--on", engine, "run", obj("maps"), "--load", __file__), "not an ELF file")


def test_name_that_would_break_the_line(engine):
    says(bpftrek("--on", engine, "run", "a\nb\033[1mc"), "a?b?[1mc")


def test_object_without_iterators(engine):
    says(bpftrek("--on", engine, "run", obj("no_iterator")), "no iterator program", "SEC(")


def test_log_that_would_talk_to_the_terminal(engine, tmp_path):
    """The verifier's log shows lines of a source that anyone may have written."""
    source = (
        '#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\n'
        'struct ctx { void *meta; int *map; } __attribute__((preserve_access_index));\n'
        'SEC("iter/bpf_map") int esc(struct ctx *ctx)\n'
        '{ return *(volatile int *)ctx; /* \033[31m \u009b31m */ }\n'
        'char LICENSE[] SEC("license") = "GPL";\n')
    path = compile_object(tmp_path / "esc.bpf.o", source)
    text = bpftrek("--on", engine, "--verbose", "run", path).stderr
    assert b"?[31m ??31m" in text
    assert b"\033" not in text and b"\xc2\x9b" not in text


def test_several_iterators(engine):
    says(bpftrek("--on", engine, "run", obj("wrong")), "several", "name one of refused, stuck, ")


def test_no_such_program(engine):
    says(bpftrek("--on", engine, "run", obj("wrong"), "nosuch"), "no program nosuch", "refused, ")


def test_program_is_no_iterator(engine):
    says(bpftrek("--on", engine, "run", obj("wrong"), "no_iterator"), "no_iterator", "no iterator;")


def test_unknown_target(engine):
    says(bpftrek("--on", engine, "run", obj("wrong"), "no_target"), "program no_target",
         f"{engine} engine", "'no_such_target'", "bpftrek targets")


def test_field_that_the_engine_does_not_have(engine):
    says(bpftrek("--on", engine, "run", obj("wrong"), "no_field"), "program no_field",
         f"types of the {engine} engine", "struct bpf_map___other.no_such_field",
         "bpf_core_field_exists()")


def test_map_is_needed(engine):
    says(bpftrek("--on", engine, "run", obj("total")), "program total", "--map")


def test_map_is_not_needed(engine):
    says(bpftrek("--on", engine, "run", obj("maps"), "--map", "x"), "program maps", "leave out")


@pytest.mark.parametrize("name, words", [
    (["nosuchmap"], "map name nosuchmap: no such map"),
    (["name", "nosuchmap"], "map name nosuchmap: no such map"),
    (["id", "4294967295"], "map id 4294967295: "),
    (["id", "2147483646"], "map id 2147483646: no such map"),
    (["pinned", "/nonexistent"], "map pinned /nonexistent: No such file"),
    (["pinned", "/sys/fs/bpf/nonexistent"], "map pinned /sys/fs/bpf/nonexistent: No such file"),
])
def test_map_is_not_there(engine, name, words):
    says(bpftrek("--on", engine, "run", obj("total"), "--map", *name), words)


def test_map_that_cannot_be_walked(engine):
    """The embedded engine does not make such a map; the kernel does not attach to it."""
    says(bpftrek("--on", engine, "run", obj("stack"), "--map", "stack"), "map stack: ", "of type stack")


def test_map_whose_elements_are_too_small(engine):
    says(bpftrek("--on", engine, "run", obj("wrong"), "wide_key", "--map", "hash"), "map hash",
         "program wide_key", "4 and 8 bytes")


def test_program_that_the_verifier_refuses(engine):
    done = bpftrek("--on", engine, "run", obj("wrong"), "refused")
    says(done, "program refused: refused by the verifier (Permission denied): ", "--verbose")
    more = bpftrek("-v", "--on", engine, "run", obj("wrong"), "refused").stderr.decode()
    assert more.startswith(done.stderr.decode())
    assert "libbpf: prog 'refused'" in more
    verdict = re.search(r"\(Permission denied\): (.*?); ", done.stderr.decode())[1]
    # Our own verifier's log says "refused: ", which the line has said already.
    assert f"\n{verdict}\n" in more.replace(": refused: ", ": ")
    assert done.stderr.count(b"refused by") == 1 and b": refused: " not in done.stderr


def test_verdict_behind_what_a_verifier_tells_of_the_context(engine, tmp_path):
    """Linux writes "func 'bpf_iter_bpf_map' arg0 has btf_id ..." of each load from the context."""
    source = (
        '#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\n'
        'struct ctx { long *meta; volatile int *map; };\n'
        'SEC("iter/bpf_map") int bad(struct ctx *ctx)\n'
        '{ volatile long n = (long)ctx->meta; return n ? *ctx->map : 0; }\n'
        'char LICENSE[] SEC("license") = "GPL";\n')
    path = compile_object(tmp_path / "bad.bpf.o", source)
    done = bpftrek("--on", engine, "run", path)
    says(done, "program bad: refused by the verifier")
    assert b"has btf_id" not in done.stderr


def test_too_few_descriptors():
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (5, 5))

    done = bpftrek("--on", "embedded", "run", obj("maps"), preexec_fn=limit)
    says(done, "Too many open files", "ulimit -n")


@pytest.mark.parametrize("args", [["version"], ["help"], ["--on", "kernel", "prog", "list"],
                                  ["-j", "--on", "kernel", "prog", "list"]], ids=" ".join)
def test_limit_of_files(args, kernel_refusal, tmp_path):
    if kernel_refusal and "kernel" in args:
        pytest.skip("the kernel's BPF cannot be used here: " + kernel_refusal)
    with open(tmp_path / "out", "wb") as out:
        done = bpftrek(*args, stdout=out,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1)))
    assert done.returncode == 1
    assert done.stderr.endswith(b"bpftrek: standard output: File too large; raise the limit of "
                                b"files (ulimit -f) and run it again\n")


def test_limit_of_files_of_a_command():
    """It is as it would be without us."""
    status = output("embedded", "exec", "--", "cat", "/proc/self/status")
    ignored = int(re.search(r"^SigIgn:\s+(\w+)$", status, re.M)[1], 16)
    assert not ignored >> signal.SIGXFSZ - 1 & 1


def test_program_that_never_advances(engine):
    says(bpftrek("--on", engine, "run", obj("wrong"), "stuck"), "program stuck", "advance")


def test_output_that_does_not_fit(engine, rows):
    done = bpftrek("--on", engine, "run", obj("wrong"), "too_much", "--map", "hash", "--fill",
                   "hash=" + rows({"key": 1, "value": 1}))
    says(done, "program too_much", "32 KiB")


def test_no_permission_for_the_kernel():
    options = unprivileged()
    done = bpftrek("--on", "kernel", "run", obj("maps"), **options)
    if os.getuid() and not done.returncode:
        pytest.skip("this user may use the kernel's BPF")
    says(done, "kernel engine", "--on embedded")
    # Nothing else was asked for: the embedded engine does it.
    done = bpftrek("run", obj("maps"), **options)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"end seq_num=" in done.stdout


# run: rows and variables.

SHAPE = {
    "wide": -2**63, "wide_unsigned": 2**64 - 1, "narrow": -128, "on": True, "name": "abcdef",
    "colour": "BLUE", "corners": [{"x": 1, "y": -2}, {"x": 3}], "number": 0x1020304, "low": 7,
    "middle": -64, "high": 2**22 - 1,
}
SHOWN = ("1ab wide=-9223372036854775808,18446744073709551615 narrow=-128 on=1 name=abcdef "
         "colour=-2 corners=1,-2,3,0 number=0x1020304 bits=7,-64,4194303\n")
KEY = {"row": 1, "column": "ab"}


def fill_shape(engine, path):
    return bpftrek("--on", engine, "run", obj("shapes"), "show_shapes", "--map", "shapes", "--fill",
                   "shapes=" + path)


def changed(**members):
    """SHAPE with some members changed; None takes one away."""
    return {k: v for k, v in {**SHAPE, **members}.items() if v is not None}


@pytest.mark.parametrize("value, expect", [
    (SHAPE, SHOWN),
    (changed(colour=-2, on=1), SHOWN),
    (changed(wide=str(-2**63), wide_unsigned=str(2**64 - 1)), SHOWN),
    (changed(wide="0x0000000000000080", name="0x616263646566"), SHOWN),
    (changed(number=None, bytes=[4, 3, 2, 1]), SHOWN),
    (changed(corners=["0x0100feff", {"x": 3}]), SHOWN),
    (changed(narrow=127, middle=63, on=False), SHOWN.replace("w=-128 on=1", "w=127 on=0")
     .replace(",-64,", ",63,")),
], ids=["all", "numbers", "quoted", "hex", "union", "hex struct", "limits"])
@pytest.mark.skipif(sys.byteorder == "big", reason="the bytes of the test are little endian")
def test_fill_shapes(engine, rows, value, expect):
    done = fill_shape(engine, rows({"key": KEY, "value": value}))
    assert done.stderr == b""
    assert done.stdout.decode() == expect


@pytest.mark.parametrize("row, words", [
    ("{", "not JSON"),
    ("[1, 2]", "not a row"),
    ("7", "not a row"),
    ({"key": KEY}, 'no "value"'),
    ({"value": SHAPE}, 'no "key"'),
    ({"key": KEY, "value": SHAPE, "more": 1}, "not a row"),
    ('{"key": 1, "key": 2, "value": 3}', "not JSON"),
    ({"key": 7, "value": SHAPE}, "key: a number where an object"),
    ({"key": {"row": 1, "line": 2}, "value": SHAPE}, 'key: struct place has no member "line"'),
    ({"key": {"row": 65536}, "value": SHAPE}, "key.row: 65536 does not fit 16 bits"),
    ({"key": {"row": -1}, "value": SHAPE}, "key.row: -1 does not fit 16 bits"),
    ({"key": {"row": 1.5}, "value": SHAPE}, "key.row: a number with a fraction"),
    ({"key": {"row": None}, "value": SHAPE}, "key.row: null"),
    ({"key": {"row": "one"}, "value": SHAPE}, 'key.row: "one"'),
    ({"key": {"column": "abc"}, "value": SHAPE}, "key.column: a string of 3 bytes"),
    ({"key": {"column": ["a", 1]}, "value": SHAPE}, 'key.column[0]: "a"'),
    ({"key": {"column": [1]}, "value": SHAPE}, "key.column: a list of 1"),
    ({"key": "0x010203", "value": SHAPE}, "key: a string"),
    ({"key": KEY, "value": changed(wide=2**63)}, "value.wide: 9223372036854775808 does not fit"),
    ({"key": KEY, "value": changed(wide_unsigned=2**64)}, "value.wide_unsigned: 184467440737095516"),
    ({"key": KEY, "value": changed(narrow=128)}, "value.narrow: 128"),
    ({"key": KEY, "value": changed(on=2)}, "value.on: 2"),
    ({"key": KEY, "value": changed(colour="PINK")}, 'value.colour: enum colour has no value "PINK"'),
    ({"key": KEY, "value": changed(corners=[{"x": 1}, {"z": 1}])}, "value.corners[1]: struct "),
    ({"key": KEY, "value": changed(corners=[{"x": 1}, {"x": 99999}])}, "value.corners[1].x: 99999"),
    ({"key": KEY, "value": changed(corners=[{}])}, "value.corners: a list of 1"),
    ({"key": KEY, "value": changed(bytes=[1, 2, 3, 4])}, "of one union"),
    ({"key": KEY, "value": changed(low=8)}, "value.low: 8 does not fit 3 bits"),
    ({"key": KEY, "value": changed(middle=-65)}, "value.middle: -65 does not fit 7 bits"),
])
def test_fill_row_of_the_wrong_shape(engine, rows, row, words):
    path = rows({"key": KEY, "value": SHAPE}, "", row)
    says(fill_shape(engine, path), f"{path}:3: ", words)


def test_fill_where_there_are_no_types(engine, rows):
    args = ["run", obj("shapes"), "show_untyped", "--map", "untyped", "--fill"]
    good = rows({"key": "0x01000000", "value": "0x0200000000000000"})
    assert output(engine, *args, "untyped=@" + good) == "1: 2\n"
    numbers = rows({"key": 1, "value": 2})
    assert output(engine, *args, "untyped=@" + numbers) == "1: 2\n"
    bad = rows({"key": "one", "value": "0x0200000000000000"})
    says(bpftrek("--on", engine, *args, "untyped=" + bad), f"{bad}:1: key: ", "8 hex digits")
    bad = rows({"key": 2**32, "value": 2})
    says(bpftrek("--on", engine, *args, "untyped=" + bad), f"{bad}:1: key: ", "32 bits")
    bad = rows({"key": "0x01000000", "value": "0x02"})
    says(bpftrek("--on", engine, *args, "untyped=" + bad), f"{bad}:1: value: ", "16 hex digits")


def test_fill_from_standard_input(engine):
    text = "".join('{"key": %d, "value": %d}\n' % (i, i * i) for i in range(1000)).encode()
    out = output(engine, "run", obj("hash_elems"), "--map", "hash", "--fill", "hash=-", input=text)
    assert sorted(out.splitlines()) == sorted(f"{i}: {i * i}" for i in range(1000))


def test_fill_with_a_line_that_does_not_fit_the_memory(tmp_path):
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))

    if bpftrek("--on", "embedded", "targets", preexec_fn=limit).returncode:
        pytest.skip("the command does not run in 1 GiB: it is sanitised")
    with open(tmp_path / "endless", "wb") as file:
        file.truncate(1 << 32)
    done = bpftrek("--on", "embedded", "run", obj("hash_elems"), "--map", "hash", "--fill",
                   f"hash={file.name}", preexec_fn=limit)
    says(done, f"{file.name}: Cannot allocate memory")


def test_fill_more_than_the_map_holds(engine, rows):
    path = rows(*({"key": {"row": i}, "value": {}} for i in range(5)))
    says(fill_shape(engine, path), f"{path}:5: map shapes", "max_entries is 4")


def test_fill_what_is_not_there(engine, rows):
    args = ["--on", engine, "run", obj("hash_elems"), "--map", "hash", "--fill"]
    says(bpftrek(*args, "nosuch=" + rows()), "--fill nosuch", "no such map")
    says(bpftrek(*args, "hash=/nonexistent"), "/nonexistent: No such file")
    says(bpftrek(*args, "hash=/"), "/: Is a directory")


@pytest.mark.parametrize("sets, expect", [
    ([], "0 0 0 none 7 0,0,0"),
    (["set_wide=-9223372036854775808", "set_on=true", "set_colour=GREEN", "set_name=a b",
      "set_data=4294967295", "set_bss=[1, -2, 3]"],
     "-9223372036854775808 1 5 a b 4294967295 1,-2,3"),
    (["set_wide=1", "set_wide=2", "set_on=1", "set_colour=-2", 'set_name="12"', "set_data=0"],
     "2 1 -2 12 0 0,0,0"),
    (["set_name=1234567"], "0 0 0 1234567 7 0,0,0"),
])
def test_set(engine, sets, expect):
    args = [arg for s in sets for arg in ("--set", s)]
    out = output(engine, "run", obj("shapes"), "show_globals", "--map", "shapes", *args)
    assert out == expect + "\n"


@pytest.mark.parametrize("value, words", [
    ("nosuch=1", "--set nosuch: no such global variable"),
    ("set_wide=9223372036854775808", "--set set_wide: 9223372036854775808 does not fit"),
    ("set_wide=x", '--set set_wide: "x"'),
    ("set_wide=", "--set set_wide: "),
    ("set_on=2", "--set set_on: 2"),
    ("set_colour=PINK", "enum colour"),
    ("set_name=123456789", "a string of 9 bytes"),
    ("set_data=-1", "--set set_data: -1"),
    ("set_bss=[1]", "a list of 1"),
    ("set_bss=[1, 2, 99999]", "--set set_bss[2]: 99999"),
])
def test_set_to_what_does_not_fit(engine, value, words):
    says(bpftrek("--on", engine, "run", obj("shapes"), "show_globals", "--map", "shapes", "--set",
                 value), words)


# run: what is there.


def test_loaded_objects_are_there_during_the_run(engine):
    out = output(engine, "run", obj("maps"), "--load", obj("hash_elems"), "--load", obj("skeleton"))
    assert re.search(r"^ *\d+ hash +type=1 max=4096 elems=0$", out, re.M)
    assert re.search(r"^ *\d+ squares +type=1 max=64 elems=0$", out, re.M)
    out = output(engine, "run", obj("progs"), "--load", obj("hash_elems"))
    assert re.search(r"^ *\d+ hash_elems ", out, re.M)


def test_map_of_a_loaded_object(engine, rows):
    path = rows({"key": 1, "value": 40}, {"key": 2, "value": 2})
    for name in (["squares"], ["name", "squares"]):
        out = output(engine, "run", obj("total"), "--load", obj("skeleton"), "--map", *name, "--fill",
                     "squares=" + path)
        assert out == "elements=2 sum=42 last=1\n"


def test_map_before_the_object(engine):
    assert output(engine, "run", "--map", "name", "hash", obj("hash_elems")) == ""


def test_nothing_is_left(kernel_refusal):
    if kernel_refusal:
        pytest.skip("the kernel's BPF cannot be used here: " + kernel_refusal)
    out = output("kernel", "run", obj("maps"), "--load", obj("skeleton"))
    map_id = re.search(r"^ *(\d+) squares ", out, re.M)[1]
    # The kernel lets go of what a process had a little after its end.
    for _ in range(50):
        done = bpftrek("--on", "kernel", "run", obj("total"), "--map", "id", map_id)
        if done.returncode:
            break
        time.sleep(0.1)
    says(done, f"map id {map_id}: no such map")


def test_reader_that_goes_away(engine, rows):
    path = rows(*({"key": i, "value": i} for i in range(4000)))
    with subprocess.Popen([BPFTREK, "--on", engine, "run", obj("hash_elems"), "--map", "hash",
                           "--fill", "hash=" + path], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=ENV) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) in (0, -signal.SIGPIPE)


def test_reader_that_goes_away_without_sigpipe():
    def block():
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGPIPE])

    reader, writer = os.pipe()
    os.close(reader)
    for args in (["run", obj("maps")], ["targets"]):
        done = bpftrek("--on", "embedded", *args, stdout=writer, preexec_fn=block)
        assert (done.returncode, done.stderr) == (0, b"")
    os.close(writer)


@pytest.mark.parametrize("args", [["run", obj("maps")], ["targets"]], ids=" ".join)
def test_output_that_is_closed(engine, args):
    """Its number is not given to a map, to which the output would go."""
    done = bpftrek("--on", engine, *args, preexec_fn=lambda: os.close(1))
    says(done, "standard output: Bad file descriptor")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
@pytest.mark.parametrize("args", [["run", obj("maps")], ["targets"], ["btf", "dump"], ["version"],
                                  ["-j", "targets"], ["--help"]], ids=" ".join)
def test_output_that_cannot_be_written(args):
    with open("/dev/full", "wb") as full:
        done = bpftrek("--on", "embedded", *args, stdout=full)
    says(done, "standard output: No space left")


# exec.


def test_exec_runs_a_skeleton_program(kernel_refusal):
    shimmed = bpftrek("exec", "--", SKELETON)
    assert (shimmed.returncode, shimmed.stderr) == (0, b"")
    out = shimmed.stdout.decode()
    assert out.startswith("".join(f"{i} {i * i * 10}\n" for i in range(1, 13)))
    assert "\nvisited 12, largest 144\n" in out and out.endswith("\ndone\n")
    if kernel_refusal:
        pytest.skip("the kernel's BPF cannot be used here: " + kernel_refusal)
    plain = subprocess.run([SKELETON], capture_output=True, check=True, env=ENV)
    assert plain.stdout.decode() == out


def test_exec_runs_a_program_with_ring_buffers(kernel_refusal):
    """And batches, maps of maps and global data, with many threads."""
    shimmed = bpftrek("exec", "--", RINGS)
    assert (shimmed.returncode, shimmed.stderr) == (0, b"")
    out = shimmed.stdout.decode()
    assert "\nconsumed 5, backlog 0\n" in out and "\nhandled 8688, refused 2, notes 0\n" in out
    if kernel_refusal:
        pytest.skip("the kernel's BPF cannot be used here: " + kernel_refusal)
    plain = subprocess.run([RINGS], capture_output=True, check=True, env=ENV)
    assert plain.stdout.decode() == out


def test_exec_with_pins():
    done = bpftrek("exec", "--", SKELETON, "pin")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().count("12 1440\n") == 4


def test_exec_without_privilege():
    options = unprivileged()
    done = bpftrek("exec", "--", SKELETON, **options)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.endswith(b"\ndone\n")


@pytest.fixture(scope="session")
def any_program():
    """Programs of the system can have the shim preloaded."""
    if b"undefined symbol: __asan" in bpftrek("exec", "--", "true").stderr:
        pytest.skip("clang's sanitizer is in its own programs only, and the shim needs it")


@pytest.mark.usefixtures("any_program")
@pytest.mark.parametrize("script, status", [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", -9)])
def test_exec_has_the_status_of_the_command(script, status):
    assert bpftrek("exec", "--", "sh", "-c", script).returncode == status


@pytest.mark.parametrize("command", [["--on", "embedded", "run", obj("maps")],
                                     ["exec", "--", SKELETON]])
@pytest.mark.parametrize("asked", ["1", "0", ""])
def test_names_of_native_code_for_perf(command, asked):
    """Where it was asked for, and only there."""
    with subprocess.Popen([BPFTREK, *command], stdout=subprocess.DEVNULL,
                          env=dict(ENV, BPFTREK_PERF_MAP=asked)) as process:
        path = f"/tmp/perf-{process.pid}.map"
    assert process.returncode == 0
    if asked != "1":
        assert not os.path.exists(path)
        return
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    os.unlink(path)
    if not lines:
        pytest.skip("there is no native code for this machine")
    for line in lines:
        assert re.fullmatch(r"[0-9a-f]+ [0-9a-f]+ bpf_prog_[0-9a-f]{16}(_\w+)?", line)


@pytest.mark.usefixtures("any_program")
def test_exec_passes_the_arguments():
    done = bpftrek("exec", "sh", "-c", 'printf "%s|" "$@"', "sh", "-h", "--on", "", "a b")
    assert done.stdout == b"-h|--on||a b|"


@pytest.mark.usefixtures("any_program")
def test_exec_keeps_what_was_preloaded():
    libc = next(line.split()[-1] for line in open("/proc/self/maps", encoding="utf-8")
                if "/libc.so" in line or "/libc-" in line)
    done = bpftrek("exec", "--", "sh", "-c", "echo $LD_PRELOAD", env={"LD_PRELOAD": libc})
    shim, other = done.stdout.decode().strip().split(":")
    assert shim.endswith("/libbpftrek-shim.so") and other == libc


@pytest.mark.usefixtures("any_program")
def test_exec_of_bpftool_that_dumps_a_program(tmp_path):
    """The instructions that run, with the lines that they come from."""
    path = "/usr/sbin:" + os.environ["PATH"]
    if not shutil.which("bpftool", path=path):
        pytest.skip("no bpftool")
    batch = tmp_path / "batch"
    batch.write_text(f"prog load {obj('features')} /sys/fs/bpf/features\n"
                     "prog dump xlated name features\n")
    done = bpftrek("exec", "--", "bpftool", "batch", "file", str(batch), env={"PATH": path})
    assert (done.returncode, done.stderr) == (0, b"")
    out = done.stdout.decode()
    for line in ("int features(struct bpf_iter__bpf_map_elem * ctx):\n", "; __u64 *value = ctx->value;",
                 "subprog[+", "call bpf_loop#181\n", "(85) call pc+", "r1 = map[id:"):
        assert line in out, line


@pytest.mark.parametrize("command", ["/nonexistent/command", "no-such-command-anywhere"])
def test_exec_of_what_is_not_there(command):
    says(bpftrek("exec", "--", command), command, status=127)


def test_exec_of_what_cannot_be_run():
    says(bpftrek("exec", "--", "/etc/passwd"), "/etc/passwd: Permission denied", status=126)


def test_exec_of_a_static_program():
    if not os.path.exists("/sbin/ldconfig"):
        pytest.skip("no /sbin/ldconfig, which is statically linked")
    says(bpftrek("exec", "--", "/sbin/ldconfig", "-p"), "/sbin/ldconfig", "statically linked")


def test_exec_without_the_shim():
    says(bpftrek("exec", "--", "true", env={"BPFTREK_SHIM": "/nonexistent"}), "$BPFTREK_SHIM")


@pytest.mark.parametrize("directory", ["with space", "with:colon"])
def test_exec_with_a_shim_that_cannot_be_named(directory, tmp_path):
    """The loader would split the path, complain, and let the program use the kernel."""
    shim = tmp_path / directory / "shim.so"
    shim.parent.mkdir()
    shutil.copy(os.path.join(os.path.dirname(BPFTREK), "libbpftrek-shim.so"), shim)
    done = bpftrek("exec", "--", "true", env={"BPFTREK_SHIM": str(shim)})
    says(done, str(shim), "cannot be preloaded")


def test_exec_with_a_shim_that_is_no_library():
    says(bpftrek("exec", "--", "true", env={"BPFTREK_SHIM": __file__}), "not a shared library")


@pytest.mark.usefixtures("any_program")
def test_exec_with_a_shim_beside_the_user():
    """A name without a slash would be looked for in the system's directories alone."""
    done = bpftrek("exec", "--", SKELETON, env={"BPFTREK_SHIM": "libbpftrek-shim.so"},
                   cwd=os.path.dirname(BPFTREK))
    assert (done.returncode, done.stderr) == (0, b"")


def test_exec_of_a_program_for_another_machine(tmp_path):
    path = tmp_path / "foreign"
    with open(SKELETON, "rb") as file:
        elf = bytearray(file.read())
    elf[18:20] = (0xF3 if elf[18] != 0xF3 else 0x3E, 0)  # RISC-V, or x86-64
    path.write_bytes(elf)
    path.chmod(0o755)
    says(bpftrek("exec", "--", str(path)), str(path), "another machine")


def test_exec_of_a_set_group_id_program(tmp_path):
    if os.getuid():
        pytest.skip("only root can make one")
    path = tmp_path / "sgid"
    shutil.copy(shutil.which("true"), path)
    os.chown(path, os.getuid(), 65534)
    path.chmod(0o2755)
    says(bpftrek("exec", "--", str(path)), str(path), "set-user-ID")
