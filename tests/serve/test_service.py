"""What a service answers, how it is stopped, and what it wants of those who ask."""

import base64
import json
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import seqzoo
from seqzoo import runs, tasks
from tests.conftest import fails
from tests.serve.conftest import serving
from tests.tasks.forecast import cases

LAST = np.datetime64("2022-01-01") + cases.STEPS - 1
SAMPLES = Path(seqzoo.__file__).parent / "bundles" / "recordings"


def test_each_room_answers_as_the_package_does(service):
    text = "A slow start, but the ending was superb"
    assert service.post("/classify", {"text": text}).json["confidence"] == pytest.approx(
        seqzoo.classify(text, "imdb-evidence-bilstm").confidence, abs=1e-6
    )
    said = service.post("/translate", {"text": "I would like a cup of tea"}).json
    assert said["text"] == seqzoo.translate("I would like a cup of tea", "fra-eng-attention").text
    said = service.post("/generate", {"length": 40, "seed": 3, "temperature": 0.7}).json
    assert said["text"] == seqzoo.generate(run="char-lstm", length=40, seed=3, temperature=0.7)
    said = service.post("/tag", {"text": "Angela Merkel met Tim Cook in Berlin"}).json
    assert [span["text"] for span in said["spans"]] == ["Angela Merkel", "Tim Cook", "Berlin"]
    path = sorted(SAMPLES.glob("*.flac"))[0]
    said = service.post("/transcribe", {"sound": base64.b64encode(path.read_bytes()).decode()}).json
    assert said["text"] == seqzoo.transcribe(path, "digits-ctc").text and said["model"] == "digits-ctc"


def with_promotions(run: Path, path: Path) -> Path:
    """The data of a run, and the promotions of three days more, which are known in advance."""
    ahead = "".join(f"{LAST + i},,{i % 2},\n" for i in (1, 2, 3))
    path.write_text(Path(runs.recipe_of(run).data.path).read_text() + ahead)
    return path


def test_a_series_is_forecast_as_on_the_command_line(trained, tmp_path):
    run = trained("forecast")
    path = with_promotions(run, tmp_path / "sales.csv")
    table = seqzoo.forecast(path, run=run, time="day", target="sales", known=["promo"])
    with serving(str(run), cwd=tmp_path) as service:
        said = service.post("/forecast", {"csv": path.read_text(), "time": "day"}).json["series"][0]
        other = service.post("/forecast", {"csv": "day,promo\n2022-01-01,1\n"})
    assert [row["forecast"] for row in said["forecast"]] == pytest.approx(list(table["forecast"]))
    assert [row["80% high"] for row in said["forecast"]] == pytest.approx(list(table["80% high"]))
    assert len(said["observed"]) == 200 and said["times"][-1] == str(LAST)
    assert other.status == 422 and "no column 'sales'" in other.json["error"]


@pytest.mark.parametrize("room", sorted(room for room in tasks.ROOMS if room != "echo"))
def test_each_room_says_how_it_is_asked_and_what_it_answers(room):
    service = tasks.part(room, "service").SERVICE
    question = service.asks(**service.example)
    assert service.asks.__doc__ and service.answers.__doc__ and question


def test_answers_are_what_the_openapi_says(service):
    told = service.get("/openapi.json").json
    for room in ("classify", "generate", "tag", "transcribe", "translate"):
        said = told["paths"][f"/{room}"]["post"]
        asked = said["requestBody"]["content"]["application/json"]["example"]
        answer = service.post(f"/{room}", asked).json
        kind = tasks.part(room, "service").SERVICE.answers
        kind.model_validate(answer)
        assert set(kind.model_fields) >= set(answer) - {"model"}
        assert set(said["responses"]["200"]["content"]["application/json"]["example"]) == set(answer)


