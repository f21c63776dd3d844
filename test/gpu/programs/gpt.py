"""nanoGPT's way of printing, under torchrun: `--fail` dies on step 20, `--compile` compiles first."""

import os
import sys
import time

import torch
from torch import distributed, nn

from tiny import DEVICE, batch, network

distributed.init_process_group(backend="nccl" if DEVICE == "cuda" else "gloo")
rank = distributed.get_rank()
if DEVICE == "cuda":
    torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
torch.manual_seed(1)
model = nn.parallel.DistributedDataParallel(network().to(DEVICE))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
if rank == 0:
    print(f"number of parameters: {sum(p.numel() for p in model.parameters()) / 1e6:.2f}M")
began = time.time()
for step in range(41):
    x, y = (one.to(DEVICE) for one in batch())
    if "--fail" in sys.argv and step == 20:
        x = x.view(-1, 15)
    loss = nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    if rank == 0 and step % 20 == 0:
        with torch.no_grad():
            val = nn.functional.cross_entropy(model(batch(256, 2)[0].to(DEVICE)), batch(256, 2)[1].to(DEVICE))
        print(f"step {step}: train loss {loss:.4f}, val loss {val:.4f}")
    elif rank == 0 and step % 10 == 0:
        print(f"iter {step}: loss {loss.item():.4f}, time {(time.time() - began) * 1000:.2f}ms, mfu 1.23%")
distributed.destroy_process_group()
