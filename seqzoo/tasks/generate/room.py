"""The room `generate`: text -> more text."""

from seqzoo import graph
from seqzoo.judge import Metric
from seqzoo.room import Room
from seqzoo.tasks.generate.codec import UnitCodec
from seqzoo.tasks.generate.data import Splits, load
from seqzoo.tasks.generate.judging import decide, judge, read_other, validate
from seqzoo.tasks.generate.options import CodecOptions, DataOptions, DecideOptions
from seqzoo.tasks.generate.predict import Generator
from seqzoo.tasks.generate.text import Text
from seqzoo.tasks.generate.training import carried_layers, training

ROOM: Room[DataOptions, CodecOptions, DecideOptions, Splits, Text, UnitCodec, Generator] = Room(
    name="generate",
    metric=Metric("nats"),
    default="char-lstm",
    try_next="seqzoo generate {folder}",
    items="units",
    load=load,
    open_test=lambda splits: splits.test.open(),
    read_other=read_other,
    fit_codec=lambda splits, options: UnitCodec.fit(splits.train, options),
    training=training,
    graphs=lambda model, codec, batches: graph.checked(model, batches, carry=carried_layers(model, codec)),
    decide=decide,
    validate=validate,
    judge=judge,
    predictor=Generator.load,
    examples=Generator.examples,
    comparable=("unit", "vocabulary_size"),
)
