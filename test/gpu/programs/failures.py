"""Ways to die on a GPU, one a word: what each prints, and how it ends."""

import os
import sys
import time

import torch
from torch import nn

from tiny import DEVICE, batch, network


def memory():
    """More than the card has, of our own."""
    kept = []
    for step in range(1000):
        kept.append(torch.empty(4 * 2**30, dtype=torch.uint8, device=DEVICE))
        print(f"step {step} holds {4 * len(kept)} GiB")


def asserted():
    """A label that is no class: the device asserts, and PyTorch hears of it later."""
    x, y = batch()
    loss = nn.functional.cross_entropy(network().to(DEVICE)(x.to(DEVICE)), y.to(DEVICE) + 3)
    loss.backward()
    print(loss.item())


def devices():
    network().to(DEVICE)(batch()[0])


def types():
    network().to(DEVICE).bfloat16()(batch()[0].to(DEVICE))


def loader():
    """A worker of a DataLoader dies of an error of its own."""

    class Rows(torch.utils.data.Dataset):
        def __len__(self):
            return 100

        def __getitem__(self, at):
            return {"x": torch.randn(4)}["y" if at == 50 else "x"]

    for step, _ in enumerate(torch.utils.data.DataLoader(Rows(), batch_size=8, num_workers=2)):
        print(f"step {step}")


def loader_killed():
    """A worker is killed from outside, as by a full memory."""

    class Rows(torch.utils.data.Dataset):
        def __len__(self):
            return 100

        def __getitem__(self, at):
            if at == 50:
                os.kill(os.getpid(), 9)
            return torch.randn(4)

    for step, _ in enumerate(torch.utils.data.DataLoader(Rows(), batch_size=8, num_workers=2)):
        print(f"step {step}")


def checkpoint():
    state = network().state_dict()
    state["0.weight"] = torch.zeros(3, 3)
    network().load_state_dict(state)


def inplace():
    weight = torch.randn(8, device=DEVICE, requires_grad=True)
    out = weight.exp()
    out += 1
    out.sum().backward()


def not_a_number():
    model = network().to(DEVICE)
    for step in range(5):
        loss = model(batch()[0].to(DEVICE)).log().mean()
        print(f"step {step}: loss {loss.item()}")
        if not torch.isfinite(loss):
            raise FloatingPointError(f"loss is {loss.item()} at step {step}")


def chained():
    """An error while an error is handled, and one raised from another."""
    try:
        try:
            {}["model"]
        except KeyError as error:
            raise RuntimeError("could not read the checkpoint") from error
    except RuntimeError:
        os.path.join(None, "x")


def fault():
    import ctypes

    print("about to read address 0", flush=True)
    ctypes.string_at(0)


def killed():
    print("step 3: loss 1.0", flush=True)
    os.kill(os.getpid(), 9)


def aborted():
    print("step 3: loss 1.0", flush=True)
    os.abort()


def hold():
    """Takes most of the card and keeps it, for `memory` beside it."""
    free, _ = torch.cuda.mem_get_info()
    kept = torch.empty(free - 6 * 2**30, dtype=torch.uint8, device=DEVICE)
    print(f"holds {kept.numel() / 2**30:.1f} GiB", flush=True)
    time.sleep(float(sys.argv[2]))


def arguments():
    import argparse

    parser = argparse.ArgumentParser()
    parser.add_argument("--max_iters", type=int)
    parser.parse_args(["--max_iter_count", "5"])


def group():
    """An exception group."""
    raise ExceptionGroup("two workers failed", [ValueError("first"), OSError(28, "No space left on device")])


globals()[sys.argv[1]]()
