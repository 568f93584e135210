# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""The same objects on both engines, loaded by --load: what is told of them has the same shape, and
the same values where they are the objects' own, not the engine's.
"""

import hashlib
import json
import os

import pytest

from command import bpftrek, output
from zoo import OBJECTS, same_name_twice

BOTH = os.path.join(OBJECTS, "both.bpf.o")

# Rows for maps of it; what they hold beside is nothing, or what the object says.
ROWS = {
    "both_hash": [{"key": k, "value": {"packets": k << 40, "bytes": k}} for k in range(1, 8)],
    "both_array": [{"key": 1, "value": {"packets": 2**64 - 1, "bytes": 7}}],
    "both_percpu_hsh": [{"key": 9, "value": {"packets": 3}}],
    "both_percpu_arr": [{"key": 0, "value": {"bytes": 4}}],
    "both_lru": [{"key": 5, "value": {"packets": 6}}],
    "both_percpu_lru": [{"key": 5, "value": 2**63}],
    "both_untyped": [{"key": "0x010203", "value": "0x0102030405"},
                     {"key": "0xffffff", "value": "0x0000000000"}],
    "both_trie": [{"key": "0x18000000c0a80700", "value": "0x01000000"},
                  {"key": "0x00000000c0000000", "value": "0x02000000"}],
}

MAPS = [*ROWS, "both_prog_array", "both_queue", "both_stack", "both_inner", "both_maps",
        "both_hashed_maps", "both.rodata", "both.data", "both.bss"]

# What is the object's own, not the engine's: it has to be equal.
OWN = {
    "prog": ["type", "name", "tag", "gpl_compatible", "license", "attach_type", "attach_to",
             "sleepable", "jited", "uid"],
    "map": ["type", "name", "flags", "flag_names", "bytes_key", "bytes_value", "max_entries",
            "elements", "fill", "frozen", "map_extra"],
}


# w0 = 0; exit: both_kprobe_of_the_zoo
RETURNS_ZERO = bytes([0xb4, *[0] * 7, 0x95, *[0] * 7])


def own(kind, objects):
    """Without tags that are of SHA-1, as they are before Linux 6.18."""
    old = kind == "prog" and (objects["both_kprobe_of_the_zoo"]["tag"] ==
                              hashlib.sha1(RETURNS_ZERO).hexdigest()[:16])
    return [field for field in OWN[kind] if not (old and field == "tag")]


NOT_COUNTED = b"this kernel does not count them"


def comparable(kernel, embedded):
    """Both, without what an old kernel does not tell: how many instructions were verified, and of a
    hash the elements, which only the other engine counts then."""
    untold = [] if "verified_insns" in kernel else ["verified_insns"]
    if "hash" in kernel["type"] and ("elements" not in kernel or "counted_by" in kernel):
        untold += ["counted_by", "elements", "fill"]
    return [{name: value for name, value in o.items() if name not in untold}
            for o in [kernel, embedded]]


class Loads:
    """Objects whose names are those of no other run at the same time: "both" is another word of
    four letters, in the object's file and in its name. `options` are those that load all.
    """

    def __init__(self, directory):
        self.word = "b" + "".join("abcdefghijklmnopqrstuvwxyz"[os.getpid() // 26**i % 26]
                                  for i in range(3))
        path = directory / f"{self.word}.bpf.o"
        with open(BOTH, "rb") as both:
            path.write_bytes(both.read().replace(b"both", self.word.encode()))
        self.options = ["--load", str(path)]
        for name, lines in ROWS.items():
            rows = directory / name
            rows.write_text("".join(json.dumps(row) + "\n" for row in lines), encoding="utf-8")
            self.options += ["--fill", f"{self.name(name)}={rows}"]

    def name(self, name):
        return name.replace("both", self.word)

    def listed(self, engine, kind, *args):
        """By name as it was; the newest of a name is the one that this run loaded last."""
        done = bpftrek("--on", engine, "--json", kind, "list", *args, *self.options)
        assert done.returncode == 0
        # What a kernel before 6.6 complains of.
        assert not done.stderr or kind == "map" and NOT_COUNTED in done.stderr
        objects = json.loads(done.stdout)
        mine = {}
        for o in sorted(objects, key=lambda o: o["id"]):
            if o.get("name", "").startswith(self.word):
                o["name"] = o["name"].replace(self.word, "both")
                mine[o["name"]] = o
        return mine


@pytest.fixture(scope="module")
def loads(tmp_path_factory, kernel_refusal):
    """The tests need both engines."""
    if kernel_refusal:
        pytest.skip("the kernel does not load the object: " + kernel_refusal)
    return Loads(tmp_path_factory.mktemp("objects"))


def shape(value):
    """Which members there are, of which types: of lists that of their elements."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    if isinstance(value, list):
        shapes = []
        for element in value:
            if shape(element) not in shapes:
                shapes.append(shape(element))
        return shapes
    if isinstance(value, float):
        return "number"
    return "number" if type(value) is int else type(value).__name__


