# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""One zoo for all tests of a run: they look, and change nothing."""

import os
import sys

import pytest

# How the command is run is with its tests.
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(__file__)), "cli"))
pytest.register_assert_rewrite("command", "zoo")

from zoo import Zoo  # noqa: E402: what it asserts is to be explained, too


@pytest.fixture(scope="session")
def zoo():
    opened = Zoo()
    if opened.refused:
        opened.close()
        pytest.skip("the kernel does not make objects for this user: " + opened.refused)
    yield opened
    opened.close()
