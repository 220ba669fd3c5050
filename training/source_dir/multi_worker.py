"""Several machines learn as one, by TensorFlow's MultiWorkerMirroredStrategy.

It is set up from SageMaker's variables. Every machine holds the whole network and learns from its
own share of each batch. Gradients are averaged over the machines before they are clipped and
applied, so all networks stay equal to the last bit. (Keras 3 would clip on each machine and then
add up: so the strategy averages here, and the optimizer runs outside of it.)
"""

import json
import os
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

import tensorflow as tf

PORT = 7777


class Workers:
    """This machine among those of the job.

    The first one, the chief, decides when to stop, and writes all files.
    """

    def __init__(self, environment: MutableMapping[str, str] = os.environ) -> None:
        """Meet the other machines, before anything else runs in TensorFlow. Alone, nothing differs.

        A machine that is lost later ends the training of all within minutes, with
        tf.errors.OpError.
        """
        config = tf_config(environment)
        self.count: int = len(config["cluster"]["worker"])
        self.index: int = config["task"]["index"]
        if self.count > 1:
            environment["TF_CONFIG"] = json.dumps(config)
            self._strategy = tf.distribute.MultiWorkerMirroredStrategy()

    @property
    def is_chief(self) -> bool:
        """Whether this machine is the one that writes."""
        return self.index == 0

    def share(self, batch_size: int, *, parts: int) -> int:
        """Return how many examples of a batch are this machine's: full parts, for all as many."""
        return -(-batch_size // (self.count * parts)) * parts

    def places(self, steps: int) -> range:
        """Number this machine's parts of an epoch's batches: no two machines have the same."""
        return range(self.index, steps * self.count, self.count)

    def mean(self, values: Sequence[Any]) -> list[Any]:
        """Average floats of any shapes over the machines, each of which must call this alike."""
        return self._reduce(tf.distribute.ReduceOp.MEAN, values)

    def follow_chief(self, variables: Sequence[Any]) -> None:
        """Set the variables to the chief's: its clock, its random start, or its checkpoint."""
        for variable, value in zip(variables, self._of_chief(variables), strict=True):
            variable.assign(value)

    def average(self, variables: Sequence[Any]) -> None:
        """Set variables that each machine learnt from its own examples alone to their mean."""
        for variable, value in zip(variables, self.mean(variables), strict=True):
            variable.assign(value)

    def refuse_drift(self, variables: Sequence[Any]) -> None:
        """Compare the variables with the chief's. Raises RuntimeError on every machine."""
        pairs = zip(variables, self._of_chief(variables), strict=True)
        equal = [bool(tf.reduce_all(tf.equal(variable, value))) for variable, value in pairs]
        (share,) = self.mean([tf.constant(float(all(equal)))])
        if float(share) < 1:
            raise RuntimeError(
                f"{1 - float(share):.0%} of {self.count} machines have other weights than the chief"
            )

    def wait(self) -> None:
        """Go on when all machines are here: one that leaves early would look lost to the others."""
        self.mean([tf.constant(0.0)])

    def _of_chief(self, values: Sequence[Any]) -> list[Any]:
        """Give every machine the chief's values."""
        # The strategy adds up only what is of one type; 64 bits hold all numbers of the others.
        own = [tf.cast(value, tf.float64) for value in values]
        own = own if self.is_chief else [tf.zeros_like(value) for value in own]
        given = self._reduce(tf.distribute.ReduceOp.SUM, own)
        return [tf.cast(value, like.dtype) for value, like in zip(given, values, strict=True)]

    def _reduce(self, operation: Any, values: Sequence[Any]) -> list[Any]:
        tensors = [tf.convert_to_tensor(value) for value in values]
        return tensors if self.count == 1 else list(self._reduce_in_graph(operation, tensors))

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]  # TensorFlow ships no types.
    def _reduce_in_graph(self, operation: Any, values: Any) -> Any:
        def reduce(tensors: Any) -> Any:
            # Inside the strategy a tensor needs a device, which tf.identity gives it.
            on_device = [tf.identity(tensor) for tensor in tensors]
            return tf.distribute.get_replica_context().all_reduce(operation, on_device)

        return self._strategy.run(reduce, args=(values,))


def tf_config(environment: Mapping[str, str]) -> dict[str, Any]:
    """Turn SM_HOSTS and SM_CURRENT_HOST into TF_CONFIG; without them this machine is alone.

    A host may carry a port of its own, "localhost:7001": then several "machines" run on one.
    """
    hosts: list[str] = json.loads(environment.get("SM_HOSTS", "null")) or ["localhost"]
    current = environment.get("SM_CURRENT_HOST", hosts[0])
    addresses = [host if ":" in host else f"{host}:{PORT}" for host in hosts]
    return {
        "cluster": {"worker": addresses},
        "task": {"type": "worker", "index": hosts.index(current)},
    }
