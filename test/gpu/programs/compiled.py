"""torch.compile: a graph that cannot be made, whose trace goes through dynamo and inductor."""

import sys

import torch
from torch import nn

from tiny import DEVICE, batch, network


class Broken(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = network()

    def forward(self, x):
        hidden = self.network(x)
        return hidden @ torch.ones(7, 4, device=hidden.device)


model = torch.compile(Broken().to(DEVICE), fullgraph="--full" in sys.argv)
print(model(batch()[0].to(DEVICE)).mean().item())
