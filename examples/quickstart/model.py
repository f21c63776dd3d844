"""A log-linear model of the next character.

Every character of the history that the model looks at switches on one row of a table; the rows are added up and
a softmax turns the sum into probabilities.
"""

import math

INIT_SCALE = 0.5  # spread of the first weights
LABEL_SMOOTHING = 0.0  # share of the target spread evenly over all characters


class Model:
    def __init__(self, size, random):
        self.size = size
        self.weights = [[random.gauss(0.0, INIT_SCALE) for _ in range(size)] for _ in range(size)]
        self.bias = [0.0] * size

    def rows(self, history):
        """The rows that a history (character numbers, the newest last) switches on."""
        return [history[-1]]

    def probabilities(self, history):
        """The probability of every character to come next."""
        sums = self.bias
        for row in self.rows(history):
            sums = [a + b for a, b in zip(sums, self.weights[row])]
        top = max(sums)
        exps = [math.exp(value - top) for value in sums]
        total = sum(exps)
        return [value / total for value in exps]

    def loss_and_gradient(self, batch):
        """The mean loss over (history, next character) pairs, and its gradient by row; None is the bias."""
        gradient = {None: [0.0] * self.size}
        loss = 0.0
        even = LABEL_SMOOTHING / self.size
        for history, target in batch:
            error = self.probabilities(history)
            loss -= math.log(error[target])
            if even > 0.0:
                error = [value - even for value in error]
            error[target] -= 1.0 - LABEL_SMOOTHING
            for row in [None, *self.rows(history)]:
                known = gradient.get(row)
                gradient[row] = error if known is None else [a + b for a, b in zip(known, error)]
        return loss / len(batch), {row: [g / len(batch) for g in sums] for row, sums in gradient.items()}

    def update(self, gradient, learning_rate, weight_decay):
        """One step of plain gradient descent."""
        for row, step in gradient.items():
            values = self.bias if row is None else self.weights[row]
            decay = 0.0 if row is None else weight_decay
            values[:] = [value - learning_rate * (g + decay * value) for value, g in zip(values, step)]
