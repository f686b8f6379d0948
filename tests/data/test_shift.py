"""Confidence away from home: sentences about products and restaurants, for a model that has read tweets only."""

import pytest

from seqzoo import corridor, recipe
from seqzoo.corridor import Work
from seqzoo.tasks.classify.predict import Classifier

pytestmark = pytest.mark.data
PRODUCTS = [
    ("The battery lasts two full days, far longer than I expected.", "positive"),
    ("Easy to set up, quiet, and it has worked every day since March.", "positive"),
    ("Best headphones I have ever owned, worth every penny.", "positive"),
    ("My daughter loves it and so do I 😍", "positive"),
    ("Sturdy, light and beautifully made.", "positive"),
    ("Arrived a day early and fits perfectly.", "positive"),
    ("The screen cracked after a week and nobody answers my mails.", "negative"),
    ("Cheap plastic, it broke the first time I used it.", "negative"),
    ("Do not buy this, the motor smells of burning.", "negative"),
    ("Terrible sound and the left side stopped working 😡", "negative"),
    ("It never connects, a complete waste of money.", "negative"),
    ("Far too small, and they refuse to take it back.", "negative"),
    ("The box holds a charger, a cable and a short manual.", "neutral"),
    ("It comes in black, white and blue.", "neutral"),
    ("I ordered the second one for my brother on Monday.", "neutral"),
    ("The lamp weighs two kilos and is forty centimetres high.", "neutral"),
]
RESTAURANTS = [
    ("The soup was wonderful and the waiter could not have been kinder.", "positive"),
    ("Fresh fish, fair prices, we will be back!", "positive"),
    ("A lovely little place, the best pizza in town 🍕❤️", "positive"),
    ("Great breakfast and even better coffee.", "positive"),
    ("Everything was delicious, thank you for a perfect evening.", "positive"),
    ("The terrace is gorgeous and the cake is amazing.", "positive"),
    ("We waited an hour for cold fries.", "negative"),
    ("The steak was tough and the bill was wrong, never again.", "negative"),
    ("Rude staff and a dirty table, what a shame.", "negative"),
    ("Overpriced, bland and far too loud 🤮", "negative"),
    ("The fish smelled bad and I was sick all night.", "negative"),
    ("Worst service I have ever had.", "negative"),
    ("They open at six and close at eleven.", "neutral"),
    ("The menu has three soups and a fish of the day.", "neutral"),
    ("It is the second house after the bridge, next to the bank.", "neutral"),
    ("We had lunch there on Tuesday with two colleagues.", "neutral"),
]


def shifted(classifier: Classifier) -> tuple[float, float, float]:
    """The share without an answer, that of right ones among the answered, and of right ones if all had been."""
    pairs = [*PRODUCTS, *RESTAURANTS]
    answers = list(classifier.predict([text for text, _ in pairs]))
    answered = [one.label == label for one, (_, label) in zip(answers, pairs, strict=True) if one.label == one.top]
    every = [one.top == label for one, (_, label) in zip(answers, pairs, strict=True)]
    return 1 - len(answered) / len(pairs), sum(answered) / max(1, len(answered)), sum(every) / len(every)


def test_away_from_home_it_abstains_more_often_and_is_right_more_often_where_it_does_not(tmp_path):
    chosen = recipe.load("tweets-bilstm", ["fit.epochs=3", "codec.words=10000"])
    report = corridor.train(chosen, tmp_path / "run", Work(quiet=True))
    assert report.wins or report.value > 0.6
    assert {"macro F1, texts with emoji", "macro F1, their emoji left out"} <= set(report.metrics)
    abstained, right, every = shifted(Classifier.load(tmp_path / "run"))
    print(f"abstains on {abstained:.0%}; right in {right:.0%} of what it answers, {every:.0%} of all")
    assert 0.1 < abstained < 0.95 and right >= every
