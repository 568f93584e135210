# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""Other kernels: those that $KERNELS names, as scripts/on-kernel takes them (folders or packages).

There is none in the repository, and none is fetched; a kernel takes a minute, and the tests that
are run on it are those of what differs most: how objects are looked at.
"""

import os
import pathlib
import signal
import subprocess
import time

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


# A machine of another kind: $FAKE says what it does, "$work" is where it writes.
QEMU = """#!/bin/bash
while [ $# -gt 0 ]; do
	case $1 in
	file:*/console) work=${1#file:}; work=${work%/console} ;;
	esac
	shift
done
eval "$FAKE"
"""


@pytest.fixture
def fake(tmp_path):
    """What runs on-kernel with a machine that does something else."""
    tools = tmp_path / "to ols"
    package = tmp_path / "pack age"
    (package / "lib/modules/6/kernel").mkdir(parents=True)
    (package / "vmlinuz-6").touch()
    tools.mkdir()
    for name, text in {"qemu-system-x86_64": QEMU, "busybox": "", "modinfo": "#!/bin/sh\n",
                       "cpio": "#!/bin/sh\ncat >/dev/null\n"}.items():
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    (tmp_path / "tmp").mkdir()

    def start(does, package="pack age", **env):
        return subprocess.Popen([SOURCE / "scripts/on-kernel", package, "--", "true"],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path,
                                text=True, start_new_session=True,
                                # A shell's & ignores it, and what is ignored stays so.
                                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
                                env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}",
                                     "TMPDIR": str(tmp_path / "tmp"), "FAKE": does, **env})

    yield start
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.parametrize("does, status, says", [
    ('echo 3 >"$work/status"', 3, ""),
    # Whatever becomes of the machine afterwards.
    ('echo 0 >"$work/status"; exit 1', 0, ""),
    ('echo no such thing >&2; exit 1', 125, "no such thing\non-kernel: the machine did not run"),
    ('echo panic >"$work/console"', 125, "panic\non-kernel: the kernel did not get to the end"),
])
def test_what_the_machine_ends_with(fake, does, status, says):
    ran = fake(does)
    _, said = ran.communicate(timeout=60)
    assert (ran.returncode, said[:len(says)]) == (status, says), said


def test_too_long(fake):
    ran = fake("exec sleep 60", ON_KERNEL_SECONDS="0.1")
    assert "it was stopped after 0.1 seconds" in ran.communicate(timeout=60)[1]
    assert ran.returncode == 125


def test_what_is_no_package(fake):
    ran = fake("", package="no such.deb")
    assert "no such.deb: it cannot be unpacked" in ran.communicate(timeout=60)[1]
    assert ran.returncode == 125


def is_gone(pid):
    """Or has ended, and whoever has taken it over has not asked for its status yet."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.parametrize("ends", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
def test_no_machine_stays_behind(fake, ends):
    ran = fake("echo $$; exec sleep 60")
    machine = int(ran.stdout.readline())
    ran.send_signal(ends)
    ran.communicate(timeout=30)
    assert ran.returncode == 128 + ends
    assert is_gone(machine)


@pytest.mark.parametrize("ends", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
def test_none_stays_behind_a_second_signal(fake, ends):
    ran = fake("trap 'sleep 0.5; exit' TERM; echo $$; while :; do sleep 0.1; done")
    machine = int(ran.stdout.readline())
    for _ in range(3):
        ran.send_signal(ends)
        time.sleep(0.15)
    ran.communicate(timeout=30)
    assert ran.returncode == 128 + ends
    assert is_gone(machine)


def test_none_stays_behind_that_minds_no_signal(fake):
    ran = fake("trap '' TERM; echo $$; while :; do sleep 0.1; done")
    machine = int(ran.stdout.readline())
    ran.send_signal(signal.SIGTERM)
    ran.communicate(timeout=30)
    assert ran.returncode == 128 + signal.SIGTERM
    assert is_gone(machine)
