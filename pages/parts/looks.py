"""The little CSS that the theme has no option for. Only fixed text goes in here, never a person's."""

from pathlib import Path

import streamlit as st

MARK = str(Path(__file__).parent / "pictures" / "mark.svg")
WALL = """
<style>
[data-testid="stMainBlockContainer"] { max-width: 96rem; }
@media (min-width: 900px) { [data-testid="stMainBlockContainer"] { padding-inline: 3rem; } }
[data-testid="stImage"] img { border-radius: 0.5rem; }
[data-testid="stImageCaption"] { text-align: left; }
.st-key-tray img { border-radius: 0.35rem; aspect-ratio: 1; object-fit: cover; }
.st-key-tray [data-testid="stPageLink-NavLink"],
.st-key-recent [data-testid="stPageLink-NavLink"] { background: none; padding: 0; min-height: 0; }
.st-key-tray [data-testid="stPageLink-NavLink"] p,
.st-key-recent [data-testid="stPageLink-NavLink"] p { font-weight: 400; text-decoration: underline; }
[data-testid="stLayoutWrapper"]:has(> .st-key-start) { position: sticky; bottom: 0.75rem; z-index: 10; }
.st-key-start button { box-shadow: 0 2px 10px rgb(0 0 0 / 30%); }
.st-key-tiles img { aspect-ratio: 4 / 3; object-fit: cover; }
@media (min-width: 900px) {
  [data-testid="stColumn"]:has(.st-key-stage) { position: sticky; top: 4rem; align-self: flex-start; }
}
</style>
"""


def look() -> None:
    """Applies what all pages share beyond the theme."""
    st.html(WALL)
