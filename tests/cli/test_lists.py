# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""prog, map, link and btf list and show: what they print on each engine, and of bad input.

That what they print is right is for tests/zoo to find out, which compares it with bpftool; here
is what only we have. Objects are those of --load, and on the kernel others are there beside them.
"""

import contextlib
import ctypes
import errno
import json
import os
import pathlib
import platform
import re
import resource
import shutil
import signal
import struct
import subprocess
import tempfile
import time

import pytest

from command import BPFTREK, ENV, bpftrek, compile_object, complaints, obj, output, says, unprivileged
from sources import HEAD, iterator_with, map_source
from terminal import Terminal

KINDS = ["prog", "map", "link", "btf"]

# Others may look at the same kernel at the same time: names are those of this process only.
PROGRAM = f"listed_by_process_{os.getpid()}"
MAP = f"seen_{os.getpid()}"
LOADED = ()


@pytest.fixture(scope="module", autouse=True)
def loaded(tmp_path_factory):
    global LOADED
    path = tmp_path_factory.mktemp("lists") / "listed.bpf.o"
    LOADED = ("--load", compile_object(path, iterator_with(MAP, PROGRAM, entries=4096)))


def alone(engine):
    """LOADED, when what commands before have loaded is gone: the kernel takes its time."""
    for kind, name in [("prog", PROGRAM), ("map", MAP)]:
        end = time.monotonic() + 30
        while engine == "kernel" and objects(engine, kind, "--name", name):
            assert time.monotonic() < end
            time.sleep(0.01)
    return LOADED


def objects(engine, kind, *args):
    return json.loads(output(engine, "-j", kind, "list", *args))


def words(kind, option):
    """The words that a list option takes, as its usage error tells them."""
    text = bpftrek("--on", "embedded", kind, "list", option, "?").stderr.decode()
    allowed = re.search(r"It is (.*); see|it is (.*); see", text)
    return re.split(r", | or ", allowed.group(1) or allowed.group(2))


# What is shown.


@pytest.mark.parametrize("kind", KINDS)
def test_list_is_an_array_and_jsonl_its_objects(engine, kind):
    listed = objects(engine, kind, *LOADED)
    assert isinstance(listed, list)
    lines = output(engine, "--jsonl", kind, "list", *LOADED).splitlines()
    assert all(isinstance(json.loads(line), dict) for line in lines)
    if engine == "embedded":
        assert [json.loads(line).keys() for line in lines] == [o.keys() for o in listed]
    ids = [o["id"] for o in listed]
    assert ids == sorted(ids)


@pytest.mark.parametrize("kind", KINDS)
def test_show_of_none_is_list(kind):
    assert output("embedded", "-j", kind, "show") == output("embedded", "-j", kind, "list")
    assert output("embedded", kind, "show") == output("embedded", kind, "list")


def test_a_program(engine):
    program, = objects(engine, "prog", *alone(engine), "--name", PROGRAM)
    assert program["type"] == "tracing"
    assert program["attach_type"] == "trace_iter"
    assert program["attach_to"] == "bpf_iter_bpf_map"
    assert program["gpl_compatible"] is True and program["license"] == "GPL"
    assert re.fullmatch("[0-9a-f]{16}", program["tag"])
    assert program["uid"] == os.getuid()
    assert abs(program["loaded_at"] - time.time()) < 60
    assert program["loaded_at"] == program["loaded_at_ns"] // 10**9
    assert program["bytes_xlated"] % 8 == 0 and program["bytes_xlated"] > 0
    assert program["links"] == []


def test_a_map_and_what_is_in_it(engine, tmp_path):
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(f'{{"key": {i}, "value": {i}}}\n' for i in range(1024)))
    found, = objects(engine, "map", *alone(engine), "--fill", f"{MAP}={rows}", "--name", MAP,
                     "--columns", "+elements,+fill")
    assert found["type"] == "hash"
    assert (found["bytes_key"], found["bytes_value"], found["max_entries"]) == (4, 8, 4096)
    assert (found["flags"], found["flag_names"], found["frozen"]) == (0, [], 0)
    assert (found["elements"], found["fill"]) == (1024, 25)


def test_a_program_and_its_map_name_each_other(engine):
    text = output(engine, "map", "list", *alone(engine), "--name", MAP, "--columns", "id,progs")
    assert re.fullmatch(r" *ID  PROGS *\n *\d+  \d+\n", text), text
    shown = output(engine, "map", "show", MAP, *alone(engine))
    assert re.search(rf"^progs: +\d+ {PROGRAM}$", shown, re.M)
    shown = output(engine, "prog", "show", PROGRAM, *alone(engine))
    assert re.search(rf"^map_ids: +\d+ {MAP}$", shown, re.M)


def test_show_of_one(engine):
    text = output(engine, "prog", "show", PROGRAM, *alone(engine))
    said = dict(line.split(":", 1) for line in text.splitlines())
    assert said["name"].strip() == PROGRAM
    assert said["type"].strip() == "tracing"
    one = json.loads(output(engine, "-j", "prog", "show", PROGRAM, *alone(engine)))
    assert one["name"] == PROGRAM
    # Where it is pinned takes time to find out, and is said of one object only.
    assert set(one) >= set(objects(engine, "prog", *LOADED, "--name", PROGRAM)[0])


def test_a_name_that_an_engine_cut(engine):
    assert len(objects(engine, "prog", PROGRAM, *alone(engine))) == 1
    assert PROGRAM in [p["name"] for p in objects(engine, "prog", PROGRAM[:15], *LOADED)]
    assert objects("embedded", "prog", PROGRAM[:14], *LOADED) == []


# Columns, order, selection.


@pytest.mark.parametrize("kind", KINDS)
def test_every_column(engine, kind):
    names = words(kind, "--columns")
    assert names[-1] == "all"
    heading = output(engine, kind, "list", "--columns", "all", *LOADED).splitlines()[0].split()
    assert len(heading) == len(names) - 1 == len(set(heading))
    for name in names[:-1]:
        done = bpftrek("--on", engine, kind, "list", "--columns", name, "--sort", "-" + name,
                       *LOADED)
        assert done.returncode == 0, done.stderr


def test_elements_that_nobody_counts(engine, tmp_path):
    """Of a map of another kind, which is read if somebody asks; and then there is a mark."""
    source = (HEAD + map_source(MAP + "_p", "PROG_ARRAY", 7, "__u32") +
              f'SEC("iter/bpf_map") int {PROGRAM}_p(void *ctx) {{ return 0; }}\n')
    load = ["--load", compile_object(tmp_path / "array.bpf.o", source)]
    args = ["map", "list", *load, "--name", MAP + "_p"]
    assert "elements" not in json.loads(output(engine, "-j", *args))[-1]
    *_, found = json.loads(output(engine, "-j", *args, "--columns", "elements"))
    assert found == {"elements": 0, "counted_by": "reading"}
    assert output(engine, *args, "--columns", "max_entries,elements,fill").split()[-3:] == \
        ["7", "~0", "~0%"]
    if engine == "embedded":
        shown = output(engine, "map", "show", MAP + "_p", *load)
        assert re.search("^elements: +~0$", shown, re.M)


def test_hashes_that_the_kernel_does_not_count(engine):
    """Before Linux 6.6: what is left out, why, and what to do, which is said if it is so."""
    done = bpftrek("--on", engine, "-j", "map", "list", "--name", MAP, *LOADED)
    *_, found = json.loads(done.stdout)
    said = b"this kernel does not count them" in done.stderr
    assert said == ("elements" not in found), done
    if engine == "embedded":
        assert not said


def test_pids(engine):
    """Who holds what is loaded: this command itself, on the kernel."""
    args = ["--name", MAP, "--columns", "+pids"]  # of many objects it has to be asked for
    found, = objects(engine, "map", *alone(engine), *args)
    if engine == "embedded":
        assert "pids" not in found
    else:
        assert [(h["comm"], h["fds"] > 0) for h in found["pids"]] == [("bpftrek", True)]
        text = output(engine, "map", "list", *alone(engine), *args)
        assert re.search(r"bpftrek\(\d+\)$", text, re.M)


def test_columns_are_those_named():
    def heading(*args):
        return output("embedded", "map", "list", *args).splitlines()[0].split()

    usual = heading()
    assert usual[:3] == ["ID", "TYPE", "NAME"]
    assert heading("--columns", "name,id") == ["NAME", "ID"]
    assert heading("--columns", "+frozen") == usual + ["FROZEN"]
    assert heading("--columns", "-type") == [h for h in usual if h != "TYPE"]
    assert heading("--columns", "-all,+id") == ["ID"]
    assert heading("--columns", "id,name,id") == ["ID", "NAME"]
    listed = objects("embedded", "map", *LOADED, "--columns", "name,id")
    assert [list(o) for o in listed] == [["name", "id"]] * len(listed) and listed


def test_a_heading_names_its_column():
    def lines(*args):
        return output("embedded", "map", "list", "--load", obj("maps"), *LOADED, *args).splitlines()

    for kind in KINDS:
        names = words(kind, "--columns")[:-1]
        headings = output("embedded", kind, "list", "--columns", "all").splitlines()[0].split()
        for name, heading in zip(names, headings):
            for given in {heading, heading.lower()} - set(names):
                text = output("embedded", kind, "list", "--columns", given, "--sort", "-" + given)
                assert text.split()[0] == heading
    assert lines("--columns", "ID,memory,+Key") == lines("--columns", "id,bytes_memlock,bytes_key")
    assert lines("--sort", "-MAX,memory") == lines("--sort", "-max_entries,bytes_memlock")
    # What has both names is the one that is called so.
    assert lines("--columns", "flags")[0] == "FLAGS_HEX" and lines("--columns", "FLAGS")[0] == "FLAGS"


def test_columns_that_the_engine_knows_nothing_of_are_shown_alone():
    others = [c for c in words("btf", "--columns") if c not in ("pids", "all")]
    args = ["btf", "list", "--columns=" + ",".join("-" + c for c in others)]
    lines = output("embedded", *args).splitlines()
    assert lines[0] == "PIDS" and set(lines[1:]) == {"-"}


def test_quiet_has_no_heading():
    assert output("embedded", "-q", "map", "list", *LOADED, "--columns", "name") == MAP + "\n"


def test_sort(engine):
    lists = [objects(engine, "map", "--load", obj("maps"), *LOADED, "--sort", by)
             for by in ["bytes_value", "-bytes_value", "type,-id", "-name"]]
    assert len(lists[0]) >= 2
    assert [m["bytes_value"] for m in lists[0]] == sorted(m["bytes_value"] for m in lists[0])
    assert [m["bytes_value"] for m in lists[1]] == \
        sorted((m["bytes_value"] for m in lists[1]), reverse=True)
    keys = [(m["type"], -m["id"]) for m in lists[2]]
    assert keys == sorted(keys)


def test_what_is_not_known_is_last_either_way():
    load = ["--load", obj("maps"), *LOADED]
    for by in ["elements", "-elements"]:
        order = output("embedded", "-q", "map", "list", *load, "--columns", "elements", "--sort",
                       by).split()
        assert order == sorted(order, key=lambda n: n == "-")


def test_type(engine):
    listed = objects(engine, "map", "--load", obj("maps"), *LOADED, "--type", "hash")
    assert {m["type"] for m in listed} == {"hash"}
    listed = objects(engine, "map", "--load", obj("maps"), *LOADED, "--type", "hash,array")
    assert {m["type"] for m in listed} == {"hash", "array"}
    assert objects("embedded", "map", *LOADED, "--type", "lru_hash") == []


def test_name(engine):
    for glob in [PROGRAM, "listed_*", "*_process_*[0-9]", "[kl]isted_b?_*"]:
        assert PROGRAM in [p.get("name") for p in objects(engine, "prog", *LOADED, "--name", glob)]
    assert objects("embedded", "prog", *LOADED, "--name", "listed") == []
    assert len(objects("embedded", "prog", *LOADED, "--name", "x", "--name", "listed*")) == 1


def test_user(engine):
    assert objects("embedded", "prog", *LOADED, "--user", "54321") == []
    assert objects("embedded", "map", *LOADED, "--user", "54321") == []
    uid = str(os.getuid())
    for kind, name in [("prog", PROGRAM), ("map", MAP)]:
        listed = objects(engine, kind, *LOADED, "--user", "54321", "--user", uid)
        assert name in [o.get("name") for o in listed]


def test_an_empty_list_is_its_heading():
    text = output("embedded", "map", "list", "--name", "nosuch", *LOADED)
    assert text.startswith("ID ") and text.count("\n") == 1
    assert output("embedded", "-j", "map", "list", "--name", "nosuch", *LOADED) == "[]\n"
    assert output("embedded", "--jsonl", "map", "list", "--name", "nosuch", *LOADED) == ""


# Bad input.


@pytest.mark.parametrize("args", [
    ["map", "list", "--columns", "nmae"], ["map", "list", "--columns", ""],
    ["map", "list", "--columns", "id,,name"], ["map", "list", "--columns", "-all"],
    ["map", "list", "--sort", "nmae"], ["map", "list", "--sort", "--name"],
    ["map", "list", "--type", "hsh"], ["prog", "list", "--user", "nosuch user"],
    ["prog", "show", "id", "x"], ["prog", "show", "id", "4294967296"], ["prog", "show", "tag", "1"],
    ["prog", "show", "id"], ["prog", "show", "a", "b"], ["link", "show", "name"],
    ["prog", "list", "--watch", "0"], ["prog", "list", "--watch", "x"],
    ["prog", "list", "--watch", "nan"], ["prog", "list", "--watch", "inf"],
    ["prog", "list", "--stats"], ["map", "list", "--stats"], ["prog", "list", "--fill", "x"],
], ids=" ".join)
def test_usage_errors(args):
    says(bpftrek("--on", "embedded", *args), "--help", status=2)


def test_near_words_are_named():
    for args, near in [(["--type", "hsh"], "'hash'"), (["--columns", "+nmae"], "'name'"),
                       (["--sort", "-elemets"], "'elements'"), (["--type", "HASH"], "'hash'"),
                       (["--columns", "pid"], "'pids'")]:
        done = bpftrek("--on", "embedded", "map", "list", *args)
        says(done, f"did you mean {near}?", status=2)
        assert b"btf_id" not in done.stderr  # nor all others


def test_near_names_are_named(engine):
    says(bpftrek("--on", engine, "prog", "show", PROGRAM + "_", *alone(engine)),
         f"did you mean '{PROGRAM}'?")
    for command in ["show", "dump", "count"]:
        says(bpftrek("--on", engine, "map", command, MAP.upper(), *alone(engine)),
             f"did you mean '{MAP}'?")
    says(bpftrek("--on", "embedded", "btf", "show", "vmlinx"), "did you mean 'vmlinux'?")
    done = bpftrek("--on", engine, "map", "show", MAP, "--type", "array", *alone(engine))
    says(done, MAP, "it is not what --type, --name or --user selects")
    done = bpftrek("--on", engine, "map", "show", "frobnicate_it", *LOADED)
    says(done, "no such map")
    assert b"did you mean" not in done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_is_not_there(engine, kind):
    says(bpftrek("--on", engine, kind, "show", "id", "4000000000"), "4000000000", engine)
    assert objects(engine, kind, "id", "4000000000") == []
    says(bpftrek("--on", engine, kind, "show", "pinned", "/nonexistent"), "/nonexistent")


def test_a_file_that_is_no_pin(engine, tmp_path):
    (tmp_path / "file").write_text("")
    for path in [tmp_path / "file", tmp_path]:
        says(bpftrek("--on", engine, "prog", "show", "pinned", path),
             f"{path}: nothing is pinned there; name a path where a program is pinned")


def test_a_number_is_a_name():
    says(bpftrek("--on", "embedded", "prog", "show", "12"), "'id 12'")


def test_several_of_a_name():
    twice = [*LOADED, *LOADED]
    listed = objects("embedded", "map", MAP, *twice)
    assert [m["name"] for m in listed] == [MAP, MAP]
    says(bpftrek("--on", "embedded", "map", "show", MAP, *twice), MAP,
         *(str(m["id"]) for m in listed))


def test_several_of_a_name_on_the_kernel(kernel_refusal):
    if kernel_refusal:
        pytest.skip("the kernel's BPF cannot be used here: " + kernel_refusal)
    holders = [subprocess.Popen([BPFTREK, "--on", "kernel", "map", "list", MAP, *LOADED, "--watch",
                                 "60"], env=ENV, stdout=subprocess.PIPE) for _ in range(2)]
    for holder in holders:
        assert holder.stdout.readline()
    for command in ["dump", "count"]:
        says(bpftrek("--on", "kernel", "map", command, MAP), MAP, "several have it",
             "name one of them by 'id N'")
    for holder in holders:
        holder.terminate()
        holder.communicate(timeout=60)


def test_no_permission():
    user = unprivileged()
    if not user and not os.getuid():
        pytest.skip("no other user")
    for on in [["--on", "kernel"], []]:  # an engine of nothing but its own would be empty
        says(bpftrek(*on, "prog", "list", **user), "CAP_BPF", "--on embedded")
        says(bpftrek(*on, "audit", **user), "CAP_BPF", "--on embedded")
    done = bpftrek("prog", "list", "--load", obj("hash_elems"), **user)
    assert done.returncode == 0 and b"hash_elems" in done.stdout


def test_some_permission():
    """CAP_BPF and CAP_PERFMON do for iterators; the rest is left out, and said to be."""
    done = with_capabilities("+bpf,+perfmon", "-j", "prog", "list", "--columns", "all", "--load",
                             obj("hash_elems"))
    assert done.returncode == 0
    assert "hash_elems" in [p.get("name") for p in json.loads(done.stdout)]
    assert all(re.fullmatch(r"bpftrek: [^\n]+: left out, .* CAP_SYS_ADMIN; run it as root.*", line)
               for line in done.stderr.decode().splitlines()) and done.stderr


def refused_by_filter(command, *args):
    return bpftrek(*args, preexec_fn=lambda: refuse(errno.EPERM, command))


@pytest.mark.skipif(platform.machine() != "x86_64", reason="bpf(2) has another number")
def test_a_filter_that_refuses_what_capabilities_allow(kernel_refusal):
    if os.getuid() or kernel_refusal:
        pytest.skip("not root, or no kernel")
    for args in [["prog", "list"], ["audit"], ["map", "dump", "id", "1"], ["--on", "kernel", "targets"]]:
        done = refused_by_filter(None, *args)
        says(done, "filter of seccomp(2)", "--on embedded")
        assert b"needs CAP_" not in done.stderr
    prog_get_fd_by_id, iter_create = 13, 33
    for command, args in [(prog_get_fd_by_id, ["prog", "list", "--columns", "id,run_cnt"]),
                          (iter_create, ["map", "list"])]:
        done = refused_by_filter(command, "--on", "kernel", "-j", *args, *LOADED)
        assert done.returncode == 0 and json.loads(done.stdout)
        lines = done.stderr.decode().splitlines()
        assert lines and all(": left out, " in line and "filter of seccomp(2)" in line and
                             "CAP_" not in line for line in lines)


def test_root_without_capabilities():
    if os.getuid() or not shutil.which("setpriv"):
        pytest.skip("not root, who may give them up")
    drop = ["setpriv", "--inh-caps", "-all", "--bounding-set", "-all", BPFTREK]
    for args, needed in [(["prog", "list"], "CAP_BPF and CAP_PERFMON"),
                         (["map", "dump", "id", "1"], "CAP_SYS_ADMIN")]:
        done = subprocess.run([*drop, *args], env=ENV, capture_output=True, check=False)
        says(done, f"needs {needed}, which root has not got here", "--on embedded")
        assert b"run it as root" not in done.stderr


def test_a_user_namespace():
    """All capabilities are in it, and none counts."""
    if not shutil.which("unshare") or subprocess.run(["unshare", "-Ur", "true"], check=False,
                                                     stderr=subprocess.DEVNULL).returncode:
        pytest.skip("no user namespaces")
    done = subprocess.run(["unshare", "-Ur", BPFTREK, "prog", "list"], env=ENV, capture_output=True,
                          check=False)
    says(done, "needs CAP_BPF and CAP_PERFMON of the initial user namespace", "run it outside of that")


def lock_memory():
    """Without a limit: Linux before 5.11 counts maps among what is locked."""
    with contextlib.suppress(ValueError):  # may not, in a container
        resource.setrlimit(resource.RLIMIT_MEMLOCK, [resource.RLIM_INFINITY] * 2)


def with_capabilities(caps, *args):
    """As another user, who has these."""
    if os.getuid() or not shutil.which("setpriv"):
        pytest.skip("not root, who may give that to another user")
    return subprocess.run(["setpriv", "--reuid", str(unprivileged()["user"]), "--clear-groups",
                           "--inh-caps", caps, "--ambient-caps", caps, "--bounding-set",
                           "-all," + caps, BPFTREK, *args], env=ENV, capture_output=True, check=False,
                          preexec_fn=lock_memory)


def test_each_need_names_its_capability(kernel_refusal):
    if kernel_refusal:
        pytest.skip("the kernel's BPF cannot be used here: " + kernel_refusal)
    done = with_capabilities("+bpf,+perfmon", "prog", "list", "--watch", "1", "--stats")
    says(done, "--stats: ", "needs CAP_SYS_ADMIN;")
    done = with_capabilities("+bpf", "prog", "list")
    says(done, "needs CAP_PERFMON;")
    source = """
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("xdp") int pass_all(struct xdp_md *ctx) { return XDP_PASS; }
char LICENSE[] SEC("license") = "GPL";
"""
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)  # which those of pytest are not
        path = compile_object(pathlib.Path(directory, "pass.bpf.o"), source)
        done = with_capabilities("+bpf,+perfmon", "--on", "kernel", "prog", "list", "--load", path)
    says(done, "needs CAP_NET_ADMIN;")


def without(path, *args):
    """Run where a mount hides @path."""
    try:
        return subprocess.run(["unshare", "-m", "sh", "-ec", 'mount -t tmpfs none "$1"; shift; '
                               'exec "$@"', "sh", path, BPFTREK, "--on", "kernel", *args],
                              env=ENV, capture_output=True, check=False, timeout=60)
    except FileNotFoundError:
        pytest.skip("no unshare")


def test_without_the_kernels_types(kernel_refusal):
    """The iterators that the command has need no file to be loaded; what a user brings does."""
    if os.getuid() or kernel_refusal:
        pytest.skip("not root, or no kernel")
    done = without("/sys/kernel/btf", "-j", "prog", "list")
    assert done.returncode == 0 and not done.stderr
    assert all("attach_to" in p for p in json.loads(done.stdout) if p["type"] == "tracing")
    for args in [["targets"], ["run", obj("maps")]]:
        says(without("/sys/kernel/btf", *args), "/sys/kernel/btf/vmlinux", "CONFIG_DEBUG_INFO_BTF",
             "--on embedded")


def test_without_proc(kernel_refusal):
    if os.getuid() or kernel_refusal:
        pytest.skip("not root, or no kernel")
    done = without("/proc", "-j", "map", "list", *LOADED)
    if b"LeakSanitizer" in done.stderr:
        pytest.skip("a sanitizer reads /proc")
    assert done.returncode == 0
    assert MAP in [m.get("name") for m in json.loads(done.stdout)]
    assert complaints(done) == b"bpftrek: memory of maps: left out: there is no /proc; mount it to see them\n"


def refuse(error, command=None):
    """In a new process: bpf(2), or this command of it, fails (seccomp(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    load, is_equal, end, number, allow = 0x20, 0x15, 0x6, 321, 0x7fff0000
    filters = [(load, 0, 0, 0), (is_equal, 0, 3, number), (load, 0, 0, 16),
               (is_equal, 0, 0 if command is None else 1, command or 0),
               (end, 0, 0, 0x50000 | error), (end, 0, 0, allow)]
    buffer = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *i) for i in filters))

    class Program(ctypes.Structure):
        _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

    program = Program(len(filters), ctypes.addressof(buffer))
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.byref(program)):
        raise OSError(ctypes.get_errno(), "prctl")


