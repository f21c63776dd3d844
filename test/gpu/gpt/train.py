"""A small GPT on characters, for one GPU: seconds, most of them to load PyTorch."""

import argparse
import os

import torch
from torch import nn
from torch.nn import functional

from data import ALPHABET, TRAIN
from evaluate import report

BATCH_SIZE = 64
CONTEXT = 64
LAYERS = 4
WIDTH = 128
HEADS = 4
LEARNING_RATE = 1e-3
WEIGHT_DECAY = 0.01
DROPOUT = 0.0

parser = argparse.ArgumentParser()
parser.add_argument("--max_iters", type=int, default=300)
options = parser.parse_args()
device = "cuda"
torch.manual_seed(int(os.environ.get("SEED", "1")))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.before = nn.LayerNorm(WIDTH)
        self.between = nn.LayerNorm(WIDTH)
        self.project = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.feed = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))

    def attend(self, x):
        batch, time, width = x.shape
        q, k, v = self.project(x).view(batch, time, 3, HEADS, width // HEADS).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(mixed.transpose(1, 2).reshape(batch, time, width))

    def forward(self, x):
        x = x + self.attend(self.before(x))
        return x + self.feed(self.between(x))


class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = nn.Embedding(len(ALPHABET), WIDTH)
        self.places = nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.Sequential(*[Block() for _ in range(LAYERS)])
        self.last = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, len(ALPHABET))

    def forward(self, ids):
        x = self.tokens(ids) + self.places(torch.arange(ids.size(1), device=ids.device))
        x = functional.dropout(x, DROPOUT, self.training)
        return self.head(self.last(self.blocks(x)))


def learning_rate(step):
    return LEARNING_RATE


def batch():
    starts = torch.randint(len(TRAIN) - CONTEXT - 1, (BATCH_SIZE,))
    x = torch.stack([TRAIN[at : at + CONTEXT] for at in starts])
    y = torch.stack([TRAIN[at + 1 : at + CONTEXT + 1] for at in starts])
    return x.to(device), y.to(device)


model = GPT().to(device)
print(f"number of parameters: {sum(p.numel() for p in model.parameters()) / 1e6:.2f}M on {torch.cuda.get_device_name()}")
optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
for step in range(1, options.max_iters + 1):
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(step)
    x, y = batch()
    logits = model(x)
    loss = functional.cross_entropy(logits.view(-1, logits.size(-1)), y.view(-1))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    if step % 50 == 0 or step == options.max_iters:
        print(f"iter {step}: loss {loss.item():.4f}")
        report(model, step, CONTEXT, device)
