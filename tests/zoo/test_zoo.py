# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""The zoo itself: that everything is in it, and that bpftool sees it as the kernel tells it."""

import json
import os
import signal
import time

import pytest

from command import output
from zoo import Zoo, as_bpftool_pins

# What the kernel refuses on purpose.
REFUSED = {
    "btf.key_only": "a type of keys alone is not asked for",
    "btf.mismatch": "a type of another size than the map's values",
}


def test_why_something_is_missing(zoo):
    """Not a failure, but to be read: what this kernel lacks."""
    for skipped in zoo.skipped:
        print(f"not in the zoo: {skipped['what']}: {skipped['why']}")
        assert skipped["what"] in REFUSED or skipped.keys() & {
            "program_type", "map_type", "link_type", "of_types"} or (
                skipped["what"].startswith("recursion")), skipped


# The last type is the newest that the zoo knows.
@pytest.mark.parametrize("kind,enum,newest", [
    ("prog", "bpf_prog_type", 32), ("map", "bpf_map_type", 35), ("link", "bpf_link_type", 15)])
def test_every_type_is_there_or_refused(zoo, kind, enum, newest):
    key = {"prog": "program_type", "map": "map_type", "link": "link_type"}[kind]
    there = {o["info"]["type"] for o in zoo.objects[kind].values()}
    refused = {skipped[key] for skipped in zoo.skipped if key in skipped}
    for name, value in zoo.enums[enum].items():
        if value > newest and not name.startswith("__MAX"):
            print(f"not in the zoo: {name} is newer")
        elif value and not name.startswith("__MAX"):
            assert value in there | refused, name


def test_types_are_what_was_asked_for(zoo):
    for kind in ["prog", "map", "link"]:
        for o in zoo.objects[kind].values():
            assert o.get("type", o["info"]["type"]) == o["info"]["type"], o


def test_bpftool_agrees_with_the_kernel_on_programs(zoo):
    for id, shown in zoo.mine("prog", zoo.bpftool("prog", "show")).items():
        told, info = zoo.objects["prog"][id], zoo.objects["prog"][id]["info"]
        assert shown.get("name", "") == told["name"]
        assert shown["tag"] == info["tag"]
        assert shown["gpl_compatible"] == bool(info["gpl_compatible"])
        assert shown["bytes_xlated"] == info["xlated_prog_len"]
        assert shown["bytes_jited"] == info["jited_prog_len"]
        assert shown.get("map_ids", []) == info["map_ids"]
        assert shown.get("btf_id", 0) == info["btf_id"]
        assert bool(info["btf_id"]) == told["btf"]
        assert set(shown["pinned"]) == as_bpftool_pins(zoo.pins_of("prog", id))


def test_bpftool_agrees_with_the_kernel_on_maps(zoo):
    for id, shown in zoo.mine("map", zoo.bpftool("map", "show")).items():
        told, info = zoo.objects["map"][id], zoo.objects["map"][id]["info"]
        assert shown.get("name", "") == info["name"] == told["name"][:15]
        assert shown["flags"] == info["map_flags"]
        assert shown["bytes_key"] == info["key_size"]
        assert shown["bytes_value"] == info["value_size"]
        assert shown["max_entries"] == info["max_entries"]
        assert set(shown["pinned"]) == as_bpftool_pins(zoo.pins_of("map", id))


def test_programs_that_ran(zoo):
    ran = zoo.named("prog", "socket_filter_with_many_maps")["info"]
    assert ran["run_cnt"] == 3
    assert ran["run_time_ns"] > 0


def listed(kind):
    """
    What is there, which bpftool would have to open: a program array that is opened as its last
    user goes may lose a reference in Linux 6.18, and then stays for ever.
    """
    return {o["id"] for o in json.loads(output("kernel", "-j", kind, "list", "--columns", "id"))}


@pytest.mark.parametrize("how", ["closed", "killed"])
def test_nothing_is_left_behind(zoo, how):
    """`zoo` for the skip: this one is its own."""
    mine = Zoo()
    if how == "killed":
        os.kill(mine.pid, signal.SIGKILL)
        assert mine.process.wait(timeout=60) == -signal.SIGKILL
        mine.process.stdin.close()
        # Its own way out was not taken: the next zoo, or who started it, removes its cgroup.
        if mine.cgroup:
            os.rmdir(mine.cgroup)
    else:
        mine.close()
    assert not os.path.exists(mine.cgroup)
    # The kernel takes namespaces and programs apart in its own time.
    end = time.monotonic() + 30
    left = [(kind, id) for kind in ["prog", "map", "link"] for id in mine.objects[kind]]
    while left and time.monotonic() < end:
        time.sleep(0.05)
        there = {kind: listed(kind) for kind in ["prog", "map", "link"]}
        left = [(kind, id) for kind, id in left if id in there[kind]]
    assert not left