@pytest.mark.skipif(platform.machine() != "x86_64", reason="bpf(2) has another number")
def test_a_kernel_without_bpf():
    for args in [["prog", "list"], ["audit"], ["map", "dump", "x"], ["--on", "kernel", "targets"]]:
        says(bpftrek(*args, preexec_fn=lambda: refuse(errno.ENOSYS)), "there is no bpf(2)",
             "--on embedded")


@pytest.mark.skipif(platform.machine() != "x86_64", reason="bpf(2) has another number")
def test_a_kernel_without_iterators(kernel_refusal):
    if kernel_refusal:
        pytest.skip("the kernel's BPF cannot be used here: " + kernel_refusal)
    iter_create = 33
    done = bpftrek("--on", "kernel", "-j", "map", "list", *LOADED,
                   preexec_fn=lambda: refuse(errno.EINVAL, iter_create))
    assert done.returncode == 0
    [mine] = [m for m in json.loads(done.stdout) if m.get("name") == MAP]
    assert mine["max_entries"] == 4096 and "elements" not in mine
    lines = done.stderr.decode().splitlines()
    assert lines and all(": left out: " in line and "; it takes Linux 5.8" in line
                         for line in lines)


ARRAY = f"calls_{os.getpid()}"
CALLS = HEAD + map_source(ARRAY, "PROG_ARRAY", value="__u32") + f"""
SEC("socket")
int calls(struct __sk_buff *ctx)
{{
	bpf_tail_call(ctx, &{ARRAY}, 1);
	return 0;
}}
"""