def streamed(question) -> bytes:
    content = json.dumps(question).encode()
    head = ("POST /generate/stream HTTP/1.1", "host: localhost", "content-type: application/json",
            f"content-length: {len(content)}", "connection: close")  # fmt: skip
    return "\r\n".join([*head, "", ""]).encode() + content


def events(service, question) -> list[dict]:
    with service.connect() as connection:
        connection.sendall(streamed(question))
        got = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b"200 OK" in got and b"text/event-stream" in got
    lines = [line for line in got.decode().splitlines() if line.startswith("data: ")]
    return [json.loads(line[6:]) for line in lines]


def test_a_stream_is_the_same_text_in_pieces_with_the_surprise_of_each(service):
    question = {"prime": "ROMEO:", "length": 80, "seed": 2, "temperature": 0.8}
    first, *rest = events(service, question)
    pieces = [piece for event in rest for piece in event["made"]]
    assert first["begun"] + "".join(text for text, _ in pieces) == service.post("/generate", question).json["text"]
    assert len(pieces) == 80 and all(bits >= 0 for _, bits in pieces) and rest[-1]["end"]


def test_surprise_is_what_the_model_gave_each_character_in_bits():
    import numpy as np

    from seqzoo.sampling import Sampling
    from seqzoo.tasks.generate.predict import bits

    generator = runs.load("char-lstm", "generate")
    ids = generator.prime("ROMEO:")
    begun, *told = generator.told("ROMEO:", 12, Sampling(0.8, seed=1))
    assert begun == ("ROMEO:", 0.0)
    made, _ = generator.codec.encode("".join(text for text, _ in told))
    for place, (_, surprise) in enumerate(told):
        before = np.concatenate([ids, made[:place]]).astype(np.int32)
        logits, _ = generator.read(before[None], generator.begin(1))
        p = np.exp(logits[0] - logits[0].max())
        assert surprise == pytest.approx(-np.log2(p[made[place]] / p.sum()), abs=1e-3)
    assert bits(np.zeros(8), 3) == pytest.approx(3)


def test_many_at_once_get_each_their_own_answer(service):
    texts = [f"{word} " * (1 + i) for i, word in enumerate(["superb", "dreadful"] * 16)]
    with ThreadPoolExecutor(32) as clients:
        said = list(clients.map(lambda text: service.post("/classify", {"text": text}).json, texts))
    expected = seqzoo.classify(texts, "imdb-evidence-bilstm")
    for answer, truth in zip(said, expected, strict=True):
        assert answer["confidence"] == pytest.approx(truth.confidence, abs=1e-5)


def test_health_models_metrics_and_the_page(service):
    assert len(service.get("/health").json["models"]) == 5
    models = {model["task"]: model for model in service.get("/models").json}
    assert models["translate"]["verdict"] and models["generate"]["prime"] == "ROMEO:"
    counted = service.get("/metrics").body.decode()
    assert 'seqzoo_requests_total{path="/health",status="200"}' in counted and "seqzoo_batch" in counted
    page = service.get("/")
    assert page.status == 200 and "default-src 'self'" in page.headers["content-security-policy"]
    for part in ("app.js", "rooms.js", "sound.js", "chart.js", "style.css", "icon.svg"):
        assert service.get(f"/page/{part}").status == 200
        assert b"http" not in service.get(f"/page/{part}").body.replace(b"http://www.w3.org/", b"")


def test_no_tensorflow_in_the_process(service):
    maps = Path(f"/proc/{service.process.pid}/maps").read_text()
    assert "onnxruntime" in maps and "tensorflow" not in maps


def test_a_token_is_wanted_where_there_is_one(tmp_path):
    with serving("char-lstm", "--token", "s3cret", cwd=tmp_path) as service:
        refused = service.post("/generate", {"length": 1})
        assert refused.status == 401 and refused.headers["www-authenticate"] == "Bearer"
        assert service.post("/generate", {"length": 1}, authorization="Bearer S3CRET").status == 401
        assert service.post("/generate", {"length": 1}, authorization="Bearer s3cret").status == 200
        assert service.get("/models").status == 401 and service.get("/metrics").status == 401
        assert service.get("/").status == 200 and service.get("/health").status == 200


