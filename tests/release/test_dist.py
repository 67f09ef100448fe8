"""make dist: the same commit gives the same bytes, and what is in the archive builds."""
import hashlib
import tarfile

from commands import NAME, VERSION, done, git, run


def test_what_is_in_the_archive(archive, checkout):
    with tarfile.open(archive) as tar:
        members = tar.getmembers()
        assert tar.pax_headers["comment"] == git("rev-parse", "HEAD", cwd=checkout).strip()
    committed = git("ls-files", cwd=checkout).split()
    assert sorted(m.name for m in members if not m.isdir()) == sorted(f"{NAME}/{name}" for name in committed)
    assert {m.mode for m in members if m.isfile()} == {0o644, 0o755}
    assert {(m.uid, m.gid, m.uname, m.gname) for m in members} == {(0, 0, "root", "root")}
    assert {m.mtime for m in members} == {int(git("log", "-1", "--format=%ct", cwd=checkout))}


def test_the_checksum(archive):
    said = archive.with_name(archive.name + ".sha256").read_text()
    assert said == f"{hashlib.sha256(archive.read_bytes()).hexdigest()}  {archive.name}\n"
    done("sha256sum", "-c", f"{archive.name}.sha256", cwd=archive.parent)


def test_somebody_else_makes_the_same_bytes_later(archive, checkout, place):
    home = place / "home"
    home.mkdir()
    (home / "attributes").write_text("*.c export-ignore\n")
    for key, value in (("core.autocrlf", "true"), ("core.attributesFile", "~/attributes"), ("tar.umask", "user")):
        git("config", "--global", key, value, env={"HOME": str(home)})
    other = place / "somewhere" / "else"
    git("clone", "-q", "--depth", "1", f"file://{checkout}", other)
    done("find", other, "-name", "*.c", "-exec", "touch", "-d", "2001-02-03", "{}", "+")
    done("make", "dist", cwd=other, umask=0o077,
         env={"HOME": str(home), "TZ": "Pacific/Chatham", "LC_ALL": "C.UTF-8", "GZIP": "--rsyncable"})
    for name in (archive.name, f"{archive.name}.sha256"):
        assert (other / "build" / name).read_bytes() == (archive.parent / name).read_bytes()


def test_it_builds_and_runs(built):
    assert done("build/anklet", "--version", cwd=built) == f"anklet {VERSION}\n"


# ---- Where there is nothing to make an archive of ----

def refused(directory, *sentences):
    process = run("make", "dist", cwd=directory)
    assert process.returncode != 0
    for sentence in sentences:
        assert sentence in process.stdout
    assert "fatal:" not in process.stdout
    assert not list(directory.glob("build/*.tar*")) and not list(directory.glob("build/dist.*"))


def test_what_is_not_committed_is_named(checkout, place):
    tree = place / "changed"
    git("clone", "-q", checkout, tree)
    with open(tree / "README.md", "a", encoding="utf-8") as readme:
        readme.write("more\n")
    (tree / "src" / "new.c").write_text("")
    refused(tree, "dist: the archive is made from what is committed, and this is not:\n M README.md\n?? src/new.c\n")


def test_an_archive_has_no_git(unpacked):
    refused(unpacked, "dist: an archive is made from a commit: that needs git, and a checkout of anklet itself\n")


def test_what_else_git_has_against_a_checkout_is_shown(checkout, place):
    tree = place / "broken"
    git("clone", "-q", checkout, tree)
    with open(tree / ".git" / "config", "a", encoding="utf-8") as config:
        config.write("[broken\n")
    process = run("make", "dist", cwd=tree)
    assert process.returncode != 0 and "bad config line" in process.stdout and "dist: an archive" in process.stdout


def test_nor_is_it_the_checkout_it_was_unpacked_in(archive, place):
    outside = place / "outside"
    (outside / "packages").mkdir(parents=True)
    done("tar", "-xzf", archive, cwd=outside / "packages")
    git("init", "-q", cwd=outside)
    git("add", "-A", cwd=outside)
    git("commit", "-q", "-m", "somebody else's", cwd=outside)
    refused(outside / "packages" / NAME, "dist: an archive is made from a commit")


def test_without_a_program_git(checkout, place):
    """A path on which there is everything but git."""
    path = place / "path"
    path.mkdir()
    for program in ("sh", "sed", "mktemp", "mkdir", "rm"):
        (path / program).symlink_to(done("sh", "-c", f"command -v {program}").strip())
    process = run("tools/dist", "build", cwd=checkout, env={"PATH": str(path)})
    assert process.returncode != 0 and "that needs git" in process.stdout
