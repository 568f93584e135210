# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""Completion: what is offered where, and what bash, zsh and fish make of it."""

import json
import os
import pty
import re
import select
import shutil
import subprocess
import time

import pytest

from command import BPFTREK, ENV, bpftrek, compile_object, unprivileged
from sources import HEAD

SCRIPTS = os.environ["COMPLETIONS"]
BPFTOOL = os.environ["BPFTOOL"]

SOURCE = HEAD + """
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, int);
} sessions SEC(".maps"), settings SEC(".maps");
const volatile int limit = 7;
int total;
SEC("iter/bpf_map") int walk(void *ctx) { return total < limit; }
SEC("iter/bpf_prog") int walk_programs(void *ctx) { return 0; }
SEC("socket") int filter(void *ctx) { return 0; }
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A directory with an object, files and a directory."""
    path = tmp_path_factory.mktemp("here")
    compile_object(path / "object.bpf.o", SOURCE)
    (path / "object.bpf.c").unlink()
    (path / "rows.jsonl").touch()
    (path / "rows").mkdir()
    (path / "with space").touch()
    shutil.copy(path / "object.bpf.o", path / "with space.bpf.o")
    (path / ".hidden").touch()
    return path


def offers(here, *words, **options):
    """What is offered without what is said of it, and the directive."""
    done = bpftrek("__complete", *words, cwd=here, **options)
    assert (done.returncode, done.stderr) == (0, b"")
    *lines, directive = done.stdout.decode().splitlines()
    assert directive[0] == ":"
    return [line.split("\t")[0] for line in lines], directive[1:]


E = ["--on", "embedded"]


@pytest.mark.parametrize("words, offered", [
    (["ru"], ["run"]), (["btf", ""], None), (["btf", "d"], ["dump"]), (["help", "bt"], ["btf"]),
    (["help", "btf", "d"], ["dump"]), (["nosuch", ""], []), (["btf", "nosuch", ""], []),
    (["--on", ""], ["kernel", "embedded"]), (["--on=k"], ["--on=kernel"]),
    (["btf", "dump", "--format", ""], ["c", "raw"]), (["btf", "dump", "--format=r"], ["--format=raw"]),
    (["run", "--ma"], ["--map"]), (["run", "--map", "x", "--ma"], []),
    (["run", "--load", "x", "--loa"], ["--load"]), (["run", "--", "--ma"], []),
    (["run", "--js"], []), (["check", "--js"], ["--json", "--jsonl"]), (["version", "--o"], []),
    (E + ["run", "object.bpf.o", ""], ["walk", "walk_programs"]),
    (E + ["check", "object.bpf.o", ""], ["walk", "walk_programs", "filter"]),
    (E + ["run", "object.bpf.o", "--map", "s"], ["sessions", "settings"]),
    (E + ["run", "object.bpf.o", "--map="], ["--map=sessions", "--map=settings", "--map=id",
                                             "--map=name", "--map=pinned"]),
    (E + ["run", "--load", "object.bpf.o", "--map", "name", "se"], ["sessions", "settings"]),
    (E + ["run", "--load=object.bpf.o", "--map", "ses"], ["sessions"]),
    (E + ["run", "object.bpf.o", "--map", "id", ""], []),
    (["run", "object.bpf.o", "--fill", "ses"], ["sessions="]),
    (["run", "object.bpf.o", "--fill", "sessions=r"], ["sessions=rows.jsonl", "sessions=rows/"]),
    (["run", "object.bpf.o", "--fill", "sessions=@rows."], ["sessions=@rows.jsonl"]),
    (["run", "object.bpf.o", "--set", ""], ["limit=", "total="]),
    (["run", "nosuch.bpf.o", "--set", ""], []),
    (["run", "--load=o"], ["--load=object.bpf.o"]),
    (["run", "--load=./o"], ["--load=./object.bpf.o"]),
], ids=lambda value: " ".join(value) if value else None)
def test_offers(here, words, offered):
    got, _ = offers(here, *words)
    assert offered is None or sorted(got) == sorted(offered)


