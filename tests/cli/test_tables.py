# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""Every command's table against all that is made of it: the parser, help, the manual, completion."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from command import bpftrek, output, says

COMMANDS = json.loads(subprocess.run([os.environ["TABLES"]], check=True, stdout=subprocess.PIPE,
                                     env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0")).stdout)
ROOT = COMMANDS[0]
JSON = ("json", "jsonl", "pretty")
OPTIONS = [(command, option) for command in COMMANDS for option in command["options"]]
OPTION_IDS = [f"{command['path']} --{option['name']}" for command, option in OPTIONS]

each_command = pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c["path"])
each_option = pytest.mark.parametrize("command, option", OPTIONS, ids=OPTION_IDS)


def words(command):
    return command["path"].split()[1:]


def flat(text):
    """Without what wrapping and hyphenation made of it."""
    return re.sub(r"\s+", " ", text.replace("\u2010\n", "").replace("-\n", "-"))


def given(option):
    """The option with a value that it takes."""
    if not option["argument"]:
        return [f"--{option['name']}"]
    value = option["words"][0] if option["words"] else "a=b" if "=" in option["argument"] else "7"
    return [f"--{option['name']}", value]


def test_there_are_commands():
    assert [command["path"] for command in COMMANDS][:2] == ["bpftrek", "bpftrek prog"]
    assert len(COMMANDS) > 8


@each_command
def test_table(command):
    """What a reader expects of each text."""
    summary = command["summary"]
    assert summary[0].islower() and not summary.endswith(".")
    assert command["text"].rstrip().endswith((".", ":")) or command["text"].splitlines()[-1][0] == " "
    assert command["examples"]
    for example in command["examples"]:
        assert "bpftrek" in example["line"] and len(example["line"]) <= 78
        assert example["help"][0].islower() and not example["help"].endswith(".")
    optional = [operand["optional"] for operand in command["operands"]]
    assert optional == sorted(optional)
    assert not [operand for operand in command["operands"][:-1] if operand["many"]]


@each_option
def test_option_table(command, option):
    assert re.fullmatch(r"[a-z][a-z-]*[a-z]", option["name"])
    assert not option["help"].endswith(".")
    assert (option["kind"] in ("word", "list")) == bool(option["words"])
    names = [other["name"] for other in command["options"]]
    letters = [other["letter"] for other in command["options"] if other["letter"]]
    if command is not ROOT:
        names += [other["name"] for other in ROOT["options"]]
        letters += [other["letter"] for other in ROOT["options"] if other["letter"]]
    assert names.count(option["name"]) == 1
    assert not option["letter"] or letters.count(option["letter"]) == 1


@each_option
def test_the_parser_takes_an_option(command, option):
    """The help that is asked for after it comes: what is in front of it was taken."""
    if option["name"] in ("help", "version"):
        return
    text = output("embedded", *words(command), "--help")
    assert output("embedded", *words(command), *given(option), "--help") == text
    if option["argument"]:
        assert output("embedded", *words(command), "=".join(given(option)), "--help") == text
        says(bpftrek(*words(command), f"--{option['name']}"), "needs a value", status=2)
    else:
        says(bpftrek(*words(command), f"--{option['name']}=x"), "takes no value", status=2)
    if option["letter"]:
        assert output("embedded", *words(command), f"-{option['letter']}",
                      *given(option)[1:], "--help") == text


@pytest.mark.parametrize("command, option",
                         [pair for pair in OPTIONS if pair[1]["words"] and pair[0] is not ROOT],
                         ids=[name for name, pair in zip(OPTION_IDS, OPTIONS)
                              if pair[1]["words"] and pair[0] is not ROOT])
def test_words_that_an_option_does_not_take(command, option):
    says(bpftrek(*words(command), f"--{option['name']}", "frobnicate"), "frobnicate",
         option["words"][-1], status=2)


@each_command
def test_help(command):
    text = output("embedded", *words(command), "--help")
    assert max(map(len, text.splitlines())) <= 80
    assert text.startswith(f"Usage: {command['path']}")
    for option in command["options"]:
        heading = f"--{option['name']}" + (f" {option['argument']}" if option["argument"] else "")
        if option["letter"]:
            heading = f"-{option['letter']}, {heading}"
        assert re.search(rf"^ +{re.escape(heading)}(  |$)", text, re.M)
        assert flat(option["help"]) in flat(text)
        if command is not ROOT:
            assert f"[--{option['name']}" in text
    for operand in command["operands"]:
        assert operand["name"] in text.split("\n\n")[0]
        assert not operand["help"] or flat(operand["help"]) in flat(text)
    for example in command["examples"]:
        assert f"\n  {example['line']}\n      {example['help']}" in text
    assert ("--json" in text) == (command["json"] or command["group"])


@each_command
def test_json_only_where_there_is_some(command):
    """What is missing on the line is said first, if anything is."""
    done = bpftrek("--on", "embedded", "--json", *words(command),
                   *("x" for operand in command["operands"] if not operand["optional"]))
    refused = b"writes no JSON" in done.stderr
    assert refused == (not command["json"] and not command["group"])


def source(command):
    return pathlib.Path(os.environ["MANUAL"], command["page"] + ".1")


@pytest.mark.skipif("MANUAL" not in os.environ, reason="a cross build makes no manual")
class TestManual:
    """The man pages."""

    @each_command
    def test_sections(self, command):
        titles = re.findall(r"^\.SH (.*)", source(command).read_text(encoding="utf-8"), re.M)
        assert titles[:3] == ["NAME", "SYNOPSIS", "DESCRIPTION"]
        for title in ("OPTIONS", "EXIT STATUS", "EXAMPLES", "SEE ALSO"):
            assert titles.count(title) == 1

    def test_there_is_a_page_for_each_command_and_no_other(self):
        assert {path.name for path in pathlib.Path(os.environ["MANUAL"]).iterdir()} == \
            {source(command).name for command in COMMANDS}

    @each_command
    def test_options(self, command):
        text = source(command).read_text(encoding="utf-8")
        for option in command["options"]:
            name = option["name"].replace("-", r"\-")
            assert re.search(rf"^\.TP\n.*\\fB\\-\\-{re.escape(name)}\\fR", text, re.M)
        assert (r"\-\-json\fR" in text) == (command["json"] or command["group"])

    @each_command
    @pytest.mark.skipif(not shutil.which("mandoc"), reason="no mandoc")
    def test_mandoc_finds_nothing_wrong(self, command):
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", source(command)],
                              capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    @each_command
    @pytest.mark.skipif(not shutil.which("groff"), reason="no groff")
    def test_groff_finds_nothing_wrong(self, command):
        done = subprocess.run(["groff", "-man", "-ww", "-z", "-Tutf8", source(command)],
                              capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    @each_command
    @pytest.mark.skipif(not shutil.which("mandoc"), reason="no mandoc")
    def test_text(self, command):
        """It says what the table says."""
        text = flat(subprocess.run(["mandoc", "-T", "ascii", "-O", "width=1000", source(command)],
                                   check=True, stdout=subprocess.PIPE).stdout.decode())
        text = re.sub(".\b", "", text)
        for said in (command["summary"], command["text"],
                     *(option["help"] for option in command["options"])):
            assert flat(said).replace("`", "") in text.replace("`", "")
        for example in command["examples"]:
            assert example["line"] in text


@each_option
def test_completion_of_an_option(command, option):
    typed = [*words(command), f"--{option['name'][:-1]}"]
    lines = bpftrek("__complete", *typed).stdout.decode().splitlines()
    assert f"--{option['name']}" in [line.split("\t")[0] for line in lines]


@each_option
def test_completion_of_words(command, option):
    """All of them, and of a list each once."""
    if not option["words"]:
        return
    typed = [*words(command), f"--{option['name']}"]
    lines = bpftrek("__complete", *typed, "").stdout.decode().splitlines()
    assert [line.split("\t")[0] for line in lines[:-1]] == option["words"]
    if option["kind"] == "list":
        first = option["words"][0] + ","
        lines = bpftrek("__complete", *typed, first).stdout.decode().splitlines()
        assert [line.split("\t")[0] for line in lines] == \
            [first + word for word in option["words"][1:]] + [":nospace"]


@each_command
def test_completion_of_a_command(command):
    if command is ROOT:
        return
    lines = bpftrek("__complete", *words(command)).stdout.decode().splitlines()
    assert f"{words(command)[-1]}\t{command['summary']}" in lines
