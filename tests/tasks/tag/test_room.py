"""The room on made-up sentences: it learns names, resumes exactly, and answers with places."""

import shutil

import numpy as np
import pytest

import seqzoo
from seqzoo import corridor, recipe
from seqzoo.corridor import Work, train
from seqzoo.door import Run
from seqzoo.errors import UserError
from seqzoo.report import Figure, Report
from seqzoo.tasks.tag import schemes
from seqzoo.tasks.tag.codec import TagCodec
from seqzoo.tasks.tag.predict import Tagger
from tests.tasks.tag.cases import shrunk, small, write_conll


@pytest.fixture(scope="module")
def tagger(trained):
    return Tagger.load(trained("tag"))


def test_it_learns_names_and_says_where_they_stand(tagger, trained):
    report = Report.load(trained("tag"))
    assert report.value > 0.9 and report.metrics["F1 of surface forms"] > 0.8 and len(report.baselines) == 3
    assert {one.kind for one in report.sections if isinstance(one, Figure)} == {"heatmap", "bars"}
    text = "then Bob Hill met  Cleo in Oslo."
    found = next(tagger.predict([text]))
    assert [(one.text, one.kind) for one in found.spans] == [("Bob Hill", "PER"), ("Cleo", "PER"), ("Oslo", "LOC")]
    assert all(text[one.start : one.end] == one.text and 0.3 < one.confidence <= 1 for one in found.spans)
    assert found.tags[1:3] == ("B-PER", "I-PER")


def test_order_batches_and_empty_texts_change_nothing(tagger):
    texts = ["", "Bob", "in Rome .", "   ", "Eva Stone saw Dan near Lima"] * 30
    together = list(tagger.predict(texts))
    assert [one.text for one in together] == texts and together[0].words == ()
    for text, found in zip(texts[:5], together, strict=False):
        (alone,) = tagger.predict([text])
        assert alone.tags == found.tags and [one[:4] for one in map(_values, alone.spans)] == [
            one[:4] for one in map(_values, found.spans)
        ]


def _values(span):
    return (span.text, span.start, span.end, span.kind, span.confidence)


def test_a_long_sentence_is_tagged_whole(tagger):
    words = ["Bob", "saw", "Rome", "."] * 2500
    (found,) = tagger.read([words])
    assert len(found.tags) == 10_000 and not schemes.illegal(found.tags, "IOB2")


def test_no_illegal_sequence_comes_out_of_noise(tagger):
    random = np.random.default_rng(0)
    words = [["".join(random.choice(list("ABZaz#é😀"), 5)) for _ in range(20)] for _ in range(50)]
    assert not any(schemes.illegal(tags, "IOB2") for tags in tagger.tags(words))


def test_the_door_takes_texts_and_words(trained):
    run = str(trained("tag"))
    one = seqzoo.tag("we met Eva", run)
    assert one.spans[0].text == "Eva" and seqzoo.tag(["we met Eva"], run) == [one]
    assert seqzoo.tag([["we", "met", "Eva"]], run)[0].tags == one.tags
    for wrong in ([[]], ["a", ["b"]], [["a", ""]]):
        with pytest.raises(UserError, match="at least one word"):
            seqzoo.tag(wrong, run)


@pytest.mark.slow
@pytest.mark.parametrize("more", [("model.crf=false",), ("codec.scheme=IOB2",), ("codec.vectors=true",)])
def test_other_ways_to_learn(tmp_path, more):
    chosen = shrunk(write_conll(tmp_path / "x.conll", 60), "ner-bilstm-crf", "fit.epochs=1", *more)
    report = train(chosen, tmp_path / "run", Work(quiet=True))
    assert report.n > 0 and report.onnx_difference < 1e-4


def test_parts_of_speech(tmp_path):
    path = tmp_path / "x.conll"
    path.write_text("".join(f"the\tDET\ndog{i % 7}\tNOUN\nran\tVERB\n\n" for i in range(60)), "utf-8")
    train(shrunk(path, "pos-bilstm"), tmp_path / "run", Work(quiet=True))
    report = Report.load(tmp_path / "run")
    assert report.value == pytest.approx(report.metrics["accuracy of words"]) and report.value > 0.9
    assert seqzoo.tag("the dog ran", str(tmp_path / "run")).tags == ("DET", "NOUN", "VERB")


