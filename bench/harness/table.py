"""Rows as text for a terminal and as Markdown for the page."""
from . import stats

ORDER = ("pystrobe", "tachyon", "austin", "py-spy")


def short(value):
    """12345.6 -> 12.3 k; three figures are as many as a median of a few runs can bear."""
    if value is None:
        return "-"
    for factor, letter in ((1e9, " G"), (1e6, " M"), (1e4, " k")):
        if abs(value) >= factor:
            return "%.3g%s" % (value / (1e3 if letter == " k" else factor), letter)
    if value and abs(value) < 0.001:
        return "%.2g" % value
    return "%.4g" % float("%.3g" % value)


def cell_text(cell):
    if cell.value is None:
        return cell.note or "-"
    text = short(cell.value)
    if cell.low is not None:
        text += " [%s, %s]" % (short(cell.low), short(cell.high))
    elif len(cell.values) > 1:
        text += " ±%s" % short(cell.spread)
    return text + (" (%s)" % cell.note if cell.note else "")


def variants(row):
    """Cells by variant, in the order they were measured."""
    found = {}
    for cell in row.cells:
        found.setdefault(cell.variant, []).append(cell)
    return found


def against_best(row, cells):
    """(ratio, peer's cell, ours) with the ratio above 1 where pystrobe is better, or None.
    Ours is the default, which never stops the target; the peers choose their best mode."""
    ours = [c for c in cells if c.tool == "pystrobe" and c.mode == "default"
            and c.value is not None]
    peers = [c for c in cells if c.tool in ORDER[1:] and c.value is not None]
    if not ours or not peers or not row.better:
        return None
    pick = max if row.better == "higher" else min
    mine, peer = (pick(group, key=lambda c: c.value) for group in (ours, peers))
    top, bottom = (mine, peer) if row.better == "higher" else (peer, mine)
    if top.value == bottom.value:
        return 1.0, peer, mine
    if not bottom.value or bottom.value < 0 or top.value < 0:
        return None
    return top.value / bottom.value, peer, mine


def verdict(row, cells):
    found = against_best(row, cells)
    if not found:
        return ""
    ratio, peer, mine = found
    if mine.value == peer.value:
        return "as " + label(peer)
    if not ratio:
        return label(peer) + " has none"
    text = "%.2g x %s" % (ratio, label(peer))
    if len(mine.values) > 1 and len(peer.values) > 1:
        _, low, high = stats.welch(mine.values, peer.values)
        if low <= 0 <= high:
            text += " (not told apart)"
    return text


def label(cell):
    return cell.tool + ("" if cell.mode == "default" else "/" + cell.mode)


def text(row):
    lines = ["%s  %s [%s]%s" % (row.name, row.title, row.unit,
                                "  budget " + row.budget if row.budget else "")]
    for variant, cells in variants(row).items():
        measured = [c for c in cells if c.value is not None]
        lines.append("  %-22s %s" % (variant, verdict(row, cells)))
        for cell in sorted(measured, key=rank):
            lines.append("    %-20s %s" % (label(cell), cell_text(cell)))
        for note, who in grouped(c for c in cells if c.value is None).items():
            lines.append("    %-20s %s" % (", ".join(who), note))
    lines += ["  note: " + note for note in row.notes]
    return "\n".join(lines)


def rank(cell):
    return (ORDER.index(cell.tool) if cell.tool in ORDER else -1, cell.mode != "default")


def grouped(cells):
    found = {}
    for cell in sorted(cells, key=rank):
        found.setdefault(cell.note or "no result", []).append(label(cell))
    return found


def markdown(rows):
    """One table: a line with each row's title and budget, then a line per variant with a
    column per profiler; of several modes all but the default are named."""
    lines = ["| row | pystrobe | Tachyon | Austin | py-spy | against the best peer |",
             "|---|---|---|---|---|---|"]
    for row in rows:
        lines.append("| **%s**: %s [%s]%s | | | | | |" % (
            row.name, row.title, row.unit, "; budget " + row.budget if row.budget else ""))
        for variant, cells in variants(row).items():
            columns = [_column([c for c in cells if c.tool == tool]) for tool in ORDER]
            others = ["%s %s" % (c.tool, cell_text(c)) for c in cells
                      if c.tool not in ORDER and c.tool != "timer" and c.value is not None]
            name = variant.rstrip(",") + (" (%s)" % ", ".join(others) if others else "")
            if any(column != "-" for column in columns):
                lines.append("| %s | %s | %s |" % (name, " | ".join(columns),
                                                   verdict(row, cells)))
    return "\n".join(lines)


def _column(cells):
    shown = [cell_text(c) + ("" if c.mode == "default" else " *%s*" % c.mode)
             for c in sorted(cells, key=rank) if c.value is not None]
    return "; ".join(shown) or "-"
