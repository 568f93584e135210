# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""bpftrek audit from end to end: its outputs, its exit status, and what it says of bad input.

What each rule finds is held in tests/audit, and upon the kernel's objects in
test_audit_kernel.py. Here objects are loaded into either engine.
"""

import json
import os
import re

import pytest

from command import bpftrek, compile_object, document, output, says, unprivileged
from sources import iterator_with
from terminal import Terminal


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """What loads a map that is full, beside a program."""
    directory = tmp_path_factory.mktemp("audit")
    path = compile_object(directory / "audited.bpf.o",
                          iterator_with("audited", "audited_program"))
    rows = directory / "rows.jsonl"
    rows.write_text("".join(json.dumps({"key": n, "value": n}) + "\n" for n in range(4)))
    return ["--load", path, "--fill", f"audited={rows}"]


def audit(engine, *args, **options):
    return document(engine, "audit", *args, **options)


def named(audited, name="audited"):
    return [f for f in audited["findings"] if f["name"] == name]


# What is found.


def test_a_full_map(engine, loaded):
    audited = audit(engine, "--only", "map-nearly-full", *loaded)
    assert audited["engine"] == engine
    assert ("kernel" in audited) == (engine == "kernel")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", audited["time"])
    [rule] = audited["rules"]
    assert rule["id"] == "map-nearly-full" and rule["checked"]
    assert rule["findings"] == len(audited["findings"])
    [finding] = named(audited)
    assert finding["severity"] == "high"
    assert finding["kind"] == "map"
    assert finding["evidence"]["elements"] == 4
    assert finding["evidence"]["percent"] == 100
    assert finding["command"] == f"bpftrek map dump id {finding['id']} --limit 20"


def test_a_map_that_is_not_full(engine, loaded):
    load = loaded[:2]
    assert not named(audit(engine, "--only", "map-nearly-full", *load))
    assert not named(audit(engine, "--only", "map-nearly-full", "--full", "1", *load))


def test_findings_alone_as_lines(engine, loaded):
    lines = output(engine, "--jsonl", "audit", "--only", "map-nearly-full", *loaded).splitlines()
    assert [f["severity"] for f in map(json.loads, lines) if f["name"] == "audited"] == ["high"]


def test_rules_that_cannot_be_checked_say_why(loaded):
    rules = {r["id"]: r for r in audit("embedded", *loaded)["rules"]}
    assert len(rules) == 16
    for rule in ["unused-program", "unused-map", "stale-pin", "orphan-map", "foreign-descriptor"]:
        assert not rules[rule]["checked"] and "processes" in rules[rule]["not_checked"]
    assert "pinned" in rules["world-open-pin"]["not_checked"]
    assert "--allow" in rules["unknown-program"]["not_checked"]
    assert rules["map-nearly-full"]["checked"]


def test_the_table(loaded):
    text = output("embedded", "audit", *loaded)
    head, row, command, empty, summary, *others = text.splitlines()
    assert head.split() == ["SEVERITY", "RULE", "OBJECT", "FINDING"]
    assert re.fullmatch(r"high +map-nearly-full +map \d+ audited +4 of 4 elements \(100 %\).*", row)
    assert re.fullmatch(r" +\$ bpftrek map dump id \d+ --limit 20", command)
    assert not empty
    assert re.fullmatch(r"1 finding \(1 high\); \d+ of 16 rules checked", summary)
    assert all(other.startswith("not checked: ") for other in others)
    assert "\033" not in text
    assert output("embedded", "-q", "audit", *loaded).splitlines() == [row]


@pytest.mark.parametrize("columns", [50, 80])
def test_sentences_fit_a_terminal(loaded, columns):
    """All but what is to be copied; and they are those that a pipe gets."""
    args = ["--on", "embedded", "audit", *loaded]
    status, text = Terminal(*args, columns=columns, term="dumb").finish()
    assert status == 0
    for line in text.splitlines():
        assert len(line) <= columns or line.lstrip().startswith("$ "), line
    assert "not checked: " in text
    for line in output(*args[1:]).splitlines():
        for sentence in re.findall(r"(not checked: .*|elements \(.*)", line):
            assert " ".join(sentence.split()) in " ".join(text.split())


def test_colours_on_a_terminal_only(loaded):
    for term, env, coloured in [("xterm", {"NO_COLOR": ""}, True), ("dumb", {}, False), ("", {}, False),
                                ("xterm", {"NO_COLOR": "1"}, False)]:
        status, text = Terminal("--on", "embedded", "audit", *loaded, term=term, env=env).finish()
        assert status == 0 and "audited" in text
        assert ("\033[1;31mhigh" in text) == coloured


# SARIF.


# What the objects that are written may have and, of those, must have. The schema of SARIF 2.1.0
# (OASIS) allows no other members anywhere but in properties.
MEMBERS = {
    "log": ({"$schema", "version", "runs"}, {"version", "runs"}),
    "run": ({"tool", "invocations", "results"}, {"tool"}),
    "driver": ({"name", "semanticVersion", "rules"}, {"name"}),
    "rule": ({"id", "shortDescription", "fullDescription", "help", "defaultConfiguration",
              "properties"}, {"id"}),
    "result": ({"ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints",
                "properties"}, {"message"}),
    "location": ({"logicalLocations", "physicalLocation"}, set()),
    "logical": ({"name", "fullyQualifiedName", "kind"}, set()),
    "invocation": ({"executionSuccessful", "exitCode", "startTimeUtc",
                    "toolConfigurationNotifications", "toolExecutionNotifications"},
                   {"executionSuccessful"}),
    "notification": ({"level", "message", "associatedRule"}, {"message"}),
}


def has_members(name, value):
    may, must = MEMBERS[name]
    assert must <= set(value) <= may


def check_sarif(document):
    has_members("log", document)
    assert document["version"] == "2.1.0"
    [run] = document["runs"]
    has_members("run", run)
    has_members("driver", run["tool"]["driver"])
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"] == "bpftrek"
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        has_members("rule", rule)
        assert rule["shortDescription"]["text"] and rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] in ["note", "warning", "error"]
    for result in run["results"]:
        has_members("result", result)
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ["note", "warning", "error"]
        assert result["message"]["text"]
        [location] = result["locations"]
        has_members("location", location)
        [logical] = location["logicalLocations"]
        has_members("logical", logical)
        assert logical["fullyQualifiedName"].count("/") == 2 and logical["name"]
    [invocation] = run["invocations"]
    has_members("invocation", invocation)
    assert invocation["executionSuccessful"] is True
    for notification in invocation["toolConfigurationNotifications"]:
        has_members("notification", notification)
        rule = notification["associatedRule"]
        assert rules[rule["index"]]["id"] == rule["id"]
        assert notification["message"]["text"].startswith("not checked: ")
    return run


def test_sarif(engine, loaded):
    done = bpftrek("--on", engine, "audit", "--sarif", "--fail-on", "high", *loaded)
    assert (done.returncode, done.stderr) == (3, b"")
    run = check_sarif(json.loads(done.stdout))
    [result] = [r for r in run["results"]
                if r["locations"][0]["logicalLocations"][0]["name"] == "audited"
                and r["ruleId"] == "map-nearly-full"]
    assert result["level"] == "error"
    assert result["properties"]["severity"] == "high"
    assert result["properties"]["evidence"]["elements"] == 4
    assert run["invocations"][0]["exitCode"] == 3


# The exit status.


@pytest.mark.parametrize("severity,status", [("note", 3), ("low", 3), ("medium", 3), ("high", 3)])
def test_fail_on(loaded, severity, status):
    audit("embedded", "--fail-on", severity, *loaded, status=status)
    audit("embedded", "--fail-on", severity, *loaded[:2])
    audit("embedded", "--fail-on", severity, "--ignore", "map-nearly-full", *loaded)


def test_fail_on_a_lesser_finding(loaded, tmp_path):
    rows = tmp_path / "three.jsonl"
    rows.write_text('{"key": 1, "value": 1}\n{"key": 2, "value": 1}\n{"key": 3, "value": 1}\n')
    load = ["--full", "75", *loaded[:2], "--fill", f"audited={rows}"]
    audit("embedded", "--fail-on", "medium", *load, status=3)
    audit("embedded", "--fail-on", "high", *load)


# The list of known programs.


def test_the_list_it_prints_is_one_it_takes(engine, loaded, tmp_path):
    known = tmp_path / "known"
    known.write_text(output(engine, "audit", "--print-allow", *loaded[:2]))
    lines = [line for line in known.read_text().splitlines() if line.endswith(" audited_program")]
    assert len(lines) == 1 and re.fullmatch(r"[0-9a-f]{16} audited_program", lines[0])
    only = ["--only", "unknown-program", *loaded[:2]]
    assert not named(audit(engine, *only, "--allow", str(known)), "audited_program")
    known.write_text("# nothing is known\n")
    [finding] = named(audit(engine, *only, "--allow", str(known)), "audited_program")
    assert finding["severity"] == "high"
    assert finding["evidence"]["tag"] == lines[0].split()[0]


@pytest.mark.parametrize("content,words", [
    (b"01234\n", ["line 1", "'01234'"]),
    (b"# fine\n\x1b[31mred\n", ["line 2", "?[31mred"]),
    (b"0123456789abcdef\n\0\n", ["line 2"]),
    (b"x" * 100000, ["line 1", "longer than 4094 bytes"]),
    (b"0123456789abcdef " + b"x" * 100000, ["line 1", "longer than 4094 bytes"]),
])
def test_a_list_that_is_none(tmp_path, content, words):
    path = tmp_path / "known"
    path.write_bytes(content)
    says(bpftrek("--on", "embedded", "audit", "--allow", str(path)), str(path), *words)


def test_a_list_that_is_not_there(tmp_path):
    says(bpftrek("audit", "--allow", str(tmp_path / "none")), "No such file")
    says(bpftrek("audit", "--allow", str(tmp_path)), "directory")


# What cannot be done.


def test_no_permission_is_not_a_clean_audit():
    user = unprivileged()
    if not user:
        pytest.skip("this user is not root, who can be another one")
    says(bpftrek("audit", **user), "kernel engine", "CAP_BPF", "--on embedded")


def test_no_measuring_on_the_embedded_engine():
    says(bpftrek("--on", "embedded", "audit", "--sample", "1"), "embedded engine")


# The command line.


@pytest.mark.parametrize("args,words", [
    (["--only", "stale"], ["stale"]),
    (["--only", "stale-pin", "--ignore", "stale-pin"], ["no rule"]),
    (["--explain", "none"], ["none"]),
    (["--fail-on", "grave"], ["grave"]),
    (["--full", "0"], ["full"]),
    (["--full", "101"], ["101", "at most 100"]),
    (["--cpu", "x"], ["cpu"]),
    (["--sample", "0"], ["sample"]),
    (["--sample", "86401"], ["86401"]),
    (["--sarif", "--json"], ["--sarif"]),
    (["--print-allow", "--json"], ["--print-allow writes no JSON"]),
    (["--explain", "stale-pin", "--sarif"], ["--explain writes no JSON"]),
    (["more"], ["more"]),
])
def test_a_wrong_line(args, words):
    says(bpftrek("audit", *args), *words, status=2)


def test_each_rule_is_explained():
    rules = [r["id"] for r in audit("embedded")["rules"]]
    for rule in rules:
        text = bpftrek("audit", "--explain", rule).stdout.decode()
        assert text.startswith(f"{rule} (")
        assert "\nWhat it means\n" in text and "\nWhat to do\n" in text
        assert max(map(len, text.splitlines())) <= 80


@pytest.mark.skipif("MANUAL" not in os.environ, reason="a cross build makes no manual")
def test_the_manual_has_each_rule():
    with open(os.path.join(os.environ["MANUAL"], "bpftrek-audit.1"), encoding="utf-8") as page:
        text = page.read().replace("\\-", "-")
    for rule in audit("embedded")["rules"]:
        assert re.search(f"{rule['id']} +{re.escape(rule['title'])}", text), rule["id"]


def test_only_some_rules():
    audited = audit("embedded", "--only", "map-nearly-full,missed-runs", "--only", "stale-pin",
                    "--ignore", "missed-runs")
    assert [r["id"] for r in audited["rules"]] == ["stale-pin", "map-nearly-full"]
