"""The room `translate`: one sequence -> another."""

from seqzoo.judge import Metric
from seqzoo.room import Room
from seqzoo.tasks.translate.codec import PairCodec
from seqzoo.tasks.translate.data import Pairs, Splits, load
from seqzoo.tasks.translate.judging import decide, judge, read_other, validate
from seqzoo.tasks.translate.options import CodecOptions, DataOptions, DecideOptions
from seqzoo.tasks.translate.predict import Translator
from seqzoo.tasks.translate.score import bleu
from seqzoo.tasks.translate.training import graphs, parts, training

ROOM: Room[DataOptions, CodecOptions, DecideOptions, Splits, Pairs, PairCodec, Translator] = Room(
    name="translate",
    metric=Metric("BLEU", higher_is_better=True, of=bleu, full=100.0),
    default="fra-eng-attention",
    try_next='seqzoo translate {folder} "..."',
    items="sentences",
    load=load,
    open_test=lambda splits: splits.test.open(),
    read_other=read_other,
    fit_codec=lambda splits, options: PairCodec.fit(splits.train, options),
    training=training,
    graphs=graphs,
    decide=decide,
    validate=validate,
    judge=judge,
    predictor=Translator.load,
    examples=Translator.examples,
    parts=parts,
)
