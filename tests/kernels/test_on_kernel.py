# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""Other kernels: those that $KERNELS names, as scripts/on-kernel takes them (folders or packages).

There is none in the repository, and none is fetched; a kernel takes a minute, and the tests that
are run on it are those of what differs most: how objects are looked at.
"""

import os
import pathlib
import subprocess

import pytest

SOURCE = pathlib.Path(os.environ["SOURCE_ROOT"])
BUILD = os.environ["BUILD_ROOT"]
KERNELS = os.environ.get("KERNELS", "").split()


def on_kernel(kernel, *command):
    return subprocess.run([SOURCE / "scripts/on-kernel", kernel, "--", *command],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=BUILD, check=False)


@pytest.fixture(params=KERNELS or [""], ids=os.path.basename)
def kernel(request):
    if not request.param:
        pytest.skip("$KERNELS names no other kernels")
    return request.param


def test_a_command_and_its_exit_status(kernel):
    done = on_kernel(kernel, "sh", "-c", 'uname -r; echo "$1" >&2; exit 3', "sh", "of two  words")
    assert done.returncode == 3, done
    release, said = done.stdout.decode().splitlines()
    assert release[0] in "567" and said == "of two  words"


@pytest.mark.parametrize("test", ["ways", "details"])
def test_objects(kernel, test):
    done = on_kernel(kernel, f"tests/objects/test_{test}", "kernel")
    assert done.returncode == 0, done.stdout.decode()


def test_without_a_kernel(tmp_path):
    done = on_kernel(tmp_path, "true")
    assert done.returncode == 125
    assert b"there is no kernel" in done.stderr or b"run scripts/dependencies" in done.stderr
