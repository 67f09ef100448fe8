"""The makefiles' own tools: what is made anew, which options a compiler knows, what a night consists of."""
import os
import pathlib
import subprocess

import pytest

TOP = pathlib.Path(__file__).parents[2]


def run(*command, **env):
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(list(map(str, command)), cwd=TOP, env={**plain, **env}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)


def done(*command, **env):
    process = run(*command, **env)
    assert process.returncode == 0, process.stdout
    return process.stdout


def test_a_library_is_made_anew_when_the_list_of_its_files_is_another(tmp_path):
    library = tmp_path / "sim" / "libport.a"
    words = ("make", "TLS=none", "CFLAGS=-O0", f"BUILD={tmp_path}", library)
    done(*words)
    assert "  ar " not in done(*words)
    said = done(*words, "-W", "anklet.mk", "PORT_SIM=port/sim/bytes.c port/sim/network.c")
    assert "  ar " in said and "  cc " not in said
    assert done("ar", "t", library).split() == ["bytes.o", "network.o"]


def compiler(path, refused, says):
    path.write_text(f"""#!/bin/sh
for option in "$@"; do
	case $option in {refused}) echo "{says}" >&2; exit 1 ;; esac
done
echo asked >>{path}.times
""")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("says, times", [
    ("error: '$option' is not known", 1),  # without what was named
    ("error: there are some that are not known", 3),  # each by itself
])
def test_options_that_a_compiler_does_not_know_are_left_out(tmp_path, says, times):
    cc = compiler(tmp_path / "cc", "-Oz|-fno-frog", says)
    assert done("tools/known", cc, "-Oz", "-Os", "-fno-frog", "-g", "--param=frog=3") == "-Os -g --param=frog=3\n"
    assert len(pathlib.Path(f"{cc}.times").read_text().split()) == times
    assert done("tools/known", "false", "-Oz", "-g") == "\n"


def test_a_night_is_made_of_what_it_names(tmp_path):
    make = tmp_path / "make"
    make.write_text('#!/bin/sh\necho "made: $*"\necho 1 passed, 0 failed\n')
    make.chmod(0o755)
    lines = done("tests/nightly", "trixie", "cross", "sim", MAKE=make).splitlines()
    assert [line for line in lines if line.startswith("made: ")] == [
        "made: check-fresh RELEASE=trixie", "made: check-cross",
        "made: BUILD=build/asan CC=clang SANITIZE=address,undefined CHECKS=sim check"]
    assert lines[-1] == "3 passed, 0 failed"
    process = run("tests/nightly", "cross", "frog", MAKE=make)
    assert process.returncode == 64 and process.stdout.startswith("nightly: there is no 'frog': write some of ")
