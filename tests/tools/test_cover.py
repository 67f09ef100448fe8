"""tools/cover holds four figures to the floor, with 0.3 points of play."""
import importlib.machinery
import importlib.util
import os
import pathlib

import pytest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools" / "cover"
FLOOR = "# why\nlines    all 90.0\nbranches all 80.0\nlines    src 95.0\nbranches src 85.0\ngcc version 12\n"


@pytest.fixture
def cover(monkeypatch, tmp_path):
    """The tool, as root, with what gcovr would have said; .run(files): its status, and what it prints."""
    loader = importlib.machinery.SourceFileLoader("cover", str(TOOL))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("cover", loader))
    loader.exec_module(module)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(module, "take_counts", lambda directory: None)
    (tmp_path / "floor").write_text(FLOOR)
    (tmp_path / "posix" / "src").mkdir(parents=True)

    def measure(src, port, *args):
        files = {"src/a.c": src, "port/b.c": port}
        monkeypatch.setattr(module, "read_files", lambda directory: {
            name: {"lines_total": 1000, "lines_covered": lines, "branches_total": 1000, "branches_covered": branches}
            for name, (lines, branches) in files.items()})
        return module.figures(tmp_path, tmp_path / "floor", *args)

    def gcc(version):
        program = tmp_path / "gcc"
        program.write_text(f"#!/bin/sh\necho {version}\n")
        program.chmod(0o755)

    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    gcc("12")
    module.measure, module.directory, module.gcc = measure, tmp_path, gcc
    return module


def test_held(cover, capsys):
    assert not cover.measure((950, 850), (850, 750))
    out = capsys.readouterr().out
    assert out.count(": held") == 4 and out.endswith("\n5 passed, 0 failed, 0 skipped\n")


def test_the_play_is_three_tenths(cover, capsys):
    assert not cover.measure((947, 847), (850, 750))
    assert cover.measure((946, 847), (860, 750))
    out = capsys.readouterr().out
    assert "failed: cover: lines src: fell below the floor by 0.40\n    again: make cover\n" in out
    assert out.endswith("\n4 passed, 1 failed, 0 skipped\n")


def test_risen(cover, capsys):
    assert not cover.measure((950, 854), (850, 750))
    assert "branches src    854 of  1000   85.40 %  floor 85.0: risen by 0.40: the floor may be raised" in \
        capsys.readouterr().out


def named(out):
    return [line for line in out.splitlines() if line.startswith("skipped: ")]


@pytest.mark.parametrize("user, version, why", [(1000, "12", "some of the tests take root"), (0, "14", "gcc 14"),
                                                (0, "14.2.0", "gcc 14")])
def test_what_is_not_held_is_named(cover, capsys, monkeypatch, user, version, why):
    monkeypatch.setattr(os, "geteuid", lambda: user)
    cover.gcc(version)
    assert not cover.measure((1, 1), (1, 1))
    out = capsys.readouterr().out
    assert named(out) == [f"skipped: cover: {name}: not held: {why}"
                          for name in ("lines all", "branches all", "lines src", "branches src")]
    assert out.endswith("\ncover: the floor is held only as root, and with gcc 12; here the figures are only printed\n"
                        "1 passed, 0 failed, 4 skipped\n")


def test_a_later_gcc_12_is_held(cover, capsys):
    cover.gcc("12.3.0")
    assert cover.measure((1, 1), (1, 1))
    assert capsys.readouterr().out.endswith("\n1 passed, 4 failed, 0 skipped\n")


def test_what_is_not_counted_is_a_failure(cover, capsys):
    (cover.directory / "posix" / "src" / "lost.gcno").touch()
    assert cover.measure((950, 850), (850, 750))
    assert "failed: cover: src/lost.c: it was compiled, and nothing of it was counted\n" in capsys.readouterr().out


@pytest.mark.parametrize("text, words", [
    (FLOOR + "lines src 95.0\n", ":7: lines src is there already: write it once"),
    (FLOOR + "words src 95.0\n",
     ":7: invalid figure 'words src 95.0': write 'lines src 98.7', or another of lines all"),
    (FLOOR + "lines src\n", ":7: invalid figure 'lines src': write 'lines src 98.7', or another of "),
    (FLOOR.replace("95.0", "ninety"), ":4: invalid figure 'ninety' for lines src: write 'lines src 98.7'"),
    (FLOOR.replace("95.0", "95"), ":4: invalid figure '95' for lines src: write 'lines src 98.7'"),
    (FLOOR.replace("version 12", "version twelve"), ":6: invalid figure 'twelve' for gcc version: write 'gcc version"),
    (FLOOR.replace("lines    src 95.0\n", ""), ": there is no lines src: write a line like 'lines src 98.7'"),
    (FLOOR.replace("gcc version 12\n", ""), ": there is no gcc version: write a line like 'gcc version 12'"),
])
def test_a_floor_that_is_none(cover, text, words):
    floor = cover.directory / "floor"
    floor.write_text(text)
    with pytest.raises(SystemExit) as end:
        cover.measure((950, 850), (850, 750))
    assert str(end.value).startswith(f"cover: {floor}{words}")


def test_the_floor_that_is_committed(cover):
    assert len(cover.read_floor(TOOL.with_name("cover.floor"))) == 5


def test_the_document(cover):
    page = cover.directory / "page.md"
    page.write_text(f"before\n\n{cover.MARKS[0]}\nold\n{cover.MARKS[1]}\n\nafter\n")
    cover.measure((950, 850), (850, 750), page)
    text = page.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    assert ("| src/, port/ and app/ | 90.0 % of 2000 | 80.0 % of 2000 |\n"
            "| src/ alone | 95.0 % of 1000 | 85.0 % of 1000 |\n") in text
