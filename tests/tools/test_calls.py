"""tools/calls reads who calls whom from objects: it tells of calls up, of circles, and of exceptions without a use."""
import importlib.machinery
import importlib.util
import pathlib
import subprocess

import pytest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools" / "calls"


@pytest.fixture
def calls(monkeypatch, tmp_path, capsys):
    """.run(files, up, circles): what the tool says of the files {name: (what it defines, what it calls)}."""
    loader = importlib.machinery.SourceFileLoader("calls", str(TOOL))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("calls", loader))
    loader.exec_module(module)

    def run(files, up=(), circles=(), named=()):
        monkeypatch.setattr(module, "CALLS_UP", dict.fromkeys(up, "because"))
        monkeypatch.setattr(module, "CIRCLES", dict(circles))
        for name, (defined, called) in files.items():
            path = tmp_path / (name + ".c")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(f"void {one}(void);\n" for one in called.split()) +
                            f"void {defined}(void)\n{{\n" + "".join(f"{one}();\n" for one in called.split()) + "}\n")
            subprocess.run(["cc", "-c", "-o", tmp_path / (name + ".o"), path], check=True)
        status = module.main([str(tmp_path), *(str(tmp_path / (name + ".o")) for name in named)])
        *told, total = capsys.readouterr().out.splitlines()
        assert bool(told) == bool(status) and total.startswith("calls: ")
        return told

    return run


GOOD = {"app/main": ("main", "begin port_wait"), "src/proxy/anklet": ("begin", "step port_wait"),
        "src/session/session": ("step", "text"), "port/posix/wait": ("port_wait", "text"),
        "src/base/text": ("text", "memcpy")}


def test_calls_down_and_within_a_folder_are_fine(calls):
    assert calls(GOOD) == []


@pytest.mark.parametrize("name, defined, called, target", [
    ("src/session/session", "step", "begin", "src/proxy/anklet"),
    ("src/policy/rules", "judge", "step", "src/session/session"),
    ("port/posix/wait", "port_wait", "step", "src/session/session"),
    ("src/base/text", "text", "port_wait", "port/posix/wait")])
def test_a_call_up_is_told_with_both_files(calls, name, defined, called, target):
    assert calls(GOOD | {name: (defined, called)}) == [f"calls: {name} calls up, to {target}: {called}"]


def test_an_exception_is_for_its_pair_of_folders_and_has_to_be_needed(calls):
    files = GOOD | {"src/session/session": ("step", "begin")}
    assert calls(files, up=[("src/session", "src/proxy")]) == []
    assert calls(files, up=[("src/session", "src/proxy"), ("src/policy", "src/config")]) == [
        "calls: nothing of src/policy calls src/config any more: CALLS_UP need not permit it"]


def ring(size):
    return {f"src/tls/f{n}": (f"f{n}", f"f{(n + 1) % size}") for n in range(size)}


def test_three_files_may_form_a_circle_and_four_may_not(calls):
    assert calls(ring(3)) == []
    assert calls(ring(4)) == ["calls: 4 files of src/tls form a circle: f0, f1, f2, f3"]


def test_a_circle_that_is_an_exception_may_not_grow_and_has_to_be_needed(calls):
    assert calls(ring(5), circles={"src/tls": 5}) == []
    assert calls(ring(5) | {"src/tls/f4": ("f4", "f0 f5"), "src/tls/f5": ("f5", "f0")}, circles={"src/tls": 5}) == [
        "calls: 6 files of src/tls form a circle: f0, f1, f2, f3, f4, f5"]
    assert calls(ring(5) | {"src/tls/f4": ("f4", ""), "src/tls/f5": ("f5", "")}, circles={"src/tls": 5}) == [
        "calls: the largest circle of src/tls has 0 files: CIRCLES permits 5"]


def test_no_objects_are_no_answer(calls, tmp_path):
    with pytest.raises(SystemExit, match="there are no objects of this project below"):
        calls({})


def test_what_is_not_of_the_project_is_not_read(calls):
    assert calls(GOOD | {"tests/unit/test": ("judge", "step")}) == []


def test_where_objects_are_named_no_other_is_read(calls):
    files = GOOD | {"src/base/text": ("text", "port_wait")}
    assert calls(files, named=[name for name in files if name != "src/base/text"]) == []
    assert len(calls(files, named=files)) == 1
