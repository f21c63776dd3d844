"""JAX and optax with absl's logging; `--fail` gives a shape that does not fit, `--memory` asks for too much."""

import sys

import jax
import jax.numpy as jnp
import optax
from absl import app, flags, logging

flags.DEFINE_bool("fail", False, "")
flags.DEFINE_bool("memory", False, "")
FLAGS = flags.FLAGS


def loss_of(parameters, x, y):
    hidden = jax.nn.relu(x @ parameters["in"])
    logits = hidden @ parameters["out"]
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()


@jax.jit
def accuracy_of(parameters, x, y):
    return ((jax.nn.relu(x @ parameters["in"]) @ parameters["out"]).argmax(1) == y).mean()


def main(_):
    logging.info("devices: %s", jax.devices())
    key = jax.random.key(1)
    parameters = {"in": jax.random.normal(key, (16, 64)) * 0.1, "out": jnp.zeros((64, 4))}
    optimizer = optax.adamw(1e-2)
    state = optimizer.init(parameters)

    @jax.jit
    def update(parameters, state, x, y):
        loss, gradients = jax.value_and_grad(loss_of)(parameters, x, y)
        updates, state = optimizer.update(gradients, state, parameters)
        return optax.apply_updates(parameters, updates), state, loss

    if FLAGS.memory:
        print(jnp.ones((1 << 18, 1 << 18)).sum())
    for epoch in range(1, 4):
        for step in range(20):
            key, one = jax.random.split(key)
            x = jax.random.normal(one, (64, 15 if FLAGS.fail and step == 10 else 16))
            parameters, state, loss = update(parameters, state, x, x[:, :4].argmax(1))
        x = jax.random.normal(jax.random.key(7), (512, 16))
        accuracy = accuracy_of(parameters, x, x[:, :4].argmax(1))
        logging.info("epoch:% 3d, train_loss: %.4f, test_accuracy: %.2f", epoch, loss, accuracy * 100)


if __name__ == "__main__":
    logging.set_verbosity(logging.INFO)
    app.run(main)
