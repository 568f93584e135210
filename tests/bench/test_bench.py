# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""Every row of the benchmark is measured, once and little of it, and nothing fails. Not: how fast."""

import json
import os
import subprocess

import pytest

BENCH = os.environ["BENCH"]
CONTESTANTS = ("interpreted", "compiled", "kernel", "plain_c")


def bench(*args):
    return subprocess.run([BENCH, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def rows_of(run):
    assert run.returncode == 0, run.stdout + run.stderr
    return {f'{group["group"]}:{row["row"]}': row
            for group in json.loads(run.stdout)["groups"] for row in group["rows"]}


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """One run of every row: its results, and the document that it wrote."""
    path = tmp_path_factory.mktemp("bench")
    (path / "template.md").write_text("# How fast\n\n@machine@\n\n@table iterate@\n\nWhy.\n")
    run = bench("--quick", "--json", "--template", str(path / "template.md"), "--write", str(path / "written.md"))
    return rows_of(run), (path / "written.md").read_text()


def test_every_row(everything):
    names = bench("--list").stdout.splitlines()
    rows, _ = everything
    assert len(names) == len(set(names))
    assert list(rows) == names
    for name, row in rows.items():
        took_part = [who for who in CONTESTANTS if row[who]]
        assert took_part, name
        # Not every machine has native code, and not everybody may have the kernel's maps and programs.
        missing = [who for who in took_part if "median" not in row[who]]
        assert set(missing) <= {"compiled", "kernel"}, (name, row)
        if "compiled" in missing:
            assert "native code" in row["compiled"]["missing"] or "missing" in row["kernel"], (name, row)


def test_document(everything):
    _, text = everything
    assert text.startswith("# How fast\n") and text.endswith("\n\nWhy.\n") and "@" not in text
    assert "\n| ARRAY, sum | " in text and " CPUs; Linux " in text


def test_template():
    """Every table has its place in the document."""
    with open(os.path.join(os.path.dirname(__file__), "../../bench/performance.md")) as f:
        tables = [line.split()[1].rstrip("@") for line in f if line.startswith("@table ")]
    groups = {name.partition(":")[0] for name in bench("--list").stdout.splitlines()}
    assert sorted(tables) == sorted(groups)


def test_filter():
    rows = rows_of(bench("--quick", "--json", "--filter", "iterate:ARRAY, sum", "--filter", "compute:sum*"))
    assert list(rows) == ["iterate:ARRAY, sum", "compute:sum of 1,024 numbers"]


def test_table():
    run = bench("--quick", "--filter", "iterate:ARRAY, sum")
    assert run.returncode == 0
    assert "ns an element" in run.stdout and "plain C" in run.stdout and "ARRAY, sum" in run.stdout


@pytest.mark.parametrize("args", [["--nonsense"], ["left over"], ["--repetitions", "0"],
                                  ["--repetitions", "100"], ["--repetitions", "1x"],
                                  ["--write", "/nowhere"],
                                  ["--write", "/x", "--template", "/y", "--filter", "maps"]])
def test_usage(args):
    run = bench(*args)
    assert run.returncode == 2 and "usage: bench [OPTIONS]" in run.stderr and not run.stdout
