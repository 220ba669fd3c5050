"""How weights follow their gradients: Muon where they are matrices, Adam for the rest."""

from typing import Any

import keras
import model
from keras import ops

WEIGHT_DECAY = 0.05
LONGEST_GRADIENT = 5.0
# Adam's part of the learning rate: what is no matrix, and the last layer, learn slowly.
ADAM_SHARE = 0.12


class Muon(keras.optimizers.Muon):  # type: ignore[misc]  # Keras ships no types.
    """Keras's Muon (Jordan 2024, scaled as by Liu 2025), which takes convolutions' kernels too.

    A kernel [h, w, i, o] is the matrix [h * w * i, o] of what each of its o channels listens to.
    """

    def __init__(self) -> None:
        super().__init__(
            learning_rate=0.0,
            weight_decay=WEIGHT_DECAY,
            adam_weight_decay=WEIGHT_DECAY,
            adam_lr_ratio=ADAM_SHARE,
            global_clipnorm=LONGEST_GRADIENT,
        )

    def _should_use_adamw(self, variable: Any) -> bool:
        return len(variable.shape) < 2 or model.LAST_LAYER in variable.path.split("/")

    def _muon_update_step(self, gradient: Any, variable: Any, lr: Any, m: Any) -> None:
        self.assign_add(m, ops.add(gradient, m * (self.momentum - 1)))
        ahead = ops.add(gradient, self.momentum * m)  # Nesterov.
        matrix = ops.reshape(ahead, (-1, variable.shape[-1]))
        update = self.lr_adjust(lr * self.zeropower_via_newtonschulz5(matrix, self.ns_steps))
        self.assign_sub(variable, ops.reshape(update, variable.shape))