def test_a_program_array_that_only_a_program_has_is_not_opened(kernel_refusal, tmp_path):
    """Linux has emptied it; opened, and given back as another one does so, it would stay."""
    if os.getuid() or kernel_refusal or not shutil.which("unshare"):
        pytest.skip("not root, or no kernel, or no unshare")
    path = compile_object(tmp_path / "calls.bpf.o", CALLS)
    (tmp_path / "bpf").mkdir()
    done = subprocess.run(["unshare", "-m", "sh", "-ec", 'mount -t bpf none "$1"; '
                           '"$2" prog load "$3" "$1/calls"; shift 3; exec "$@"', "sh", tmp_path / "bpf",
                           os.environ["BPFTOOL"], path, BPFTREK, "--on", "kernel", "-j", "map", "list",
                           ARRAY, "--columns", "elements,usercnt,progs"],
                          env=ENV, capture_output=True, check=True)
    found, = json.loads(done.stdout)
    assert found["usercnt"] == 0 and len(found["progs"]) == 1
    assert "elements" not in found


def refuse_each(*commands):
    for command in commands:
        refuse(errno.EINVAL, command)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="bpf(2) has another number")
@pytest.mark.parametrize("kind, name", [("prog", PROGRAM), ("map", MAP)])
@pytest.mark.parametrize("commands", [
    [10],  # BPF_PROG_RUN: no light skeletons, as before Linux 5.17
    [10, 28, 31, 33],  # BPF_LINK_CREATE, BPF_LINK_GET_NEXT_ID, BPF_ITER_CREATE: as before 5.7
])
def test_an_older_kernel(kernel_refusal, kind, name, commands):
    """What it tells is the same as from a newer one, and what it does not is left out."""
    if kernel_refusal:
        pytest.skip("the kernel's BPF cannot be used here: " + kernel_refusal)
    args = ["--on", "kernel", "-j", kind, "list", name, "--columns", "-pids"]
    whole, = json.loads(bpftrek(*args, *alone("kernel")).stdout)
    alone("kernel")
    done = bpftrek(*args, *LOADED, preexec_fn=lambda: refuse_each(*commands))
    assert done.returncode == 0
    found, = json.loads(done.stdout)
    for other in ["id", "loaded_at", "loaded_at_ns", "map_ids", "btf_id", "progs", "attach_btf_obj_id"]:
        assert not isinstance(whole.pop(other, None), str)
        found.pop(other, None)
    if len(commands) == 1:
        assert not complaints(done) and found == whole
        return
    assert done.stderr and all(b": left out: " in line for line in done.stderr.splitlines())
    assert {"tag", "uid"} <= found.keys() or {"max_entries", "bytes_memlock"} <= found.keys()
    assert whole["name"].startswith(found.pop("name"))
    assert found == {member: whole[member] for member in found}


