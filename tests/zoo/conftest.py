# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""One zoo for all tests of a run: they look, and change nothing."""

import os
import sys

import pytest

# How the command is run is with its tests.
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(__file__)), "cli"))
pytest.register_assert_rewrite("command", "zoo")

from command import bpftrek  # noqa: E402
from zoo import OBJECTS, Zoo  # noqa: E402: what it asserts is to be explained, too


@pytest.fixture(scope="session")
def zoo():
    opened = Zoo()
    if opened.refused:
        opened.close()
        pytest.skip("the kernel does not make objects for this user: " + opened.refused)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def kernel_refusal():
    """What the kernel engine says to this user, or None."""
    done = bpftrek("--on", "kernel", "check", os.path.join(OBJECTS, "both.bpf.o"))
    return done.stderr.decode().strip() if done.returncode else None
