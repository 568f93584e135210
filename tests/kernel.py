# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""What the kernel that the tests run on has, which is not the same on each."""


def kernel_has(name):
    """Whether there is this function, structure, member or constant among its types."""
    try:
        with open("/sys/kernel/btf/vmlinux", "rb") as file:
            return f"\0{name}\0".encode() in file.read()
    except OSError:
        return False
