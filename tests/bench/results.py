"""Collect reports into recipes/results.json and the README's tables: what `seqzoo list` shows is what was measured.

Run: python tests/bench/results.py runs/imdb-bilstm-* runs/spam-bilstm ...
"""

import json
import re
import sys
from math import exp
from pathlib import Path
from statistics import mean

from seqzoo import recipe
from seqzoo.page.text import number
from seqzoo.report import Report

ROOT = Path(__file__).parents[2]
RESULTS, README = ROOT / "recipes" / "results.json", ROOT / "README.md"
SEEN = {  # what was there of data sets that were cut or split anew
    "imdb": "test: 20,000 of 25,000",
    "sms-spam": "5,000 of 5,574",
    "shakespeare": "the first 95 %",
    "shakespeare-turns": "the first 95 %",
    "wikitext-2": "train: a re-split; test: the official validation part",
    "wnut17": "train; test: the dev part",
    "btc": "5 of 6 sections",
    "ud-ewt": "train; test: the dev part",
    "tweeteval": "12,284 of 59,899",
    "nottingham": "11 of 14 files",
    "fsdd": "5 of 6 speakers, test: george",
    "asterisk": "491 of 551",
    "victoria": "to June 2014, of December",
    "pjme": "to August 2017, of 2018",
    "beijing": "2010-2013, of 2014",
    "rossmann": "90 of 100 shops, to 19 June 2015",
    "jena": "the first 4,000 of 420,451 rows, 11 of 14 columns",
    "prices": "the sample, AAPL 2000-2013",
}


def row(reports: list[Report]) -> dict:
    """One recipe's row: the mean over its seeds, and the first seed's verdict."""
    first = reports[0]
    return {
        "task": first.task,
        "metric": first.metric,
        "kind": first.kind,
        "value": mean(report.value for report in reports),
        "values": [report.value for report in reports],
        "interval": list(first.interval),
        "n": first.n,
        "seeds": len(reports),
        "parameters": first.parameters,
        "baseline": first.verdict.theirs,
        "baseline name": first.verdict.baseline,
        "difference": [first.verdict.difference, *first.verdict.interval],
        "wins": all(report.wins for report in reports),
        "p": max(report.verdict.p for report in reports),
        "claim": first.claim,
        "training minutes": mean(report.training_seconds for report in reports) / 60,
        "ms for one": first.ms_for_one,
        "more": dict(first.more),
        "metrics": dict(first.metrics),
        "machine": first.machine,
        "data sha256": first.data.get("sha256", ""),
        "created": first.created,
    }


def table(task: str, results: dict) -> str:
    """The README's table of one room, in Markdown."""
    head, cells = TABLES[task]
    lines = [head, re.sub(r"[^|]+", lambda m: "---" if m[0].strip() in WORDS else "--:", head)]
    for name, r in results.items():
        data = recipe.raw(name)["data"]["dataset"]
        seen = f"{data}, {SEEN[data]}" if data in SEEN else f"{data}, whole"
        lines.append(f"| `{name}` | {seen} | {r['parameters']:,} | {' | '.join(cells(r))} |")
    return "\n".join(lines)


def value(r: dict) -> str:
    """The mean over seeds with the first seed's interval."""
    ends = ", ".join(number(end, r["kind"]) for end in r["interval"])
    several = f", mean of {r['seeds']} seeds" if r["seeds"] > 1 else ""
    return f"**{number(r['value'], r['kind'])}** [{ends}]{several}"


def of_texts(r: dict) -> list[str]:
    """Cells of a classifier's row."""
    return [value(r), r["claim"] or "-", f"{r['baseline']:.2%}", verdict(r), *costs(r)]


def of_series(r: dict) -> list[str]:
    """Cells of a forecaster's row."""
    ratio = r["value"] / r["baseline"]
    change = f"{ratio - 1:+.1%}" if ratio < 3 else f"{ratio:,.0f} x"
    held = ", ".join(f"{share:.0%}" for share in r["more"]["coverage"].values())
    theirs = f"{number(r['baseline'])}, {r['baseline name']}"
    return [value(r), theirs, change, *periods(r["more"].get("periods", [])), verdict(r), held, *costs(r)]


