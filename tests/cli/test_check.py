# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""bpftrek check: verdicts on each program, in words and as data, of one engine and of two."""

import json
import os
import pty
import re
import signal
import subprocess
import time

import pytest

from command import BPFTREK, ENV, bpftrek, compile_object, obj, output, says, unprivileged
from sources import HEAD

WRONG = {  # the programs of wrong.bpf.c: section, errno
    "refused": ("iter/bpf_map", "EACCES"),
    "stuck": ("iter/bpf_map", None),
    "too_much": ("iter/bpf_map_elem", None),
    "wide_key": ("iter/bpf_map_elem", None),
    "no_target": ("iter/no_such_target", "ESRCH"),
    "no_field": ("iter/bpf_map", "EINVAL"),
    "no_iterator": ("socket", None),
}


@pytest.fixture
def asked(engine):
    """The engine that --on names, and all that answer then."""
    return engine, ["embedded"] if engine == "embedded" else ["embedded", "kernel"]


def rows(text):
    """The table without its head: the words of each line that is not indented."""
    lines = text.splitlines()
    assert lines[0].split() == ["PROGRAM", "SECTION", "ENGINE", "VERDICT", "INSNS", "TIME",
                                "STATES", "STACK"]
    return [line.split() for line in lines[1:] if not line.startswith(" ")]


def test_programs_that_are_accepted(asked):
    engine, engines = asked
    table = rows(output(engine, "check", obj("maps")))
    assert [row[:4] for row in table] == [["maps", "iter/bpf_map", name, "ok"] for name in engines]
    assert all(int(row[4]) > 10 for row in table)


def test_one_program_does_not_hide_the_others(asked):
    engine, engines = asked
    done = bpftrek("--on", engine, "check", obj("wrong"))
    assert done.returncode == 1
    table = rows(done.stdout.decode())
    assert len(table) == len(WRONG) * len(engines)
    for row in table:
        section, errno = WRONG[row[0]]
        assert row[1] == section and row[2] in engines
        assert (row[3] == "ok") == (errno is None)
        assert errno is None or row[-1] == f"({errno})"
    assert done.stderr.decode() == "".join(
        f"bpftrek: {obj('wrong')}: 3 of 7 programs not loaded by the {engine} engine; --verbose "
        "shows the verifier's walk\n" for engine in engines)


def test_reason_of_a_refusal():
    done = bpftrek("check", obj("wrong"), "refused")
    assert done.returncode == 1
    _, verdict, *reason = done.stdout.decode().splitlines()
    assert verdict.endswith("refused: Permission denied (EACCES)")
    assert re.match(r"    \S*wrong\.bpf\.c:\d+: in refused\(\): refused: .*R2.*NULL", reason[0])
    assert any(re.match(r"      source: BPF_SEQ_PRINTF", line) for line in reason)
    assert any(re.match(r"      R2 is a pointer .* or NULL", line) for line in reason)
    assert any(re.match(r"      to be accepted: .*NULL", line) for line in reason)


def test_reason_that_is_not_the_verifiers(asked):
    engine, engines = asked
    text = bpftrek("--on", engine, "check", obj("wrong"), "no_field").stdout.decode()
    assert text.count("not loaded: Invalid argument (EINVAL)\n") == len(engines)
    assert text.count("lack struct bpf_map___other.no_such_field; ask with") == len(engines)
    text = bpftrek("--on", engine, "check", obj("wrong"), "no_target").stdout.decode()
    assert text.count("has no iterator target 'no_such_target'") == len(engines)


def test_the_embedded_engine_is_the_default():
    assert {row[2] for row in rows(bpftrek("check", obj("maps")).stdout.decode())} == {"embedded"}


def test_engine_of_the_environment(engine):
    done = bpftrek("check", obj("maps"), env={"BPFTREK_ON": engine})
    assert {row[2] for row in rows(done.stdout.decode())} == {"embedded", engine}
    says(bpftrek("check", obj("maps"), env={"BPFTREK_ON": "mars"}), "$BPFTREK_ON", "mars", status=2)


def test_without_privilege():
    done = bpftrek("check", obj("maps"), **unprivileged())
    assert (done.returncode, done.stderr) == (0, b"")
    assert rows(done.stdout.decode())[0][3] == "ok"


