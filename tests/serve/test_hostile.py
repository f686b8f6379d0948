"""What strangers send: each gets the right refusal, none a trace, and the service answers afterwards."""

import json

import pytest

GOOD = {"text": "A slow start, but the ending was superb"}
JSON = "application/json"


def body(value) -> bytes:
    return json.dumps(value).encode()


# path, body, status: all by POST, as JSON
BODIES = [
    ("/classify", b"", 422),
    ("/classify", b"{", 422),
    ("/classify", b"null", 422),
    ("/classify", b"[]", 422),
    ("/classify", b'"text"', 422),
    ("/classify", b"1e999", 422),
    ("/classify", b"{}", 422),
    ("/classify", body({"text": ""}), 422),
    ("/classify", body({"text": None}), 422),
    ("/classify", body({"text": 3}), 422),
    ("/classify", body({"text": ["a"]}), 422),
    ("/classify", body({"text": {"text": "a"}}), 422),
    ("/classify", body({"text": "a" * 20_001}), 422),
    ("/classify", body(GOOD | {"explain": "yes"}), 422),
    ("/classify", body(GOOD | {"admin": True}), 422),
    ("/classify", body(GOOD | {"__class__": "x"}), 422),
    ("/classify", b'{"text": NaN}', 422),
    ("/classify", b'{"text": "a", "explain": Infinity}', 422),
    ("/classify", b'{"text": "\xff\xfe"}', 400),
    ("/classify", b'{"text": "\\ud800"}', 422),
    ("/classify", b"\x00\x01\x02\x03", 422),
    ("/classify", GOOD["text"].encode(), 422),
    ("/classify", b"[" * 100_000, 400),
    ("/classify", b'{"text":' * 20_000, 400),
    ("/classify", b'{"text": "' + b"a" * (2 << 20) + b'"}', 413),
    ("/classify?model=../../etc/passwd", body(GOOD), 404),
    ("/classify?model=" + "a" * 500, body(GOOD), 422),
    ("/classify?model=char-lstm", body(GOOD), 404),
    ("/generate", body({"length": 0}), 422),
    ("/generate", body({"length": -1}), 422),
    ("/generate", body({"length": 10**9}), 422),
    ("/generate", b'{"length": 1e400}', 422),
    ("/generate", body({"length": 1.5}), 422),
    ("/generate", b'{"temperature": NaN}', 422),
    ("/generate", b'{"temperature": -Infinity}', 422),
    ("/generate", body({"temperature": 100}), 422),
    ("/generate", body({"top_p": 0}), 422),
    ("/generate", body({"seed": 2**64}), 422),
    ("/generate", body({"prime": "\U0001f600 \u4f60"}), 422),
    ("/generate/stream", body({"length": 10**9}), 422),
    ("/generate/stream", body({"prime": "\U0001f600"}), 422),
    ("/translate", body({"text": "Tea", "beam": 1000}), 422),
    ("/translate", body({"text": "Tea. " * 500}), 422),
    ("/tag", body({"text": "a" * 20_001}), 422),
    ("/transcribe", body({"sound": "not Base64!"}), 422),
    ("/transcribe", body({"sound": "AAAA"}), 422),
    ("/transcribe", body({"sound": "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA="}), 422),
    ("/transcribe", body({"path": "/etc/passwd"}), 422),
    ("/forecast", body({"csv": "a,b"}), 404),
]
# method, path, headers, body, status
REQUESTS = [
    ("GET", "/../../etc/passwd", {}, b"", 404),
    ("GET", "/page/../app.py", {}, b"", 404),
    ("GET", "/page/..%2f..%2fcli.py", {}, b"", 404),
    ("GET", "/page/%2e%2e/%2e%2e/cli.py", {}, b"", 404),
    ("GET", "//etc/passwd", {}, b"", 404),
    ("GET", "/page/app.js%00.css", {}, b"", 404),
    ("GET", "/docs", {}, b"", 404),
    ("DELETE", "/classify", {}, b"", 405),
    ("TRACE", "/health", {}, b"", 405),
    ("POST", "/classify", {}, body(GOOD), 415),
    ("POST", "/classify", {"content_type": "text/plain"}, body(GOOD), 415),
    ("POST", "/classify", {"content_type": JSON, "content_encoding": "gzip"}, b"\x1f\x8b\x08", 415),
    ("POST", "/classify", {"content_type": JSON, "host": "evil.example"}, body(GOOD), 421),
    ("GET", "/health", {"host": "evil.example:8000"}, b"", 421),
]


def refused(reply, status: int) -> None:
    assert reply.status == status, reply.body
    assert "Traceback" not in reply.body.decode() and "site-packages" not in reply.body.decode()
    assert len(reply.body) < 2000
    assert reply.json["error"] and reply.json["status"] == status


@pytest.mark.parametrize(("path", "content", "status"), BODIES)
def test_bodies_that_cannot_be(service, path, content, status):
    refused(service.post(path, content), status)


@pytest.mark.parametrize(("method", "path", "headers", "content", "status"), REQUESTS)
def test_requests_that_cannot_be(service, method, path, headers, content, status):
    refused(service.send(method, path, content, **headers), status)


def head(length: object, *more: str) -> bytes:
    lines = ["POST /classify HTTP/1.1", "host: localhost", f"content-type: {JSON}", f"content-length: {length}", *more]
    return "\r\n".join([*lines, "", ""]).encode()


def test_a_body_that_never_arrives_is_waited_for_only_so_long(service):
    refused(service.raw(head(100), b'{"text"'), 408)


@pytest.mark.parametrize("length", [-1, "many", 10**30])
def test_a_length_that_cannot_be(service, length):
    assert service.raw(head(length), b"{}").status in (400, 413)


def test_a_length_that_promises_too_much_is_refused_before_anything_is_read(service):
    refused(service.raw(head(10**12)), 413)


def test_a_body_in_chunks_is_bounded_as_well(service):
    begin = head("chunked").replace(b"content-length", b"transfer-encoding")
    refused(service.raw(begin, *([b"10000\r\n" + b"a" * 0x10000 + b"\r\n"] * 20)), 413)


def test_a_body_that_is_larger_than_it_says(service):
    reply = service.raw(head(2), b"{}" + body(GOOD))
    refused(reply, 422)


def test_what_is_no_http(service):
    assert service.raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 5 + b"\r\n\r\n").status == 400


def test_headers_without_end(service):
    assert service.raw(b"GET / HTTP/1.1\r\n" + b"a: " + b"b" * 200_000, timeout=5).status == 400


def test_a_wav_of_hours_in_a_few_bytes_is_not_decoded(service):
    import base64
    import io

    import numpy as np
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, np.zeros(70 * 8000, np.float32), 8000, format="FLAC")
    reply = service.post("/transcribe", {"sound": base64.b64encode(file.getvalue()).decode()})
    refused(reply, 422)
    assert "longer than 60 seconds" in reply.json["error"]


def test_one_that_cannot_be_answered_spoils_none_of_the_others(service):
    from concurrent.futures import ThreadPoolExecutor

    questions = [{"prime": "\U0001f600", "length": 1}, *({"length": 1, "seed": i} for i in range(8))]
    with ThreadPoolExecutor(9) as clients:
        statuses = list(clients.map(lambda one: service.post("/generate", one).status, questions))
    assert statuses == [422] + [200] * 8


def test_it_answers_after_all_of_that(service):
    assert service.post("/classify", GOOD).json["label"] == "positive"
    assert service.get("/health").json["status"] == "ok"
