"""What the brush looks like in the browser, its HTML and its CSS, and how it is told what to do."""

import json
import struct
from collections.abc import Mapping

HTML = """
<div class="brush">
  <div class="tools">
    <div class="styles" role="radiogroup" aria-label="Paint with"></div>
    <label class="size">Brush <input type="range" min="4" max="96" value="32"></label>
    <button class="undo" type="button" title="Ctrl+Z">Undo</button>
    <button class="redo" type="button" title="Shift+Ctrl+Z">Redo</button>
    <button class="clear" type="button">Clear</button>
    <button class="fill" type="button" aria-pressed="false"
      title="The next click fills all that strokes enclose">Fill</button>
    <button class="invert" type="button"
      title="What is bare gets the chosen style, and what has it becomes bare">Invert</button>
    <span class="zooms" role="group" aria-label="Zoom">
      <button class="out" type="button" aria-label="Zoom out">−</button>
      <output class="zoom">100 %</output>
      <button class="in" type="button" aria-label="Zoom in">+</button>
    </span>
    <button class="full" type="button" aria-pressed="false">Full size</button>
  </div>
  <div class="view">
    <div class="stage">
      <img alt="">
      <canvas tabindex="0" role="application"
        aria-label="Your photo: arrow keys move the brush, Shift moves it further, space paints"></canvas>
      <span class="tip"></span>
    </div>
  </div>
</div>
"""

CSS = """
:host { color-scheme: light dark; }
:host, .tools, .stage { font-family: var(--st-font); color: var(--st-text-color); font-size: 0.85rem; }
.tools { display: flex; flex-wrap: wrap; gap: 0.4rem 0.6rem; align-items: center; margin-bottom: 0.5rem; }
.styles { display: flex; flex-wrap: wrap; gap: 0.35rem; width: 100%; }
button { all: unset; box-sizing: border-box; cursor: pointer; padding: 0.15rem 0.6rem; line-height: 1.5;
  border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius);
  max-width: 11rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
button:hover { border-color: var(--st-primary-color); }
button:focus-visible, input:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: 1px; }
.stage:has(canvas:focus-visible) { outline: 3px solid var(--st-primary-color); outline-offset: 1px; }
canvas:focus { outline: none; }
button[aria-checked="true"] { border-color: var(--ink); background: var(--ink); color: #fff; }
.swatch::before { content: ""; display: inline-block; width: 0.8em; height: 0.8em; margin-right: 0.35em;
  border-radius: 50%; background: var(--ink); border: 1px solid rgb(255 255 255 / 70%);
  vertical-align: -0.08em; }
button[disabled] { opacity: 0.4; cursor: default; }
.size { display: flex; align-items: center; gap: 0.4rem; flex: 1 1 8rem; }
.size input { flex: 1; min-width: 4rem; accent-color: var(--st-primary-color); }
button[aria-pressed="true"] { border-color: var(--st-primary-color); color: var(--st-primary-color);
  box-shadow: inset 0 0 0 1px var(--st-primary-color); }
.zooms { display: flex; align-items: center; gap: 0.3rem; }
.zoom { min-width: 3.2em; text-align: center; }
.view { --ratio: 1.5; aspect-ratio: var(--ratio); overflow: auto; scrollbar-width: thin;
  border-radius: var(--st-base-radius); }
.stage { --zoom: 1; position: relative; width: calc(100% * var(--zoom));
  aspect-ratio: var(--ratio); line-height: 0; overflow: hidden; }
.brush[popover] { position: fixed; inset: 0; width: 100vw; height: 100dvh; max-width: none; max-height: none;
  margin: 0; border: 0; box-sizing: border-box; padding: 0.75rem; display: flex; flex-direction: column;
  background: var(--st-background-color); color: var(--st-text-color); }
.brush[popover] .view { flex: 1; aspect-ratio: auto; min-height: 0; }
.brush[popover] .stage { width: calc(min(100%, var(--fits)) * var(--zoom)); margin: auto; }
@media (pointer: coarse) { button { min-height: 2.4rem; } }
img, canvas { position: absolute; inset: 0; width: 100%; height: 100%; }
canvas { cursor: crosshair; touch-action: none; opacity: 0.72; }
.tip { position: absolute; border: 2px solid #fff; box-shadow: 0 0 0 1px rgb(0 0 0 / 55%); border-radius: 50%;
  pointer-events: none; display: none; transform: translate(-50%, -50%); box-sizing: border-box; }
"""


def told(words: Mapping[str, object], picture: bytes) -> bytes:
    """What the brush is given, in one piece.

    Args:
        words: what it is to do, as its JavaScript reads them.
        picture: a WebP, that it paints on.
    """
    head = json.dumps(words).encode()
    return struct.pack(">I", len(head)) + head + picture
