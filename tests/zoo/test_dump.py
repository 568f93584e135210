# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""`map dump` of every map of the zoo, beside bpftool's, element by element and field by field.

Where the two differ by design, RULES says how, and why; VALUES has what the zoo put into those
(values.c, types.c), so that a rule hides nothing. Maps whose elements bpftool shows nothing of are
in UNREADABLE.
"""

import csv
import io
import json
import re

import pytest

from command import says
from zoo import same_name_twice

MOODS = {"CALM": 0, "CURIOUS": 3, "ANGRY": 7}

# Kinds whose keys are numbers without types, too; whose values are ids of other objects.
INDEXED = {"ARRAY", "PROG_ARRAY", "PERCPU_ARRAY", "ARRAY_OF_MAPS", "DEVMAP", "SOCKMAP", "CPUMAP",
           "REUSEPORT_SOCKARRAY", "STRUCT_OPS", "INSN_ARRAY"}
OF_IDS = {"PROG_ARRAY", "ARRAY_OF_MAPS", "HASH_OF_MAPS"}
NEXT_ONLY = {"QUEUE", "STACK"}
PER_CPU = {"PERCPU_HASH", "PERCPU_ARRAY", "LRU_PERCPU_HASH", "PERCPU_CGROUP_STORAGE"}

# Kinds of which bpftool shows nothing, or an error for each element; and what we say of them.
UNREADABLE = {
    "BLOOM_FILTER": "does not keep", "PERF_EVENT_ARRAY": "events", "CGROUP_ARRAY": "cgroups",
    "XSKMAP": "sockets", "SK_STORAGE": "sockets in hand", "INODE_STORAGE": "files in hand",
    "TASK_STORAGE": "tasks in hand", "CGRP_STORAGE": "cgroups in hand", "RINGBUF": "ring",
    "USER_RINGBUF": "ring", "ARENA": "pages",
}

NO_BITS = {"one": 0, "five": 0, "negative": 0, "to_the_end": 0, "wide": 0, "top": 0, "low": 0,
           "high": 0, "mood": "CALM", "flag": False}

# By map and key as JSON: the values whose fields a rule is for.
VALUES = {
    "bits_of_every_size": {
        "0": dict(NO_BITS, one=1, five=21, negative=-64, to_the_end=0x7fffe, wide=0x1fffffffe,
                  top=0xabcdef0, low=5, high=10, mood="CURIOUS", flag=True),
        "1": NO_BITS,
        "2": dict(NO_BITS, five=31, negative=63, high=15, mood="ANGRY")},
    "floats": {"3": {"single": 1.5, "wide": -0.1}},
    "int128": {"3": {"low": 1, "high": "0x1032547698badcfe0000000000000080"}},
    "texts": {
        '{"row": 1, "column": "a", "mood": "CALM"}': {
            "text": "hello, zoo", "full": "full", "escaped": [*b'\033[1m"\\\t/\0\0'],
            "after_end": "ab", "none": "", "octets": [1, 0, 255], "octets_signed": [-1, 0, 1],
            "lines": ["ab", "cd"]},
        '{"row": 65535, "column": "bc", "mood": "ANGRY"}': {
            "text": "h\u00e9llo", "full": [-1, -2, ord("x"), 0], "escaped": [*b"<&'>\n\r\x7f\0\0\0"],
            "after_end": "", "none": "", "octets": [0] * 3, "octets_signed": [0] * 3,
            "lines": ["", ""]}},
    "numbers_of_every_size": {
        "1": {"u8": 0, "s8": -128, "u16": 0, "s16": -32768, "u32": 0, "s32": -1 << 31, "u64": 0,
              "s64": -1 << 63, "yes": False, "no": False, "letter": 122, "typed": 0,
              "mood": "CALM", "no_mood": 99, "degrees": "FREEZING"},
        "2": {"u8": 255, "s8": 127, "u16": 65535, "s16": 32767, "u32": (1 << 32) - 1,
              "s32": (1 << 31) - 1, "u64": (1 << 64) - 1, "s64": (1 << 63) - 1, "yes": True,
              "no": False, "letter": 10, "typed": 4000000000, "mood": "ANGRY",
              "no_mood": (1 << 32) - 1, "degrees": "MILD"}},
    "enums.64": {"3": {"huge": "HUGE_TOP", "unnamed": 5, "deep": "DEEP", "array": ["HIGH", -1],
                       "small": "MINUS_ONE"}},
}


def number_of(hexadecimal):
    return int(hexadecimal, 16) if isinstance(hexadecimal, str) and re.fullmatch(
        "0x[0-9a-f]+", hexadecimal) else None


def bit_field(theirs, ours):
    bits = number_of(theirs)
    if bits is None:
        return False
    if isinstance(ours, str):
        return MOODS.get(ours) == bits
    # The sign is where the difference is: one power of two.
    return bits == ours or ours < 0 and (bits - ours).bit_count() == 1


def wide(theirs, ours):
    bits = number_of(theirs)
    return bits is not None and isinstance(ours, str) and number_of(ours) is not None and (
        int.from_bytes(bytes.fromhex(ours[2:]), "little") == bits)


def text(theirs, ours):
    if not isinstance(theirs, list) or not all(isinstance(c, int) for c in theirs):
        return False
    octets = bytes(c & 255 for c in theirs)
    return isinstance(ours, str) and octets.split(b"\0")[0].decode() == ours


def unsigned_enum(theirs, ours):
    return isinstance(theirs, int) and theirs < 0 and ours == theirs + (1 << 32)


def behind_nul(theirs, ours):
    numbers = isinstance(ours, list) and all(isinstance(n, int) for n in ours)
    return isinstance(theirs, str) and numbers and 0 in ours and (
        theirs.encode() == bytes(ours[:ours.index(0)]) and any(ours[ours.index(0):]))


RULES = {
    bit_field: "bpftool shows bit-fields, and numbers of 128 bits, as hexadecimal strings, "
               "without their signs and names; here they are numbers and names",
    wide: "what 64 bits do not hold is here its bytes, in the order of memory, as --fill takes it",
    text: "bpftool shows only ASCII that ends within its array as a text; here a full array and "
          "UTF-8 are, too",
    behind_nul: "bpftool shows of a key that is a text nothing behind its end, where another key may "
                "differ; here it is numbers if there is anything",
    unsigned_enum: "bpftool shows all numbers without a name in an enum as signed",
}


def dump(zoo, o, *args):
    return zoo.json("map", "dump", "id", str(o["id"]), *args)


def flat(value):
    """Members of anonymous members are members of what they are in, as C has it; a section of
    global variables is an object of them, where bpftool has a list of objects of one."""
    if isinstance(value, list):
        return [flat(element) for element in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and isinstance(section := next(iter(value.values())), list) and next(
            iter(value)).startswith("."):
        return {name: flat(v) for variable in section for name, v in variable.items()}
    out = {}
    for name, member in value.items():
        if name.strip("'"):
            out[name] = flat(member)
        else:
            out.update(flat(member))
    return out


def as_bytes(octets):
    return "0x" + "".join(octet[2:] for octet in octets)


def from_bpftool(element, type):
    """An element as ours are. None: bpftool could not read it."""
    if "error" in element.get("value", {}):
        return None
    types = element.get("formatted", {})
    out = {}
    if "key" in types:
        out["key"] = flat(types["key"])
    elif type in INDEXED:
        out["key"] = int.from_bytes(bytes.fromhex(as_bytes(element["key"])[2:]), "little")
    else:
        out["key"] = as_bytes(element["key"])
    if "values" in element:
        raw = [as_bytes(one["value"]) for one in element["values"]]
        values = [one["value"] for one in types["values"]] if "values" in types else raw
        out["values"] = [{"cpu": cpu, "value": flat(value)} for cpu, value in enumerate(values)]
    elif types:
        out["value"] = flat(types["value"])
    else:
        value = as_bytes(element["value"])
        out["value"] = int.from_bytes(bytes.fromhex(value[2:]), "little") if (
            type in OF_IDS) else value
    return out


def same(theirs, ours, used):
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return list(theirs) == list(ours) and all(same(theirs[k], ours[k], used) for k in theirs)
    if type(theirs) is type(ours) and theirs == ours:
        return True
    for rule in RULES:
        if rule(theirs, ours):
            used.add(rule)
            return True
    return isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours) and (
        all(same(t, o, used) for t, o in zip(theirs, ours)))


def type_of(zoo, o):
    """HASH ..."""
    return zoo.type_of("map", o).upper()


def readable(zoo, o):
    small_sockets = type_of(zoo, o) in ["SOCKMAP", "SOCKHASH"] and o["info"]["value_size"] == 4
    return type_of(zoo, o) not in UNREADABLE and not small_sockets


def test_elements_are_those_that_bpftool_shows(zoo):
    wrong, used, compared = [], set(), 0
    for o in zoo.objects["map"].values():
        if not readable(zoo, o) or type_of(zoo, o) in NEXT_ONLY or o["name"] == "floats":
            continue
        theirs = [from_bpftool(element, type_of(zoo, o))
                  for element in zoo.bpftool("map", "dump", "id", str(o["id"]))]
        theirs = [element for element in theirs if element]
        ours = dump(zoo, o)
        if not paired(theirs, ours, used):
            wrong.append((o["name"], type_of(zoo, o), theirs, ours))
        compared += len(ours)
    assert not wrong
    assert compared > 150
    if zoo.bpftool("version")["version"].startswith("7.1."):
        assert used == set(RULES), "a rule that nothing needs"


def paired(theirs, ours, used):
    """Whether there is one of ours for each of theirs: hash tables have no order."""
    ours = list(ours)
    for element in theirs:
        found = next((o for o in ours if same(element, o, used)), None)
        if not found:
            return False
        ours.remove(found)
    return not ours


@pytest.mark.parametrize("name", VALUES)
def test_values_are_what_was_put(zoo, name):
    ours = dump(zoo, zoo.named("map", name))
    assert {json.dumps(e["key"]): e["value"] for e in ours} == VALUES[name]


@pytest.mark.parametrize("type", UNREADABLE)
def test_maps_that_nobody_can_read(zoo, type):
    maps = [o for o in zoo.objects["map"].values() if type_of(zoo, o) == type]
    if not maps:
        pytest.skip(f"the kernel makes no {type}")
    for o in maps:
        assert all("error" in e["value"] for e in zoo.bpftool("map", "dump", "id", str(o["id"])))
        for command in ["dump", "count"]:
            says(zoo.bpftrek("--json", "map", command, "id", str(o["id"])),
                 f"map {o['id']} cannot be {command}ed: ", UNREADABLE[type])


def test_sockets_that_have_no_room(zoo):
    o = zoo.named("map", "sockmap.fd")
    says(zoo.bpftrek("map", "dump", "id", str(o["id"])), "8 bytes")


def test_sockets_whose_keys_alone_are_shown(zoo):
    """bpftool shows an error beside each of them."""
    o = zoo.named("map", "sockhash.fd")
    theirs = zoo.bpftool("map", "dump", "id", str(o["id"]))
    assert all("error" in element["value"] for element in theirs)
    keys = [{"key": as_bytes(element["key"])} for element in theirs]
    assert len(keys) == 2
    for args in [["--json"], ["--pretty"]]:
        done = zoo.bpftrek(*args, "map", "dump", "id", str(o["id"]))
        assert (done.returncode, json.loads(done.stdout)) == (0, keys)
        assert b"8 bytes; the keys are shown\n" in done.stderr
    done = zoo.bpftrek("map", "dump", "id", str(o["id"]), "--format", "csv")
    assert done.stdout.decode().splitlines() == ["key"] + [
        " ".join(re.findall("..", key["key"][2:])) for key in keys]
    done = zoo.bpftrek("map", "dump", "id", str(o["id"]), "--format", "raw")
    assert done.stdout == b"".join(bytes.fromhex(key["key"][2:]) for key in keys)
    assert zoo.bpftrek("map", "count", "id", str(o["id"])).stdout == b"2\n"


@pytest.mark.parametrize("name,value", [("queue", "0xc8d9eafb0c1d2e3f"), ("stack", "0xcddeef00")])
def test_what_is_taken_next(zoo, name, value):
    """bpftool shows nothing of these."""
    o = zoo.named("map", name)
    done = zoo.bpftrek("--json", "map", "dump", "id", str(o["id"]))
    assert done.returncode == 0
    assert json.loads(done.stdout) == [{"value": value}]
    assert b"taken next" in done.stderr


def one_of_each(zoo):
    """Of each kind of maps, a full one with and one without types."""
    out = {}
    for o in zoo.objects["map"].values():
        if readable(zoo, o) and type_of(zoo, o) not in NEXT_ONLY and o.get("put") != 0:
            out.setdefault((type_of(zoo, o), o["info"]["btf_id"] != 0), o)
    return out.values()


def test_lines_are_the_elements_of_the_document(zoo):
    for o in one_of_each(zoo):
        done = zoo.bpftrek("map", "dump", "id", str(o["id"]), "--format", "jsonl")
        assert (done.returncode, done.stderr) == (0, b"")
        lines = [json.loads(line, object_pairs_hook=same_name_twice)
                 for line in done.stdout.splitlines()]
        assert lines == dump(zoo, o), o["name"]
        done = zoo.bpftrek("--pretty", "map", "dump", "id", str(o["id"]))
        assert json.loads(done.stdout, object_pairs_hook=same_name_twice) == lines, o["name"]


def test_raw_is_the_bytes(zoo):
    """Those that bpftool shows; of each CPU one after the other, as bpf(2) gives them."""
    for o in one_of_each(zoo):
        done = zoo.bpftrek("map", "dump", "id", str(o["id"]), "--format", "raw")
        assert (done.returncode, done.stderr) == (0, b"")
        theirs = []
        for element in zoo.bpftool("map", "dump", "id", str(o["id"])):
            values = [one["value"] for one in element.get("values", [element])]
            if "error" in element.get("value", {}):
                continue
            octets = bytes.fromhex(as_bytes(element["key"])[2:])
            for value in values:
                value = bytes.fromhex(as_bytes(value)[2:])
                octets += value.ljust((len(value) + 7) // 8 * 8 if type_of(zoo, o) in PER_CPU else
                                      len(value), b"\0")
            theirs.append(octets)
        size = len(theirs[0]) if theirs else 1
        ours = [done.stdout[i:i + size] for i in range(0, len(done.stdout), size)]
        assert sorted(ours) == sorted(theirs), o["name"]


def test_limit(zoo):
    o = zoo.named("map", "hash.nearly")
    everything = dump(zoo, o)
    for limit in [0, 1, 7, 19, 100]:
        few = dump(zoo, o, "--limit", str(limit))
        assert few == everything[:limit]


def sums(values):
    """Of values of the same shape: numbers are added up, of the rest the first stands that is
    not 0."""
    first = next((v for v in values if v), values[0])
    if isinstance(first, dict):
        return {name: sums([v[name] for v in values]) for name in first}
    if isinstance(first, list):
        return [sums(list(v)) for v in zip(*values)]
    if isinstance(first, bool) or not all(isinstance(v, int) for v in values):
        return first
    return sum(values)


def greatest(values):
    first = next((v for v in values if v), values[0])
    if isinstance(first, dict):
        return {name: greatest([v[name] for v in values]) for name in first}
    if isinstance(first, list):
        return [greatest(list(v)) for v in zip(*values)]
    if isinstance(first, bool) or not all(isinstance(v, int) for v in values):
        return first
    return max(values)


# An enum is not added up even when it is a number for want of a name.
@pytest.mark.parametrize("name", ["hash_of_nests_by_cpu", "bytes_by_cpu", "visits_by_cpu"])
@pytest.mark.parametrize("how,made", [("sum", sums), ("max", greatest)])
def test_values_of_all_cpus(zoo, name, how, made):
    o = zoo.named("map", name)
    each = dump(zoo, o)
    assert each == dump(zoo, o, "--percpu", "each")
    one = dump(zoo, o, "--percpu", how)
    assert one == [{"key": e["key"], "value": made([v["value"] for v in e["values"]])}
                   for e in each]


def columns_of(element):
    """The names that CSV has: members of structs are columns."""
    out = {}
    for part in ["key", "value"]:
        if isinstance(element[part], dict):
            out.update({f"{part}.{name}": value for name, value in element[part].items()})
        else:
            out[part] = element[part]
    return out


def as_csv(value):
    if isinstance(value, (list, dict, bool)):
        return json.dumps(value, separators=(",", ":"))
    return str(value)


@pytest.mark.parametrize("name", ["signed_numbers", "moods", "prefixes", "plain_arrays",
                                  "numbers_of_every_size", "bits_of_every_size", "enums.64"])
def test_csv_and_table_have_the_elements(zoo, name):
    o = zoo.named("map", name)
    expected = [columns_of(element) for element in dump(zoo, o)]
    done = zoo.bpftrek("map", "dump", "id", str(o["id"]), "--format", "csv")
    assert (done.returncode, done.stderr) == (0, b"")
    rows = list(csv.DictReader(io.StringIO(done.stdout.decode())))
    assert rows == [{column: as_csv(value) for column, value in e.items()} for e in expected]

    done = zoo.bpftrek("map", "dump", "id", str(o["id"]))
    assert (done.returncode, done.stderr) == (0, b"")
    heading, *lines = done.stdout.decode().splitlines()
    # A heading says of what it is where two would be the same.
    assert len(heading.split()) == len(expected[0])
    quiet = zoo.bpftrek("--quiet", "map", "dump", "id", str(o["id"]))
    assert quiet.stdout.decode().splitlines() == lines
    cells = [re.split(r"  +", line.strip()) for line in lines]
    assert cells == [[as_csv(value) for value in e.values()] for e in expected]