def test_a_namespace_of_processes(kernel_refusal):
    if os.getuid() or kernel_refusal or not shutil.which("unshare"):
        pytest.skip("not root, or no kernel, or no unshare")
    done = subprocess.run(["unshare", "-pf", "--mount-proc", BPFTREK, "--on", "kernel", "map", "list",
                           *LOADED, "--name", MAP], env=ENV, capture_output=True, check=False)
    assert (done.returncode, complaints(done).count(b"\n")) == (0, 1)
    assert b"only those of this PID namespace" in done.stderr
    assert MAP.encode() in done.stdout


def test_full_disk_and_closed_pipe():
    with open("/dev/full", "wb") as full:
        done = bpftrek("--on", "embedded", "map", "list", *LOADED, stdout=full)
        assert done.returncode == 1 and b"No space left" in done.stderr
        done = bpftrek("--on", "embedded", "-j", "map", "list", *LOADED, stdout=full)
        assert done.returncode == 1 and b"No space left" in done.stderr
    reader, writer = os.pipe()
    os.close(reader)
    done = bpftrek("--on", "embedded", "map", "list", *LOADED, stdout=writer)
    os.close(writer)
    assert done.stderr == b""


def test_objects_come_and_go(kernel_refusal):
    if kernel_refusal:
        pytest.skip(kernel_refusal)
    loop = f"while :; do '{BPFTREK}' -q --on kernel map list {' '.join(LOADED)} || exit; done"
    with subprocess.Popen(["sh", "-c", loop], env=ENV, stdout=subprocess.DEVNULL,
                          start_new_session=True) as others:
        try:
            for kind in 5 * KINDS:
                done = bpftrek("--on", "kernel", "-j", kind, "list", "--columns", "all")
                assert (done.returncode, done.stderr) == (0, b"")
                assert isinstance(json.loads(done.stdout), list)
            assert others.poll() is None
        finally:
            os.killpg(others.pid, signal.SIGKILL)


