# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""Running the command on a terminal."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

from command import BPFTREK, ENV


class Terminal:
    """bpftrek on a terminal of so many columns and lines."""

    def __init__(self, *args, columns=100, lines=20, term="xterm", env=None):
        self.master, slave = pty.openpty()
        self.resize(columns, lines)
        self.process = subprocess.Popen([BPFTREK, *args], stdin=slave, stdout=slave, stderr=slave,
                                        env=dict(ENV, TERM=term, **(env or {})),
                                        start_new_session=True)
        os.close(slave)
        self.text = ""

    def resize(self, columns, lines):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def read_until(self, pattern, timeout=60):
        end = time.monotonic() + timeout
        while not re.search(pattern, self.text):
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            assert ready, f"no {pattern} in {self.text!r}"
            try:
                self.text += os.read(self.master, 65536).decode()
            except OSError:  # its other end is closed
                assert re.search(pattern, self.text), self.text
        return self.text

    def discard(self, quiet):
        """What is written until nothing is for so many seconds."""
        while select.select([self.master], [], [], quiet)[0]:
            os.read(self.master, 65536)

    def finish(self):
        self.read_until_end()
        os.close(self.master)
        return self.process.wait(timeout=60), self.text.replace("\r\n", "\n")

    def read_until_end(self):
        try:
            while True:
                piece = os.read(self.master, 65536).decode()
                if not piece:
                    return
                self.text += piece
        except OSError:
            return
