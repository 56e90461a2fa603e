"""Flag names of other tools, for suggestions when a flag is unknown."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from studio.core.errors import join_quoted

# Words of one meaning: names in Keras, PyTorch and well-known scripts, and names of settings here.
_GROUPS = (
    ("lr", "learning_rate", "step_size", "alpha", "eta"),
    ("batch_size", "batch", "bs", "streams"),
    ("hidden_size", "hidden_dim", "hidden", "rnn_size", "n_embd", "units", "width"),
    ("num_layers", "n_layer", "n_layers", "depth", "layers"),
    ("seq_length", "seq_len", "block_size", "context", "bptt", "sequence"),
    ("ema", "ema_decay", "ema_momentum", "ema_steps", "ema_share"),
    ("val_split", "validation_split", "test_split", "test_size", "val_ratio", "held_out"),
    ("epoch", "num_epochs", "n_epochs", "max_epochs", "epochs"),
    ("iterations", "iters", "max_iters", "n_iter", "num_steps", "max_steps", "steps"),
    ("latent_size", "z_dim", "nz", "zdim", "latent", "latent_dim"),
    ("wd", "l2", "weight_decay", "decay"),
    ("dropout_rate", "drop", "p_dropout", "dropout"),
    ("early_stopping", "patience"),
    ("temp", "temperature"),
    ("topk", "top_k"),
    ("topp", "nucleus", "top_p"),
    ("length", "max_new_tokens", "num_chars", "n_chars", "chars"),
    ("num_samples", "n_samples", "num_images", "samples", "count", "number"),
    ("model", "checkpoint", "ckpt", "weights", "model_path", "preset", "start_from"),
    ("resolution", "image_size", "img_size", "imsize", "size"),
    ("scale_factor", "upscale", "factor", "scale"),
    ("style_weight", "alpha", "strength"),
    ("steps", "epochs"),
    ("size", "width", "height", "scale"),
    ("random_seed", "random_state", "seed"),
    ("output", "outdir", "output_dir", "save", "save_dir", "out"),
    ("force", "overwrite"),
    ("dim", "embedding_dim", "embed_dim", "embedding"),
)
# Words without a flag, and the reason.
_EXPLANATIONS = {
    (
        "gpu",
        "gpus",
        "cuda",
        "device",
        "use_gpu",
    ): "A GPU is used whenever Keras finds one; `studio doctor` says so",
    ("optimizer", "optim", "solver"): "The optimizer is part of the method and cannot be changed",
    ("workers", "num_workers", "n_jobs", "threads"): "The number of processes is chosen automatically",
}
_MIN_SIMILARITY = 0.72  # of the spelling; above it, a word is probably mistyped


def suggest_flag(flag: str, flags: Collection[str]) -> str:
    """Returns a sentence that suggests a flag or explains why there is none; "" if neither is known.

    Args:
        flag: the unknown flag, such as `--lr`.
        flags: flags of the command, such as `--learning-rate`.
    """
    word = flag.lstrip("-").replace("-", "_").casefold()
    for terms, sentence in _EXPLANATIONS.items():
        if word in terms:
            return f" {sentence}."
    names = {option.lstrip("-").replace("-", "_"): option for option in flags if option.startswith("--")}
    suggestions = _find_synonyms(word, names) or difflib.get_close_matches(
        word, names, n=1, cutoff=_MIN_SIMILARITY
    )
    return f" Did you mean {join_quoted([names[option] for option in suggestions])}?" if suggestions else ""


def _find_synonyms(word: str, names: Collection[str]) -> list[str]:
    synonyms = {other for group in _GROUPS if word in group for other in group}
    return [name for name in names if name in synonyms and name != word]
