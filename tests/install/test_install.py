# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""`meson install` into a DESTDIR gives something that others can use."""

import os
import pathlib
import shutil
import subprocess

import pytest

BUILD = os.environ["BUILD_ROOT"]
SOURCE = pathlib.Path(os.environ["SOURCE_ROOT"])
SANITIZE = os.environ["SANITIZE"]
CC = os.environ["TEST_CC"].split()


def output(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    destdir = tmp_path_factory.mktemp("destdir")
    output("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", str(destdir))
    return destdir


@pytest.fixture(scope="session")
def installed(root):
    """Installed files by their names."""
    return {path.name: path for path in root.rglob("*")}


def test_files(installed):
    for name in ("bpftrek", "libbpftrek.so", "libbpftrek.so.0", "libbpftrek.a", "bpftrek.pc",
                 "runtime.h", "libbpftrek-shim.so"):
        assert name in installed


def test_manual_and_completion(root, installed):
    """Where man(1) and the shells look for them."""
    for path in ("man/man1/bpftrek.1", "man/man1/bpftrek-run.1", "man/man1/bpftrek-btf-dump.1",
                 "bash-completion/completions/bpftrek", "zsh/site-functions/_bpftrek",
                 "fish/vendor_completions.d/bpftrek.fish"):
        name = path.rsplit("/", 1)[1]
        assert [file for file in root.rglob(name) if str(file).endswith("share/" + path)], path
    text = output("man", "-l", str(installed["bpftrek-run.1"])) if shutil.which("man") else "--fill"
    assert "--fill" in text


def exported(path, *options):
    return {line.split()[-1].split("@")[0]
            for line in output("nm", *options, "--defined-only", str(path)).splitlines()
            if " T " in line or " D " in line or " B " in line or " R " in line}


def test_exports(installed):
    """The shared library exports trek_* alone, and so does the static one."""
    shared = exported(installed["libbpftrek.so"], "-D")
    assert "trek_runtime_open" in shared
    assert all(name.startswith("trek_") for name in shared)
    static = exported(installed["libbpftrek.a"], "-g")
    assert static >= shared
    assert [name for name in static if not name.startswith(("trek_", "__odr_asan"))] == []


def test_soname(installed):
    assert "SONAME" in output("objdump", "-p", str(installed["libbpftrek.so"]))
    assert "libbpftrek.so.0" in output("objdump", "-p", str(installed["libbpftrek.so"]))


@pytest.mark.parametrize("static", [False, True])
def test_example(root, installed, tmp_path, static):
    """The example builds against what was installed, with pkg-config, and runs."""
    environment = dict(os.environ, PKG_CONFIG_PATH=str(installed["bpftrek.pc"].parent),
                       PKG_CONFIG_SYSROOT_DIR=str(root))
    flags = output("pkg-config", "--cflags", "--libs", *(["--static"] if static else []),
                   "bpftrek", env=environment).split()
    if static:
        flags = [str(installed["libbpftrek.a"]) if flag == "-lbpftrek" else flag for flag in flags]
    flags += [] if SANITIZE == "none" else [f"-fsanitize={SANITIZE}"]
    binary = tmp_path / "embed"
    output(*CC, str(SOURCE / "examples/embed.c"), "-o", str(binary), *flags)
    text = output(str(binary), env=dict(
        environment, LD_LIBRARY_PATH=str(installed["libbpftrek.so"].parent)))
    assert sorted(text.splitlines()) == ["1: 1", "2: 4", "3: 9", "4: 16", "5: 25"]