def test_verdicts_as_data(asked):
    engine, engines = asked
    done = bpftrek("--on", engine, "--json", "check", obj("wrong"))
    assert done.returncode == 1 and b"3 of 7 programs" in done.stderr
    programs = json.loads(done.stdout)
    assert {program["name"]: program["section"] for program in programs} == \
        {name: section for name, (section, _) in WRONG.items()}
    for program in programs:
        assert program["type"] == ("socket_filter" if program["section"] == "socket" else "tracing")
        assert list(program["verdict"]) == engines
        assert program["agree"] is (True if len(engines) == 2 else None)
        for verdict in program["verdict"].values():
            errno = WRONG[program["name"]][1]
            assert verdict["accepted"] is (errno is None)
            assert verdict["errno_name"] == errno and (verdict["errno"] == 0) == (errno is None)
            assert (verdict["message"] is None) == (errno is None)
            if not errno:
                assert verdict["insns_processed"] > 0


def test_a_line_for_each_program(engine):
    lines = bpftrek("--on", engine, "check", "--jsonl", obj("wrong")).stdout.decode().splitlines()
    assert sorted(json.loads(line)["name"] for line in lines) == sorted(WRONG)


def test_numbers_of_a_verification(asked):
    """Times are each engine's own; the walk is of the same length."""
    engine, engines = asked
    (program,) = json.loads(output(engine, "-j", "check", obj("hash_elems")))
    for name in engines:
        numbers = program["verdict"][name]
        assert numbers["time_us"] > 0 and numbers["states"] >= 0
        assert numbers["stack_depth"] and all(depth % 8 == 0 for depth in numbers["stack_depth"])
    assert len({verdict["insns_processed"] for verdict in program["verdict"].values()}) == 1


def test_the_whole_walk(asked):
    engine, engines = asked
    short = output(engine, "check", obj("maps"))
    walk = output(engine, "check", "--verbose", obj("maps"))
    assert rows(walk)[0][:5] == rows(short)[0][:5]
    for number in (0, 1, 2):
        assert len(re.findall(rf"^    {number}: ", walk, re.M)) >= len(engines)
    log = json.loads(output(engine, "-v", "-j", "check", obj("maps")))[0]["verdict"]["embedded"]["log"]
    assert "\n0: " in "\n" + log


def test_quiet_shows_what_is_refused(asked):
    engine, engines = asked
    assert output(engine, "-q", "check", obj("maps")) == ""
    done = bpftrek("--on", engine, "-q", "check", obj("wrong"))
    names = [line.split()[0] for line in done.stdout.decode().splitlines() if line[0] != " "]
    assert sorted(set(names)) == ["no_field", "no_target", "refused"]
    assert len(names) == 3 * len(engines)


def test_engines_that_do_not_agree(kernel_refusal, tmp_path):
    """Linux has tasks to walk."""
    if kernel_refusal:
        pytest.skip("the kernel's BPF cannot be used here: " + kernel_refusal)
    path = compile_object(tmp_path / "tasks.bpf.o", HEAD +
                          'SEC("iter/task") int tasks(void *ctx) { return 0; }\n')
    done = bpftrek("--on", "kernel", "check", path)
    assert done.returncode == 1 and b"1 of 1 programs not loaded by the embedded" in done.stderr
    assert done.stdout.decode().endswith("tasks    the engines do not agree\n")
    (program,) = json.loads(bpftrek("--on", "kernel", "-j", "check", path).stdout)
    assert program["agree"] is False
    assert [verdict["errno_name"] for verdict in program["verdict"].values()] == ["ESRCH", None]


