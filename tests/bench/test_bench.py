"""bench/run must see what a proxy does wrong, name what is missing, and say when it was disturbed."""
import io
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import time
import types
import xml.etree.ElementTree

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "tests" / "e2e")]

import document  # noqa: E402
import host  # noqa: E402
import load  # noqa: E402
import modes  # noqa: E402
import results  # noqa: E402
import subjects  # noqa: E402
import tls_modes  # noqa: E402

RELAY = pathlib.Path(__file__).with_name("relay.py")
RUN = os.environ.get("BENCH_RUN", "bench/run")


def said(*words, **env):
    """Runs it: exit status and output."""
    done = subprocess.run(words, cwd=ROOT, timeout=120, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env={**os.environ, **env})
    return done.returncode, done.stdout


def bench(*args, only="relay", **env):
    """Measures, with one program or some: exit status, output, and everything as JSON has it."""
    json_file = pathlib.Path(os.environ["PYTEST_SCRATCH"]) / "figures.json"
    status, output = said(*shlex.split(RUN), "--quick", "--only", only, "--json", json_file, *args, **env)
    return status, output, json.loads(json_file.read_text())


def relay(fault):
    return "--proxy", f"relay forward: {sys.executable} {RELAY} {fault} {{port}} {{target}}"


def built(program, default):
    """Where the program is that bench/run was told to use."""
    words = shlex.split(RUN)
    return str(ROOT / (words[words.index(program) + 1] if program in words else default))


@pytest.fixture
def generator():
    one = load.Load(built("--load", "build/bench/load"))
    yield one
    one.close()