def periods(found: list[dict]) -> tuple[str, str]:
    """Over periods: how the difference spreads, and the error had nothing been fitted anew."""
    if not found or found[0].get("once") is None:
        return "-", "-"
    each = [one["ours"] / one["best"] - 1 for one in found]
    once = sum(one["once"] * one["n"] for one in found) / sum(one["n"] for one in found)
    return f"{min(each):+.0%} to {max(each):+.0%}", number(once)


def of_language(r: dict) -> list[str]:
    """Cells of a language model's row."""
    theirs = f"{r['baseline name']}: {r['baseline']:.4f} ({exp(r['baseline']):,.2f})"
    speed = f"{1000 / r['ms for one']:,.0f}/s" if r["ms for one"] else "-"
    bits = f"{r['metrics']['bits per character']:.3f}"
    return [value(r), f"{exp(r['value']):,.2f}", bits, theirs, verdict(r), costs(r)[0], speed]


def of_translations(r: dict) -> list[str]:
    """Cells of a translator's row."""
    theirs = f"{r['baseline']:.1f}, {r['baseline name']}"
    metrics = f"{r['metrics']['chrF']:.1f}", f"{r['metrics']['exact match']:.0%}"
    return [value(r), *metrics, r["claim"] or "-", theirs, verdict(r), *costs(r)]


def of_tags(r: dict) -> list[str]:
    """Cells of a tagger's row."""
    theirs = f"{r['baseline']:.1%}, {r['baseline name']}"
    names = ("F1 of surface forms", "accuracy of unknown words")
    more = [f"{r['metrics'][name]:.1%}" if name in r["metrics"] else "-" for name in names]
    return [value(r), *more, theirs, verdict(r), *costs(r)]


def of_transcripts(r: dict) -> list[str]:
    """Cells of a row of speech."""
    theirs = f"{r['baseline']:.1%}, {r['baseline name']}"
    strings = f"{r['metrics']['WER of strings']:.1%}" if "WER of strings" in r["metrics"] else "-"
    return [value(r), f"{r['metrics']['CER']:.1%}", strings, theirs, verdict(r), *costs(r)]


def costs(r: dict) -> list[str]:
    """Minutes of training, milliseconds of an answer."""
    return [f"{r['training minutes']:.1f} min", f"{r['ms for one']:.1f} ms"]


def verdict(r: dict) -> str:
    """Whether the baselines were beaten."""
    p = "< .001" if r["p"] < 0.001 else f"= {r['p']:.3f}"
    return f"{'beats' if r['wins'] else 'does not beat'}, p {p}"


WORDS = ("recipe", "data", "claim", "verdict")  # columns that stand on the left
FIRST = "| recipe | data | parameters "
TABLES = {
    "classify": (FIRST + "| test accuracy | claim | best baseline | verdict | training | one text |", of_texts),
    "forecast": (
        FIRST + "| test MAE | best baseline | difference | over five periods | without refit | verdict "
        "| intervals hold | training | one |",
        of_series,
    ),
    "generate": (
        FIRST + "| nats | perplexity | bits a character | best baseline | verdict | training | speed |",
        of_language,
    ),
    "tag": (
        FIRST + "| test F1 | surface forms | unknown words | best baseline | verdict | training | one sentence |",
        of_tags,
    ),
    "transcribe": (
        FIRST + "| test WER | CER | WER of strings | best baseline | verdict | training | one recording |",
        of_transcripts,
    ),
    "translate": (
        FIRST + "| test BLEU | chrF | exact | claim | best baseline | verdict | training | one sentence |",
        of_translations,
    ),
}

if __name__ == "__main__":
    found: dict[str, list[Report]] = {}
    for folder in sys.argv[1:]:
        report = Report.load(Path(folder))
        found.setdefault(report.recipe, []).append(report)
    known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
    known |= {name: row(sorted(reports, key=lambda r: r.seed)) for name, reports in found.items()}
    results = dict(sorted(known.items()))
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    text = README.read_text(encoding="utf-8")
    for task in TABLES:
        rows = table(task, {name: r for name, r in results.items() if r["task"] == task})
        marked = re.compile(rf"(<!-- results {task} -->\n).*?(<!-- /results -->)", re.DOTALL)
        text = marked.sub(lambda m, rows=rows: f"{m[1]}{rows}\n{m[2]}", text)
        print(rows)
    README.write_text(text, encoding="utf-8")
