"""What is measured of a proxy without TLS. Each mode is a list of rows; a row measures one subject at a time."""
import collections
import re
import resource
import shutil
import signal
import subprocess
import time

import subjects
from load import Broken, Unable

# sample(bench, running): {unit: figure}. fresh: it starts the program itself, and gets the Subject.
# needs: a tool, without which the row is skipped. repeats: at most so many rounds.
# seconds: what a sample takes, to say how long all will take.
Row = collections.namedtuple("Row", "label sample fresh needs repeats seconds", defaults=(False, "", 99, 1.0))

HELD = 400  # sessions whose memory is measured: fewer than the smallest table here has
SPARE_FILES = 200  # descriptors for all but sessions
COUNTED = 200  # connections whose system calls and instructions are counted


def cpu_during(running, run):
    """run()'s answer, and the seconds of processor time that the proxy had meanwhile; None: there is none."""
    before = running.cpu()
    answer = run()
    time.sleep(0.01)
    return answer, (running.cpu() - before) if running.processes else None


def with_cpu(figures, unit, cpu, per):
    """Adds the processor time, which must be some."""
    if cpu is not None:
        if cpu <= 0:
            raise Broken("it used no processor time, so it was not it that was measured")
        figures[unit] = cpu / per
    return figures


# ---- Bulk ----

def bulk(way, streams):
    def sample(bench, running):
        answer, cpu = cpu_during(running, lambda: bench.load.order(
            "bulk", way, streams, bench.seconds, "verify" if bench.verify else "plain"))
        if answer["count"] <= 0:
            raise Broken("no byte was moved")
        gigabytes = answer["count"] / 1e9
        return with_cpu({"GB/s": gigabytes / answer["seconds"]}, "CPU s/GB", cpu, gigabytes)

    return Row(f"bulk {way}, {streams} stream{'s' * (streams > 1)}", sample)


# ---- Connections, round trips ----

def connections(at_a_time):
    def sample(bench, running):
        answer, cpu = cpu_during(running, lambda: bench.load.order("connections", at_a_time, bench.seconds, 0))
        figures = {"a second": answer["count"] / answer["seconds"], "p90 us": answer["p90"]}
        return with_cpu(figures, "CPU us", cpu, answer["count"] / 1e6)

    return Row(f"connections, {at_a_time} at a time", sample)


def trips(streams):
    def sample(bench, running):
        answer, cpu = cpu_during(running, lambda: bench.load.order("trips", streams, bench.seconds))
        return with_cpu({"p50 us": answer["p50"], "p90 us": answer["p90"]}, "CPU us", cpu, answer["count"] / 1e6)

    return Row(f"round trips, {streams} stream{'s' * (streams > 1)}", sample)


# ---- Idle sessions ----

def hold(bench, count):
    try:
        bench.load.order("hold", count)
    except Broken as failure:
        if "bytes differ" in str(failure):
            raise  # it holds them, and does worse
        raise Broken(f"does not hold {count:,} sessions: {failure}") from failure


