"""tests/run counts, and names, what the runners below it say."""
import os
import pathlib
import subprocess
import time

import pytest

RUN = pathlib.Path(__file__).resolve().parents[1] / "run"

CMOCKA = """
    echo '[==========] Running 3 test(s).'
    echo '[ RUN      ] good'
    echo '[       OK ] good'
    echo '[ RUN      ] absent'
    echo 'because there is no such thing here'
    echo '[  SKIPPED ] absent'
    echo '[ RUN      ] bad'
    echo '[  ERROR   ] --- 0x1 != 0x2'
    echo '[   LINE   ] --- tests/bad.c:33: error: Failure!'
    echo '[  FAILED  ] bad'
    echo '[==========] 3 test(s) run.'
    echo '[  PASSED  ] 1 test(s).'
    echo '[  SKIPPED ] 1 test(s), listed below:'
    echo '[  SKIPPED ] absent'
    echo '[  FAILED  ] 1 test(s), listed below:'
    echo '[  FAILED  ] bad'
    exit 1
"""
BEGIN = "echo '[==========] Running %d test(s).'\n"
ONE_PASSES = BEGIN % 1 + "echo '[ RUN      ] a'\necho '[       OK ] a'\n"
PYTEST = """
import pytest

def test_good(): pass

@pytest.mark.parametrize("value", [1, "with a blank"])
def test_bad(value): assert value == 2

@pytest.mark.parametrize("value", [1, 2])
def test_absent(value): pytest.skip("not here")

@pytest.fixture
def broken(): raise OSError("no fixture")

def test_without(broken): pass
"""


@pytest.fixture
def program(tmp_path):
    """make(text): a command that runs the text as a shell script."""
    made = []

    def make(text):
        path = tmp_path / f"program{len(made)}"
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        made.append(path)
        return str(path)

    return make


def run(*commands, **env):
    """(status, the lines of the report)"""
    clean = {key: value for key, value in os.environ.items() if key not in ("REPEAT", "PYTEST_ADDOPTS", "TEST_SECONDS")}
    done = subprocess.run([RUN, *commands], env={**clean, **env}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=60)
    return done.returncode, done.stdout.rpartition("\n----\n")[2].splitlines()


def test_cmocka(program):
    one = program(CMOCKA)
    assert run(one) == (1, [f"skipped: {one}: absent (there is no such thing here)", f"    again: {one}",
                            f"failed: {one}: bad (tests/bad.c:33)", f"    again: {one}",
                            "1 passed, 1 failed, 1 skipped"])


def test_pytest(tmp_path):
    file = tmp_path / "test_it.py"
    file.write_text(PYTEST)
    name = os.path.relpath(file)
    status, lines = run(f"/usr/bin/python3 -m pytest -p no:cacheprovider {file}", REPEAT="make check E2E=")
    assert status == 1 and lines == [
        f"skipped: {name}: test_absent (not here)", f"    again: make check E2E={name}",
        f"failed: {name}::test_bad[1] (assert 1 == 2)", f"    again: make check E2E='{name}::test_bad[1]'",
        f"failed: {name}::test_bad[with a blank] (AssertionError: assert 'with a blank' == 2)",
        f"    again: make check E2E={name}::test_bad",
        f"failed: {name}::test_without (failed on setup with \"OSError: no fixture\")",
        f"    again: make check E2E={name}::test_without", "1 passed, 3 failed, 2 skipped"]


def test_each_pytest_has_directories_of_its_own(tmp_path):
    file = tmp_path / "test_it.py"
    file.write_text("def test_it(tmp_path): assert 'pytest-of-' not in str(tmp_path)")
    assert run(f"/usr/bin/python3 -m pytest -p no:cacheprovider {file}") == (0, ["1 passed, 0 failed"])


def test_own_lines(program):
    one = program("echo 'failed: this (for a reason)'\necho '    again: repeat this'\necho 'skipped: that'\n"
                  "echo '4 passed, 1 failed, 1 skipped'\nexit 1")
    assert run(one, program("echo 5 inputs replayed")) == (
        1, ["skipped: that", "failed: this (for a reason)", "    again: repeat this", "9 passed, 1 failed, 1 skipped"])


