"""What counts: the mean negative log-likelihood of text the model never saw, in nats a character. Protected."""

import math

from data import HISTORY, TRAIN, VALIDATION, example

CHARACTERS = 36_000  # every run learns from so many characters, whatever its batch size


def loss(model, numbers):
    """The mean loss over a text. Refuses a model whose probabilities do not add up to one."""
    total = 0.0
    for at in range(HISTORY, len(numbers)):
        history, target = example(numbers, at)
        probabilities = model.probabilities(history)
        if min(probabilities) < 0.0 or abs(sum(probabilities) - 1.0) > 1e-6:
            raise ValueError("the model's probabilities do not add up to one")
        total -= math.log(max(probabilities[target], 1e-30))
    return total / (len(numbers) - HISTORY)


def report(model, step):
    """Prints the line the leaderboard reads."""
    print(f"step {step}: train loss {loss(model, TRAIN[:1200]):.4f}, val loss {loss(model, VALIDATION):.4f}", flush=True)
