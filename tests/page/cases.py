"""Reports and figures that the tests of the page share."""

import io
import wave
from base64 import b64encode

from seqzoo.judge import Verdict
from seqzoo.page.sound import png
from seqzoo.report import Figure, Measured, Report, Table, Text

TIMELINE = {
    "times": [f"2024-01-{day:02}T00:00:00" for day in range(1, 29)],
    "lines": {"what came": [*map(float, range(26)), None, None], "forecast": [None, *map(float, range(27))]},
    "band": {"name": "80 % interval", "low": [None, *map(float, range(27))], "high": [None, *map(float, range(1, 28))]},
    "y": "load, MW",
    "from": 26,
}


def wav(samples=800):
    """A WAV file of silence at 8 kHz, as base64."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, 8000, samples, "NONE", ""))
        writer.writeframes(bytes(2 * samples))
    return b64encode(file.getvalue()).decode()


SOUND = {
    "sound": wav(),
    "kind": "audio/wav",
    "seconds": 0.1,
    "letters": [["a", 0.02], [" ", 0.03], ["b", 0.05]],
    "picture": png([[0.0, 0.5, 1.0], [1.0, 0.5, 0.0]]),
}
FIGURES = [
    Figure("Curves", "lines", {"lines": {"a": [[0, 1], [1, 3]], "b": [[0, 2], [1, None]]}, "x": "step", "y": "error",
                               "bands": [[[[0, 1], [1, 2]], [[0, 2], [1, 4]]]]}),
    Figure("Calibration", "lines", {"lines": {"a": [[0.1, 0.2]]}, "x": "confidence", "y": "share", "percent": True,
                                    "diagonal": True}),
    Figure("Bars", "bars", {"rows": [{"name": "a", "value": 0.1, "interval": [0.0, 0.2], "ours": True},
                                     {"name": "b", "value": 0.9}], "kind": "share"}),
    Figure("Heat", "heatmap", {"rows": ["a", "b"], "columns": ["a", "b"], "values": [[1, 0], [0.5, 0.5]],
                               "shown": [["9", "0"], ["2", "2"]]}),
    Figure("Surprise", "passage", {"pieces": [["To be", 0.5], ["\n", 3.0], [" or", None]], "unit": "nats"}),
    Figure("A and B", "sound", SOUND),
    Figure("Test part", "timeline", TIMELINE),
]  # fmt: skip
SECTIONS = [*FIGURES, Table("Mistakes", ("truth", "said"), [("a", "b")]), Text("Sample", "ROMEO:\n  Ay  me!")]


def verdict(difference=0.02, p=0.001, wins=True, interval=(0.01, 0.03), baseline="ratios"):
    theirs = 0.9
    words = f"{'beats' if wins else 'does not beat'} the best baseline, {baseline}: p = {p}"
    return Verdict(baseline, theirs + difference, theirs, difference, interval, p, wins, words)


def report(**changes):
    """A report of a room that there is not."""
    whole = {
        "recipe": "tiny", "task": "none", "metric": "accuracy", "kind": "share", "value": 0.92,
        "higher_is_better": True,
        "interval": (0.91, 0.93), "n": 1000, "learnt": "to tell a and b apart from 90 texts", "items": "texts",
        "baselines": {"majority": Measured(0.5, (0.48, 0.52), 0.42, (0.4, 0.44)),
                      "ratios": Measured(0.9, (0.89, 0.91), 0.02, (0.01, 0.03))},
        "verdict": verdict(), "data": {"name": "reviews", "from": "2024-01-01T00:00:00"}, "sections": SECTIONS,
        "history": [{"epoch": e, "loss": 1 / e, "val_loss": 2 / e, "seconds": 1.0} for e in (1, 2, 3)],
        "facts": {"speed": "fast"}, "parameters": 1234, "training_seconds": 90.0, "ms_for_one": 0.19,
        "metrics": {"accuracy": 0.92}, "counts": {"train": 90},
    }  # fmt: skip
    return Report(**{**whole, **changes})