def shape_on(engine, o):
    """Processes hold what the kernel has; what this process has, nobody else can."""
    held = o.pop("pids", None)
    assert engine == "kernel" or held is None
    return shape(o)


@pytest.mark.parametrize("columns", [[], ["--columns", "all"]], ids=["usual", "all"])
@pytest.mark.parametrize("kind", OWN)
def test_lists_have_the_same_shape(loads, kind, columns):
    kernel = loads.listed("kernel", kind, *columns)
    embedded = loads.listed("embedded", kind, *columns)
    assert sorted(kernel) == sorted(embedded)
    assert len(kernel) > 14
    fields = own(kind, kernel)
    for name, o in kernel.items():
        o, other = comparable(o, embedded[name])
        assert shape_on("kernel", o) == shape_on("embedded", other), name
        for field in fields:
            assert o.get(field) == other.get(field), (name, field)
        if kind == "prog":
            assert len(o.get("map_ids", [])) == len(other.get("map_ids", []))
        else:
            assert len(o["progs"]) == len(other["progs"]), name


def test_one_is_shown_in_the_same_shape(zoo):
    """The kernel's is the zoo's: there others may have loaded the same object at the same time."""
    values = os.path.join(OBJECTS, "values.bpf.o")
    for kind, name in [("prog", "uses_the_globals_of_the_zoo"), ("map", "texts")]:
        kernel = zoo.json(kind, "show", "id", str(zoo.named(kind, name)["id"]))
        embedded = json.loads(output("embedded", "--json", kind, "show", name, "--load", values))
        kernel, embedded = comparable(kernel, embedded)
        assert shape_on("kernel", kernel) == shape_on("embedded", embedded)


def test_types_have_the_same_shape(loads):
    for columns in [[], ["--columns", "all"]]:
        shapes = {}
        for engine in ["kernel", "embedded"]:
            objects = json.loads(output(engine, "--json", "btf", "list", *columns, *loads.options))
            own = [o for o in objects if o["kernel"]]
            # Nothing but the number of its maps and programs tells whose it is.
            loaded = [o for o in objects if not o["kernel"] and len(o["map_ids"]) > 9
                      and len(o["prog_ids"]) > 9]
            assert own[0]["name"] == "vmlinux"
            shapes[engine] = [shape_on(engine, o) for o in [own[0], loaded[-1]]]
        assert shapes["kernel"] == shapes["embedded"]


def test_there_are_no_links_of_what_is_only_loaded(loads):
    assert json.loads(output("embedded", "--json", "link", "list", *loads.options)) == []


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("form", ["json", "table", "csv"])
def test_dumps_are_the_same(loads, name, form):
    said = {}
    for engine in ["kernel", "embedded"]:
        done = bpftrek("--on", engine, "map", "dump", loads.name(name), "--format", form,
                       *loads.options)
        assert done.returncode == 0, done.stderr
        said[engine] = done
    texts = [done.stdout.decode() for done in said.values()]
    if name in ["both_maps", "both_hashed_maps"]:  # ids are the engine's
        texts = [shape(json.loads(text)) for text in texts] if form == "json" else [
            text.split("\n")[0].split() for text in texts]
    elif form == "json":
        # Hash tables have no order.
        texts = [sorted(json.loads(text, object_pairs_hook=same_name_twice), key=str)
                 for text in texts]
    else:
        texts = [sorted(text.splitlines()) for text in texts]
    assert texts[0] == texts[1]
    if name in ROWS and form == "json":
        assert len(texts[0]) >= len(ROWS[name])
    # What is said beside it is said of a map by its id.
    beside = [done.stderr.decode().partition(": ")[2].partition(": ")[2] for done in said.values()]
    assert beside[0] == beside[1]


@pytest.mark.parametrize("name", ["both_bloom", "both_ring", "both_user_ring", "both_events"])
def test_what_cannot_be_dumped_is_the_same(loads, name):
    said = [bpftrek("--on", engine, "map", "dump", loads.name(name), *loads.options)
            for engine in ["kernel", "embedded"]]
    assert [done.returncode for done in said] == [1, 1]
    assert not said[0].stdout and not said[1].stdout
    texts = [done.stderr.decode().partition(": ")[2].partition(": ")[2] for done in said]
    assert texts[0] == texts[1] != ""
