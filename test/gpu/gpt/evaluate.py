"""What counts: the mean loss over text the model never saw, in nats a character. Protected."""

import torch
from torch.nn import functional

from data import VALIDATION


@torch.no_grad()
def report(model, step, context, device):
    model.eval()
    starts = torch.arange(0, len(VALIDATION) - context - 1, context)
    x = torch.stack([VALIDATION[at : at + context] for at in starts]).to(device)
    y = torch.stack([VALIDATION[at + 1 : at + context + 1] for at in starts]).to(device)
    logits = model(x).float()
    loss = functional.cross_entropy(logits.view(-1, logits.size(-1)), y.view(-1)).item()
    model.train()
    print(f"step {step}: val loss {loss:.4f}")
