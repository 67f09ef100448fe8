"""One archive is made and built, and everything is tried with what comes out of it."""
import shutil
import tempfile
from pathlib import Path

import pytest
from commands import NAME, ROOT, done, git


@pytest.fixture(scope="session")
def place():
    """A directory that everybody may read: some of what is tried is tried as nobody."""
    directory = Path(tempfile.mkdtemp(prefix="anklet-release-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def checkout(place):
    """The files that are here, committed or not, as the one commit of a repository of their own."""
    if not shutil.which("git"):
        pytest.skip("needs git")
    directory = place / "checkout"
    others = shutil.ignore_patterns("build", ".git", "__pycache__", ".pytest_cache")
    shutil.copytree(ROOT, directory, symlinks=True, ignore=others)
    git("init", "-q", cwd=directory)
    git("add", "-A", cwd=directory)
    git("commit", "-q", "-m", "all of it", cwd=directory)
    return directory


@pytest.fixture(scope="session")
def archive(checkout):
    done("make", "dist", cwd=checkout)
    return checkout / "build" / f"{NAME}.tar.gz"


@pytest.fixture(scope="session")
def unpacked(archive, place):
    done("tar", "-xzf", archive, cwd=place)
    return place / NAME


@pytest.fixture(scope="session")
def built(unpacked):
    done("make", "-j2", "TLS=none", cwd=unpacked)
    return unpacked
