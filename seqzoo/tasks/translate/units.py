"""One side's units <-> text: subwords of a library, or characters. Neither loses anything of what it can write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# a word with the blank before it and the apostrophe after it; a digit; symbols; what is left of the blanks
_PIECES = r"\s?[\p{L}\p{M}]+['’]?|\s?\p{N}|\s?[^\s\p{L}\p{M}\p{N}]+|\s+"


class Units(Protocol):
    """A table of units, counted from 0."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def encode(self, text: str) -> list[int]:
        """Text as units; what there is no unit for is left out."""
        ...

    def decode(self, units: Iterable[int]) -> str:
        """Units as text."""
        ...

    def to_json(self) -> Any:
        """What `units` rebuilds it from."""
        ...


class Subwords:
    """Byte-pair encoding over UTF-8 (Sennrich et al. 2016): any text has units, and comes back as it was.

    The blank before a word belongs to it, of whatever width it is: French has narrow ones before its question marks.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer

    @classmethod
    def fit(cls, texts: Sequence[str], size: int) -> Subwords:
        """Merge the most frequent neighbours until there are `size` units."""
        from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

        tokenizer = Tokenizer(models.BPE())
        cut = pre_tokenizers.Split(Regex(_PIECES), "isolated")
        as_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([cut, as_bytes])
        tokenizer.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False)
        tokenizer.train_from_iterator(texts, trainer, len(texts))
        return cls(tokenizer)

    def __len__(self) -> int:
        return int(self.tokenizer.get_vocab_size())

    def encode(self, text: str) -> list[int]:
        """Text as units; half a surrogate pair becomes a question mark."""
        return list(self.tokenizer.encode(text.encode("utf-8", "replace").decode()).ids)

    def decode(self, units: Iterable[int]) -> str:
        """Units as text; bytes that are no UTF-8 become U+FFFD."""
        return str(self.tokenizer.decode(list(units), skip_special_tokens=False))

    def to_json(self) -> Any:
        """The library's own description."""
        import json

        return json.loads(self.tokenizer.to_str())


class Characters:
    """The characters of the training part, the most frequent first."""

    def __init__(self, characters: Sequence[str]) -> None:
        self.characters = tuple(characters)

    @classmethod
    def fit(cls, texts: Sequence[str]) -> Characters:
        """Count them."""
        counts = Counter("".join(texts))
        return cls([unit for unit, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))])

    @cached_property
    def _places(self) -> dict[str, int]:
        return {unit: i for i, unit in enumerate(self.characters)}

    def __len__(self) -> int:
        return len(self.characters)

    def encode(self, text: str) -> list[int]:
        """Text as units; characters that training never saw are left out."""
        return [self._places[unit] for unit in text if unit in self._places]

    def decode(self, units: Iterable[int]) -> str:
        """Units as text."""
        return "".join(self.characters[unit] for unit in units)

    def to_json(self) -> Any:
        """One string."""
        return "".join(self.characters)


def units(values: Any) -> Units:
    """Rebuild what `to_json` told.

    Raises:
        ValueError: neither a string of different characters nor a byte-pair encoding over bytes.
    """
    import json

    if isinstance(values, str):
        if len(set(values)) != len(values) or not values:
            raise ValueError("characters that repeat, or none")
        return Characters(values)
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_str(json.dumps(values))
    except Exception as error:  # the library raises Exception itself
        raise ValueError(f"no subwords: {error}") from None
    kinds = [(values.get(part) or {}).get("type") for part in ("model", "decoder")]
    if kinds != ["BPE", "ByteLevel"]:
        raise ValueError("subwords of another kind")
    return Subwords(tokenizer)
