"""Downloads, against a server of our own: progress kept, hashes checked, errors told."""

import hashlib
import http.server
import io
import threading
import zipfile
from dataclasses import dataclass, field, replace

import pytest

from seqzoo import fetch
from seqzoo.errors import UserError
from seqzoo.registry import Dataset

CONTENT = bytes(range(256)) * 2000
MD5 = "md5:" + hashlib.md5(CONTENT).hexdigest()


@dataclass
class Behaviour:
    content: bytes = CONTENT
    statuses: list[int] = field(default_factory=list)
    cut_after: int | None = None
    ranges: list[str | None] = field(default_factory=list)


@pytest.fixture
def server(monkeypatch, tmp_path):
    """A server on the loopback that honours ranges, and misbehaves when asked to."""
    behaviour = Behaviour()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked = self.headers.get("Range")
            behaviour.ranges.append(asked)
            if behaviour.statuses:
                self.send_error(behaviour.statuses.pop(0))
                return
            start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
            body = behaviour.content[start:]
            self.send_response(206 if asked else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if behaviour.cut_after is not None:
                body, behaviour.cut_after = body[: behaviour.cut_after], None
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    monkeypatch.setenv("SEQZOO_DATA", str(tmp_path))
    monkeypatch.setenv("SEQZOO_RETRY_SECONDS", "0")
    behaviour.url = f"http://127.0.0.1:{httpd.server_port}/file.bin"
    yield behaviour
    httpd.shutdown()
    httpd.server_close()


def dataset(url, hash=MD5, file="sub/file.bin"):
    return Dataset("sample", "classify", url, file, hash, 0.5, "none", "A sample.", lambda: None)


def test_a_download_arrives_whole_and_is_not_repeated(server):
    path = fetch.fetch(dataset(server.url), quiet=True)
    assert path.read_bytes() == CONTENT
    fetch.fetch(dataset(server.url), quiet=True)
    assert server.ranges == [None]


def test_facts_say_whether_it_is_the_published_file(tmp_path):
    path = tmp_path / "file.bin"
    path.write_bytes(CONTENT)
    found = {known: fetch.facts(dataset("", known), path)["published file"] for known in (MD5, "md5:00", "")}
    assert found == {MD5: "yes", "md5:00": "no", "": "its publisher gives no hash"}
    assert fetch.facts(dataset("", MD5, file="other.bin"), path)["published file"] == "no"
    assert fetch.facts(dataset(""), path)["sha256"] == fetch.sha256(path)


def test_a_broken_download_goes_on_where_it_stopped(server):
    server.cut_after = 100_000
    path = fetch.fetch(dataset(server.url), quiet=True)
    assert path.read_bytes() == CONTENT
    assert server.ranges[0] is None
    assert server.ranges[1].startswith("bytes=")
    assert not list(path.parent.glob("*.part"))


def test_a_busy_server_is_asked_again(server):
    server.statuses = [503, 500]
    assert fetch.fetch(dataset(server.url), quiet=True).read_bytes() == CONTENT
    assert len(server.ranges) == 3


def test_not_found_is_told_at_once(server):
    server.statuses = [404]
    with pytest.raises(UserError, match="404"):
        fetch.fetch(dataset(server.url), quiet=True)
    assert len(server.ranges) == 1


def test_a_wrong_hash_leaves_nothing_behind(server, tmp_path):
    with pytest.raises(UserError, match="does not have the published hash"):
        fetch.fetch(dataset(server.url, hash="md5:" + "0" * 32), quiet=True)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_no_network(server, tmp_path):
    with pytest.raises(UserError, match="cannot reach") as caught:
        fetch.fetch(dataset("http://127.0.0.1:9/file.bin"), quiet=True)
    assert "SEQZOO_DATA" in caught.value.hint


def test_a_folder_that_cannot_be_written(server, tmp_path):
    (tmp_path / "sub").write_text("a file where a folder should be")
    with pytest.raises(UserError, match="cannot write"):
        fetch.fetch(dataset(server.url), quiet=True)


def test_one_member_is_taken_out_of_a_zip(server):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../outside.txt", "no")
        archive.writestr("file.bin", CONTENT)
    server.content = buffer.getvalue()
    path = fetch.fetch(dataset(server.url.replace(".bin", ".zip"), hash=""), quiet=True)
    assert path.name == "file.bin"
    assert path.read_bytes() == CONTENT
    assert not list(path.parent.parent.parent.rglob("outside.txt"))


@pytest.mark.parametrize(("names", "found"), [(["other name.bin"], True), (["a.bin", "b.bin"], False), ([], False)])
def test_the_only_member_of_its_kind_is_taken(server, names, found):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, CONTENT)
    server.content = buffer.getvalue() if names else b"<html>not a zip</html>"
    wanted = dataset(server.url.replace(".bin", ".zip"), hash="")
    if found:
        assert fetch.fetch(wanted, quiet=True).read_bytes() == CONTENT
    else:
        with pytest.raises(UserError, match="no zip that holds"):
            fetch.fetch(wanted, quiet=True)


def test_what_only_a_person_can_get_is_explained(server):
    wanted = replace(dataset("https://example.org/data"), by_hand="download it, which needs an account")
    with pytest.raises(UserError, match="needs an account") as caught:
        fetch.fetch(wanted, quiet=True)
    assert str(fetch.folder() / "sub" / "file.bin") in caught.value.hint


def test_what_ships_is_here_unless_the_data_folder_has_its_own(tmp_path, monkeypatch):
    from seqzoo.registry import find_dataset

    monkeypatch.setenv("SEQZOO_DATA", str(tmp_path))
    data = find_dataset("digits-machines")
    assert fetch.fetch(data).parent.parent.name == "bundles"
    (tmp_path / "recordings").mkdir()
    (tmp_path / data.file).write_bytes(b"another")
    assert fetch.fetch(data) == tmp_path / data.file
