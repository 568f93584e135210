# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""What the kernel that the tests run on has, which is not the same on each."""

import errno
import subprocess
import sys


def kernel_has(name):
    """Whether there is this function, structure, member or constant among its types."""
    try:
        with open("/sys/kernel/btf/vmlinux", "rb") as file:
            return f"\0{name}\0".encode() in file.read()
    except OSError:
        return False


def anybody_may_ask():
    """Whether bpf(2) opens what a user that is nothing may read: before Linux 6.0 not where
    kernel.unprivileged_bpf_disabled says so."""
    ask = ("import ctypes; libbpf = ctypes.CDLL('libbpf.so.1', use_errno=True); "
           "libbpf.bpf_obj_get(b'/nonexistent'); exit(ctypes.get_errno())")
    done = subprocess.run([sys.executable, "-c", ask], check=False, user=65534, group=65534,
                          extra_groups=[])
    assert done.returncode in (errno.ENOENT, errno.EPERM)
    return done.returncode == errno.ENOENT
