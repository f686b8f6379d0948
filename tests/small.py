"""What an environment of a few packages must do: every predicting verb, and one clear line from the others.

python3 tests/small.py SEQZOO RUN      SEQZOO: the command to test; RUN: a forecaster's bundle
"""

import json
import subprocess
import sys


def ask(*args: str, expected: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(args, capture_output=True, text=True)
    if done.returncode != expected or "Traceback" in done.stderr:
        raise SystemExit(f"{' '.join(args)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def main(seqzoo: str, run: str) -> None:
    assert "classify" in ask(seqzoo, "--help").stdout
    assert "imdb-bilstm" in ask(seqzoo, "list").stdout
    assert "751,489" in ask(seqzoo, "show", "imdb-bilstm").stdout
    assert json.loads(ask(seqzoo, "classify", "a superb film", "--json").stdout)["label"] == "positive"
    assert len(ask(seqzoo, "classify", "--sample", "--quiet").stdout.splitlines()) == 12
    assert "ROMEO" in ask(seqzoo, "generate", "--length", "50").stdout
    assert ask(seqzoo, "generate", "--suggest", "I love").stdout.count("%") == 3
    assert "merci" in ask(seqzoo, "translate", "Thank you.").stdout.lower()
    assert "%" in ask(seqzoo, "translate", "I see the dog.", "--explain").stdout
    assert "Berlin location" in ask(seqzoo, "tag", "Angela Merkel met Tim Cook in Berlin").stdout
    assert ask(seqzoo, "generate", "folk-lstm", "--seed", "3").stdout.startswith("X: 1")
    assert len(ask(seqzoo, "transcribe", "--sample", "--quiet").stdout.splitlines()) == 3
    assert "baseline" in ask(seqzoo, "forecast", run, "--quiet").stdout
    assert json.loads(ask(seqzoo, "forecast", run, "--json").stdout)["forecast"]
    for args in (["train", "sine-rnn"], ["evaluate", "imdb-bilstm"], ["compare", "stock-gru", "stock-lstm"]):
        told = ask(seqzoo, *args, expected=2).stderr
        assert "which is not installed here" in told and "pip install seqzoo" in told, (args, told)
    told = ask(seqzoo, "serve", expected=2).stderr
    assert "pip install 'seqzoo[serve]'" in told, told
    print("small environment: all predicting verbs answer")


if __name__ == "__main__":
    main(*sys.argv[1:])
