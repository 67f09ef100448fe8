"""The figures as docs/performance.md has them: tables, and one chart."""
import math
import textwrap
from xml.sax.saxutils import escape

from results import median, ratio, ratio_text, spread, text

BEGIN, END = "<!-- bench/run --doc writes from here -->", "<!-- bench/run --doc writes to here -->"
TITLES = {"bulk": "Bulk", "connections": "Connections", "trips": "Round trips of 64 bytes", "idle": "Idle sessions",
          "memory": "Memory", "counts": "Counted", "tls": "TLS"}


def cell(found, row, name):
    if name not in row["figures"]:
        return "n/a" if found.says_why(row["label"], name) else ""
    low, high = spread(row, name)
    part = ratio(row, name)
    return (text(median(row, name)) + (f" ({text(low)} to {text(high)})" if name == "anklet" and low != high else "") +
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
    lines = [*wrapped(how), *tables(found), "", "#### What is not in the tables", ""]
    for one in found.reasons:
        lines += wrapped(f"- {one['label']}, {one['name']}: {'**failed**: ' if one['failed'] else ''}{one['reason']}")
    for warning in found.warnings:
        lines += wrapped(f"- A warning of the run: {warning}.")
    return lines if found.reasons or found.warnings else lines[:-3]


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


def shown(found):
    """The chart's rows, in each of which less is better: (a row, {name: ratio})."""
    for row in found.rows:
        if row["unit"] in SHOWN:
            ratios = {name: ratio(row, name) for name in row["figures"] if name != "direct"}
            ratios = {name: part for name, part in ratios.items() if part}
            if ratios:
                yield row, ratios


def chart(found):
    rows = list(shown(found))
    names = [name for name in found.names() if any(name in ratios for _, ratios in rows)]
    logs = [math.log2(part) for _, ratios in rows for part in ratios.values()] + [-1, 1]
    low, high = max(math.floor(min(logs)), -FURTHEST), min(math.ceil(max(logs)), 2 * FURTHEST)
    height = TOP + LINE * len(rows) + 40

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
                f'y2="{height - 30}"/>',
                f'<text x="{x_of(log):.1f}" y="{height - 12}" text-anchor="middle">{label}</text>']
    for number, (row, ratios) in enumerate(rows):
        y = TOP + LINE * number + 8
        out += [f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>',
                f'<text x="{LEFT - 12}" y="{y + 4}" text-anchor="end">{escape(row["label"])}: '
                f'{escape(row["unit"])}</text>']
        out += [mark(names, name, x_of(math.log2(part)), y, f"{name}: {ratio_text(part)}") for name, part in ratios.items()]
    return "\n".join([*out, "</svg>"]) + "\n"


def mark(names, name, x, y, title=""):
    number = names.index(name) % len(COLOURS)
    return (f'<path transform="translate({x:.1f},{y})" fill="{COLOURS[number]}" d="{SHAPES[number]}">'
            f'<title>{escape(title or name)}</title></path>')
