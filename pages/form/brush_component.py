"""The brush as the browser runs it: its HTML, its CSS and its JavaScript, and how it is told what to do."""

import json
import struct
from collections.abc import Mapping

HTML = """
<div class="tools">
  <div class="styles" role="radiogroup" aria-label="Paint with"></div>
  <label class="size">Brush <input type="range" min="4" max="96" value="32"></label>
  <button class="undo" type="button">Undo</button>
  <button class="clear" type="button">Clear</button>
</div>
<div class="stage">
  <img alt="">
  <canvas tabindex="0" role="application"
    aria-label="Your photo: arrow keys move the brush, Shift moves it further, space paints"></canvas>
  <span class="tip"></span>
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
.stage { --ratio: 1.5; position: relative; width: 100%; aspect-ratio: var(--ratio); line-height: 0;
  border-radius: var(--st-base-radius); overflow: hidden; }
img, canvas { position: absolute; inset: 0; width: 100%; height: 100%; }
canvas { cursor: crosshair; touch-action: none; opacity: 0.6; }
.tip { position: absolute; border: 2px solid #fff; box-shadow: 0 0 0 1px rgb(0 0 0 / 55%); border-radius: 50%;
  pointer-events: none; display: none; transform: translate(-50%, -50%); box-sizing: border-box; }
"""

