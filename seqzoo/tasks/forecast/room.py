"""The room `forecast`: series -> what comes next."""

from seqzoo import graph
from seqzoo.judge import Metric
from seqzoo.room import Room
from seqzoo.tasks.forecast.codec import SeriesCodec
from seqzoo.tasks.forecast.data import Splits, load
from seqzoo.tasks.forecast.deciding import decide, refits, refitted
from seqzoo.tasks.forecast.judging import judge, read_other, validate
from seqzoo.tasks.forecast.options import CodecOptions, DataOptions, DecideOptions
from seqzoo.tasks.forecast.panel import Panel
from seqzoo.tasks.forecast.predict import Forecaster
from seqzoo.tasks.forecast.training import training

ROOM: Room[DataOptions, CodecOptions, DecideOptions, Splits, Panel, SeriesCodec, Forecaster] = Room(
    name="forecast",
    metric=Metric("MAE"),
    default="",
    try_next="seqzoo forecast {folder}",
    items="forecasts",
    load=load,
    open_test=lambda splits: splits.test.open(),
    read_other=read_other,
    fit_codec=lambda splits, options: SeriesCodec.fit(splits.train, options),
    training=training,
    graphs=lambda model, codec, batches: graph.checked(model, batches),
    decide=decide,
    validate=validate,
    judge=judge,
    predictor=Forecaster.load,
    examples=Forecaster.examples,
    refits=refits,
    refitted=refitted,
    answers=lambda forecaster: forecaster.how.listens(forecaster.last),
    comparable=("horizon",),
)
