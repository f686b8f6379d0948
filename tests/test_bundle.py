"""A bundle is whole or absent, and one that was tampered with is refused."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from seqzoo import bundle, runs
from seqzoo.errors import UserError


@pytest.fixture
def copy(tiny_run, tmp_path):
    return shutil.copytree(tiny_run, tmp_path / "copy")


def reseal(folder, **changes):
    meta = json.loads((folder / "meta.json").read_text())
    meta.update(changes)
    (folder / "meta.json").write_text(json.dumps(meta))


def change_file_entry(folder, name, **changes):
    files = json.loads((folder / "meta.json").read_text())["files"]
    files.setdefault(name, {"bytes": 0, "sha256": ""}).update(changes)
    reseal(folder, files=files)


def refused(folder, words):
    with pytest.raises(UserError, match=words):
        runs.load(str(folder))


def test_a_sound_bundle_loads_and_knows_its_origin(copy):
    meta = bundle.load_meta(copy)
    assert meta["format"] == bundle.FORMAT
    assert {"recipe", "seed", "versions", "parameters", "data"} <= set(meta)
    assert {"keras", "onnxruntime", "numpy"} <= set(meta["versions"])
    assert runs.load(str(copy)).probabilities(["a great film"]).shape == (1, 2)


def test_a_changed_file(copy):
    with (copy / "codec.json").open("r+b") as file:
        file.seek(30)
        file.write(b"X")
    refused(copy, "has changed")


def test_a_truncated_file(copy):
    os.truncate(copy / "model.onnx", 100)
    refused(copy, "truncated")


def test_a_missing_file(copy):
    (copy / "codec.json").unlink()
    refused(copy, "missing")


def test_a_symbolic_link(copy, tmp_path):
    moved = tmp_path / "elsewhere.json"
    shutil.move(copy / "codec.json", moved)
    (copy / "codec.json").symlink_to(moved)
    refused(copy, "link")


def test_a_newer_format(copy):
    reseal(copy, format=bundle.FORMAT + 1)
    refused(copy, "bundle format")


@pytest.mark.parametrize("name", ["../outside.json", "/etc/passwd", "weights.pkl", "sub/codec.json"])
def test_a_foreign_file_name(copy, name):
    change_file_entry(copy, name)
    refused(copy, "has no file")


def test_absurd_sizes(copy):
    change_file_entry(copy, "model.onnx", bytes=1 << 60)
    refused(copy, "truncated")
    (copy / "meta.json").write_text(" " * (2 << 20))
    refused(copy, "too large")


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"format": "one", "files": {}}', '{"format": 1, "files": 3}', "\x00"]
)
def test_damaged_meta(copy, text):
    (copy / "meta.json").write_text(text)
    refused(copy, "damaged|not list")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("model.onnx", b"not a graph", "cannot load the graph"),
        ("codec.json", b'{"words": 3}', "codec is missing or damaged"),
        ("decision.json", b'{"temperature": -1}', "decision.json is damaged"),
        ("decision.json", b"[1, 2]", "decision.json is damaged"),
    ],
)
def test_a_hostile_author_who_seals_his_own_bundle(copy, name, content, words):
    (copy / name).write_bytes(content)
    bundle.seal(copy, {"task": "classify"})
    refused(copy, words)


def test_not_a_bundle(tmp_path):
    refused(tmp_path, "not a bundle")
    refused(tmp_path / "nowhere", "not a bundle")


def test_a_failed_save_leaves_the_old_bundle_and_no_rubbish(copy, tmp_path):
    def fails(folder):
        (folder / "codec.json").write_text("{}")
        raise OSError(28, "No space left on device")

    with pytest.raises(UserError, match="No space left"):
        bundle.save(copy, fails)
    assert bundle.load_meta(copy)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy"]


def test_saving_again_replaces_the_bundle(copy):
    bundle.save(copy, lambda folder: {"note": [(folder / n).write_text("{}") for n in ("codec.json",)]})
    assert json.loads((copy / "meta.json").read_text())["files"].keys() == {"codec.json"}


def test_a_bundle_may_hold_several_graphs_and_a_room_misses_its_own(copy):
    shutil.copy(copy / "model.onnx", copy / "encoder.onnx")
    bundle.seal(copy, {"task": "classify"})
    assert set(bundle.load_meta(copy)["files"]) >= {"encoder.onnx", "model.onnx"}
    for path in copy.glob("*.onnx"):
        path.unlink()
    bundle.seal(copy, {"task": "classify"})
    with pytest.raises(UserError, match="there is no graph"):
        runs.load(str(copy))


def test_a_bundle_written_by_the_first_version_still_answers():
    golden = Path(__file__).parent / "golden"
    expected = json.loads((golden / "bundle-1.json").read_text())
    found = runs.load(str(golden / "bundle-1")).probabilities(list(expected))
    np.testing.assert_allclose(found, list(expected.values()), atol=1e-5)
    assert json.loads((golden / "bundle-1" / "meta.json").read_text())["format"] == 1
