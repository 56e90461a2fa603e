"""How models that draw are trained, in words and formulas, for every page that explains it."""

from __future__ import annotations

import streamlit as st

from pages.widgets.under_the_hood import Part

_VAE = """
A **variational autoencoder** trains two networks at once. The **encoder** gives each latent of an image a
mean and a variance, $q(z|x)$; the **decoder** reconstructs the image from a sample of them. The loss is the
**reconstruction loss**, a negative log-likelihood, plus the **KL divergence** of $q(z|x)$ from a standard
normal distribution, without which the space between the images would be empty.

With $\\beta = 1$ the negative loss is a lower bound of the log-likelihood (ELBO). The reconstruction loss
may be negative, such as -997 nats: for continuous pixels it is the logarithm of a **density**, which can
exceed 1 where a probability cannot. Only differences between models on the same data mean anything.
"""
_VAE_FORMULA = r"""\begin{aligned}
\mathcal{L} &= -\,\mathbb{E}_{q(z|x)} \log p(x|z) \\
&\quad + \beta\, D_{KL}\big(q(z|x)\,\|\,\mathcal{N}(0, I)\big)
\end{aligned}"""
_GAN = """
In a **generative adversarial network** a **generator** $G$ makes images from random latents, and a
**discriminator** $D$ outputs a logit, high for real images. The discriminator learns to separate the two
kinds; the generator learns to raise the discriminator's logit. With the **logistic** loss both are
cross-entropies ($\\zeta$ is the softplus). The generator does not minimize $\\log(1 - D)$, as in the minimax
game of the first paper, because that has almost no gradient while the discriminator wins; this
**non-saturating** loss has.

If the discriminator's loss falls to nearly 0, the generator gets no useful signal. If it stays at
$2\\log 2 = 1.39$, the discriminator cannot tell the two kinds apart.
"""
_GAN_FORMULA = r"""\begin{aligned}
\mathcal{L}_D &= \mathbb{E}_x\,\zeta(-D(x)) \\
&\quad + \mathbb{E}_z\,\zeta(D(G(z))) \\
\mathcal{L}_G &= \mathbb{E}_z\,\zeta(-D(G(z))) \\
\zeta(t) &= \log(1 + e^{t})
\end{aligned}"""
_RELATIVISTIC = """
With the **relativistic** loss (R3GAN) the discriminator compares a real image with a generated one, and the
**gradient penalty** $\\gamma$ keeps its gradient small at both kinds (R1 and R2), averaged over the whole
batch. Here a loss of $\\log 2 = 0.69$ means that it cannot tell them apart.

With few images the discriminator memorizes them. **Adaptive augmentation** (ADA) compares its mean logits of
training, held-out and generated images, $r_v = (D_t - D_h) / (D_t - D_g)$, and changes more of what it sees
while $r_v > 0.5$. Near 0 there is no overfitting; at 1, held-out images look generated.
"""
_RELATIVISTIC_FORMULA = r"""\begin{aligned}
\mathcal{L}_D &= \mathbb{E}_{x,z}\,\zeta\big(D(G(z)) - D(x)\big) \\
&\quad + \tfrac{\gamma}{2}\,\mathbb{E}\,\lVert\nabla D(x)\rVert^2 \\
&\quad + \tfrac{\gamma}{2}\,\mathbb{E}\,\lVert\nabla D(G(z))\rVert^2 \\
\mathcal{L}_G &= \mathbb{E}_{x,z}\,\zeta\big(D(x) - D(G(z))\big)
\end{aligned}"""
_VAE_PAPERS = (
    "Kingma and Welling, [Auto-Encoding Variational Bayes](https://arxiv.org/abs/1312.6114), 2013. Rybkin "
    "et al., [Simple and Effective VAE Training with Calibrated "
    "Decoders](https://arxiv.org/abs/2006.13202), 2020."
)
_GAN_PAPERS = (
    "Goodfellow et al., [Generative Adversarial Networks](https://arxiv.org/abs/1406.2661), 2014. Radford, "
    "Metz and Chintala, [Unsupervised Representation Learning with Deep Convolutional Generative "
    "Adversarial Networks](https://arxiv.org/abs/1511.06434), 2015. Huang et al., [The GAN is dead; long "
    "live the GAN!](https://arxiv.org/abs/2501.05441), 2025. Karras et al., [Training Generative Adversarial "
    "Networks with Limited Data](https://arxiv.org/abs/2006.06676), 2020."
)
PARTS: dict[str, tuple[Part, ...]] = {
    "vae.train": ((st.markdown, _VAE), (st.latex, _VAE_FORMULA)),
    "dcgan.train": (
        (st.markdown, _GAN),
        (st.latex, _GAN_FORMULA),
        (st.markdown, _RELATIVISTIC),
        (st.latex, _RELATIVISTIC_FORMULA),
    ),
}
PAPERS = {"vae.train": _VAE_PAPERS, "dcgan.train": _GAN_PAPERS}