def test_a_process_whose_name_talks_to_the_terminal(kernel_refusal, tmp_path):
    if kernel_refusal:
        pytest.skip(kernel_refusal)
    name = os.fsencode(tmp_path) + b"/ev\x1b[m\xff\xe2\x80\xae"
    shutil.copy(BPFTREK, name)
    holder = [name, "--on", "kernel", "-q", "map", "list", *alone("kernel"), "--name", MAP,
              "--watch", "60"]
    with subprocess.Popen(holder, env=ENV, stdout=subprocess.PIPE) as process:
        try:
            assert MAP in process.stdout.readline().decode()
            args = ["--name", MAP, "--columns", "+pids"]
            found, = objects("kernel", "map", *args)
            assert [h["comm"] for h in found["pids"]] == ["ev\x1b[m\ufffd\u202e"]
            text = output("kernel", "map", "list", *args)
            assert rf"ev\x1b[m\xff\u202e({process.pid})" in text
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == 0
        finally:
            process.kill()


# On a terminal.


@pytest.mark.parametrize("columns", [100, 80, 60, 40])
def test_a_narrow_terminal_gets_less(columns):
    load = ["--load", obj("maps"), "--load", obj("hash_elems"), "--load", obj("links")]
    args = ["--on", "embedded", "prog", "list", *load]
    status, text = Terminal(*args, columns=columns).finish()
    assert status == 0
    assert max(len(line) for line in text.splitlines()) <= columns
    whole = output(*args[1:]).splitlines()
    lines = text.splitlines()
    assert len(lines) == len(whole)
    for line, full in zip(lines[1:], whole[1:]):
        assert line.split()[:3] == full.split()[:3]  # id, type and name
    assert columns > 60 or lines[0].endswith("...")


