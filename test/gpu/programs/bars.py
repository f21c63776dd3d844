"""tqdm around a loop, its numbers behind the bar, and lines printed while it is drawn."""

import logging
import sys
import time

import torch
from torch import nn
from tqdm import tqdm

from tiny import DEVICE, batch, network

logging.basicConfig(level=logging.INFO, format="%(asctime)s - %(name)s - %(levelname)s - %(message)s")
log = logging.getLogger("train")
torch.manual_seed(1)
model = network().to(DEVICE)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
for epoch in range(3):
    bar = tqdm(range(20), desc=f"Epoch {epoch}")
    for step in bar:
        x, y = (one.to(DEVICE) for one in batch())
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        bar.set_postfix(loss=loss.item(), lr=1e-2)
        time.sleep(0.02)
        if step == 10 and "print" in sys.argv:
            print(f"epoch {epoch} step {step} loss {loss.item():.4f}")
        if step == 10 and "write" in sys.argv:
            tqdm.write(f"epoch {epoch} step {step} loss {loss.item():.4f}")
    x, y = (one.to(DEVICE) for one in batch(512, 2))
    val = nn.functional.cross_entropy(model(x), y).item()
    if "log" in sys.argv:
        log.info("epoch %d: val_loss=%.4f", epoch, val)
    else:
        print(f"Epoch {epoch}: val loss = {val:.4f}")
