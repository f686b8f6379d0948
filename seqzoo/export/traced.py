"""A Keras model as a TensorFlow function of named inputs, among them the states of its recurrent layers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras


def traced(
    model: keras.Model, shapes: Mapping[str, Sequence[int | None]], carried: Collection[str], *, constant: bool
) -> Any:
    """A concrete `tf.function` from arrays by name to outputs by name.

    Args:
        model: its inputs and outputs keep their names.
        shapes: of each input, states included, the batch first.
        carried: inputs `<layer>_h_in` (and `_c_in`) that become initial states; final states leave as `<layer>_h`.
        constant: the weights become constants of the function: LiteRT keeps no variables. A single step is unrolled.
    """
    import keras
    import tensorflow as tf

    own = {tensor.name: tensor.dtype for tensor in model.inputs}
    specs = [tf.TensorSpec(shape, own.get(name, "float32"), name) for name, shape in shapes.items()]
    layers = {name.removesuffix("_h_in") for name in carried if name.endswith("_h_in")}
    weights = [(one, tf.constant(one.numpy())) for one in model.variables] if constant else []

    def function(*given: Any) -> dict[str, Any]:
        known = dict(zip(shapes, given, strict=True))
        after: dict[str, Any] = {}
        with keras.StatelessScope(state_mapping=weights) if constant else nullcontext():
            each = partial(_called, layers, known, after)
            outputs = model._run_through_graph(
                [known[name] for name in own], operation_fn=lambda one: partial(each, one)
            )
        outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
        return dict(zip(model.output_names, outputs, strict=True)) | after

    with _prepared(model, layers, unroll=constant):
        return tf.function(function, input_signature=specs, autograph=False).get_concrete_function()


@contextmanager
def _prepared(model: keras.Model, carried: Collection[str], *, unroll: bool) -> Iterator[None]:
    """Recurrent layers that draw no masks of dropout, as even answers do; those carried give their states."""
    recurrent = [layer for layer in model._flatten_layers() if hasattr(layer, "cell")]
    before = [(one, one.return_state, one.unroll, one.cell.dropout, one.cell.recurrent_dropout) for one in recurrent]
    for layer in recurrent:
        layer.cell.dropout = layer.cell.recurrent_dropout = 0.0
        if layer.name in carried:
            layer.return_state, layer.unroll = True, unroll
    try:
        yield
    finally:
        for layer, *was in before:
            layer.return_state, layer.unroll, layer.cell.dropout, layer.cell.recurrent_dropout = was


def _called(
    carried: Collection[str], known: Mapping[str, Any], after: dict[str, Any], layer: Any, *args: Any, **kwargs: Any
) -> Any:
    """Call a layer as the model does, not as in training; a carried one begins with its states and leaves them."""
    from keras import Layer

    if not isinstance(layer, Layer):
        return layer(*args, **kwargs)
    if type(layer).__name__ == "Add" and not any(hasattr(one, "_keras_mask") for one in args[0]):
        return sum(args[0][1:], args[0][0])  # at a batch of one Keras may add as a bias, in a form LiteRT lacks
    given = {name: value for name, value in kwargs.items() if name != "training"}
    if layer._call_has_training_arg:
        given["training"] = False
    if layer.name not in carried:
        return layer(*args, **given)
    letters = [letter for letter in "hc" if f"{layer.name}_{letter}_in" in known]
    y, *last = layer(*args, **given, initial_state=[known[f"{layer.name}_{letter}_in"] for letter in letters])
    after.update({f"{layer.name}_{letter}": state for letter, state in zip(letters, last, strict=True)})
    return y


def saved(function: Any, model: keras.Model, folder: str) -> None:
    """Write it as a SavedModel with the signature "serving_default"."""
    import tensorflow as tf

    module = tf.Module()
    module.weights = [one.value for one in model.variables]
    tf.saved_model.save(module, folder, signatures={"serving_default": function})