def test_what_a_link_is_attached_to_comes_before_how():
    """A narrow terminal has it longer."""
    heading = output("embedded", "link", "list", "--load", obj("links")).split()
    assert heading.index("TARGET") < heading.index("ATTACH_TYPE")


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_watch_on_a_terminal_ends_with_a_signal(end):
    """Below what is shown, and as the terminal was."""
    watch = Terminal("--on", "embedded", "map", "list", *LOADED, "--watch", "0.1", columns=60,
                     lines=10)
    watch.read_until(r"(?s)embedded engine.*\bseen_.*\033\[H.*embedded engine.*\bseen_")
    watch.text = ""
    watch.resize(30, 10)
    os.kill(watch.process.pid, signal.SIGWINCH)
    watch.read_until(r"NAME +\.\.\.")
    assert re.search(r"\033\[H20.{28}\033\[K", watch.text)  # one line of the terminal
    watch.process.send_signal(end)
    status, text = watch.finish()
    assert status == 0 and text.endswith("\n\033[J")
    assert not re.findall(r"\033\[(?![HJK]|2J)[^a-zA-Z]*[a-zA-Z]", text)


def test_a_quiet_watch_is_nothing_but_rows():
    watch = Terminal("--on", "embedded", "-q", "map", "list", *LOADED, "--columns", "name", "--watch",
                     "0.1")
    watch.read_until(r"(?s)seen_.*seen_")
    watch.process.send_signal(signal.SIGINT)
    status, text = watch.finish()
    assert status == 0 and set(re.sub(r"\033\[2?[HJK]", "", text).split()) == {MAP}


