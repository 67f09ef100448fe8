"""tools/check_fresh: which tests a release may skip."""
import importlib.machinery
import importlib.util
import pathlib

import pytest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools" / "check_fresh"
COMMON = """\
skipped: build/unit/test_config_transport: what_is_disabled_is_refused (the tables are too small for it)
    again: build/unit/test_config_transport
skipped: build/posix_contract: no_random_is_a_failure (random numbers cannot be made to fail here)
    again: build/posix_contract
skipped: build/sim_contract: urgent_bytes_travel_in_line, an_urgent_byte_is_moved (this port sends no urgent data)
    again: build/sim_contract
"""
DANTED = "tests/e2e/test_hop.py: test_danted_connect, test_danted_refuses ('danted' is not installed)"
RANDOM = "build/posix_contract: no_random_is_a_failure, another (random numbers cannot be made to fail here)"
TOOLS = "tests/e2e/test_clients.py: test_curl ('curl' is not installed)"
EARLIER = "skipped: something\n----\n"  # what one command says of itself comes before the last rule


@pytest.fixture
def make_test(monkeypatch, capsys):
    """make_test(release, what 'make test' says, its status): the status, and what is printed."""
    loader = importlib.machinery.SourceFileLoader("check_fresh", str(TOOL))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("check_fresh", loader))
    loader.exec_module(module)

    class Command:
        def __init__(self, *_):
            self.text = text

        def wait(self, _):
            return status

    text, status = "", 0
    monkeypatch.setattr(module, "Command", Command)

    def call(release, said, ends=0):
        nonlocal text, status
        text, status = EARLIER + said, ends
        return module.make_test(release, None, None), capsys.readouterr().out

    return call


@pytest.mark.parametrize("release, more", [("bookworm", ""), ("trixie", f"skipped: {DANTED}\n")])
def test_what_is_written_down_may_be_skipped(make_test, release, more):
    assert make_test(release, f"{COMMON}{more}9 passed, 0 failed, 4 skipped\n") == (0, "")


@pytest.mark.parametrize("release, name", [("bookworm", DANTED), ("bookworm", TOOLS), ("trixie", TOOLS),
                                           ("trixie", RANDOM)])
def test_a_test_more_is_a_named_failure(make_test, release, name):
    status, said = make_test(release, f"{COMMON}skipped: {name}\n9 passed, 0 failed, 5 skipped\n")
    assert status == 1
    assert said == (f"failed: check_fresh: {release} is not to skip {name}\n"
                    f"    again: make check-fresh RELEASE={release}\n9 passed, 1 failed, 5 skipped\n")


def test_the_counts_are_the_last_words(make_test):
    assert make_test("bookworm", "----\n8 passed, 1 failed\nmake: *** Error 1\n", 2) == (2, "8 passed, 1 failed\n")


@pytest.fixture
def module():
    loader = importlib.machinery.SourceFileLoader("check_fresh", str(TOOL))
    made = importlib.util.module_from_spec(importlib.util.spec_from_loader("check_fresh", loader))
    loader.exec_module(made)
    return made


def test_a_row_of_the_page(module, tmp_path):
    page, log = tmp_path / "page.md", tmp_path / "log"
    page.write_text("\n".join(["before", module.MARKS[0], "", "| release | x | y |", "| --- | --- | --- |",
                               "| trixie | 1 passed, 0 failed | abc, 2026-01-01 |", "", module.MARKS[1], "after"]))
    log.write_text("1 passed, 0 failed\n----\n7 passed, 0 failed, 2 skipped\n")
    for release in ("trixie", "bookworm"):
        module.document(page, release, log, "1234567")
    rows = [line for line in page.read_text().splitlines() if line.startswith(("| trixie", "| bookworm"))]
    assert [row.split(", 20")[0] for row in rows] == ["| bookworm | 7 passed, 0 failed, 2 skipped | 1234567",
                                                      "| trixie | 7 passed, 0 failed, 2 skipped | 1234567"]
    assert page.read_text().startswith("before\n") and page.read_text().endswith(module.MARKS[1] + "\nafter")


def test_a_page_without_the_table(module, tmp_path):
    (tmp_path / "page.md").write_text("nothing")
    with pytest.raises(module.Failure, match="two lines between which"):
        module.parts(tmp_path / "page.md")
