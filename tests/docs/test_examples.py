# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""Every example of --help and the manual runs, and says nothing but what it is to say.

It runs as it stands, in a directory that has what examples/ holds and makes, on the embedded engine
unless it asks for the kernel. Where a command shows what is in an engine and the example does not
say what, there is something.
"""

import json
import os
import pathlib
import re
import subprocess

import pytest

BPFTREK = pathlib.Path(os.environ["BPFTREK"])
BPFTOOL = pathlib.Path(os.environ["BPFTOOL"])
EXAMPLES = pathlib.Path(os.environ["SOURCE_ROOT"], "examples")
OBJECTS = pathlib.Path(os.environ["EXAMPLE_OBJECTS"])
COMMANDS = json.loads(subprocess.run([os.environ["TABLES"]], check=True,
                                     stdout=subprocess.PIPE).stdout)
SOMETHING = " --load service.bpf.o --fill sessions=@sessions.jsonl"
TAKES_LOAD = {command["path"] for command in COMMANDS
              if "load" in [option["name"] for option in command["options"]]}


def examples():
    for line in sorted({example["line"] for command in COMMANDS for example in command["examples"]}):
        yield pytest.param(line, id=line)


def with_something(line):
    """The line with something to show in it, after the words of its command."""
    for path in sorted(TAKES_LOAD, key=len, reverse=True):
        words = r"bpftrek( --\S+( embedded| kernel)?)* " + " ".join(path.split()[1:]) + r"\b"
        found = re.search(words, line)
        if found and "--load" not in line and " run " not in line:
            return line[:found.end()] + SOMETHING + line[found.end():]
    return line


@pytest.fixture(scope="module")
def kernel_refusal():
    done = subprocess.run([BPFTREK, "--on", "kernel", "run", OBJECTS / "maps.bpf.o"], check=False,
                          capture_output=True, text=True)
    return done.stderr if done.returncode else None


@pytest.mark.parametrize("line", examples())
def test_example(line, tmp_path, kernel_refusal):
    if "--on kernel" in line and kernel_refusal:
        pytest.skip("the kernel's BPF cannot be used here: " + kernel_refusal)
    for path in (*OBJECTS.glob("*.bpf.o"), *EXAMPLES.glob("*.jsonl")):
        (tmp_path / path.name).symlink_to(path)
    done = subprocess.run(
        ["sh", "-ec", with_something(line)], cwd=tmp_path, capture_output=True, text=True,
        check=False, timeout=60,
        env=dict(os.environ, BPFTREK_ON="embedded",
                 PATH=f"{BPFTREK.parent}:{BPFTOOL.parent}:{os.environ['PATH']}",
                 ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout or ">" in line or "exec" in line
