"""The figures, and what they come to: medians, spread, and anklet's in relation to each other's of the same round."""
import json
import math
import shlex
import statistics


def text(figure):
    """Three digits that count, and all of those before the point."""
    return f"{figure:,.{0 if abs(figure) >= 100 else 1 if abs(figure) >= 10 else 2 if abs(figure) >= 1 else 3}f}"


# Units in which less than so much is nothing: by that much the memory of a process wavers by itself.
NOTHING = {"KiB a session": 0.05}


def nothing(row, name):
    """Its figure there is none that another can be divided by, or be held against."""
    return name in row["figures"] and median(row, name) < NOTHING.get(row["unit"], -math.inf)


def text_of(row, figure):
    return "0" if abs(figure) < NOTHING.get(row["unit"], 0) else text(figure)


def span(row, name):
    """From the least to the most as two texts, or None where these are the same."""
    low, high = (text_of(row, figure) for figure in spread(row, name))
    return (low, high) if low != high else None


class Results:
    """
    rows: {mode, label, unit: {name: [a figure for each round]}}, as lists so that JSON has the same.
    reasons: why a program has no figures in a row: {mode, label, name, reason, failed, again}; again: what else could
    come of it another time.
    """

    def __init__(self, host=None):
        self.host, self.rows, self.reasons = host or {}, [], []
        self.programs, self.options, self.warnings = {}, {}, []

    def add(self, mode, label, name, number, figures):
        for unit, figure in figures.items():
            row = self.row(mode, label, unit)
            row["figures"].setdefault(name, {})[str(number)] = figure

    def row(self, mode, label, unit):
        for row in self.rows:
            if (row["mode"], row["label"], row["unit"]) == (mode, label, unit):
                return row
        self.rows.append({"mode": mode, "label": label, "unit": unit, "figures": {}})
        return self.rows[-1]

    def give_up(self, mode, label, name, reason, failed, again=True):
        """It has no figures there, those of earlier rounds included."""
        for row in self.rows:
            if (row["mode"], row["label"]) == (mode, label):
                row["figures"].pop(name, None)
        self.reasons.append({"mode": mode, "label": label, "name": name, "reason": reason, "failed": failed,
                             "again": again})

    def measured(self):
        """How many programs have figures in how many rows, each row once whatever its units."""
        return len({(row["mode"], row["label"], name) for row in self.rows for name in row["figures"]})

    def says_why(self, label, name):
        """Is there a reason why it has no figures in that row?"""
        return any(one["label"] == label and one["name"] in (name, "all") for one in self.reasons)

    def names(self, mode=None):
        """The programs with figures, in the order in which they came; anklet first."""
        found = []
        for row in self.rows:
            if mode in (None, row["mode"]):
                found += [name for name in row["figures"] if name not in found]
        return sorted(found, key=lambda name: name != "anklet")

    def to_json(self):
        return json.dumps(vars(self), indent=1)

    @classmethod
    def from_json(cls, data):
        made, known = cls(), json.loads(data)
        if not isinstance(known, dict) or set(known) != set(vars(made)):
            raise ValueError("it was not written by --json")
        vars(made).update(known)
        return made


def median(row, name):
    return statistics.median(row["figures"][name].values())


def spread(row, name):
    figures = row["figures"][name].values()
    return min(figures), max(figures)


def ratio(row, name):
    """The median of anklet's figure divided by the other's, round by round; None: there is none."""
    ours, theirs = row["figures"].get("anklet"), row["figures"].get(name)
    if not ours or not theirs or name == "anklet" or nothing(row, "anklet") or nothing(row, name):
        return None
    pairs = [ours[number] / theirs[number] for number in ours if theirs.get(number)]
    return statistics.median(pairs) if pairs else None


def ratio_text(part):
    return f"{part:.2f}" if part < 100 else text(part)


# ---- In the terminal ----

def cell(results, row, name):
    if name not in row["figures"]:
        return "n/a" if results.says_why(row["label"], name) else "-"
    ends = span(row, name)
    return text_of(row, median(row, name)) + (f" {'-'.join(ends)}" if ends else "")


def table(results, out):
    for mode in dict.fromkeys(row["mode"] for row in results.rows):
        names = results.names(mode)
        rows = [row for row in results.rows if row["mode"] == mode and row["figures"]]
        width = 2 + max(len(text) for row in rows for name in names for text in (name, cell(results, row, name)))
        print(f"\n{'':28}" + "".join(f"{name:>{width}}" for name in names), file=out)
        last = None
        for row in rows:
            if row["label"] != last:
                print(row["label"], file=out)
                last = row["label"]
            line, below = f"  {row['unit']:26}", f"{'    anklet / other':28}"
            for name in names:
                line += f"{cell(results, row, name):>{width}}"
                part = ratio(row, name)
                below += f"{'' if part is None else ratio_text(part):>{width}}"
            print(line.rstrip(), file=out)
            if below.strip() != "anklet / other":
                print(below.rstrip(), file=out)
    for warning in results.warnings:
        print(f"warning: {warning}", file=out)
    for one in sorted(results.reasons, key=lambda one: one["failed"]):
        print(f"{'failed' if one['failed'] else 'skipped'}: {one['label']}: {one['name']}: {one['reason']}", file=out)
        if one["again"]:
            command, *options = results.options["command"]
            modes = [one["mode"]] if one["mode"] else results.options["modes"]
            print(f"    again: {shlex.join([command, *modes, *options, '--only', one['name']])}", file=out)
