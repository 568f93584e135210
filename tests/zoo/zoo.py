# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""The zoo (zoo.c), open; and commands that are run in its namespaces, where its pins are.

The build passes in the environment: ZOO (the program), ZOO_OBJECTS (its .bpf.o), BPFTOOL, and what
command.py of the tests of the command needs.
"""

import ctypes
import json
import os
import subprocess

import pytest

from command import BPFTREK, ENV

BPFTOOL = os.environ["BPFTOOL"]
OBJECTS = os.environ["ZOO_OBJECTS"]

KINDS = {"prog": "programs", "map": "maps", "link": "links", "btf": "btfs"}


def same_name_twice(pairs):
    """A JSON object whose names may come twice, as bpftool's of anonymous members do."""
    out = {}
    for name, value in pairs:
        while name in out:
            name += "'"
        out[name] = value
    return out


class Zoo:
    """What there is by kind and id, as the zoo tells it."""

    def __init__(self):
        self.process = subprocess.Popen([os.environ["ZOO"], OBJECTS], text=True, errors="replace",
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = self.process.stdout.readline()
        assert line, f"the zoo did not open: status {self.process.wait()}"
        told = json.loads(line)
        self.refused = told.get("refused")
        if self.refused:
            return
        self.pid, self.keeper = told["pid"], told["keeper"]
        self.cgroup, self.cgroup_id = told["cgroup"], told["cgroup_id"]
        self.skipped, self.pins = told["skipped"], told["pins"]
        self.enums = told["enums"]
        self.keeps_info, self.counts_hashes = told["keeps_info"], told["counts_hashes"]
        self.iterates_links = told["iterates_links"]
        self.objects = {kind: {o["id"]: o for o in told[name]} for kind, name in KINDS.items()}
        # Those that came with an object file were not made one by one.
        for o in [*self.objects["prog"].values(), *self.objects["map"].values()]:
            btf = o["info"]["btf_id"]
            if btf:
                self.objects["btf"].setdefault(btf, {"id": btf, "name": ""})

    def close(self):
        self.process.stdin.close()
        status = self.process.wait(timeout=60)
        if self.refused is None and os.path.isdir(self.cgroup):
            os.rmdir(self.cgroup)
        assert status == 0

    def enter(self):
        """In a new process: into the mounts and the network of the zoo."""
        libc = ctypes.CDLL(None, use_errno=True)
        for kind in ["mnt", "net"]:
            fd = os.open(f"/proc/{self.pid}/ns/{kind}", os.O_RDONLY)
            if libc.setns(fd, 0):
                raise OSError(ctypes.get_errno(), "setns")
            os.close(fd)

    def run(self, *command):
        return subprocess.run(command, check=False, preexec_fn=self.enter, env=ENV, timeout=120,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)

    def bpftool(self, *args):
        """Its JSON. It leaves control characters in its strings as they are."""
        done = self.run(BPFTOOL, "--json", "--bpffs", *args)
        return json.loads(done.stdout, strict=False, object_pairs_hook=same_name_twice)

    def bpftrek(self, *args):
        return self.run(BPFTREK, "--on", "kernel", *args)

    def json(self, *args):
        done = self.bpftrek("--json", *args)
        assert self.is_well(done), done.stderr
        return json.loads(done.stdout, object_pairs_hook=same_name_twice)

    def is_well(self, done):
        """It complains of nothing, but of what this kernel does not count."""
        said = [line for line in done.stderr.splitlines()
                if self.counts_hashes or b"this kernel does not count them" not in line]
        return done.returncode == 0 and not said

    def pins_of(self, kind, id):
        return sorted(pin["path"] for pin in self.pins if (pin["kind"], pin["id"]) == (kind, id))

    def named(self, kind, name):
        """The one of this name; where this kernel did not make it, a test of it is skipped."""
        found = [o for o in self.objects[kind].values() if o["name"] == name]
        for skipped in self.skipped:
            if not found and skipped["what"] in [name, f"a link of {name}"]:
                pytest.skip(f"no {name}: {skipped['why']}")
        assert len(found) == 1, (name, found)
        return found[0]

    def names_of(self, enum):
        """What the kernel calls the values of an enum of types, as libbpf writes it: the first of
        those of one number."""
        prefix = "BPF_" if enum == "bpf_attach_type" else enum.upper() + "_"
        out = {}
        for name, value in self.enums[enum].items():
            out.setdefault(value, name.removeprefix(prefix).removesuffix("_DEPRECATED").lower())
        return out

    def type_of(self, kind, o):
        return self.names_of(f"bpf_{kind}_type")[o["info"]["type"]]

    def mine(self, kind, objects):
        """Those of a listing that are the zoo's, by id; other tests' come and go meanwhile."""
        found = {o["id"]: o for o in objects if o.get("id") in self.objects[kind]}
        assert sorted(found) == sorted(self.objects[kind])
        return found


def as_bpftool_pins(paths):
    """bpftool 7.1 writes a backslash as a line feed in JSON (jsonw_puts()); a file system that is
    mounted within another is gone through twice, and its pins are shown twice."""
    return {path.replace("\\", "\n") for path in paths}
