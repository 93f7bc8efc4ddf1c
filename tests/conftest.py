"""For all tests: a test that is skipped on CI's own machine is a failure there.

On a user's machine a test may lack something (root, tmux, a C compiler) and says so. CI installs
all that the tests need (`.ci/run`), so a skip there means that a promise went untested.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

ON_CI = os.environ.get("CI") == "true"

EXEMPT = ("this machine cannot boot a systemd: ",)
"""How reasons begin that are the machine's own, and that no installation cures: namespaces or a
cgroup2 tree that even root may not have (`tests/systemd/box.py`). Such a skip stays one."""


def is_exempt(report: pytest.TestReport | pytest.CollectReport) -> bool:
    """Whether this skip is one of those."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return reason.removeprefix("Skipped: ").startswith(EXEMPT)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where nothing is missing."""
    report = yield
    if ON_CI and report.skipped and not hasattr(report, "wasxfail") and not is_exempt(report):
        report.outcome = "failed"
        report.longrepr = f"skipped on CI, where nothing may be missing: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole module that skips itself."""
    report = yield
    if ON_CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped on CI, where nothing may be missing: {report.longrepr}"
    return report
