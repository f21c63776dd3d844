"""A Hugging Face Trainer as its examples use it: dicts of texts between progress bars."""

import torch
from torch.utils.data import Dataset
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments


class Text(Dataset):
    def __init__(self, length, seed):
        generator = torch.Generator().manual_seed(seed)
        start = torch.randint(0, 50, (length, 1), generator=generator)
        self.ids = (start + torch.arange(32)) % 50

    def __len__(self):
        return len(self.ids)

    def __getitem__(self, at):
        return {"input_ids": self.ids[at], "labels": self.ids[at]}


model = GPT2LMHeadModel(GPT2Config(vocab_size=50, n_positions=32, n_embd=64, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0))
arguments = TrainingArguments(
    output_dir="out-hf",
    num_train_epochs=2,
    per_device_train_batch_size=16,
    logging_steps=8,
    eval_strategy="steps",
    eval_steps=16,
    save_strategy="no",
    learning_rate=1e-3,
    report_to=[],
    seed=1,
)
trainer = Trainer(model=model, args=arguments, train_dataset=Text(256, 1), eval_dataset=Text(64, 2))
trainer.train()
metrics = trainer.evaluate()
trainer.log_metrics("eval", metrics)