@pytest.mark.parametrize("words, directive", [
    (["ru"], ""), (["run", ""], "files"), (["run", "--load", ""], "files"),
    (["run", "object.bpf.o", "--fill", "ses"], "nospace"),
    (["run", "--load=r"], "paths"), (["run", "--load=rows/"], "paths"),
    (["run", "--load=rows."], "paths"), (["run", "--load=row"], "paths"),
    (["exec", "--", ""], "command 2"), (["exec", "l"], "command 1"), (["exec", "-q", "l"], "command 2"),
    (["exec", "--", "ls", "-l", ""], "command 2"), (["exec", "ls", "--on"], "command 1"),
    ([], ""), ([""], ""),
], ids=lambda value: " ".join(value))
def test_directives(here, words, directive):
    assert offers(here, *words)[1] == directive


def test_files_are_no_words_of_the_engine(here, tmp_path):
    """What is no object is passed over without a word."""
    (tmp_path / "object.bpf.o").write_bytes(b"\177ELF")
    assert offers(tmp_path, "run", "object.bpf.o", "") == ([], "")
    assert offers(tmp_path, "run", "--load", "/nonexistent", "--set", "") == ([], "")


def test_without_privilege():
    """The kernel tells nothing; what can be said without it is said, and no error."""
    done = bpftrek("__complete", "map", "dump", "", **unprivileged())
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.splitlines()[:3] == [b"id", b"name", b"pinned"]


def test_output_that_cannot_be_written():
    with open("/dev/full", "wb") as full:
        done = bpftrek("__complete", "", stdout=full)
    assert done.stderr == b""


def test_every_beginning_of_a_line(here):
    """Whatever is typed, there is an answer, and no error."""
    line = ["--on=embedded", "-q", "run", "object.bpf.o", "walk", "--load", "object.bpf.o", "--map",
            "name", "sessions", "--fill", "sessions=@rows.jsonl", "--set=limit=1", "--", "more", "yet"]
    for end in range(len(line)):
        for length in range(len(line[end]) + 1):
            offers(here, *line[:end], line[end][:length])


# The kernel's objects, in a bpf file system of their own.