def test_watch_on_a_terminal_that_cannot_be_drawn_anew():
    watch = Terminal("--on", "embedded", "map", "list", *LOADED, "--watch", "0.1", term="dumb")
    watch.read_until(r"(?s)\bseen_.*\r\n\r\n.*\bseen_")
    watch.process.send_signal(signal.SIGINT)
    status, text = watch.finish()
    assert status == 0 and "\033" not in text


def test_watch_goes_on_in_time_after_a_terminal_is_resized():
    """However often it was: each is a look more, none takes the place of the next."""
    watch = Terminal("--on", "embedded", "map", "list", *LOADED, "--watch", "1", columns=60)
    watch.read_until("seen_")
    for columns in range(61, 101):
        watch.resize(columns, 20)
        os.kill(watch.process.pid, signal.SIGWINCH)
        watch.discard(0.01)
    watch.discard(0.3)  # what it was drawn for is over
    watch.text = ""
    watch.read_until("seen_", timeout=15)
    watch.process.send_signal(signal.SIGINT)
    assert watch.finish()[0] == 0


def test_watch_cuts_what_a_terminal_has_no_lines_for():
    load = [word for name in ["maps", "hash_elems", "links", "stack", "progs", "total"]
            for word in ["--load", obj(name)]]
    watch = Terminal("--on", "embedded", "prog", "list", *load, "--watch", "0.1", lines=6)
    watch.read_until(r"\.\.\. \d+ more")
    watch.process.send_signal(signal.SIGINT)
    assert watch.finish()[0] == 0


