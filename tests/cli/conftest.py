# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""The engines that the tests of the command go over."""

import pytest

pytest.register_assert_rewrite("command")

from command import bpftrek, obj  # noqa: E402: what it asserts is to be explained, too


@pytest.fixture(scope="session")
def kernel_refusal():
    """What the kernel engine says to this user, or None."""
    done = bpftrek("--on", "kernel", "run", obj("progs"))
    return done.stderr.decode().strip() if done.returncode else None


@pytest.fixture(params=["embedded", "kernel"])
def engine(request):
    if request.param == "kernel":
        refusal = request.getfixturevalue("kernel_refusal")
        if refusal:
            pytest.skip("the kernel's BPF cannot be used here: " + refusal)
    return request.param
