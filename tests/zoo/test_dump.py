# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""`map dump` of every map of the zoo, held against bpftool's.

Where the two differ on purpose: bit-fields are numbers, not hexadecimal strings; an array of char
that is full is a string, too; members of anonymous members are the outer struct's own; a section
of variables is one object; ints of 128 bits are numbers, or bytes in the order of memory; an enum
that is unsigned is never negative.
"""

import json

import pytest

# bpftool has no word for floats: it writes what is no JSON.
BEYOND_BPFTOOL = {"floats"}
ENUMS = {"CALM": 0, "CURIOUS": 3, "ANGRY": 7}


def hex_of(octets):
    return "0x" + "".join(octet[2:] for octet in octets)


def flat(members):
    """Members of anonymous members are the outer ones'."""
    out = {}
    for name, value in members.items():
        if name.strip("'"):
            out[name] = value
        else:
            out.update(flat(value))
    return out


def bits_agree(ours, theirs):
    """A bit-field: `theirs` is "0x15" whatever its type is."""
    value = int(theirs, 16)
    ours = ENUMS.get(ours, ours) if isinstance(ours, str) else int(ours)
    return any(ours & (1 << bits) - 1 == value for bits in range(1, 65)) if ours < 0 \
        else ours == value


def agree(ours, theirs):
    if isinstance(theirs, dict):
        theirs = flat(theirs)
        if len(theirs) == 1 and next(iter(theirs)).startswith("."):
            section, = theirs.values()
            theirs = {name: value for variable in section for name, value in variable.items()}
        return list(ours) == list(theirs) and all(agree(ours[n], theirs[n]) for n in theirs)
    if isinstance(theirs, list) and isinstance(ours, str):
        return ours.encode().ljust(len(theirs), b"\0") == bytes(octet & 255 for octet in theirs)
    if isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(agree, ours, theirs))
    if isinstance(theirs, str) and theirs.startswith("0x") and ours != theirs:
        if isinstance(ours, str) and ours.startswith("0x"):
            return int.from_bytes(bytes.fromhex(ours[2:]), "little") == int(theirs, 16)
        return bits_agree(ours, theirs)
    if isinstance(theirs, int) and theirs < 0 <= ours:
        return ours == theirs + (1 << 32)
    return ours == theirs and type(ours) is type(theirs)


def check_untyped(ours, theirs):
    if isinstance(ours, int):  # the index of an array, the id of a map or program
        return ours.to_bytes(len(theirs), "little") == bytes(int(octet, 16) for octet in theirs)
    return ours == hex_of(theirs)


def check_element(ours, theirs):
    formatted = theirs.get("formatted")
    if formatted and "key" not in formatted:
        formatted = dict(formatted)
        assert check_untyped(ours["key"], theirs["key"])
        ours = {name: value for name, value in ours.items() if name != "key"}
    if formatted:
        assert agree(ours, formatted), (ours, formatted)
        return
    assert check_untyped(ours["key"], theirs["key"])
    if "value" in theirs:
        assert check_untyped(ours["value"], theirs["value"])
        return
    assert [v["cpu"] for v in ours["values"]] == [v["cpu"] for v in theirs["values"]]
    for our, their in zip(ours["values"], theirs["values"]):
        assert check_untyped(our["value"], their["value"])


def unreadable(element):
    return isinstance(element.get("value"), dict) and "error" in element["value"]


def test_every_map_is_as_bpftool_shows_it(zoo):
    compared = 0
    for id, made in zoo.objects["map"].items():
        name = made["name"]
        if name in BEYOND_BPFTOOL:
            continue
        theirs = [element for element in zoo.bpftool("map", "dump", "id", str(id))
                  if not unreadable(element)]
        done = zoo.bpftrek("--json", "map", "dump", "id", str(id))
        if done.returncode:
            assert not theirs, (name, done.stderr)
            assert done.stderr.decode().startswith(f"bpftrek: map {id}: "), done.stderr
            continue
        ours = json.loads(done.stdout)
        if "only what is taken next" in done.stderr.decode():
            assert not theirs and all(list(element) == ["value"] for element in ours)
            continue
        assert not done.stderr, (name, done.stderr)
        # A hash has no order, but it is the same for both.
        assert len(ours) == len(theirs), name
        for our, their in zip(ours, theirs):
            check_element(our, their)
        compared += len(ours)
        lines = zoo.bpftrek("--jsonl", "map", "dump", "id", str(id)).stdout.splitlines()
        assert [json.loads(line) for line in lines] == ours
        pretty = zoo.bpftrek("--pretty", "map", "dump", "id", str(id)).stdout
        assert json.loads(pretty) == ours
    assert compared > 100


@pytest.mark.parametrize("form", ["table", "csv"])
def test_every_map_has_as_many_lines_as_elements(zoo, form):
    for id in zoo.objects["map"]:
        done = zoo.bpftrek("map", "dump", "id", str(id), "--format", form, "--percpu", "max")
        if done.returncode:
            continue
        lines = done.stdout.decode().splitlines()
        elements = json.loads(zoo.bpftrek("-j", "map", "dump", "id", str(id)).stdout)
        assert len(lines) == 1 + len(elements)
        quiet = zoo.bpftrek("-q", "map", "dump", "id", str(id), "--format", form, "--percpu", "max")
        assert quiet.stdout.decode().splitlines() == lines[1:]
        assert not quiet.stderr


def test_raw_is_the_bytes(zoo):
    numbers = zoo.named("map", "hash_of_nests_by_cpu")
    raw = zoo.bpftrek("map", "dump", "id", str(numbers["id"]), "--format", "raw").stdout
    theirs = zoo.bpftool("map", "dump", "id", str(numbers["id"]))
    expected = b""
    for element in theirs:
        for octets in [element["key"], *(value["value"] for value in element["values"])]:
            octets = bytes(int(octet, 16) for octet in octets)
            expected += octets if octets == bytes(
                int(octet, 16) for octet in element["key"]) else octets.ljust(
                    (len(octets) + 7) // 8 * 8, b"\0")
    assert raw == expected