def test_who_asks_too_often_waits(tmp_path):
    with serving("char-lstm", "--rate", "5", cwd=tmp_path) as service:
        replies = [service.post("/generate", {"length": 1}) for _ in range(7)]
        assert [reply.status for reply in replies] == [200] * 5 + [429] * 2
        assert 1 <= int(replies[-1].headers["retry-after"]) <= 60
        assert service.get("/health").status == 200


def test_more_than_may_wait_are_sent_away(tmp_path):
    with serving("char-lstm", "--queue", "1", "--streams", "1", cwd=tmp_path) as service:
        long = {"length": 1500}
        with ThreadPoolExecutor(6) as clients:
            statuses = list(clients.map(lambda _: service.post("/generate", long).status, range(6)))
        assert set(statuses) == {200, 503}
        first = threading.Thread(target=lambda: events(service, long))
        first.start()
        time.sleep(0.2)
        second = service.post("/generate/stream", long)
        first.join()
        assert second.status == 503 and second.headers["retry-after"] == "1"
        assert events(service, {"length": 3})[-1]["end"]


def test_a_client_that_leaves_frees_its_place(tmp_path):
    with serving("char-lstm", "--streams", "1", cwd=tmp_path) as service:
        for _ in range(3):
            with service.connect() as connection:
                connection.sendall(streamed({"length": 2000}))
                connection.recv(100)
            time.sleep(0.3)
        assert events(service, {"length": 3})[-1]["end"]


def test_a_stop_lets_what_was_asked_be_answered(tmp_path):
    with serving("char-lstm", cwd=tmp_path) as service:
        found = []
        asking = threading.Thread(target=lambda: found.append(service.post("/generate", {"length": 2000})))
        asking.start()
        time.sleep(0.2)
        service.process.send_signal(signal.SIGTERM)
        asking.join()
        assert found[0].status == 200 and len(found[0].json["text"]) > 1900
        assert service.process.wait(10) in (0, -signal.SIGTERM)
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", service.port), 1)


def test_a_connection_that_says_nothing_is_closed():
    import asyncio

    from seqzoo.serve import server

    async def silent() -> bytes:
        loop, sent = asyncio.get_running_loop(), []

        class Transport(asyncio.Transport):
            def write(self, data):
                sent.append(bytes(data))

            def close(self):
                sent.append(b"closed")

            def is_closing(self):
                return False

            def get_extra_info(self, name, default=None):
                return default

        import uvicorn

        config = uvicorn.Config(lambda: None, http=server.Impatient, ws="none")
        config.load()
        state = uvicorn.server.ServerState()
        protocol = server.Impatient(config=config, server_state=state, app_state={}, _loop=loop)
        protocol.connection_made(Transport())
        protocol._give_up()
        return b"".join(sent)

    said = asyncio.run(silent())
    assert said.startswith(b"HTTP/1.1 408 ") and said.endswith(b"closed")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nothing-like-it"], "no run or bundle"),
        (["--host", "0.0.0.0"], "--token TOKEN"),
        (["--token", "two words"], "without blanks"),
        (["--timeout", "0"], "--timeout 0"),
        (["--max-body", "-1"], "--max-body -1"),
        (["--rate", "-1"], "--rate is 0"),
        (["--window", "5000"], "--window"),
    ],
)
def test_what_cannot_be_served_is_said(arguments, told, seqzoo):
    fails(seqzoo("serve", *arguments), told)


def test_an_address_that_is_taken(seqzoo):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        fails(seqzoo("serve", "char-lstm", "--port", str(taken.getsockname()[1])), "cannot listen on 127.0.0.1")


def test_without_the_extra(seqzoo, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "fastapi", None)
    fails(seqzoo("serve"), "pip install 'seqzoo[serve]'")
