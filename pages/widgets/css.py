"""The little CSS that the theme has no option for. Only fixed text goes in here, never a person's."""

from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

MARK = str(Path(__file__).parents[1] / "pictures" / "mark.svg")
# In the dark, words in the primary colour and white words on it cannot both be read: the grounds are deeper.
WALL = """
<style>
[data-testid="stMainBlockContainer"] { max-width: 96rem; }
@media (min-width: 900px) { [data-testid="stMainBlockContainer"] { padding-inline: 3rem; } }
[data-testid="stImage"] img { border-radius: 0.5rem; }
[data-testid="stImageCaption"] { text-align: left; }
.moving { margin: 0; }
.moving img { width: 100%; display: block; border-radius: 0.5rem; }
.moving figcaption { font-size: 0.875rem; margin-top: 0.25rem; opacity: 0.82; }
/* Streamlit's captions, and links in them, are too faint on this wall: 4.5 to 1 can be read (WCAG 1.4.3). */
[data-testid="stCaptionContainer"] { opacity: 0.82; }
/* Letters lean out of a formula by 2 px: without room for them it scrolls, out of a keyboard's reach. */
.katex-display { padding: 2px 4px; }
.st-key-tray img { border-radius: 0.35rem; aspect-ratio: 1; object-fit: cover; }
.st-key-tray [data-testid="stPageLink-NavLink"],
.st-key-recent [data-testid="stPageLink-NavLink"] { background: none; padding: 0; min-height: 0; }
.st-key-tray [data-testid="stPageLink-NavLink"] p,
.st-key-recent [data-testid="stPageLink-NavLink"] p { font-weight: 400; text-decoration: underline; }
[data-testid="stMain"] { --wall: light-dark(#f8f7f3, #15171c); }
[data-testid="stLayoutWrapper"]:has(> .st-key-start) { position: sticky; bottom: 0; z-index: 10;
  padding-block: 0.5rem 0.75rem; background: var(--wall);
  box-shadow: 0 -0.75rem 0.75rem var(--wall); }
.to-stage { display: none; }
@media (max-width: 640px) {
  [data-testid="stLayoutWrapper"]:has(> .st-key-start) { order: 1; }
  [data-testid="stElementContainer"]:has(.to-stage) { position: sticky; bottom: 4.25rem; z-index: 11;
    align-self: flex-end; width: auto; }
  .to-stage { display: block; padding: 0.35rem 0.9rem; border-radius: 1rem; font-size: 0.875rem;
    text-decoration: none; color: #fff !important; background: rgb(48 70 176 / 92%);
    box-shadow: 0 1px 8px rgb(0 0 0 / 40%); }
}
.st-key-tray [data-testid="stPageLink-NavLink"]:focus-visible,
[data-testid="stSidebarNavLink"]:focus-visible { outline: 2px solid currentColor; outline-offset: 1px; }
[data-testid^="stBaseButton-primary"]:enabled, [data-testid="stMultiSelect"] [data-tag] {
  --ground: light-dark(#3046b0, #526ad8); background-color: var(--ground); border-color: var(--ground); }
[data-testid^="stBaseButton-primary"]:enabled:hover { --ground: light-dark(#283a92, #4a61cc); }
.st-key-start button { box-shadow: 0 2px 10px rgb(0 0 0 / 30%); }
.st-key-tiles img { aspect-ratio: 4 / 3; object-fit: cover; }
.st-key-tiles [data-testid="stGridCell"], .st-key-recent [data-testid="stGridCell"] { position: relative; }
.st-key-tiles [data-testid="stElementContainer"]:has(> [data-testid="stPageLink"]),
.st-key-recent [data-testid="stElementContainer"]:has(> [data-testid="stPageLink"]) { position: static; }
.st-key-tiles [data-testid="stPageLink-NavLink"]::after,
.st-key-recent [data-testid="stPageLink-NavLink"]::after { content: ""; position: absolute; inset: 0;
  z-index: 1; border-radius: 0.5rem; }
.st-key-tiles [data-testid="stPageLink-NavLink"]:focus-visible::after,
.st-key-recent [data-testid="stPageLink-NavLink"]:focus-visible::after { outline: 3px solid currentColor; }
.st-key-recent [data-testid="stPopover"] { position: relative; z-index: 2; }
.st-key-working img, img[alt^="The content, before"] { object-fit: contain; object-position: left;
  max-height: max(8rem, 100vh - 22rem); }
@media (max-width: 640px) {
  [data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"] .st-key-stage .st-key-working) {
    flex-direction: column; flex-wrap: nowrap; align-items: stretch; gap: 1rem; }
  [data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"] .st-key-stage .st-key-working)
    > [data-testid="stColumn"]:first-child,
  [data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"] .st-key-stage .st-key-working)
    > [data-testid="stColumn"]:first-child > [data-testid="stVerticalBlock"] { display: contents; }
  [data-testid="stElementContainer"]:has(> [data-testid="stHeading"] h1) { order: -2; }
  [data-testid="stColumn"]:has(.st-key-stage .st-key-working) { order: -1; position: sticky; top: 3.5rem;
    flex: none; width: 100%; z-index: 12; max-height: calc(100dvh - 12rem); overflow-y: auto;
    padding-bottom: 0.5rem; background: var(--wall); }
  .st-key-working img { max-height: 32vh; }
  [data-testid="stHorizontalBlock"]:has(.st-key-working) .to-stage { display: none; }
}
@media (min-width: 900px) {
  [data-testid="stColumn"]:has(.st-key-stage) { position: sticky; top: 4rem; align-self: flex-start; }
}
</style>
"""


def stage(form: DeltaGenerator) -> DeltaGenerator:
    """The place of the result. On a phone it lies below a long form, along which a link to it stays in sight.

    Args:
        form: the place of the form.
    """
    form.html('<a class="to-stage" href="#result">See the result</a>')
    st.html('<span id="result"></span>')
    return st.container(key="stage")


def working() -> DeltaGenerator:
    """The place of what works: first how far it is and what ends it, then a preview.

    The preview is made so small that all of it is in sight, and on a phone it stays above the form.
    """
    return st.container(key="working", gap="small")


def look() -> None:
    """Applies what all pages share beyond the theme."""
    st.html(WALL)
