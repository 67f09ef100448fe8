"""The figures as docs/performance.md has them: tables, and one chart."""
import math
import textwrap
from xml.sax.saxutils import escape

from results import median, nothing, ratio, ratio_text, span, text_of

BEGIN, END = "<!-- bench/run --doc writes from here -->", "<!-- bench/run --doc writes to here -->"
TITLES = {"bulk": "Bulk", "connections": "Connections", "trips": "Round trips of 64 bytes", "idle": "Idle sessions",
          "memory": "Memory", "counts": "Counted", "tls": "TLS"}
STATIC = "anklet's tables are static and counted at the start, so a session adds nothing, and there is no ratio"


def cell(found, row, name):
    if name not in row["figures"]:
        return "n/a" if found.says_why(row["label"], name) else ""
    ends, part = span(row, name), ratio(row, name)
    return (text_of(row, median(row, name)) + (f" ({' to '.join(ends)})" if name == "anklet" and ends else "") +
            (f", **{ratio_text(part)}**" if part is not None else ""))


def tables(found):
    lines = []
    for mode in dict.fromkeys(row["mode"] for row in found.rows):
        names = found.names(mode)
        lines += ["", f"#### {TITLES[mode]}", "", "| | " + " | ".join(["", *names]) + " |",
                  "| --- | --- |" + " ---: |" * len(names)]
        last = None
        for row in (row for row in found.rows if row["mode"] == mode and row["figures"]):
            label = "" if row["label"] == last else row["label"]
            last = row["label"]
            lines.append("| " + " | ".join([label, row["unit"], *(cell(found, row, name) for name in names)]) + " |")
        lines += [line for row in found.rows if row["mode"] == mode and nothing(row, "anklet")
                  for line in ("", *wrapped(f"{row['label']}, {row['unit']}: {STATIC}."))]
    return lines


def wrapped(sentence):
    return textwrap.wrap(sentence, 118, break_long_words=False, break_on_hyphens=False,
                         subsequent_indent="  " if sentence.startswith("- ") else "")


def section(found):
    host, options = found.host, found.options
    programs = ", ".join(f"{name} {version}".strip() for name, version in found.programs.items())
    how = (f"Measured on {host['date']} with {host['processors']} processors ({host['processor']}), {host['kernel']}, "
           f"{host['congestion control']}: {options['rounds']} rounds, {options['seconds']:g} s a sample. "
           f"Programs: {programs}.")
    lines = wrapped(how)
    for warning in found.warnings:
        lines += ["", *wrapped(f"**Warning: {warning}.**")]
    lines += tables(found)
    if found.reasons:
        lines += ["", "#### What is not in the tables", ""]
    for one in found.reasons:
        lines += wrapped(f"- {one['label']}, {one['name']}: {'**failed**: ' if one['failed'] else ''}{one['reason']}")
    return lines


def around(page):
    """What is before and after the page's two marks."""
    before, mark, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise ValueError(f"{page}: there is no '{BEGIN}' with '{END}' after it")
    return before, after


def rewrite(page, found):
    """Puts the figures between the page's two marks, and the chart beside the page."""
    before, after = around(page)
    page.write_text("\n".join([before + BEGIN, "", *section(found), "", END]) + after)
    page.with_suffix(".svg").write_text(chart(found))


# ---- The chart: anklet's figure divided by each other program's, on a logarithmic scale ----

SHOWN = ("CPU s/GB", "CPU us", "CPU us, a round trip", "first byte p90 us", "KiB at start", "KiB a session",
         "a connection")
COLOURS = ("#d9480f", "#1c7ed6", "#2b8a3e", "#9c36b5", "#e67700", "#0b7285", "#c2255c")
SHAPES = ("M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0", "M-4,-4h8v8h-8z", "M0,-5l5,9h-10z", "M0,-5.5l5.5,5.5l-5.5,5.5l-5.5,-5.5z",
          "M0,5l5,-9h-10z", "M-1.5,-5h3v3.5h3.5v3h-3.5v3.5h-3v-3.5h-3.5v-3h3.5z", "M-5,-2h10v4h-10z")
LEFT, RIGHT, TOP, LINE, WIDTH = 330, 30, 74, 19, 900
FURTHEST = 5  # what is less than 1/32, or more than 1024, stands at the edge
STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #333 }
  .title { font-size: 15px; font-weight: 600 }
  .grid { stroke: #8883; stroke-width: 1 }
  .one { stroke: #888; stroke-width: 2 }
  @media (prefers-color-scheme: dark) { text { fill: #ddd } }
"""


def ratios_of(row):
    ratios = {name: ratio(row, name) for name in row["figures"] if name != "direct"}
    return {name: part for name, part in ratios.items() if part is not None and part > 0}


def dropped(row):
    """Why the chart has nothing of a row without ratios."""
    if nothing(row, "anklet"):
        return STATIC
    return "nothing to divide by" if "anklet" in row["figures"] else "no figure of anklet"


def chart(found):
    """Rows in which less is better; those that it cannot show are named below it."""
    wanted = [(row, ratios_of(row)) for row in found.rows if row["unit"] in SHOWN]
    rows = [(row, ratios) for row, ratios in wanted if ratios]
    notes = [f"not shown: {row['label']}, {row['unit']}: {dropped(row)}" for row, ratios in wanted if not ratios]
    names = [name for name in found.names() if any(name in ratios for _, ratios in rows)]
    logs = [math.log2(part) for _, ratios in rows for part in ratios.values()] + [-1, 1]
    low, high = max(math.floor(min(logs)), -FURTHEST), min(math.ceil(max(logs)), 2 * FURTHEST)
    bottom = TOP + LINE * len(rows) + 40
    height = bottom + LINE * len(notes)

    def x_of(log):
        return LEFT + (WIDTH - LEFT - RIGHT) * (min(max(log, low), high) - low) / (high - low)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">',
           f"<style>{STYLE}</style>",
           '<text class="title" x="10" y="22">anklet divided by the other: left of 1 anklet needs less; at the edge, or beyond it</text>']
    x = 16
    for name in names:
        out += [mark(names, name, x, 44), f'<text x="{x + 11}" y="48">{escape(name)}</text>']
        x += 40 + 7 * len(name)
    for log in range(low, high + 1):
        label = str(2 ** log) if log >= 0 else f"1/{2 ** -log}"
        out += [f'<line class="{"grid" if log else "one"}" x1="{x_of(log):.1f}" x2="{x_of(log):.1f}" y1="{TOP - 6}" '
                f'y2="{bottom - 30}"/>',
                f'<text x="{x_of(log):.1f}" y="{bottom - 12}" text-anchor="middle">{label}</text>']
    for number, (row, ratios) in enumerate(rows):
        y = TOP + LINE * number + 8
        out += [f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>',
                f'<text x="{LEFT - 12}" y="{y + 4}" text-anchor="end">{escape(row["label"])}: '
                f'{escape(row["unit"])}</text>']
        out += [mark(names, name, x_of(math.log2(part)), y, f"{name}: {ratio_text(part)}") for name, part in ratios.items()]
    for number, note in enumerate(notes):
        out += [f'<text x="16" y="{bottom + LINE * number + 8}">{escape(note)}</text>']
    return "\n".join([*out, "</svg>"]) + "\n"


def mark(names, name, x, y, title=""):
    number = names.index(name) % len(COLOURS)
    return (f'<path transform="translate({x:.1f},{y})" fill="{COLOURS[number]}" d="{SHAPES[number]}">'
            f'<title>{escape(title or name)}</title></path>')
