"""tools/mutate tells what a test notices from what it does not, on a source of a few lines."""
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

MUTATE = pathlib.Path(__file__).resolve().parents[2] / "tools" / "mutate"

SOURCE = """
int most(int a, int b);

/* a > b in a comment is no code, and neither is "a > b". */
int most(int a, int b)
{
	int least = a;

	if (a > b)
		return a;
	least = b;
	return least;
}
"""
MAKEFILE = """
check_programs: $(BUILD)/test
check_commands:
	@echo $(BUILD)/test argument
$(BUILD)/%.o: %.c
	mkdir -p $(@D) && $(CC) $(CFLAGS) -c -o $@ $<
$(BUILD)/libsmall.a: $(BUILD)/src/more/small.o $(BUILD)/src/small.o
	mkdir -p $(@D) && rm -f $@ && $(AR) qcs $@ $^
$(BUILD)/test: $(BUILD)/test.o $(BUILD)/libsmall.a
	$(CC) -o $@ $^
"""
USEFUL = "return argc != 2 || most(1, 2) != 2 || most(2, 1) != 2 || most(3, 3) != 3;"
USELESS = "return most(1, 2) == 77;"
FAILING = "return 1;"
COUNTS = re.compile(r"killed (\d+) of (\d+).*; besides, (\d+) did not compile and (\d+) were the same program$")


@pytest.fixture
def project(tmp_path):
    """run(body of the test's main(), *arguments): what tools/mutate prints, and its status."""
    (tmp_path / "tools").mkdir()
    (tmp_path / "src").mkdir()
    shutil.copy(MUTATE, tmp_path / "tools" / "mutate")
    (tmp_path / "src" / "small.c").write_text(SOURCE)
    (tmp_path / "src" / "more").mkdir()
    (tmp_path / "src" / "more" / "small.c").write_text("int more(void);\nint more(void) { return 1; }\n")
    (tmp_path / "Makefile").write_text(MAKEFILE)

    def command(body, *args):
        (tmp_path / "test.c").write_text(f"int most(int a, int b);\nint more(void);\nint (*needed)(void) = more;\n"
                                         f"int main(int argc, char **argv)\n{{\n\t(void)argv;\n\t{body}\n}}\n")
        files = args[args.index("--") + 1:] if "--" in args else ["src/small.c"]
        args = args[:args.index("--")] if "--" in args else args
        return [sys.executable, tmp_path / "tools" / "mutate", tmp_path / "build" / "mutate", *args, *files]

    def run(body, *args):
        done = subprocess.run(command(body, *args), text=True, timeout=120, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.stdout, done.returncode

    run.command = command
    run.source = tmp_path / "src" / "small.c"
    return run


def counts(output):
    return tuple(map(int, COUNTS.match(output.splitlines()[-1]).groups()))


def test_a_useful_test_notices(project):
    output, status = project(USEFUL, "--seed", "1")
    killed, counted, broken, same = counts(output)
    assert status == 0 and killed > 3 and same > 0
    # With equal numbers it makes no difference which one is returned: the same program, if the compiler sees that.
    assert set(re.findall(r"(\S+): SURVIVED", output)) <= {"src/small.c:9:boundary"} and counted <= killed + 1
    assert project.source.read_text() == SOURCE


def test_a_useless_test_does_not(project):
    output, status = project(USELESS, "--seed", "1")
    assert status == 0 and counts(output)[0] == 0
    assert "src/small.c:9:relation\n-\tif (a > b)\n+\tif (a <= b)\n" in output


def test_one_mutant_again(project):
    output, status = project(USEFUL, "--replay", "src/small.c:9:relation src/small.c:10:return")
    assert status == 0 and counts(output)[:2] == (2, 2)
    output, status = project(USEFUL, "--replay", "src/small.c:4:relation")
    assert status == 2
    assert output == ("mutate: there is no mutant src/small.c:4:relation: REPLAY is a name that an earlier run printed,"
                      " like src/small.c:9:boundary\n")


@pytest.mark.parametrize("args, words", [
    (["--count=0"], "invalid N=0: N is a whole number from 1 on, like 40"),
    (["--count=-3"], "invalid N=-3: N is a whole number from 1 on, like 40"),
    (["--count=many"], "invalid N=many: N is a whole number from 1 on, like 40"),
    (["--count="], "invalid N=: N is a whole number from 1 on, like 40"),
    (["--seed=x"], "invalid SEED=x: SEED is a whole number, like 7"),
    (["--", "nosuch"], "there is no file nosuch: FILES names sources as the tree does, like src/policy/rules.c"),
    (["--", "src"], "there is no file src: FILES names sources as the tree does, like src/policy/rules.c"),
    (["--", "Makefile"], "there is nothing to change in Makefile: FILES are sources with functions in them"),
    (["--replay=nosuch.c:1:x"], "there is no file nosuch.c: REPLAY names sources as the tree does, like"
                                " src/policy/rules.c:42:boundary"),
])
def test_what_is_not_there_is_refused_in_a_sentence(project, args, words):
    assert project(USEFUL, *args) == (f"mutate: {words}\n", 2)


def test_it_says_what_it_does_before_it_takes_its_time(project):
    output, _ = project(USELESS, "--seed", "1", "--count", "2")
    total = re.match(r"mutate: 2 of (\d+) mutants of 1 file, SEED=1\n"
                     r"mutate: building, and running the quick tests once\n", output)[1]
    output, _ = project(USELESS, "--seed", "1", "--count", "1000")
    assert output.startswith(f"mutate: {total} of {total} mutants of 1 file, SEED=1\n")


def test_a_seed_is_the_same_choice(project):
    names = [re.findall(r"src/small\.c:\d+:[a-z]+", project(USELESS, "--seed", seed, "--count", "2")[0])
             for seed in ("5", "5", "6", "7", "8")]
    assert names[0] == names[1] and len(set(map(tuple, names))) > 1


def test_a_tree_that_fails_is_not_measured(project):
    output, status = project(FAILING)
    assert status == 1 and "as the tree is" in output


def test_interrupted_it_shows_what_it_has(project):
    endless = "for (;;) if (most(1, 2) == 2) break; return argc != 2;"
    process = subprocess.Popen(project.command(endless, "--replay", "src/small.c:12:return src/small.c:9:relation"),
                               text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        time.sleep(1)
        # The test of the first mutant never ends.
        deadline = time.monotonic() + 60
        while not list((project.source.parents[1] / "build" / "mutate").rglob("build/mutant/build/test")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130 and "interrupted" in output and "killed 0 of 0" in output
