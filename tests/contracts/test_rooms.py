"""Every room keeps the contract of `seqzoo/room.py`: trained on a few examples of its own, judged, loaded, shown."""

import inspect
import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from seqzoo import corridor, judge, recipe, runs, tasks
from seqzoo.page import html, terminal
from seqzoo.report import Report
from seqzoo.room import Room
from tests.conftest import cases

ROOMS = sorted(tasks.ROOMS)
FOLDER = Path(tasks.__file__).parent


def test_the_rooms_are_the_folders_that_hold_one():
    assert set(tasks.ROOMS) - {"echo"} == {path.parent.name for path in FOLDER.glob("*/room.py")}


@pytest.mark.parametrize("task", ROOMS)
def test_the_record_is_whole(task):
    room = tasks.open_room(task)
    assert isinstance(room, Room) and room.name == task
    assert all(getattr(room, field.name) is not None for field in fields(room))
    assert room.try_next.startswith(f"seqzoo {task}") and room.metric.name
    assert not room.default or room.default in runs.shipped()
    options = tasks.part(task, "options")
    data = {field.name for field in fields(options.DataOptions)}
    assert {"dataset", "path"} <= data and set(options.FLAGS) <= data
    for record in (options.DataOptions, options.CodecOptions, options.DecideOptions):
        assert isinstance(record(**({"path": "x"} if record is options.DataOptions else {})).problems(), list)
    command = tasks.part(task, "command").command
    assert inspect.getdoc(command) and "model" not in inspect.signature(command).parameters


@pytest.mark.parametrize("task", ROOMS)
def test_the_report_holds_what_was_measured_and_survives_its_file(task, trained):
    folder = trained(task)
    report = Report.load(folder)
    assert report.task == task and report.n > 0 and report.history and report.learnt
    assert report.interval[0] <= report.value <= report.interval[1]
    assert report.baselines and report.verdict and report.verdict.baseline in report.baselines
    assert report.onnx_difference < 1e-3 and {"name", "licence"} <= set(report.data)
    assert json.dumps(report.to_json()) == json.dumps(json.loads((folder / "report.json").read_text()))
    metric = tasks.open_room(task).metric
    assert judge.value(report.scores, metric) == pytest.approx(report.value, rel=1e-4)


@pytest.mark.parametrize("task", ROOMS)
def test_page_and_terminal_show_it_without_knowing_the_room(task, trained, capsys):
    folder = trained(task)
    report = Report.load(folder)
    page = (folder / "report.html").read_text()
    assert all(html.escaped(section.title) in page for section in report.sections)
    assert report.recipe in page and "<link" not in page
    assert not re.search(r'\b(src|href)="(?!data:(audio|image)/\w+;base64,)', page)  # it carries its sounds
    terminal.report(report, False, folder, tasks.open_room(task).try_next.format(folder=folder))
    shown = capsys.readouterr().out
    assert report.verdict.baseline in shown and "seqzoo" in shown


@pytest.mark.parametrize("task", ROOMS)
def test_evaluate_repeats_the_report(task, trained):
    folder = trained(task)
    report = Report.load(folder)
    again = corridor.evaluate(str(folder))
    assert again.value == pytest.approx(report.value, rel=1e-6)
    assert again.verdict.words == report.verdict.words
    assert set(again.baselines) == set(report.baselines)


@pytest.mark.parametrize("task", ROOMS)
def test_other_data_are_judged_whole_beside_what_needs_no_training(task, trained, tmp_path):
    folder = trained(task)
    report = Report.load(folder)
    again = corridor.evaluate(str(folder), cases(task).other(tmp_path))
    assert again.n > 0 and again.metric == report.metric
    assert set(again.baselines) <= set(report.baselines)


@pytest.mark.parametrize("task", ROOMS)
def test_a_bundle_is_loaded_by_its_place_alone_and_answers(task, trained):
    """`load` needs no task: the bundle knows its own."""
    import seqzoo

    folder = trained(task)
    predictor = seqzoo.load(folder)
    assert type(predictor) is type(tasks.open_room(task).predictor(folder))
    assert cases(task).answer(predictor)


@pytest.mark.parametrize("task", ROOMS)
def test_codecs_survive_their_files_and_fit_a_builder(task, trained, tmp_path):
    folder = trained(task)
    codec = tasks.open_room(task).predictor(folder).codec
    codec.save(tmp_path)
    assert (tmp_path / "codec.json").read_bytes() == (folder / "codec.json").read_bytes()
    keywords = recipe.registry.find_architecture(runs.recipe_of(folder).architecture).keywords
    needed = {name for name, (_, default) in keywords.items() if default is inspect.Parameter.empty}
    assert needed <= set(codec.sizes()) <= set(keywords)


@pytest.mark.parametrize("task", ROOMS)
def test_the_test_part_opens_once(task, trained):
    room = tasks.open_room(task)
    splits = room.load(runs.recipe_of(trained(task)).data, True)
    room.open_test(splits)
    with pytest.raises(RuntimeError, match="opened before"):
        room.open_test(splits)


@pytest.mark.parametrize("name", [name for name in runs.shipped()])
def test_what_ships_loads_by_name(name):
    import seqzoo

    assert type(seqzoo.load(name)).__name__ in (
        "Classifier", "Forecaster", "Generator", "Tagger", "Transcriber", "Translator",
    )  # fmt: skip
