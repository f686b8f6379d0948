"""The room `tag`: words -> tags and spans."""

from seqzoo import graph
from seqzoo.room import Room
from seqzoo.tasks.tag.codec import TagCodec
from seqzoo.tasks.tag.data import Sentences, Splits, load
from seqzoo.tasks.tag.judging import decide, judge, read_other, validate
from seqzoo.tasks.tag.options import CodecOptions, DataOptions, DecideOptions
from seqzoo.tasks.tag.predict import Tagger
from seqzoo.tasks.tag.score import metric
from seqzoo.tasks.tag.training import training

ROOM: Room[DataOptions, CodecOptions, DecideOptions, Splits, Sentences, TagCodec, Tagger] = Room(
    name="tag",
    metric=metric(),
    default="ner-bilstm-crf",
    try_next='seqzoo tag {folder} "..."',
    items="sentences",
    load=load,
    open_test=lambda splits: splits.test.open(),
    read_other=read_other,
    fit_codec=TagCodec.fit,
    training=training,
    graphs=lambda model, codec, batches: graph.checked(model, batches),
    decide=decide,
    validate=validate,
    judge=judge,
    predictor=Tagger.load,
    examples=Tagger.examples,
)
