"""Collect reports into recipes/results.json and the README's table: what `seqzoo list` shows is what was measured.

Run: python tests/bench/results.py runs/imdb-bilstm-* runs/spam-bilstm ...
"""

import json
import re
import sys
from math import exp
from pathlib import Path
from statistics import mean

ROOT = Path(__file__).parents[2]
RESULTS, README = ROOT / "recipes" / "results.json", ROOT / "README.md"


def row(reports: list[dict]) -> dict:
    """One recipe's row: the mean over its seeds, and the first seed's verdict."""
    first = reports[0]
    return {
        "task": first["task"],
        "metric": first["metric"],
        "value": mean(report["value"] for report in reports),
        "values": [report["value"] for report in reports],
        "interval": first["interval"],
        "n": first["n"],
        "seeds": len(reports),
        "parameters": first["parameters"],
        "baseline": first["verdict"]["theirs"],
        "baseline name": first["verdict"]["baseline"],
        "wins": all(report["verdict"]["wins"] for report in reports),
        "p": max(report["verdict"]["p"] for report in reports),
        "claim": first["claim"]["text"],
        "training minutes": mean(report["training seconds"] for report in reports) / 60,
        "ms for one": first["speed"]["ms for one"],
        "coverage": {f"{one['level']:.0%}": one["coverage"] for one in first.get("intervals", [])},
        "bits per character": first["metrics"].get("bits per character"),
        "machine": first["machine"],
        "data sha256": first["data"].get("sha256", ""),
        "created": first["created"],
    }


def classify_table(results: dict) -> str:
    """The README's table of classifiers, in Markdown."""
    lines = [
        "| recipe | parameters | test accuracy | claim | best baseline | verdict | training | one text |",
        "|---|--:|--:|---|--:|---|--:|--:|",
    ]
    for name, r in results.items():
        low, high = r["interval"]
        lines.append(
            f"| `{name}` | {r['parameters']:,} | **{r['value']:.2%}** [{low:.2%}, {high:.2%}]{seeds(r)} "
            f"| {r['claim'] or '-'} | {r['baseline']:.2%} | {verdict(r)} "
            f"| {r['training minutes']:.1f} min | {r['ms for one']:.1f} ms |"
        )
    return "\n".join(lines)


def forecast_table(results: dict) -> str:
    """The README's table of forecasters, in Markdown."""
    lines = [
        "| recipe | parameters | test MAE | best baseline | difference | verdict | intervals hold | training | one |",
        "|---|--:|--:|---|--:|---|--:|--:|--:|",
    ]
    for name, r in results.items():
        low, high = r["interval"]
        lines.append(
            f"| `{name}` | {r['parameters']:,} | **{r['value']:,.4g}** [{low:,.4g}, {high:,.4g}]{seeds(r)} "
            f"| {r['baseline']:,.4g}, {r['baseline name']} | {difference(r)} | {verdict(r)} "
            f"| {', '.join(f'{share:.0%}' for share in r['coverage'].values())} "
            f"| {r['training minutes']:.1f} min | {r['ms for one']:.1f} ms |"
        )
    return "\n".join(lines)


def generate_table(results: dict) -> str:
    """The README's table of language models, in Markdown."""
    lines = [
        "| recipe | parameters | nats | perplexity | bits a character | best baseline | verdict | training | speed |",
        "|---|--:|--:|--:|--:|--:|---|--:|--:|",
    ]
    for name, r in results.items():
        low, high = r["interval"]
        lines.append(
            f"| `{name}` | {r['parameters']:,} | **{r['value']:.4f}** [{low:.3f}, {high:.3f}]{seeds(r)} "
            f"| {exp(r['value']):,.2f} | {r['bits per character']:.3f} "
            f"| {r['baseline name']}: {r['baseline']:.4f} ({exp(r['baseline']):,.2f}) | {verdict(r)} "
            f"| {r['training minutes']:.1f} min | {1000 / r['ms for one']:,.0f}/s |"
        )
    return "\n".join(lines)


def difference(r: dict) -> str:
    """Ours against theirs, in percent or in multiples."""
    ratio = r["value"] / r["baseline"]
    return f"{ratio - 1:+.1%}" if ratio < 3 else f"{ratio:,.0f} x"


def seeds(r: dict) -> str:
    """How many seeds a row is the mean of, if more than one."""
    return f", mean of {r['seeds']} seeds" if r["seeds"] > 1 else ""


def verdict(r: dict) -> str:
    """Whether the baselines were beaten."""
    return "beats" if r["wins"] else "does not beat"


TABLES = {"classify": classify_table, "forecast": forecast_table, "generate": generate_table}

if __name__ == "__main__":
    found: dict[str, list[dict]] = {}
    for folder in sys.argv[1:]:
        report = json.loads((Path(folder) / "report.json").read_text(encoding="utf-8"))
        found.setdefault(report["recipe"], []).append(report)
    known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
    known |= {name: row(sorted(reports, key=lambda r: r["seed"])) for name, reports in found.items()}
    results = dict(sorted(known.items()))
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    text = README.read_text(encoding="utf-8")
    for task, table in TABLES.items():
        rows = table({name: r for name, r in results.items() if r["task"] == task})
        marked = re.compile(rf"(<!-- results {task} -->\n).*?(<!-- /results -->)", re.DOTALL)
        text = marked.sub(lambda m, rows=rows: f"{m[1]}{rows}\n{m[2]}", text)
        print(rows)
    README.write_text(text, encoding="utf-8")
