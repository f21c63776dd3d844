"""Shakespeare's sonnets by character, and which of them are learned from. Protected."""

import pathlib

import torch

TEXT = (pathlib.Path(__file__).parent / "data" / "sonnets.txt").read_text(encoding="utf-8")
ALPHABET = sorted(set(TEXT))
_numbers = torch.tensor([ALPHABET.index(character) for character in TEXT])
_cut = int(len(_numbers) * 0.9)
TRAIN, VALIDATION = _numbers[:_cut], _numbers[_cut:]
