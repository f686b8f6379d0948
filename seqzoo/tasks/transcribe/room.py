"""The room `transcribe`: sound -> letters, or one word."""

from seqzoo.room import Room
from seqzoo.tasks.transcribe.codec import SpeechCodec
from seqzoo.tasks.transcribe.data import Clips, Splits, load
from seqzoo.tasks.transcribe.graphs import graphs, parts
from seqzoo.tasks.transcribe.judging import decide, judge, read_other, validate
from seqzoo.tasks.transcribe.options import CodecOptions, DataOptions, DecideOptions
from seqzoo.tasks.transcribe.predict import Transcriber
from seqzoo.tasks.transcribe.score import metric
from seqzoo.tasks.transcribe.training import training

ROOM: Room[DataOptions, CodecOptions, DecideOptions, Splits, Clips, SpeechCodec, Transcriber] = Room(
    name="transcribe",
    metric=metric(),
    default="digits-ctc",
    try_next="seqzoo transcribe {folder} recording.wav",
    items="recordings",
    load=load,
    open_test=lambda splits: splits.test.open(),
    read_other=read_other,
    fit_codec=lambda splits, options: SpeechCodec.fit(splits.train, options),
    training=training,
    graphs=graphs,
    decide=decide,
    validate=validate,
    judge=judge,
    predictor=Transcriber.load,
    examples=Transcriber.examples,
    parts=parts,
)