JS = """
const INKS = ["#3046b0", "#c2781e", "#1f8a5b", "#a8325e"], GREY = "#5a5f6a";
const ERASER = "";  // no style has this name
export default function (component) {
  const { data, parentElement, setStateValue } = component;
  const bytes = new Uint8Array(data);
  const head = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0);
  const words = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + head)));
  const ink = (n) => words.paints ? words.paints[n] : INKS[n];  // a drawing has colours of its own
  const find = (name) => parentElement.querySelector(name);
  const image = find("img"), canvas = find("canvas"), size = find(".size input"), tip = find(".tip");
  const blank = () => {
    const made = document.createElement("canvas");
    made.width = words.width; made.height = words.height;
    return made;
  };
  // What was painted outlives a rerun of the page, until another picture is chosen, which is told: the page
  // would else remember the paint of a picture that is chosen again.
  const other = parentElement.held && parentElement.held.picture !== words.picture;
  const fresh = !parentElement.held || other;
  if (fresh && words.brush) size.value = words.brush;
  if (fresh)
    parentElement.held = { picture: words.picture, paint: new Map(), past: [], chosen: words.styles[0] };
  const held = parentElement.held;
  // What was told of other styles no longer counts: the same paint is told again.
  const differs = () => held.told && held.told.join("\\n") !== words.styles.join("\\n");
  const again = differs();
  // Paint belongs to a style by its name, wherever the style now stands, and waits for one that went.
  const lay = () => {
    held.layers = words.styles.map((name, n) => {
      if (!held.paint.has(name)) held.paint.set(name, blank());
      const pen = held.paint.get(name).getContext("2d");
      pen.globalCompositeOperation = "source-in";
      pen.fillStyle = ink(n);
      pen.fillRect(0, 0, words.width, words.height);
      return held.paint.get(name);
    });
  };
  lay();
  if (held.chosen !== ERASER && !words.styles.includes(held.chosen)) held.chosen = words.styles[0];
  if (parentElement.url) URL.revokeObjectURL(parentElement.url);
  parentElement.url = URL.createObjectURL(new Blob([bytes.subarray(4 + head)], { type: "image/webp" }));
  image.src = parentElement.url;
  image.alt = words.alt;
  canvas.width = words.width; canvas.height = words.height;
  canvas.style.opacity = words.paints ? 1 : "";
  if (words.label) canvas.setAttribute("aria-label", words.label);
  find(".stage").style.setProperty("--ratio", words.width / words.height);

  const draw = () => {
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, canvas.width, canvas.height);
    held.layers.forEach((layer) => pen.drawImage(layer, 0, 0));
  };
  const anything = (layer) => {
    const pen = layer.getContext("2d");
    return pen.getImageData(0, 0, words.width, words.height).data.some((level) => level);
  };
  const show = () => {
    draw();
    find(".undo").disabled = !held.past.length;
    find(".clear").disabled = !held.layers.some(anything);
  };
  const mask = (layer) => {
    const white = blank(), made = blank();
    let pen = white.getContext("2d");
    pen.drawImage(layer, 0, 0);
    pen.globalCompositeOperation = "source-in";
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, white.width, white.height);
    pen = made.getContext("2d");
    pen.fillStyle = "#000";
    pen.fillRect(0, 0, made.width, made.height);
    pen.drawImage(white, 0, 0);
    return made.toDataURL("image/png");
  };
  const tell = () => {
    show();
    held.told = words.styles;
    setStateValue("painted", { picture: words.picture, styles: words.styles, masks: held.layers.map(mask) });
  };
  const copies = () => new Map([...held.paint].map(([name, layer]) => {
    const copy = blank();
    copy.getContext("2d").drawImage(layer, 0, 0);
    return [name, copy];
  }));
  const remember = () => {
    held.past.push(copies());
    if (held.past.length > 20) held.past.shift();
  };
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width * canvas.width,
            (event.clientY - box.top) / box.height * canvas.height];
  };
  // What was painted before the brush was put away: masks, whose white becomes paint.
  const bringBack = async () => {
    for (const [n, name] of words.kept.styles.entries()) {
      const drawn = new Image(), layer = blank();
      drawn.src = words.kept.masks[n];
      await drawn.decode();
      const pen = layer.getContext("2d");
      pen.drawImage(drawn, 0, 0, words.width, words.height);
      const pixels = pen.getImageData(0, 0, words.width, words.height);
      for (let i = 0; i < pixels.data.length; i += 4) pixels.data[i + 3] = pixels.data[i];
      pen.putImageData(pixels, 0, 0);
      pen.globalCompositeOperation = "source-over";
      if (held.paint.has(name)) pen.drawImage(held.paint.get(name), 0, 0);
      held.paint.set(name, layer);
    }
    held.told = words.kept.styles;
    lay();
    if (differs()) tell(); else show();
  };
  const stroke = (from, to) => held.paint.forEach((layer, name) => {
    const pen = layer.getContext("2d");
    pen.globalCompositeOperation = name === held.chosen ? "source-over" : "destination-out";
    pen.strokeStyle = ink(words.styles.indexOf(held.chosen));
    pen.lineWidth = Number(size.value);
    pen.lineCap = pen.lineJoin = "round";
    pen.beginPath();
    pen.moveTo(from[0], from[1]);
    pen.lineTo(to[0] + 0.01, to[1]);
    pen.stroke();
  });
  const hover = (point) => {
    const wide = Number(size.value) / canvas.width * canvas.getBoundingClientRect().width;
    tip.style.display = "block";
    tip.style.width = tip.style.height = wide + "px";
    tip.style.left = 100 * point[0] / canvas.width + "%";
    tip.style.top = 100 * point[1] / canvas.height + "%";
  };
  const begin = (point) => { remember(); held.last = point; go(point); };
  const go = (point) => {
    held.place = point;
    hover(point);
    if (!held.last) return;
    stroke(held.last, point);
    held.last = point;
    draw();
  };
  const end = () => { if (held.last) { held.last = null; tell(); } };
  canvas.onpointerdown = (event) => { canvas.setPointerCapture(event.pointerId); begin(at(event)); };
  canvas.onpointermove = (event) => go(at(event));
  canvas.onpointerup = canvas.onpointercancel = end;
  canvas.onpointerleave = () => { if (!find("canvas:focus-visible")) tip.style.display = "none"; };

  // By keyboard the brush is where it was last, at first in the middle. Space that is held draws a line.
  held.place = held.place || [canvas.width / 2, canvas.height / 2];
  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const within = (value, most) => Math.min(Math.max(value, 0), most);
  canvas.onfocus = () => { if (find("canvas:focus-visible")) hover(held.place); };
  canvas.onblur = () => { tip.style.display = "none"; end(); };
  canvas.onkeydown = (event) => {
    const move = moves[event.key], far = Number(size.value) * (event.shiftKey ? 1 : 0.25);
    if (!move && event.key !== " ") return;
    event.preventDefault();
    if (move)
      go([within(held.place[0] + far * move[0], canvas.width),
          within(held.place[1] + far * move[1], canvas.height)]);
    else if (!held.last) begin(held.place);
  };
  canvas.onkeyup = (event) => { if (event.key === " ") end(); };
  const become = (paint) => { held.paint = paint; lay(); tell(); };
  find(".undo").onclick = () => { if (held.past.length) become(held.past.pop()); };
  find(".clear").onclick = () => { remember(); become(new Map()); };

  const names = [...words.styles, ERASER];
  const buttons = names.map((name, n) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = made.title = name || "Eraser";
    made.setAttribute("role", "radio");
    made.style.setProperty("--ink", name === ERASER ? GREY : words.marks ? words.marks[n] : INKS[n]);
    if (words.swatches && name !== ERASER) made.classList.add("swatch");
    made.onclick = () => choose(n);
    made.onkeydown = (event) => {
      if (!moves[event.key]) return;
      event.preventDefault();
      const step = event.key === "ArrowRight" || event.key === "ArrowDown" ? 1 : -1;
      choose((n + step + names.length) % names.length);
      buttons[names.indexOf(held.chosen)].focus();
    };
    return made;
  });
  const choose = (n) => { held.chosen = names[n]; mark(); };
  const mark = () => buttons.forEach((one, n) => {
    one.setAttribute("aria-checked", names[n] === held.chosen);
    one.tabIndex = names[n] === held.chosen ? 0 : -1;  // one stop of Tab for all, as radios have
  });
  const focused = find(".styles button:focus");
  find(".styles").replaceChildren(...buttons);
  mark();
  if (focused) buttons[names.indexOf(held.chosen)].focus();
  if (fresh && words.kept) bringBack();
  else if (again || other) tell();
  else show();
}
"""


def told(words: Mapping[str, object], picture: bytes) -> bytes:
    """What the brush is given, in one piece.

    Args:
        words: what it is to do, as its JavaScript reads them.
        picture: a WebP, that it paints on.
    """
    head = json.dumps(words).encode()
    return struct.pack(">I", len(head)) + head + picture
