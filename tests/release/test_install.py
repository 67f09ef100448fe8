"""make install puts the files where it was told, stripped, and make uninstall takes away just those."""
import os
import re
import shutil

import pytest
from commands import VERSION, done, run

FILES = {
    "sbin/anklet": 0o755,
    "share/man/man8/anklet.8": 0o644,
    "share/man/man5/anklet.conf.5": 0o644,
    "share/doc/anklet/anklet.conf": 0o644,
    "share/doc/anklet/LICENSE": 0o644,
    "share/bash-completion/completions/anklet": 0o644,
    "share/zsh/site-functions/_anklet": 0o644,
}


@pytest.fixture
def make(built):
    """make(TARGET, VARIABLE=VALUE...) in the tree that is built; who: as subprocess.run() has it."""
    def call(target, who=(), **variables):
        return done("make", "TLS=none", target, *[f"{k}={v}" for k, v in variables.items()], cwd=built, **dict(who))
    return call


@pytest.fixture
def dest(place):
    directory = place / f"dest {os.urandom(4).hex()}"
    directory.mkdir()
    directory.chmod(0o777)
    yield directory
    shutil.rmtree(directory)


def files(directory):
    """Each file with its mode."""
    return {str(path.relative_to(directory)): path.stat().st_mode & 0o7777
            for path in directory.rglob("*") if not path.is_dir()}


def sections(program):
    return done("readelf", "-SW", program)


@pytest.mark.parametrize("prefix", [None, "/usr", "/opt/a name"])
def test_there_and_back(make, dest, prefix):
    where = {"DESTDIR": dest} | ({"PREFIX": prefix} if prefix else {})
    make("install", **where)
    below = (prefix or "/usr/local").lstrip("/")
    assert files(dest) == {f"{below}/{name}": mode for name, mode in FILES.items()}
    program = dest / below / "sbin/anklet"
    assert ".text" in sections(program)
    assert ".symtab" not in sections(program) and ".debug" not in sections(program)
    assert done(program, "--version") == f"anklet {VERSION}\n"

    make("uninstall", **where)
    assert files(dest) == {}
    assert (dest / below / "share/man/man8").is_dir()
    assert (dest / below / "share/doc").is_dir() and not (dest / below / "share/doc/anklet").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="whoever runs this is not root: the tests above have shown it")
def test_as_nobody(make, dest):
    nobody = {"user": 65534, "group": 65534, "extra_groups": []}
    make("install", who=nobody, DESTDIR=dest, PREFIX="/usr")
    assert files(dest) == {f"usr/{name}": mode for name, mode in FILES.items()}
    assert (dest / "usr/sbin/anklet").stat().st_uid == 65534
    make("uninstall", who=nobody, DESTDIR=dest, PREFIX="/usr")
    assert files(dest) == {}


def test_directories_by_their_gnu_names(make, dest):
    where = {"DESTDIR": dest, "prefix": "/usr", "sbindir": "/usr/bin", "mandir": "/usr/man", "docdir": "/usr/doc/a",
             "bashcompdir": "/usr/bash", "zshcompdir": "/usr/zsh"}
    make("install", **where)
    assert files(dest).keys() == {"usr/bin/anklet", "usr/man/man8/anklet.8", "usr/man/man5/anklet.conf.5",
                                  "usr/doc/a/anklet.conf", "usr/doc/a/LICENSE", "usr/bash/anklet", "usr/zsh/_anklet"}
    make("uninstall", **where)
    assert files(dest) == {}


def test_what_is_somebody_else_s_stays(make, dest):
    make("install", DESTDIR=dest, PREFIX="/usr")
    mine = [dest / "usr" / name for name in ("sbin/other", "share/man/man8/other.8", "share/doc/anklet/notes")]
    for file in mine:
        file.write_text("mine\n")
    make("uninstall", DESTDIR=dest, PREFIX="/usr")
    assert sorted(files(dest)) == sorted(str(file.relative_to(dest)) for file in mine)
    make("uninstall", DESTDIR=dest, PREFIX="/usr")
    assert len(files(dest)) == len(mine)


@pytest.mark.parametrize("strip", [":", ""])
def test_the_symbols_can_be_kept(make, dest, built, strip):
    make("install", DESTDIR=dest, STRIP=strip)
    program = dest / "usr/local/sbin/anklet"
    assert ".symtab" in sections(program)
    assert program.read_bytes() == (built / "build/anklet").read_bytes()


def test_a_strip_that_fails_leaves_all_as_it_was(make, dest, built):
    install = ("make", "TLS=none", "install", f"DESTDIR={dest}", "STRIP=false")
    assert run(*install, cwd=built).returncode != 0
    assert list(dest.iterdir()) == []
    make("install", DESTDIR=dest)
    before = {name: (dest / name).stat().st_mtime_ns for name in files(dest)}
    assert run(*install, cwd=built).returncode != 0
    assert {name: (dest / name).stat().st_mtime_ns for name in files(dest)} == before


def test_nothing_is_left_behind(make, dest, place):
    scratch = place / "scratch"
    scratch.mkdir()
    make("install", who={"env": {"TMPDIR": str(scratch)}}, DESTDIR=dest)
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("triple", ["mipsel-linux-gnu", "mips-linux-gnu", "aarch64-linux-gnu"])
def test_another_processor_s_program_is_stripped_by_its_own_strip(built, triple):
    if not shutil.which(f"{triple}-gcc"):
        pytest.skip(f"needs {triple}-gcc")
    said = done("make", "-n", "install", "TLS=none", f"CC={triple}-gcc", "DESTDIR=/nowhere", cwd=built)
    strips = re.findall(r"^STRIP='(\S*)' tools/install ", said, re.M)
    assert len(strips) == 1 and triple in os.path.realpath(shutil.which(strips[0]))
