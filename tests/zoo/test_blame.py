# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""bpftrek audit in the zoo: of objects of every kind, held in every way, it blames those that nobody
uses, and none of the others."""

import json

import pytest

from command import BPFTREK

USAGE = ["unused-program", "unused-map", "stale-pin", "orphan-map", "dead-link"]


def audit(zoo):
    done = zoo.run(BPFTREK, "--on", "kernel", "--json", "audit", "--ignore", "map-without-program")
    assert (done.returncode, done.stderr) == (0, b"")
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def findings(zoo):
    """Of the zoo's own objects; there are others on the host."""
    return [f for f in audit(zoo)["findings"] if f["id"] in zoo.objects[f["kind"]]]


def test_only_what_nobody_uses_is_blamed(zoo, findings):
    blamed = sorted((f["rule"], f["severity"], f["name"]) for f in findings if f["rule"] in USAGE)
    # What a socket or a perf event has, which tells nobody. What a cgroup, a device, tc or a socket
    # map has is found.
    expected = [("unused-program", "note", name) for name in ["by_event", "by_group", "by_socket"]]
    expected += [("unused-program", "note", o["name"]) for o in zoo.objects["prog"].values()
                 if o.get("hidden")]
    expected += [("stale-pin", "medium", "only.pinned")] * 2
    skipped = {skip["what"] for skip in zoo.skipped}
    assert blamed == sorted(e for e in expected if e[2] not in skipped)


def test_what_nobody_uses_is_said_where(zoo, findings):
    for f in findings:
        if f["rule"] == "stale-pin":
            assert f["evidence"]["refcnt"] == f["evidence"]["references_seen"] == 1
            assert f["evidence"]["pinned"] and f["command"].startswith("rm ")


def test_full_maps(zoo, findings):
    full = {f["name"]: f["evidence"]["elements"] for f in findings
            if f["rule"] == "map-nearly-full"}
    if zoo.counts_hashes:
        assert full == {"hash.full": 7, "hash.nearly": 19}
    else:
        rule, = [rule for rule in audit(zoo)["rules"] if rule["id"] == "map-nearly-full"]
        assert "does not count" in rule["not_checked"]