def test_what_fails_before_or_after_a_test_is_named(program):
    said = BEGIN % 3 + "".join(f"echo '[ RUN      ] {name}'\n{why}echo '[  ERROR   ] {name}'\n" for name, why in (
        ("a", "echo 'Could not run test: Test setup failed'\n"),
        ("b", "echo '[   LINE   ] --- b.c:7: error: Failure!Test teardown failed'\n"),
    )) + "echo '[ RUN      ] c'\necho '[       OK ] c'\nexit 2\n"
    one = program(said)
    assert run(one) == (1, [
        f"failed: {one}: a (Test setup failed)", f"    again: {one}",
        f"failed: {one}: b (Test teardown failed: b.c:7)", f"    again: {one}", "1 passed, 2 failed"])


def test_a_run_below_counts_once(program):
    one, other = program(CMOCKA), program("exit 3")
    assert run(f"{RUN} {one} {other}") == run(one, other)


def test_all_skipped_is_no_failure(program):
    skips = program(BEGIN % 1 + "echo '[ RUN      ] a'\necho '[  SKIPPED ] a'")
    passes = program(ONE_PASSES)
    assert run(skips, passes) == (0, [f"skipped: {skips}: a", f"    again: {skips}", "1 passed, 0 failed, 1 skipped"])
    assert run(skips)[0] == 1  # but a run that passes nothing is none


@pytest.mark.parametrize("text, why", [
    ("exit 0", "ran no test"),
    ("echo '1 passed, 0 failed'\nexit 4", "exit status 4"),
    (ONE_PASSES + "echo '[ RUN      ] b'\nkill -ABRT $$", "ended by signal 6, in b"),
    (ONE_PASSES.replace("1 t", "2 t") + "echo '[ RUN      ] b'", "ended after 1 of 2 tests, in b"),
    (ONE_PASSES.replace("1 t", "2 t").replace("] Run", "] the group: Run"), "ended after 1 of 2 tests"),
    (ONE_PASSES + "echo ----", "ran no test"),
    ("sleep 60", "not done after 1 seconds"),
])
def test_what_a_command_does_not_count_itself(program, text, why):
    one = program(text)
    status, lines = run(one, TEST_SECONDS="1")
    assert status == 1 and lines[:2] == [f"failed: {one}: {why}", f"    again: {one}"]


def test_a_failure_that_is_named_and_not_counted(program):
    one = program("echo 'failed: this'\necho '3 passed, 0 failed'")
    assert run(one) == (1, ["failed: this", f"failed: {one}: names a failure that it does not count",
                            f"    again: {one}", "3 passed, 1 failed"])


def test_a_program_is_built_again(tmp_path):
    (tmp_path / "unit").mkdir()
    one = tmp_path / "unit" / "test_it"
    one.write_text("#!/bin/sh\n" + CMOCKA)
    one.chmod(0o755)
    _, lines = run(str(one), REPEAT_CHECK="make CC=clang check")
    assert lines.count("    again: make CC=clang check CHECKS=unit UNIT=test_it") == 2


def test_seconds_that_are_no_number():
    done = subprocess.run([RUN, "true"], env={**os.environ, "TEST_SECONDS": "abc"}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 1 and done.stderr == "run: TEST_SECONDS is a number of seconds, not 'abc'\n"


def test_what_a_command_has_started_ends_with_it(program, tmp_path):
    mark = tmp_path / "pid"
    one = program(f"sleep 60 &\necho $! >{mark}\necho '1 passed, 0 failed'")
    assert run(one) == (0, ["1 passed, 0 failed"])
    pid = int(mark.read_text())
    end = time.monotonic() + 10
    while pathlib.Path(f"/proc/{pid}").exists() and "Z" not in pathlib.Path(f"/proc/{pid}/stat").read_text().split()[2]:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_interrupted(program, tmp_path):
    """A person's ^C, or CI's TERM, ends the command too."""
    mark = tmp_path / "pid"
    process = subprocess.Popen([RUN, program(f"echo $$ >{mark}\nexec sleep 60")], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL)
    end = time.monotonic() + 10
    while not mark.exists() or not mark.read_text():
        assert time.monotonic() < end
        time.sleep(0.05)
    process.terminate()
    assert process.wait(20) == 143
    assert not pathlib.Path(f"/proc/{int(mark.read_text())}").exists()
