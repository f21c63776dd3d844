import torch

import flash_attn_3  # noqa: F401

print(torch.__version__)