@pytest.mark.slow
def test_words_of_other_texts_are_known(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQZOO_DATA", str(tmp_path))
    (tmp_path / "spam").mkdir()
    (tmp_path / "spam" / "SMSSpamCollection").write_text("ham\tzebra zebra giraffe\n", "utf-8")
    more = ('data.texts=["sms-spam"]', "codec.more=2", "codec.vectors=true", "fit.epochs=1")
    train(shrunk(write_conll(tmp_path / "x.conll", 60), "ner-bilstm-crf", *more), tmp_path / "run", Work(quiet=True))
    codec = TagCodec.load(tmp_path / "run")
    assert codec.words[-2:] == ("zebra", "giraffe") and codec.ids(["Zebra"])[0] > 1
    with pytest.raises(UserError, match=r"data\.texts: 'fsdd'"):
        shrunk(tmp_path / "x.conll", "ner-bilstm-crf", 'data.texts=["fsdd"]')


@pytest.mark.slow
def test_vectors_of_ones_own(tmp_path):
    path, file = write_conll(tmp_path / "x.conll", 60), tmp_path / "glove.txt"
    numbers = " ".join(["0.5", "-0.5"] * 6)
    file.write_text(f"3 12\nRome {numbers}\nzebra {numbers}\nrome {numbers.replace('0.5', '0.1')}\n", "utf-8")
    chosen = shrunk(path, "ner-bilstm-crf", f"data.vectors={file}", "codec.more=5", "model.frozen=true", "fit.epochs=1")
    report = train(chosen, tmp_path / "run", Work(quiet=True))
    assert report.data["word vectors"]["name"] == "glove.txt"
    assert TagCodec.load(tmp_path / "run").words[-1] == "zebra"
    table = Run(tmp_path / "run").model.get_layer("embedding").embeddings.numpy()
    rome = TagCodec.load(tmp_path / "run").ids(["Rome", "zebra", "dog"])
    assert table[rome[0]].tolist() == table[rome[1]].tolist() and table[rome[0]].any() and not table[rome[2]].any()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("Rome 1 2 3\n", "--set model.embedding_dim=3"),
        ("Rome " + "x " * 12 + "\n", "line 1: 'Rome' is not followed by numbers"),
        ("Rome " + "nan " * 12 + "\n", "line 1: 'Rome' has numbers that are none"),
        ("Rome\n", "line 1: a word and its numbers"),
        ("nowhere " + "1 " * 12 + "\n", "a vector for none"),
        (None, "no such file"),
    ],
)
def test_bad_vectors_are_told(tmp_path, content, told):
    path, file = write_conll(tmp_path / "x.conll", 60), tmp_path / "glove.txt"
    if content:
        file.write_text(content, "utf-8")
    with pytest.raises(UserError) as caught:
        train(shrunk(path, "ner-bilstm-crf", f"data.vectors={file}"), tmp_path / "run", Work(quiet=True))
    assert told in f"{caught.value} {caught.value.hint}"


@pytest.mark.slow
def test_a_killed_run_goes_on_exactly(tmp_path):
    chosen = recipe.load("ner-bilstm-crf", [])  # only to show that it is whole
    assert chosen.codec.letters
    chosen = small(tmp_path)
    whole = train(chosen, tmp_path / "whole", Work(quiet=True))

    class Stop(Exception):
        pass

    from seqzoo.fitting import callbacks

    kept, seen = callbacks.Checkpoint.on_epoch_end, []

    def stop(self, epoch, logs=None):
        kept(self, epoch, logs)
        seen.append(epoch)
        if len(seen) == 2:
            raise Stop

    callbacks.Checkpoint.on_epoch_end = stop
    try:
        with pytest.raises(Stop):
            train(chosen, tmp_path / "cut", Work(quiet=True))
    finally:
        callbacks.Checkpoint.on_epoch_end = kept
    again = corridor.train(chosen, tmp_path / "cut", Work(quiet=True, resume=True))
    assert again.weights_sha256 == whole.weights_sha256 and again.value == whole.value


def test_damaged_bundles_are_told(tmp_path, trained):
    for name, content in (("codec.json", "{}"), ("codec.json", '{"words": 3}'), ("model.onnx", "x")):
        folder = tmp_path / f"{name}{len(content)}"
        shutil.copytree(trained("tag"), folder)
        (folder / name).write_text(content, "utf-8")
        with pytest.raises(UserError):
            Tagger.load(folder)


def test_another_file_is_judged_and_foreign_tags_are_told(trained, tmp_path):
    path = write_conll(tmp_path / "other.conll", 30, seed=4)
    report = corridor.evaluate(str(trained("tag")), [f"data.path={path}"])
    assert report.n == 30 and not report.baselines
    path.write_text("Bob B-DOG\n", "utf-8")
    with pytest.raises(UserError, match="unseen in training: S-DOG"):
        corridor.evaluate(str(trained("tag")), [f"data.path={path}"])
