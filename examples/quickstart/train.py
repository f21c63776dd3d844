"""Trains the character model and prints its losses. Plain Python, nothing to install."""

import argparse
import math
import os
import random
import time

from data import ALPHABET, HISTORY, TRAIN, example
from evaluate import CHARACTERS, report
from model import Model

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--learning_rate", type=float, default=0.5, help="the highest step size")
parser.add_argument("--min_learning_rate", type=float, default=0.05, help="the step size at the end")
parser.add_argument("--warmup", type=float, default=0.1, help="share of the steps with a rising step size")
parser.add_argument("--batch_size", type=int, default=32, help="characters in one step")
parser.add_argument("--weight_decay", type=float, default=0.01, help="pull of the weights towards zero")
parser.add_argument("--grad_clip", type=float, default=1.0, help="longest gradient, 0 for no limit")
parser.add_argument("--log_interval", type=int, default=50, help="steps between two log lines")
parser.add_argument("--eval_interval", type=int, default=200, help="steps between two evaluations")
parser.add_argument("--max_iters", type=int, default=0, help="stop after so many steps; 0 for all")
args = parser.parse_args()

steps = CHARACTERS // args.batch_size
if args.max_iters > 0:
    steps = min(steps, args.max_iters)


def learning_rate(step):
    """A linear warmup, then a cosine down to the last learning rate."""
    warmup = max(1, int(args.warmup * steps))
    if step < warmup:
        return args.learning_rate * (step + 1) / warmup
    done = (step - warmup) / max(1, steps - warmup)
    return args.min_learning_rate + 0.5 * (1.0 + math.cos(math.pi * done)) * (args.learning_rate - args.min_learning_rate)


def clip(gradient):
    """Shortens a gradient that is longer than the limit."""
    length = math.sqrt(sum(g * g for row in gradient.values() for g in row))
    if args.grad_clip <= 0.0 or length <= args.grad_clip:
        return gradient
    return {key: [g * args.grad_clip / length for g in row] for key, row in gradient.items()}


chance = random.Random(int(os.environ.get("SEED", "1")))
model = Model(len(ALPHABET), chance)
report(model, 0)
last = time.perf_counter()
for step in range(1, steps + 1):
    batch = [example(TRAIN, chance.randrange(HISTORY, len(TRAIN))) for _ in range(args.batch_size)]
    loss, gradient = model.loss_and_gradient(batch)
    model.update(clip(gradient), learning_rate(step - 1), args.weight_decay)
    if step % args.log_interval == 0:
        now = time.perf_counter()
        print(f"iter {step}: loss {loss:.4f}, time {(now - last) * 1000 / args.log_interval:.2f}ms", flush=True)
        last = now
    if step % args.eval_interval == 0 or step == steps:
        report(model, step)
