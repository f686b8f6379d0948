"""Which processes a process has started, and theirs (Linux)."""

from pathlib import Path


def below(root: int) -> set[int]:
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has gone
            continue
    inside = {root}
    while more := {child for child, parent in parents.items() if parent in inside} - inside:
        inside |= more
    return inside - {root}
