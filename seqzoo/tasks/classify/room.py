"""The room `classify`: text -> class."""

from seqzoo import graph
from seqzoo.judge import Metric
from seqzoo.room import Room
from seqzoo.tasks.classify.codec import WordCodec
from seqzoo.tasks.classify.data import Examples, Splits, load
from seqzoo.tasks.classify.judging import decide, judge, read_other, validate
from seqzoo.tasks.classify.options import CodecOptions, DataOptions, DecideOptions
from seqzoo.tasks.classify.predict import Classifier
from seqzoo.tasks.classify.training import training

ROOM: Room[DataOptions, CodecOptions, DecideOptions, Splits, Examples, WordCodec, Classifier] = Room(
    name="classify",
    metric=Metric("accuracy", higher_is_better=True, kind="share"),
    default="imdb-evidence-bilstm",
    try_next='seqzoo classify {folder} "..."',
    items="texts",
    load=load,
    open_test=lambda splits: splits.test.open(),
    read_other=read_other,
    fit_codec=lambda splits, options: WordCodec.fit(splits.train, options),
    training=training,
    graphs=lambda model, codec, batches: graph.checked(model, batches),
    decide=decide,
    validate=validate,
    judge=judge,
    predictor=Classifier.load,
    examples=Classifier.examples,
)
