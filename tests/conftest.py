# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""TAP for the Python tests: one line a test, in front of everything else that reads it.

It speaks when pytest's own reporter does not (`pytest-3 -p no:terminal`), as the build runs it.
"""

import pytest


class Tap:
    """Prints the plan, then one line for each test when it has ended."""

    def __init__(self):
        self.count = 0

    @staticmethod
    def comment(text):
        for line in text.splitlines():
            print("#", line, flush=True)

    def pytest_collection_finish(self, session):
        print(f"1..{len(session.items)}", flush=True)

    def pytest_collectreport(self, report):
        if report.failed:
            self.comment(report.longreprtext)
            print("Bail out! a test file does not load", flush=True)

    def line(self, result, report, directive=""):
        self.count += 1
        name = report.nodeid.split("::", 1)[-1].replace("#", "_").replace("\n", " ")
        print(f"{result} {self.count} - {name}{directive}", flush=True)

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.comment(report.longreprtext)
            # What fails after the call has had its line already: only the exit status tells.
            if report.when != "teardown":
                self.line("not ok", report)
        elif report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else "expected"
            self.line("ok", report, " # SKIP " + reason.removeprefix("Skipped: "))
        elif report.when == "call":
            self.line("ok", report)


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    if not config.pluginmanager.hasplugin("terminalreporter"):
        config.option.verbose = 0  # pytest explains a failed assert by it, wherever it comes from
        config.pluginmanager.register(Tap(), "tap")
