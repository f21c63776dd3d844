"""The text, its alphabet, and the split into a part to learn from and a part to be judged by. Protected."""

import pathlib

TEXT = (pathlib.Path(__file__).parent / "data" / "sonnets.txt").read_text(encoding="utf-8")
ALPHABET = sorted(set(TEXT))
HISTORY = 8  # the longest history a model is shown

_numbers = [ALPHABET.index(character) for character in TEXT]
_cut = int(len(_numbers) * 0.9)
TRAIN = _numbers[:_cut]
VALIDATION = _numbers[_cut:]


def example(numbers, at):
    """The characters before a place, and the character there. `at` must be at least HISTORY."""
    return numbers[at - HISTORY : at], numbers[at]
