# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""What the README shows is what the command prints: each `console` block is run line by line."""

import os
import pathlib
import re
import shlex
import subprocess

import pytest

BPFTREK = os.environ["BPFTREK"]
README = pathlib.Path(os.environ["SOURCE_ROOT"], "README.md")
EXAMPLES = pathlib.Path(os.environ["SOURCE_ROOT"], "examples")
OBJECTS = pathlib.Path(os.environ["EXAMPLE_OBJECTS"])


def shown():
    """(command, output) of each `$ ` line."""
    text = README.read_text(encoding="utf-8")
    for block in re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


def test_there_is_something_to_run():
    assert len(list(shown())) >= 3


@pytest.mark.parametrize("command,output", list(shown()))
def test_command(command, output, tmp_path):
    for path in (*OBJECTS.glob("*.bpf.o"), *EXAMPLES.glob("*.jsonl")):
        (tmp_path / path.name).symlink_to(path)
    name, *arguments = shlex.split(command)
    assert name == "bpftrek"
    done = subprocess.run([BPFTREK, *arguments], cwd=tmp_path, capture_output=True, text=True,
                          check=True, timeout=60)
    assert (done.stdout, done.stderr) == (output, "")
