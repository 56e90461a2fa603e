"""Checks and runs an untrusted TFLite file: LiteRT parses it in C++, so only in the sandbox.

As a program in the sandbox, with a file as its argument and an empty folder, it writes a copy of the TFLite
file and its facts. With INPUTS in the folder, it writes the outputs for them instead.
"""

from __future__ import annotations

import math
import shutil
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from studio.core.untrusted.refusals import Refused
from studio.imported import containers, preprocessing, resave, tflite_files
from studio.imported.image_input import DEFAULT_SIDE

INPUTS, OUTPUTS = "inputs.npy", "outputs.npy"
_MAX_TENSOR_VALUES = 1 << 28
_MAX_SIDE = 4096  # px of the input
_MAX_CLASSES = 100_000
_TYPES = ("float32", "uint8", "int8")
_TEACHABLE_MACHINE = "model_unquant.tflite"  # its name for a float model, which takes -1 to 1
_DAMAGED = "a damaged TFLite file"
# Operators that keep what the one before computes.
_PASSING = ("DEQUANTIZE", "QUANTIZE", "RESHAPE", "SQUEEZE")


def main() -> None:
    """Writes the facts and the copy, or the outputs for INPUTS, or the reason for a refusal."""
    resave.write_answer(_run if Path(INPUTS).exists() else _describe)


def _describe(path: Path) -> dict[str, Any]:
    resave.limit_time(resave.MAX_SECONDS)
    copy, stored = Path(resave.COPY), ""
    names: tuple[str, ...] = ()
    with path.open("rb") as file:
        contents = tflite_files.find(file)
        if contents is None:
            raise Refused(_DAMAGED)
        file.seek(0)
        if not contents.model:
            with copy.open("wb") as target:
                shutil.copyfileobj(file, target)
        else:
            with containers.open_zip(file) as archive:
                names = containers.read_names(archive, contents)
                stored = str(containers.read_metadata(archive, contents).get("preprocessing", ""))
                containers.unpack(archive, contents.model, copy)
            if PurePosixPath(contents.model).name == _TEACHABLE_MACHINE:
                stored = stored or "-1-1"
    facts = describe(copy, stored)
    return {"facts": facts | {"labels": names or facts["labels"]}}


def _run(path: Path) -> dict[str, Any]:
    network = Network(path)
    images = np.load(INPUTS, allow_pickle=False)
    resave.limit_time(resave.MAX_SECONDS + len(images))
    np.save(OUTPUTS, np.stack([network(image) for image in images]))
    return {}


def describe(path: Path, stored: str = "") -> dict[str, Any]:
    """Returns the fields of `facts.Facts` of a TFLite classifier.

    Args:
        path: of the file.
        stored: its preprocessing if it is known, one of `preprocessing.LABELS`.

    Raises:
        Refused: if it is damaged, or contains anything that is not allowed.
    """
    last = _check_operators(path)
    network = Network(path)
    height, width = network.shape[1:3]
    outputs = network(np.zeros(network.shape[1:], "float32"))
    scale, zero_point = network.input["quantization"]
    dtype = network.input["dtype"].__name__
    choice = preprocessing.choose_by_quantization(dtype, scale, zero_point, stored)
    kinds = {"SOFTMAX": "probabilities", "LOGISTIC": "share" if len(outputs) == 1 else "shares"}
    return {
        "name": "network",
        "parameters": sum(
            math.prod(map(int, tensor["shape"])) for tensor in network.interpreter.get_tensor_details()
        ),
        "inputs": [[None, height, width, network.shape[3]]],
        "outputs": [[None, len(outputs)]],
        "image_input": {
            "height": height,
            "width": width,
            "output_kind": kinds.get(last, "logit" if len(outputs) == 1 else "logits"),
            **choice._asdict(),
        },
        "labels": tflite_files.read_labels(path),
    }


