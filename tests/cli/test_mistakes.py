# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""What is said to programs that are wrong as people's are: tests/progs/mistakes.bpf.c tells."""

import json
import os
import re

import pytest

from command import bpftrek, obj

SOURCE = os.path.join(os.path.dirname(__file__), "../progs/mistakes.bpf.c")


def mistakes():
    """Of each program: its name, the line that is wrong, and what is said, by the words before."""
    with open(SOURCE, encoding="utf-8") as file:
        lines = file.read().splitlines()
    here = [number for number, line in enumerate(lines, 1) if "/* here */" in line]
    told, name = {}, None
    for number, line in enumerate(lines, 1):
        says = re.match(r"(?:/| )\* (says|in|do|too): (.*?)(?: \*/)?$", line)
        if says:
            told.setdefault(says[1], []).append(says[2])
        name = re.match(r"int (\w+)\(", line)
        if name and told:
            # A function that the program calls stands in front of it.
            place = (max(n for n in here if n < number) if "in" in told else
                     min(n for n in here if n > number))
            yield name[1], place, told
            told = {}


MISTAKES = list(mistakes())


def test_there_are_many():
    assert len(MISTAKES) >= 15
    assert all("says" in told for _, _, told in MISTAKES)


@pytest.fixture(scope="module")
def verdicts():
    """What is said of each program."""
    done = bpftrek("--json", "check", obj("mistakes"))
    assert done.returncode == 1
    return {program["name"]: program["verdict"]["embedded"] for program in json.loads(done.stdout)}


@pytest.mark.parametrize("name, line, told", MISTAKES, ids=[name for name, _, _ in MISTAKES])
def test_mistake(name, line, told, verdicts):
    """It is refused; the first line says where, and what is wrong."""
    assert not verdicts[name]["accepted"]
    first, *rest = [row.strip() for row in verdicts[name]["log"].splitlines()]
    function = told.get("in", [name])[0]
    assert re.match(rf"\S*mistakes\.bpf\.c:{line}: in {function}\(\): refused: ", first)
    assert first.split(": refused: ")[1].startswith(told["says"][0])
    assert rest[0].startswith("source: ")
    for advice in told.get("do", []):
        assert "to be accepted: " + advice in rest
    for more in told.get("too", []):
        assert any(more in row for row in rest)
