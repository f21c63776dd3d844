"""A kernel in Triton that does not compile."""

import torch
import triton
import triton.language as tl


@triton.jit
def add(x_ptr, y_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + offsets, mask=offsets < n)
    tl.store(y_ptr + offsets, x + tl.arange(0, 2 * BLOCK), mask=offsets < n)


x = torch.randn(1000, device="cuda")
y = torch.empty_like(x)
add[(4,)](x, y, 1000, BLOCK=256)
torch.cuda.synchronize()