def in_namespace(script, tmp_path):
    done = subprocess.run(
        ["unshare", "-m", "sh", "-ec",
         'mkdir -p "$1/fs"; mount -t bpf bpf "$1/fs"; cd "$1/fs"\n' + script,
         "sh", tmp_path], env=dict(ENV, BPFTREK=BPFTREK, BPFTOOL=BPFTOOL),
        check=False, capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout


@pytest.fixture
def kernel(kernel_refusal, tmp_path):
    if kernel_refusal:
        pytest.skip("the kernel's BPF cannot be used here: " + kernel_refusal)
    probe = subprocess.run(["unshare", "-m", "sh", "-ec", 'mount -t bpf bpf "$1"', "sh", tmp_path],
                           check=False, capture_output=True)
    if probe.returncode:
        pytest.skip("no bpf file system can be mounted here")


def test_objects_of_the_kernel(kernel, tmp_path):
    name = f"cpl_{os.getpid()}"
    text = in_namespace(f"""
mkdir dir
"$BPFTOOL" map create "$PWD/dir/one" type hash key 4 value 4 entries 7 name {name}
"$BPFTOOL" -j map show pinned "$PWD/dir/one"
complete() {{ echo "$@"; "$BPFTREK" __complete "$@"; }}
complete run x --map {name[:-1]}
complete run x --map name {name[:-1]}
complete run x --map id ''
complete run x --map pinned "$PWD/d"
complete run x --map pinned "$PWD/dir/"
complete run x --map=pinned ''
complete run x --map pinned ''
complete prog show pinned "$PWD/dir/"
""", tmp_path)
    shown, *lines = text.splitlines()
    ident = json.loads(shown)["id"]
    parts = re.split(r"^(?:run|prog) .*\n", "\n".join(lines) + "\n", flags=re.M)[1:]
    assert f"{name}\thash, id {ident}\n" in parts[0] and f"{name}\thash, id {ident}\n" in parts[1]
    assert f"{ident}\t{name}, hash\n" in parts[2]
    assert parts[3] == f"{tmp_path}/fs/dir/\n:nospace paths\n"
    assert parts[4] == f"{tmp_path}/fs/dir/one\n:paths\n"
    assert f"{tmp_path}/fs/\n" in parts[6]
    assert parts[7] == ":paths\n"


def test_objects_of_the_kernel_are_not_offered_for_another_engine(kernel, tmp_path):
    name = f"cpl_{os.getpid()}"
    text = in_namespace(f"""
"$BPFTOOL" map create "$PWD/one" type hash key 4 value 4 entries 7 name {name}
"$BPFTREK" __complete --on embedded run x --map {name}
BPFTREK_ON=embedded "$BPFTREK" __complete run x --map {name}
BPFTREK_ON=embedded "$BPFTREK" __complete --on kernel run x --map {name}
""", tmp_path)
    assert re.sub(r"\t.*", "", text) == f":\n:\n{name}\n:\n"


# The shells.


BASH = """
compopt() { echo "compopt $*"; }
source "$1/bpftrek.bash"
COMP_LINE=$2 COMP_POINT=${#2} word=$3
shift 3
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_bpftrek bpftrek "$word" ''
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
@pytest.mark.parametrize("line, word, reply", [
    ("run object.bpf.o --ma", "--ma", ["--map"]),
    ("btf ", "", ["dump", "list", "show"]),
    ("--on=em", "em", ["embedded"]),
    ("--on=", "", ["kernel", "embedded"]),
    ("btf 'dump' --form", "--form", ["--format"]),
    ("check \"with space.bpf.o\" fi", "fi", ["filter"]),
    ("check with\\ space.bpf.o fi", "fi", ["filter"]),
    ("run --load=with", "with", ["compopt -o filenames", "with space", "with space.bpf.o"]),
    ("run --load=\"with sp", "with sp", ["compopt -o filenames", "with space", "with space.bpf.o"]),
    ("run --load=with\\ sp", "with\\ sp", ["compopt -o filenames", "with space",
                                         "with space.bpf.o"]),
    ("btf dump --format r", "r", ["raw"]),
    ("btf list --columns id,+k", "id,+k", ["compopt -o nospace", "id,+kernel"]),
    ("btf list --sort -si", "-si", ["compopt -o nospace", "-size"]),
    ("run ", "", ["compopt -o default"]),
    ("run object.bpf.o --fill s", "s", ["compopt -o nospace", "sessions=", "settings="]),
    ("run object.bpf.o --fill sessions=rows.", "rows.", ["compopt -o filenames", "rows.jsonl"]),
    ("run object.bpf.o --fill sessions=@rows.", "@rows.", ["@rows.jsonl"]),
    ("exec -- ls row", "row", ["compopt -o default"]),
    ("exec -- bas", "bas", None),
    ("nosuch ", "", []),
])
def test_bash(here, line, word, reply):
    line = f"{BPFTREK} {line}"
    # As bash breaks it.
    words = re.findall(r"""["'][^"']*["']?|(?:\\.|[^\s=:@"'\\])+|[=:@]+""", line)
    words += [""] if line.endswith(" ") else []
    done = subprocess.run(["bash", "--norc", "-c", BASH, "bash", SCRIPTS, line, word, *words],
                          cwd=here, env=ENV, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    got = [text for text in done.stdout.splitlines() if text]
    got.sort(key=lambda text: not text.startswith("compopt"))
    if len(got) > 2:
        got[1:] = sorted(got[1:])
    assert "bash" in got if reply is None else got == reply


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
@pytest.mark.parametrize("function", ["_comp_command_offset", "_command_offset"])
def test_bash_completes_the_command_of_another(function):
    """As bash-completion(7) does it, by the number of the word."""
    words = [BPFTREK, "--on", "=", "embedded", "exec", "--", "ls", "-", ""]
    done = subprocess.run(
        ["bash", "--norc", "-c", function + "() { COMPREPLY=(at $1); }" + BASH, "bash", SCRIPTS,
         f"{BPFTREK} --on=embedded exec -- ls - ", "", *words],
        env=ENV, capture_output=True, text=True, check=False)
    assert (done.stdout.split(), done.stderr) == (["at", "6"], "")


@pytest.mark.skipif(not shutil.which("fish"), reason="no fish")
@pytest.mark.parametrize("line, offered", [
    ("run object.bpf.o --ma", ["--map"]), ("btf ", ["dump", "list", "show"]), ("--on=em", ["--on=embedded"]),
    ("run object.bpf.o --fill sessions=@rows.", ["sessions=@rows.jsonl"]),
    ("run --load=obj", ["--load=object.bpf.o"]), ("run ob", ["object.bpf.o"]),
    ("exec -- ls row", ["rows.jsonl", "rows/"]), ("nosuch ", []),
])
def test_fish(here, tmp_path, line, offered):
    done = subprocess.run(
        ["fish", "--no-config", "-c",
         "set PATH $argv[1] $PATH; source $argv[2]/bpftrek.fish; complete -C $argv[3]",
         os.path.dirname(BPFTREK), SCRIPTS, "bpftrek " + line], cwd=here, capture_output=True,
        text=True, check=True, env=dict(ENV, HOME=str(tmp_path)))
    assert sorted(text.split("\t")[0] for text in done.stdout.splitlines()) == sorted(offered)


class Terminal:
    """A shell that somebody types into."""

    def __init__(self, command, cwd, env):
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.chdir(cwd)
            os.execvpe(command[0], command, dict(ENV, TERM="dumb", PS1="> ", **env))

    def type(self, text, expected):
        """What is on the terminal since, when `expected` is there."""
        os.write(self.fd, text.encode())
        seen, end = "", time.monotonic() + 60
        # Without what only positions the cursor or rings.
        while not re.search(expected, re.sub(r"\x1b\[[?\d;]*[a-zA-Z]|\a", "", seen)):
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            assert ready, f"{text!r}: no {expected!r} in {seen!r}"
            seen += os.read(self.fd, 65536).decode(errors="replace")
        return seen

    def close(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'source "$SCRIPTS/bpftrek.bash"; echo re""ady\n'),
    "zsh": (["zsh", "-f", "-i"],
            'fpath=("$SCRIPTS" $fpath); autoload -U compinit; compinit -D -u; echo re""ady\n'),
}


@pytest.mark.parametrize("shell", SHELLS)
def test_typing(here, tmp_path, shell):
    """With a real line editor in between."""
    if not shutil.which(shell):
        pytest.skip("no " + shell)
    command, start = SHELLS[shell]
    env = {"PATH": os.path.dirname(BPFTREK) + ":" + os.environ["PATH"], "SCRIPTS": SCRIPTS,
           "HOME": str(tmp_path)}
    terminal = Terminal(command, here, env)
    try:
        terminal.type(start, r"ready\r?\n(?s:.*)> $")
        for typed, completed in [
                ("bpftrek ta\t", "targets "), ("bpftrek run obj\t", r"object\.bpf\.o "),
                ("bpftrek --on=e\t", "--on=embedded "),
                ("bpftrek run object.bpf.o --fill ses\t", "--fill sessions="),
                ("bpftrek run object.bpf.o --fill sessions=@rows.\t", r"sessions=@rows\.jsonl "),
                ("bpftrek run --load=obj\t", r"--load=object\.bpf\.o "),
                ("bpftrek run with\t", r"with\\ space"),
                ("bpftrek run --load=with\\ space.\t", r"with\\ space\.bpf\.o "),
                ("bpftrek exec -- ls rows.\t", r"ls rows\.jsonl ")]:
            terminal.type(typed, completed)
            terminal.type("\x15\n", "> $")
    finally:
        terminal.close()