@pytest.fixture(autouse=True)
def scratch(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTEST_SCRATCH", str(tmp_path))


def test_a_right_relay_passes():
    status, output, found = bench("bulk", "connections", "trips", "--verify", *relay("none"))
    assert status == 0, output
    assert output.endswith("12 passed, 0 failed\n"), output
    assert not found["reasons"]
    assert all(list(row["figures"]["relay"].values())[0] > 0 for row in found["rows"])


@pytest.mark.parametrize("fault", ["flip", "lose", "swap", "double"])
def test_wrong_bytes_are_seen_in_each_direction(fault):
    status, output, found = bench("bulk", "--verify", *relay(fault))
    assert status == 1 and output.endswith("\n0 passed, 6 failed\n"), output
    for one in found["reasons"]:
        assert one["reason"].startswith("stream ") and "bytes differ" in one["reason"], output
        way = one["label"].split()[1].strip(",")
        assert way == "both" or f", {way}, from offset" in one["reason"], output


def test_wrong_bytes_of_a_message_are_seen():
    status, output, found = bench("connections", "trips", "idle", "memory", *relay("short"))
    assert status == 1 and output.endswith("\n0 passed, 8 failed\n"), output
    assert all("bytes differ in " in one["reason"] for one in found["reasons"]), output


@pytest.mark.parametrize("fault", ["flip", "lose", "swap", "double"])
@pytest.mark.parametrize("move", [tls_modes.swallowed, tls_modes.poured])
def test_the_client_with_tls_sees_wrong_bytes(move, fault, generator):
    """Without TLS, under which no relay can change anything."""
    expected = (load.Broken, TimeoutError) if fault == "lose" else load.Broken
    for kind, limit in (("none", 20), (fault, 3 if fault == "lose" else 20)):
        subject = subjects.by_command_line(relay(kind)[1])
        running = subjects.Running(subject, {"target": generator.port})
        try:
            with subjects.socket.create_connection(("127.0.0.1", running.port), limit) as sock:
                if kind == "none":
                    move(sock, 3, verify=True)
                else:
                    with pytest.raises(expected):
                        move(sock, 3, verify=True)
        finally:
            running.close()


def test_a_program_that_dies_is_named():
    status, output, _ = bench("bulk", *relay("die"))
    assert status == 1, output
    assert "ended with status 3" in output, output


def test_a_program_that_refuses_is_named_in_each_row():
    status, output, found = bench("connections", "trips", "idle", "memory", *relay("refuse"))
    assert status == 1 and output.endswith("0 passed, 8 failed\n"), output
    assert len(found["reasons"]) == 8


def test_a_table_that_is_too_small_is_a_failure_of_it(generator):
    """Of 512 sessions; bench/run skips what is Unable, and what is Broken of one that need not do everything."""
    running = subjects.Running(subjects.TABLE[0], {"anklet": built("--anklet", "build/anklet"),
                                                   "target": generator.port})
    try:
        generator.via("socks4", running.port)
        with pytest.raises(load.Broken, match="^does not hold 1,000 sessions: [0-9]+ connections done") as raised:
            modes.held(types.SimpleNamespace(load=generator), running, 1000, lambda: None)
    finally:
        running.close()
    assert running.subject.named and not isinstance(raised.value, load.Unable)


def raise_broken():
    raise load.Broken("it is of another colour")


@pytest.mark.parametrize("count, files, run, reason, kind", [
    (4000, 1024, None, "4,000 sessions take more descriptors than the limit, 1,024", load.Unable),
    (10, 1024, raise_broken, "it is of another colour", load.Broken)])
def test_the_reason_is_the_true_one_when_sessions_are_held(count, files, run, reason, kind, generator, monkeypatch):
    monkeypatch.setattr(modes.resource, "getrlimit", lambda _: (files, files))
    running = types.SimpleNamespace(settle=lambda: None)
    with pytest.raises(load.Broken) as raised:
        modes.held(types.SimpleNamespace(load=generator), running, count, run)
    assert str(raised.value) == reason and type(raised.value) is kind


def test_one_that_was_asked_for_and_is_missing_has_failed():
    status, output, _ = bench("trips", "--proxy", "relay: no-such-program {port}")
    assert status == 1 and "failed: all without TLS: relay: no-such-program is not installed" in output, output


def test_one_of_the_table_that_is_missing_is_skipped_by_name(monkeypatch):
    monkeypatch.setattr(subjects, "PATH", "/nowhere")
    others = [one for one in subjects.TABLE if one.name != "anklet"]
    names = [one.name for one in others if subjects.missing(one, "build/anklet")]
    assert names == ["microsocks", "danted", "ssh -D", "haproxy", "stunnel4"]


def again(output):
    """The commands that repeat what was named."""
    return [shlex.split(line.partition(": ")[2]) for line in output.split("\n") if line.startswith("    again: ")]


def test_what_has_failed_is_repeated_as_it_was():
    status, output, _ = bench("bulk", "trips", "--verify", "--rounds", "2", *relay("refuse"))
    commands = again(output)
    assert status == 1 and len(commands) == 9, output
    paths = shlex.split(RUN)[1:]
    assert commands[0] == ["bench/run", "bulk", *paths, "--rounds", "2", *relay("refuse"), "--quick", "--verify",
                           "--only", "relay"]
    status, once_more = said(*commands[-1])
    assert status == 1 and once_more.endswith("\n0 passed, 3 failed\n") and again(once_more) == [commands[-1]] * 3


def test_what_can_only_be_skipped_again_is_not_to_be_repeated():
    _, output, _ = bench("trips", only="microsocks", PATH="/nowhere")
    assert "\nskipped: all without TLS: microsocks: microsocks is not installed\n0 passed" in output, output
    unable = results.Results()
    unable.options = {"command": ["bench/run"], "modes": []}
    unable.give_up("counts", "instructions", "ssh -D", "valgrind cannot run it", failed=False, again=False)
    results.table(unable, out := io.StringIO())
    assert out.getvalue() == "skipped: instructions: ssh -D: valgrind cannot run it\n"


@pytest.mark.parametrize("words, complaint", [
    ("--rounds 0", "argument --rounds: '0' is not a whole number above 0"),
    ("--rounds -1", "argument --rounds: '-1' is not a whole number above 0"),
    ("--rounds x", "argument --rounds: 'x' is not a whole number above 0"),
    ("--seconds 0", "argument --seconds: '0' is not a number above 0 and at most 30"),
    ("--seconds nan", "argument --seconds: 'nan' is not a number above 0 and at most 30"),
    ("--seconds 31", "argument --seconds: '31' is not a number above 0 and at most 30"),
    ("nosuch", 'there is no mode "nosuch"; modes are bulk connections trips idle memory counts tls'),
    ("--json {tmp}/no/file", "--json: there is no directory {tmp}/no"),
    ("--svg {tmp}", "--svg: {tmp} cannot be written"),
    ("--doc {tmp}/none", "--doc: there is no {tmp}/none"),
    ("--doc {tmp}/page", f"--doc: {{tmp}}/page: there is no '{document.BEGIN}' with '{document.END}' after it"),
    ("--from {tmp}/none", "--from: there is no {tmp}/none"),
    ("--from {tmp}/page", "--from: {tmp}/page was not written by --json"),
])
def test_what_is_wrong_is_said_in_one_line_before_anything_is_measured(words, complaint, tmp_path):
    (tmp_path / "page").write_text("{}")
    status, output = said(*shlex.split(RUN), "trips", "--only", "direct", "--quick",
                          *words.replace("{tmp}", str(tmp_path)).split())
    assert (status, output) == (2, f"bench: {complaint}\n".replace("{tmp}", str(tmp_path)))


def test_help_is_one_text():
    status, output = said("bench/run", "--help")
    assert status == 0 and output.count("--rounds") == 1 and "[MODE...]" in output, output
    assert said("make", "--no-print-directory", "bench", "BENCH=idle --help", "CC=false", MAKEFLAGS="") == (0, output)


def test_a_disturbance_is_said():
    """By as many as it takes to have more than a twentieth of the machine."""
    spin = "import time\nend = time.time() + 60\nwhile time.time() < end: pass"
    busy = [subprocess.Popen([sys.executable, "-c", spin]) for _ in range(host.CPUS // 8 + 1)]
    try:
        status, output, found = bench("trips", "--seconds", "0.5", only="direct")
    finally:
        for one in busy:
            one.kill()
            one.wait()
    assert status == 0 and "warning: disturbed: " in output, output
    assert found["warnings"]


def test_what_a_program_and_its_children_use_is_no_disturbance():
    watch = host.Watch()
    spin = "import time\nend = time.process_time() + 0.5\nwhile time.process_time() < end: pass"
    watch.total = lambda: host.cpu(os.getpid())  # of a machine on which nobody else is
    watch.measure("spin", lambda: subprocess.run([sys.executable, "-c", spin], check=True, timeout=60))
    assert watch.samples == 1 and not watch.warning()


def test_processor_time_is_that_of_children_too():
    spin = ("import os, time\n"
            "def spin():\n end = time.process_time() + 0.3\n while time.process_time() < end: pass\n"
            "if os.fork() == 0:\n spin()\n os._exit(0)\n"
            "os.wait()\n"
            "if os.fork() == 0:\n spin()\n time.sleep(60)\n"
            "print('now', flush=True)\ntime.sleep(60)\n")
    with subprocess.Popen([sys.executable, "-c", spin], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        everybody = []
        try:
            end = time.monotonic() + 30
            while host.cpu(process.pid) < 0.58 and time.monotonic() < end:
                time.sleep(0.05)
            everybody = host.tree(process.pid)
            used = host.cpu(process.pid)
        finally:
            for pid in everybody or [process.pid]:
                os.kill(pid, 9)
    assert len(everybody) == 2 and 0.58 <= used < 2, (everybody, used)


def figures(**by_name):
    found = results.Results({"date": "2026-01-01", "processors": 2, "processor": "x", "kernel": "k",
                             "congestion control": "reno"})
    for name, values in by_name.items():
        for number, value in enumerate(values):
            found.add("bulk", "bulk up, 1 stream", name, number, {"CPU s/GB": value})
    found.options = {"rounds": 3, "seconds": 1.0, "command": ["bench/run"], "modes": []}
    return found


def test_ratios_are_of_the_same_round():
    """The machine became slower by ten in the second round: medians apart would say 1 and 10."""
    row = figures(anklet=(1.0, 20.0, 2.0), other=(2.0, 40.0, 40.0)).rows[0]
    assert results.median(row, "anklet") == 2 and results.ratio(row, "other") == 0.5
    assert results.spread(row, "other") == (2, 40)


def test_the_page_and_its_chart_are_made_of_the_figures(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n\n{document.BEGIN}\nold\n{document.END}\nafter\n")
    found = figures(anklet=(1.0, 2.0, 3.0), other=(2.0, 4.0, 6.0))
    found.give_up("bulk", "bulk up, 1 stream", "third", "it ended", failed=True)
    document.rewrite(page, results.Results.from_json(found.to_json()))
    text = page.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    assert "| bulk up, 1 stream | CPU s/GB | 2.00 (1.00 to 3.00) | 4.00, **0.50** |" in text
    assert "- bulk up, 1 stream, third: **failed**: it ended" in text
    chart = xml.etree.ElementTree.parse(page.with_suffix(".svg")).getroot()
    assert "other: 0.50" in [node.text for node in chart.iter() if node.tag.endswith("title")]


def test_a_session_that_adds_nothing_has_no_ratio_and_is_named():
    found = figures(anklet=(1.0,), other=(2.0,))
    for number, waver in enumerate((-0.0075, 0.0, 0.0025)):
        found.add("memory", "memory", "anklet", number, {"KiB at start": 1000.0, "KiB a session": waver})
        found.add("memory", "memory", "other", number, {"KiB at start": 500.0, "KiB a session": 3.0})
    text = "\n".join(document.section(found))
    assert "| memory | KiB at start | 1,000 | 500, **2.00** |" in text
    assert "|  | KiB a session | 0 | 3.00 |\n\nmemory, KiB a session: anklet's tables are static" in text
    texts = [node.text for node in xml.etree.ElementTree.fromstring(document.chart(found)).iter()]
    assert f"not shown: memory, KiB a session: {document.STATIC}" in texts and "memory: KiB at start" in texts
    results.table(found, out := io.StringIO())
    assert "  KiB a session                    0    3.00\n" in out.getvalue(), out.getvalue()


def test_a_row_without_anklet_is_named_below_the_chart():
    chart = document.chart(figures(other=(2.0,)))
    assert ">not shown: bulk up, 1 stream, CPU s/GB: no figure of anklet<" in chart
    assert ">not shown: bulk up, 1 stream, CPU s/GB: nothing to divide by<" in document.chart(figures(anklet=(2.0,)))


def test_a_warning_is_above_the_tables():
    found, watch = figures(anklet=(1.0,), other=(2.0,)), host.Watch()
    watch.samples, watch.disturbed, watch.worst, watch.where = 9, 2, 0.5, "memory"
    found.warnings.append(watch.warning())
    how, warning, table = "\n".join(document.section(found)).split("\n\n")[:3]
    assert how.startswith("Measured on ") and table == "#### Bulk"
    assert " ".join(warning.split()) == (
        "**Warning: disturbed: 2 of 9 samples, by something else that used more than 5% of this machine's processors, "
        "50% at worst (memory): read the ratios of processor time, memory and what is counted, and nothing else.**")


def test_the_pattern_is_the_same_on_both_sides(generator):
    with subjects.socket.create_connection(("127.0.0.1", generator.port), 20) as sock:
        sock.sendall(load.first_message("p", load.MIB, verify=True, run=5))
        data = b""
        while len(data) < load.MIB:
            data += sock.recv(load.MIB)
    assert data == load.block(load.seed(5, down=True), 0)


# ---- bench/growth ----

@pytest.mark.skipif(not shutil.which("callgrind_control"), reason="valgrind is not installed")
def test_growth():
    """Each row has a figure for each count, and the page and the chart get them."""
    page = pathlib.Path(os.environ["PYTEST_SCRATCH"]) / "page.md"
    drawing = page.with_suffix(".svg")
    page.write_text("before\n<!-- bench/growth --doc writes from here -->\nold\n"
                    "<!-- bench/growth --doc writes to here -->\nafter\n")
    status, output = said("bench/growth", "--anklet", built("--anklet", "build/anklet"), "--load",
                          built("--load", "build/bench/load"), "--sessions", "1,20", "--doc", page, "--svg", drawing)
    assert status == 0, output
    text = page.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    for count in ("1", "20"):
        figures = [int(word.replace(",", "")) for word in
                   next(line for line in text.split("\n") if line.startswith(f"| {count} |")).split("|")[2:6]]
        assert len(figures) == 4 and all(500 < figure < 10_000_000 for figure in figures), figures
    assert len(xml.etree.ElementTree.parse(drawing).getroot().findall("{*}polyline")) == 4
