"""What the tests of a release run, and where."""
import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VERSION = re.search(r'^#define ANKLET_VERSION "(.*)"$', (ROOT / "include/anklet.h").read_text(), re.M).group(1)
NAME = f"anklet-{VERSION}"
AUTHOR = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false")

# What the make that runs these tests was told is not for those that they run.
INHERITED = ("MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "BUILD", "CONFIG", "PREFIX", "DESTDIR", "STRIP",
             "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")


def run(*command, cwd=ROOT, env=(), **more):
    """The finished process, with what it said, both kinds, as text in its stdout."""
    environment = {k: v for k, v in os.environ.items() if k not in INHERITED} | dict(env)
    return subprocess.run([str(word) for word in command], cwd=cwd, env=environment, text=True, timeout=300,
                          check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          **more)


def done(*command, **more):
    """What a command said that has to succeed."""
    process = run(*command, **more)
    assert process.returncode == 0, process.stdout
    return process.stdout


def git(*words, **more):
    return done("git", *AUTHOR, *words, **more)
