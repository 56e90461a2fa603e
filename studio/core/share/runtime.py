"""LiteRT.js, which runs LiteRT files in a browser: fetched at a pinned version like weights.

A shared page contains it as one gzip, so nothing is loaded from elsewhere. Of its builds this is the one
without relaxed SIMD, which Safari lacks.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping

from studio.core.errors import StudioError
from studio.core.progress import Progress
from studio.core.weights import pretrained
from studio.core.weights.networks.stored_file import StoredFile

NAME = "litert-js"  # in the index of weights
_LIBRARY, _GLUE, _WASM = "index.js", "litert_wasm_compat_internal.js", "litert_wasm_compat_internal.wasm"
_IMPORT = 'import { createWasmLib } from "@litertjs/wasm-utils";\n'
_EXPORT = "\nexport {"
# As the library's own loader, which would also ask for a GPU.
_START = """
const liteRt = new LiteRt(await ModuleFactory({ wasmBinary, print: () => {}, printErr: () => {} }));
setGlobalLiteRt(liteRt);
liteRt.setDefaultEnvironment(await Environment.create({ webGpuDevice: null }));
return { loadAndCompile, Tensor };
"""


def build_file(members: Mapping[str, bytes] | None = None) -> StoredFile:
    """Joins the members of the package: a gzip of a classic script, a zero byte and the WebAssembly.

    A page cannot import modules from files. So the script defines `createLiteRt(wasmBinary)`, which returns
    what the library exports for running models on the CPU.

    Args:
        members: by file name; None returns an empty file.

    Raises:
        StudioError: if the library is not the pinned one.
    """
    if members is None:
        return StoredFile()
    glue, library = members[_GLUE].decode(), members[_LIBRARY].decode()
    body, separator, _ = library.rpartition(_EXPORT)
    if not separator or _IMPORT not in body or "\0" in glue + body:
        raise StudioError("LiteRT.js is not as expected. Install the studio again.")
    library = f"{body.replace(_IMPORT, '')}{_START}"
    script = f"{glue}\nglobalThis.createLiteRt = async (wasmBinary) => {{\n{library}}};\n"
    return StoredFile(gzip.compress(script.encode() + b"\0" + members[_WASM], mtime=0))


def load(progress: Progress | None = None) -> bytes:
    """Returns the gzip of `build_file`, after a download if necessary. Raises like `pretrained.pull`."""
    return pretrained.load(NAME, progress).model.data