def state(process):
    """A letter; Z: it has ended."""
    try:
        with open(f"/proc/{process}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "Z"


def wait_until(is_so):
    end = time.monotonic() + 200  # others may have the processors for long
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_nothing_stays_behind(kernel_refusal, tmp_path):
    """Of a check of two engines that is killed: one of them has a process of its own, which here
    has more to tell than a pipe takes."""
    if kernel_refusal:
        pytest.skip("the kernel's BPF cannot be used here: " + kernel_refusal)
    path = compile_object(tmp_path / "long.bpf.o", HEAD + """
SEC("iter/bpf_map")
int walked(struct bpf_iter__bpf_map *ctx)
{
	__u64 sum = 0;

	for (int i = 0; i < 1000; i++)
		sum += bpf_get_smp_processor_id();
	return sum & 1;
}
""")
    if not os.path.exists(f"/proc/self/task/{os.getpid()}/children"):
        pytest.skip("this kernel does not list children")
    with subprocess.Popen([BPFTREK, "--on", "kernel", "--verbose", "check", path], env=ENV,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as check:
        found, seen = [], []

        def waits():
            """As what is full does: for a while, for it could be about to go on."""
            seen.append(state(found[0]))
            return "Z" in seen or (len(seen) >= 20 and set(seen[-20:]) == {"S"})

        try:
            while not found and check.poll() is None:
                with open(f"/proc/{check.pid}/task/{check.pid}/children", encoding="ascii") as file:
                    found = file.read().split()
            assert found
            check.send_signal(signal.SIGSTOP)
            wait_until(waits)
        finally:
            check.kill()
    wait_until(lambda: state(found[0]) == "Z")


@pytest.mark.parametrize("args", [["check"], ["check", "a", "b", "c"], ["check", "--nosuch", "a"]],
                         ids=" ".join)
def test_usage_errors(args):
    says(bpftrek(*args), "--help", status=2)


def test_no_such_program(engine):
    says(bpftrek("--on", engine, "check", obj("wrong"), "nosuch"), "no program nosuch",
         "name one of refused, stuck, ")


@pytest.mark.parametrize("content", [b"", b"\177ELF", b"int main;"])
def test_object_is_none(engine, content, tmp_path):
    path = tmp_path / "none.o"
    path.write_bytes(content)
    says(bpftrek("--on", engine, "check", str(path)), str(path))
    says(bpftrek("--on", engine, "check", str(tmp_path / "missing")), "No such file")


def test_object_without_programs(engine, tmp_path):
    path = compile_object(tmp_path / "empty.bpf.o", HEAD)
    says(bpftrek("--on", engine, "check", path), "no program in it")


def test_section_that_libbpf_does_not_know(asked, tmp_path):
    engine, engines = asked
    path = compile_object(tmp_path / "odd.bpf.o", HEAD +
                          'SEC("nosuch/section") int odd(void *ctx) { return 0; }\n')
    done = bpftrek("--on", engine, "-j", "check", path)
    assert done.returncode == 1
    (program,) = json.loads(done.stdout)
    for name in engines:
        verdict = program["verdict"][name]
        assert not verdict["accepted"]
        assert "check ELF section name" in verdict["message"]


def test_program_that_does_not_load_by_itself(engine, tmp_path):
    """SEC("?...") leaves it to its owner; to check it is asked for here."""
    path = compile_object(tmp_path / "later.bpf.o", HEAD +
                          'SEC("?socket") int later(void *ctx) { return 0; }\n'
                          'SEC("socket") int now(void *ctx) { return 0; }\n')
    assert {(row[0], row[3]) for row in rows(output(engine, "check", path))} == \
        {("later", "ok"), ("now", "ok")}


def test_map_that_is_not_made(tmp_path):
    path = compile_object(tmp_path / "stacks.bpf.o", HEAD +
                          'struct { __uint(type, BPF_MAP_TYPE_CGRP_STORAGE); } odd SEC(".maps");\n'
                          'SEC("socket") int prog(void *ctx) { return 0; }\n')
    done = bpftrek("check", path)
    assert done.returncode == 1
    assert b"map odd: the embedded engine does not make it, of type cgrp_storage" in done.stdout


def test_text_of_anyone(tmp_path):
    """Lines of the source reach neither the terminal as they are nor JSON as what it cannot hold."""
    source = (HEAD + 'SEC("socket") int esc(struct __sk_buff *ctx)\n'
              '{ return *(volatile int *)((char *)ctx + 4000); /* \033[31m \u009b31m \xff */ }\n')
    path = compile_object(tmp_path / "esc.bpf.o", source)
    for args in ([], ["-v"]):
        done = bpftrek(*args, "check", path)
        assert done.returncode == 1 and b"esc.bpf.c" in done.stdout
        assert b"\033" not in done.stdout and b"\xc2\x9b" not in done.stdout
    (program,) = json.loads(bpftrek("-j", "check", path).stdout)
    assert "source: " in program["verdict"]["embedded"]["log"]


def test_output_that_cannot_be_written():
    with open("/dev/full", "wb") as full:
        says(bpftrek("check", obj("maps"), stdout=full), "standard output: No space left")


def test_progress_on_a_terminal():
    """On standard error, if that is a terminal, and gone when the table comes."""
    master, slave = pty.openpty()
    with subprocess.Popen([BPFTREK, "check", obj("wrong")], stdout=subprocess.PIPE, stderr=slave,
                          env=ENV) as process:
        os.close(slave)
        table = process.stdout.read().decode()
        said = b""
        while True:
            try:
                said += os.read(master, 4096)
            except OSError:  # the other end is closed
                break
    os.close(master)
    assert len(rows(table)) == len(WRONG)
    assert b"\rembedded: 1 of 7: " in said and b"7 of 7" in said
    assert re.search(rb"\r +\rbpftrek: [^\r\n]*3 of 7 programs", said)