def watched(*args, looks=2, end=signal.SIGINT):
    """The lines of a watch into a pipe, which a signal ends after some looks."""
    process = subprocess.Popen([BPFTREK, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=ENV, text=True)
    lines = []
    while looks:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        lines.append(line)
        looks -= PROGRAM in line
    process.send_signal(end)
    rest, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    return lines + rest.splitlines(keepends=True)


def test_watch_into_a_pipe():
    args = ["--on", "embedded", "prog", "list", *LOADED, "--watch", "0.1", "--columns", "name"]
    text = "".join(watched(*args))
    assert text.startswith(f"NAME\n{PROGRAM}\n\nNAME\n{PROGRAM}\n")
    assert "\033" not in text
    lines = watched("--jsonl", *args, end=signal.SIGHUP)
    times = [json.loads(line)["time"] for line in lines]
    assert times == sorted(times) and abs(times[0] - time.time()) < 60


def test_watch_in_the_background():
    """A shell has SIGINT ignored there."""
    process = subprocess.Popen(
        [BPFTREK, "--on", "embedded", "map", "list", "--watch", "0.1"], stdout=subprocess.PIPE,
        env=ENV, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    assert process.stdout.readline()
    process.send_signal(signal.SIGINT)
    for _ in range(5):
        assert process.stdout.readline()
    process.terminate()
    process.stdout.read()
    assert process.wait(timeout=60) == 0


def test_watch_one():
    args = ["--on", "embedded", "prog", "show", PROGRAM, *LOADED, "--watch", "0.1"]
    text = "".join(watched(*args))
    assert re.match(rf"id: +\d+\ntype: +tracing\nname: +{PROGRAM}\n(.+\n)+\nid: ", text)
    assert [json.loads(line)["name"] for line in watched("-j", *args)][:2] == [PROGRAM, PROGRAM]
    watch = Terminal(*args)
    watch.read_until(rf"(?s){PROGRAM}.*\033\[H\033\[2J.*{PROGRAM}")
    watch.process.send_signal(signal.SIGINT)
    assert watch.finish()[0] == 0


def test_runs_are_shown_while_they_are_counted(kernel_refusal, tmp_path):
    if os.getuid() or kernel_refusal or not shutil.which("unshare"):
        pytest.skip("not root, or no kernel, or no unshare")
    for counted in ["0", "1"]:
        (tmp_path / "counted").write_text(counted)
        done = subprocess.run(
            ["unshare", "-m", "sh", "-ec", 'mount --bind "$1" /proc/sys/kernel/bpf_stats_enabled; '
             'shift; exec "$@"', "sh", tmp_path / "counted", BPFTREK, "--on", "kernel", "prog",
             "list", *LOADED], env=ENV, capture_output=True, text=True, check=True)
        heading = done.stdout.splitlines()[0].split()
        assert heading[:3] == ["ID", "TYPE", "NAME"]
        assert (heading[3:5] == ["RUNS", "RUN_TIME"]) == (counted == "1")


def test_no_column_is_left_while_runs_are_counted(kernel_refusal, tmp_path):
    """Of those that are there only then, which are others, so that nobody knows before."""
    if os.getuid() or kernel_refusal or not shutil.which("unshare"):
        pytest.skip("not root, or no kernel, or no unshare")
    (tmp_path / "counted").write_text("1")
    done = subprocess.run(
        ["unshare", "-m", "sh", "-ec", 'mount --bind "$1" /proc/sys/kernel/bpf_stats_enabled; '
         'shift; exec "$@"', "sh", tmp_path / "counted", BPFTREK, "--on", "kernel", "prog", "list",
         "--watch", "0.1", "--columns", "-id,-type,-name,-runs_per_s,-cpu_percent,-average_ns",
         *LOADED], env=ENV, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2 and done.stdout == ""
    assert "--columns: none is left to show" in done.stderr


def test_statistics_are_the_kernels(kernel_refusal):
    args = ["prog", "list", "--name", PROGRAM, *LOADED, "--watch", "0.1", "--stats"]
    says(bpftrek("--on", "embedded", *args), "--stats", "embedded engine does not count runs")
    if kernel_refusal:
        return
    lines = watched("--on", "kernel", *args)
    assert lines[0].split()[:5] == ["ID", "TYPE", "NAME", "RUNS/S", "CPU"]
    looks = [json.loads(line) for line in watched("--on", "kernel", "--jsonl", *args, looks=4)]
    mine = [o for o in looks if o["id"] == max(o["id"] for o in looks)]
    assert "runs_per_s" not in mine[0]
    assert mine[1]["runs_per_s"] == 0 and mine[1]["cpu_percent"] == 0
