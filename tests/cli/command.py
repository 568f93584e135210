# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""Running the command, and what its tests expect of it.

The build passes in the environment: BPFTREK (the command, which has the library to preload beside
it), TEST_OBJECTS (the directory of the .bpf.o) and, to compile others, CLANG and BPF_CFLAGS.
"""

import json
import os
import re
import shlex
import shutil
import subprocess

import pytest

from kernel import kernel_has

BPFTREK = os.environ["BPFTREK"]
OBJECTS = os.environ["TEST_OBJECTS"]

# A sanitizer that is preloaded with the shim does not come first.
ENV = dict(os.environ, ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0")
ENV.pop("BPFTREK_ON", None)


def obj(name):
    return os.path.join(OBJECTS, name + ".bpf.o")


def bpftrek(*args, env=None, **options):
    options.setdefault("timeout", 120)
    if "stdout" not in options:
        options["stdout"] = subprocess.PIPE
    return subprocess.run([BPFTREK, *args], stderr=subprocess.PIPE, env=dict(ENV, **(env or {})),
                          check=False, **options)


def complaints(done):
    """What it says is wrong, without what it says of hashes on kernels that do not count them, which
    test_lists.py is about."""
    if kernel_has("bpf_map_sum_elem_count"):
        return done.stderr
    return re.sub(rb"bpftrek: elements of \d+ hash(es)?: left out: this kernel does not [^\n]*\n", b"",
                  done.stderr)


def output(engine, *args, **options):
    """The output of a run in which all is well."""
    done = bpftrek("--on", engine, *args, **options)
    assert (done.returncode, complaints(done)) == (0, b"")
    return done.stdout.decode()


def document(engine, *args, status=0):
    """The JSON document of a run that ends so, and has nothing to complain of."""
    done = bpftrek("--on", engine, "--json", *args)
    assert (done.returncode, complaints(done)) == (status, b"")
    return json.loads(done.stdout)


def says(done, *words, status=1):
    """A failure: no output, one line that names each of the words and, after ";", what to do."""
    text = done.stderr.decode()
    assert done.returncode == status, text
    assert re.fullmatch(r"bpftrek: [^\n]+; [^\n]+\n", text), text
    assert not done.stdout
    for word in words:
        assert word in text


def unprivileged():
    if os.getuid():
        return {}
    if shutil.which("true", path="/bin") is None:
        pytest.skip("no program to try another user with")
    options = {"user": 65534, "group": 65534, "extra_groups": []}
    probe = subprocess.run(["test", "-x", BPFTREK, "-a", "-r", obj("maps")], check=False, **options)
    if probe.returncode:
        pytest.skip("another user cannot reach the build directory")
    return options


def compile_object(path, source):
    """Writes `source` beside the object that is made of it, whose path it returns."""
    source_path = path.with_suffix(".c")
    source_path.write_text(source, encoding="utf-8")
    subprocess.run([os.environ["CLANG"], *shlex.split(os.environ["BPF_CFLAGS"]),
                    "-I", OBJECTS, "-c", source_path, "-o", path], check=True)
    return str(path)
