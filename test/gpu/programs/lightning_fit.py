"""Lightning: bars, a validation each epoch, a table of the test; a CSV file and TensorBoard events."""

import sys

import lightning as L
import torch
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from tiny import batch, network


class Digits(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.network = network()

    def step(self, rows, name):
        x, y = rows
        logits = self.network(x)
        loss = nn.functional.cross_entropy(logits, y)
        self.log(f"{name}_loss", loss, prog_bar=True)
        self.log(f"{name}_acc", (logits.argmax(1) == y).float().mean(), prog_bar=True)
        return loss

    def training_step(self, rows, _):
        if "--crash" in sys.argv:
            rows = (rows[0][:, :5], rows[1])
        return self.step(rows, "train")

    def validation_step(self, rows, _):
        self.step(rows, "val")

    def test_step(self, rows, _):
        self.step(rows, "test")

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), lr=1e-2)


L.seed_everything(1)
train, val = (DataLoader(TensorDataset(*batch(512, seed)), batch_size=32) for seed in (1, 2))
loggers = [CSVLogger("out-lightning"), TensorBoardLogger("out-lightning")]
sanity = 0 if "--crash" in sys.argv else 2
trainer = L.Trainer(max_epochs=3, log_every_n_steps=5, logger=loggers, enable_checkpointing=False, num_sanity_val_steps=sanity)
module = Digits()
trainer.fit(module, train, val)
trainer.validate(module, val)
trainer.test(module, val)