def _check_operators(path: Path) -> str:
    """Returns the name of the operator that computes the output.

    Raises:
        Refused: if an operator is not built into LiteRT, or the file cannot be parsed.
    """
    from ai_edge_litert import schema_py_generated as schema

    names = {code: name for name, code in vars(schema.BuiltinOperator).items() if name.isupper()}
    try:
        model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
        codes = [(max(c.builtinCode, c.deprecatedBuiltinCode), c.customCode) for c in model.operatorCodes]
        graph = model.subgraphs[0]
        makers = {int(output): op for op in graph.operators for output in op.outputs}
        operators = [codes[op.opcodeIndex] for part in model.subgraphs for op in part.operators]
        shapes = [tensor.shape for part in model.subgraphs for tensor in part.tensors]
        counts = len(graph.inputs), len(graph.outputs)
        last, name = int(graph.outputs[0]) if counts[1] else -1, _PASSING[0]
        for _ in range(len(graph.operators)):
            if name not in _PASSING or last not in makers:
                break
            name = names.get(codes[makers[last].opcodeIndex][0], "")
            last = int(makers[last].inputs[0])
    except MemoryError:
        raise
    except Exception:  # the parser of the schema has no errors of its own
        raise Refused(_DAMAGED) from None
    for code, custom in operators:
        if code not in names or names[code] in ("CUSTOM", "DELEGATE"):
            text = custom.decode("utf-8", "replace") if isinstance(custom, bytes) else str(custom or code)
            raise Refused(f"a TFLite file with the operator {text:.60}, which is not built into LiteRT")
    if counts != (1, 1):
        raise Refused(f"a TFLite file with {counts[0]} inputs and {counts[1]} outputs instead of one of each")
    if any(
        math.prod(abs(int(n)) for n in shape) > _MAX_TENSOR_VALUES for shape in shapes if shape is not None
    ):
        raise Refused("a TFLite file with a tensor that is too large")
    return name


class Network:
    """A TFLite network with one image as its input, run without delegates.

    Args:
        path: of the file.

    Raises:
        Refused: if it is damaged, or takes no image.
    """

    def __init__(self, path: Path):
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        kind = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        try:
            self.interpreter = Interpreter(str(path), experimental_op_resolver_type=kind, num_threads=1)
            [self.input], [self.output] = (
                self.interpreter.get_input_details(),
                self.interpreter.get_output_details(),
            )
        except (ValueError, RuntimeError):
            raise Refused(_DAMAGED) from None
        signature = [int(n) for n in self.input["shape_signature"]]
        if len(signature) != 4 or signature[3] not in (1, 3) or signature[0] not in (1, -1):
            raise Refused("a TFLite file whose input is not one image (1, height, width, 3 or 1)")
        self.shape = (1, *(n if n > 0 else DEFAULT_SIDE for n in signature[1:3]), signature[3])
        for details in (self.input, self.output):
            if details["dtype"].__name__ not in _TYPES:
                raise Refused(f"a TFLite file with values of type {details['dtype'].__name__:.20}")
        if max(self.shape) > _MAX_SIDE:
            raise Refused(f"a TFLite file whose images are larger than {_MAX_SIDE:,} px")
        try:
            if min(signature[1:3]) < 1:
                self.interpreter.resize_tensor_input(self.input["index"], self.shape)
            self.interpreter.allocate_tensors()
        except (ValueError, RuntimeError):
            raise Refused("a TFLite file that LiteRT cannot prepare") from None

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Runs the network: `(H, W, C) float32`, in its input range -> `(k,) float32`, dequantized."""
        kind, (scale, zero) = self.input["dtype"], self.input["quantization"]
        if kind is not np.float32:
            limits = np.iinfo(kind)
            image = np.clip(np.round(image / (scale or 1) + zero), limits.min, limits.max)
        try:
            self.interpreter.set_tensor(self.input["index"], image[None].astype(kind))
            self.interpreter.invoke()
            values = self.interpreter.get_tensor(self.output["index"])
        except (ValueError, RuntimeError):
            raise Refused("a TFLite file that cannot be run") from None
        if not 0 < values.size <= _MAX_CLASSES or values.size != values.shape[-1]:
            raise Refused("a TFLite file whose output is not one vector of classes")
        scale, zero = self.output["quantization"]
        values = values.ravel().astype("float32")
        if not np.isfinite(values).all():
            raise Refused("a network whose outputs are not finite")
        return (values - zero) * scale if scale else values


if __name__ == "__main__":
    main()