def held(bench, running, count, run):
    """run() while so many sessions are held."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files < 2 * count + SPARE_FILES:  # the load has both ends of each
        raise Unable(f"{count:,} sessions take more descriptors than the limit, {files:,}")
    try:
        hold(bench, count)
        return run()
    finally:
        bench.load.order("release")
        running.settle()


def idle(count):
    def sample(bench, running):
        def measure():
            running.settle()
            asked = min(count, bench.asked)
            answer, cpu = cpu_during(running, lambda: bench.load.order("trips", 1, bench.seconds))
            quiet = bench.load.order("ask", asked, "quiet")
            busy = bench.load.order("ask", asked, "busy")
            figures = {"first byte p50 us": quiet["p50"], "first byte p90 us": quiet["p90"],
                       "beside a busy one, p90 us": busy["p90"]}
            return with_cpu(figures, "CPU us, a round trip", cpu, answer["count"] / 1e6)

        return held(bench, running, count, measure)

    return Row(f"{count:,} idle sessions", sample, repeats=3, seconds=2.0 + count / 600)


# ---- Memory ----

def memory(bench, subject):
    """Of a program that has just been started."""
    running = bench.start(subject)
    try:
        running.settle()
        before = running.pss()

        def measure():
            running.settle()
            return {"KiB at start": before, "KiB a session": (running.pss() - before) / HELD}

        return held(bench, running, HELD, measure)
    finally:
        running.close()


# ---- Counted, not timed ----

def system_calls(at_a_time):
    def sample(bench, running):
        bench.load.order("connections", 1, 0, 10)
        running.settle()
        calls = traced(running, lambda: bench.load.order("connections", at_a_time, 0, COUNTED))
        return {"a connection": calls / COUNTED}

    return Row(f"system calls, {at_a_time} at a time", sample, needs="strace", repeats=3, seconds=2.0)


def traced(running, run):
    """The system calls of the program, its threads and children, during run()."""
    summary = running.dir / "strace"
    processes = [word for pid in subjects.host.tree(*running.roots) for word in ("-p", str(pid))]
    strace = subprocess.Popen(["strace", "-f", "-c", "-o", summary, *processes], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=open(running.dir / "traced", "wb"))
    try:
        end = time.monotonic() + 10
        while (running.dir / "traced").read_text().count("attached") < len(processes) // 2:
            if strace.poll() is not None or time.monotonic() > end:
                raise Unable("strace: " + (running.dir / "traced").read_text().strip()[-200:])
            time.sleep(0.05)
        run()
        time.sleep(0.3)  # for what the last ones still do
        strace.send_signal(signal.SIGINT)
        strace.wait(10)
    finally:
        if strace.poll() is None:
            strace.kill()
            strace.wait()
    total = re.search(r"^100\.00\s+\S+\s+(?:\d+\s+)?(\d+)(?:\s+\d+)?\s+total$", summary.read_text(), re.MULTILINE)
    if not total:
        raise Broken("strace counted nothing")
    return int(total.group(1))


def instructions(bench, subject):
    """In user space, a connection: the difference of two runs, so that the start is in neither."""
    if not subject.valgrind:
        raise Unable("valgrind cannot run it")

    def counted(count):
        running = bench.start(subject, ["valgrind", "-q", "--tool=callgrind", "--trace-children=yes",
                                        f"--callgrind-out-file={bench.scratch}/callgrind.%p"])
        try:
            bench.load.order("connections", 16, 0, count)
            running.settle()
        finally:
            running.close()
        total = 0
        for file in bench.scratch.glob("callgrind.*"):
            total += sum(map(int, re.findall(r"^totals: (\d+)", file.read_text(), re.MULTILINE)))
            file.unlink()
        return total

    few, many = counted(50), counted(50 + COUNTED)
    if many <= few:
        raise Broken("valgrind counted nothing")
    return {"a connection": (many - few) / COUNTED}


def missing_tool(row):
    """Why the row cannot be measured here, or ""."""
    return f"{row.needs} is not installed" if row.needs and not shutil.which(row.needs) else ""


def modes(quick):
    """All of them, by name, in the order in which they are measured."""
    return {
        "bulk": [bulk(way, streams) for way in ("up", "down", "both") for streams in (1, 8)],
        "connections": [connections(at_a_time) for at_a_time in (1, 16, 64)],
        "trips": [trips(streams) for streams in (1, 16, 64)],
        "idle": [idle(count) for count in ((100,) if quick else (100, 400, 1000, 4000))],
        "memory": [Row("memory", memory, fresh=True, repeats=3, seconds=2.0)],
        "counts": [system_calls(1), system_calls(16),
                   Row("instructions, 16 at a time", instructions, fresh=True, needs="valgrind", repeats=3,
                       seconds=8.0)],
    }
