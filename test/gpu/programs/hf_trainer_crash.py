"""A Trainer whose collator gives labels of another length: the error is deep in the library, called from `compute`."""

import torch
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments

model = GPT2LMHeadModel(GPT2Config(vocab_size=50, n_positions=32, n_embd=64, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0))


def collate(rows):
    ids = torch.stack([row["input_ids"] for row in rows])
    return {"input_ids": ids, "labels": ids[:, :-3]}


rows = [{"input_ids": torch.arange(48) % 50} for _ in range(64)]
arguments = TrainingArguments(output_dir="out-hf-crash", max_steps=10, logging_steps=1, save_strategy="no", report_to=[])
Trainer(model=model, args=arguments, train_dataset=rows, data_collator=collate).train()
