from collections.abc import Iterator

import pytest

from tests import emulators


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    """Say last, and loudly, what could not be tested for want of an emulator."""
    yield
    lines = emulators.summary(terminalreporter.stats.get("skipped", []))
    if lines:
        terminalreporter.section("not tested here", sep="!", red=True, bold=True)
        for line in lines:
            terminalreporter.write_line(line, red=True, bold=True)
