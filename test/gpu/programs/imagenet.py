"""The meters of PyTorch's ImageNet example and of torchvision's references, as their own code prints them."""

import datetime
import time
from collections import deque

import torch
from torch import nn

from tiny import DEVICE, batch, network


class AverageMeter:
    def __init__(self, name, fmt):
        self.name, self.fmt, self.sum, self.count, self.val = name, fmt, 0.0, 0, 0.0

    def update(self, value, count=1):
        self.val, self.sum, self.count = value, self.sum + value * count, self.count + count

    @property
    def avg(self):
        return self.sum / max(1, self.count)

    def __str__(self):
        return f"{self.name} {self.val:{self.fmt}} ({self.avg:{self.fmt}})"


class Smoothed:
    def __init__(self):
        self.window, self.total, self.count = deque(maxlen=20), 0.0, 0

    def update(self, value):
        self.window.append(value)
        self.total, self.count = self.total + value, self.count + 1

    def __str__(self):
        return f"{sorted(self.window)[len(self.window) // 2]:.4f} ({self.total / self.count:.4f})"


torch.manual_seed(1)
model = network().to(DEVICE)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
for epoch in range(2):
    meters = [AverageMeter("Time", "6.3f"), AverageMeter("Loss", ".4e"), AverageMeter("Acc@1", "6.2f")]
    smooth = {"loss": Smoothed(), "acc1": Smoothed()}
    began = time.time()
    for step in range(30):
        x, y = (one.to(DEVICE) for one in batch())
        logits = model(x)
        loss = nn.functional.cross_entropy(logits, y)
        accuracy = (logits.argmax(1) == y).float().mean().item() * 100
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        for meter, value in zip(meters, (time.time() - began, loss.item(), accuracy)):
            meter.update(value)
        smooth["loss"].update(loss.item())
        smooth["acc1"].update(accuracy)
        if step % 10 == 0:
            print("\t".join([f"Epoch: [{epoch}][{step:2d}/30]"] + [str(meter) for meter in meters]))
            rest = str(datetime.timedelta(seconds=3))
            print("  ".join([f"Epoch: [{epoch}]", f"[{step:2d}/30]", f"eta: {rest}"] + [f"{k}: {v}" for k, v in smooth.items()]))
            print(f"Train Epoch: {epoch} [{step * 64}/1920 ({100 * step / 30:.0f}%)]\tLoss: {loss.item():.6f}")
    print(" *   " + " ".join(f"{meter.name} {meter.avg:.3f}" for meter in meters[2:]))
    print(f"\nTest set: Average loss: {loss.item():.4f}, Accuracy: {int(accuracy * 5)}/500 ({accuracy:.0f}%)\n")
