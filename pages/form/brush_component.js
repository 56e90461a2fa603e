const MOST_ZOOM = 6, MOST_UNDONE = 20, BARE = -1, SEEN = 128;  // level from which a place counts as painted
// Two tones, one of which is seen on any photo, and a direction of its own for each style.
const stripes = (ink, n) => {
  const made = document.createElement("canvas"), pen = made.getContext("2d");
  made.width = made.height = 12;
  pen.fillStyle = ink;
  pen.fillRect(0, 0, 12, 12);
  pen.strokeStyle = "#fff";
  pen.lineWidth = 2.5;
  const ways = [[[-3, 3, 3, -3], [-3, 15, 15, -3], [9, 15, 15, 9]],
                [[-3, 9, 3, 15], [-3, -3, 15, 15], [9, -3, 15, 3]], [[-3, 6, 15, 6]], [[6, -3, 6, 15]]];
  for (const [x, y, u, v] of ways[n % 4]) {
    pen.beginPath();
    pen.moveTo(x, y);
    pen.lineTo(u, v);
    pen.stroke();
  }
  return made;
};
const striped = (layer, made, ink, n) => {
  const pen = made.getContext("2d");
  pen.drawImage(layer, 0, 0);
  pen.globalCompositeOperation = "source-in";
  pen.fillStyle = pen.createPattern(stripes(ink, n), "repeat");
  pen.fillRect(0, 0, made.width, made.height);
  return made;
};
// How far two fingers are from each other, and what lies between them.
const spread = (fingers) => {
  const [a, b] = [...fingers.values()];
  return { far: Math.hypot(a[0] - b[0], a[1] - b[1]), middle: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] };
};
// The places that hang together with one of them and are painted alike, row by row.
const alike = (labels, width, start) => {
  const found = new Uint8Array(labels.length), wanted = labels[start], open = [start];
  found[start] = 1;
  while (open.length) {
    const at = open.pop(), x = at % width;
    for (const [near, inside] of [[at - 1, x > 0], [at + 1, x < width - 1], [at - width, true],
                                  [at + width, true]])
      if (inside && labels[near] === wanted && !found[near]) { found[near] = 1; open.push(near); }
  }
  return found;
};
// The same and what touches them: the soft edges of strokes, which count as painted and are not quite.
const grown = (found, width) => {
  const wide = found.slice();
  for (let at = 0; at < found.length; at++)
    if (found[at]) {
      if (at % width) wide[at - 1] = 1;
      if ((at + 1) % width) wide[at + 1] = 1;
      if (at >= width) wide[at - width] = 1;
      if (at + width < found.length) wide[at + width] = 1;
    }
  return wide;
};
// A layer as a mask: white where it is painted, on black.
const asMask = (layer, blank) => {
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
// Ctrl+Z undoes and Shift+Ctrl+Z or Ctrl+Y redoes wherever the focus is, except in a text field, which has an
// undo of its own. The listener of an earlier run goes, and so does that of a canvas that left the page.
const onShortcut = (owner, canvas, { undo, redo }) => {
  window.removeEventListener("keydown", owner.shortcut);
  owner.shortcut = (event) => {
    if (!canvas.isConnected) return window.removeEventListener("keydown", owner.shortcut);
    const key = event.key.toLowerCase(), at = event.composedPath()[0];
    const typing = at.matches?.("input:not([type=range]):not([type=checkbox]), textarea, [contenteditable]");
    if (!(event.ctrlKey || event.metaKey) || event.altKey || typing || event.defaultPrevented) return;
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    if (key === "y" || event.shiftKey) redo(); else undo();
  };
  window.addEventListener("keydown", owner.shortcut);
};

const INKS = ["#3046b0", "#c2781e", "#1f8a5b", "#a8325e"], GRAY = "#5a5f6a";
const ERASER = "";  // no style has this name
export default function (component) {
  const { data, parentElement, setStateValue } = component;
  const bytes = new Uint8Array(data);
  const head = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0);
  const words = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + head)));
  const ink = (n) => words.paints ? words.paints[n] : INKS[n];  // a drawing has colors of its own
  const find = (name) => parentElement.querySelector(name);
  const image = find("img"), canvas = find("canvas"), size = find(".size input"), tip = find(".tip");
  const blank = () => {
    const made = document.createElement("canvas");
    made.width = words.width; made.height = words.height;
    return made;
  };
  // What was painted outlives a rerun of the page, until another image is chosen, which is told: the page
  // would else remember the paint of an image that is chosen again.
  const other = parentElement.held && parentElement.held.image !== words.image;
  const fresh = !parentElement.held || other;
  if (fresh && words.brush) size.value = words.brush;
  // Another drawing on the same canvas is a step that can be undone.
  const before = other && words.canvas ? [...parentElement.held.past, parentElement.held.paint] : [];
  if (fresh)
    parentElement.held = { image: words.image, paint: new Map(), past: before.slice(-MOST_UNDONE),
                           future: [], chosen: words.styles[0] };
  const held = parentElement.held;
  // What was told of other styles no longer counts: the same paint is told again.
  const differs = () => held.told && held.told.join("\n") !== words.styles.join("\n");
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
  find(".view").style.setProperty("--ratio", words.width / words.height);

  const draw = () => {
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, canvas.width, canvas.height);
    const seen = (layer, n) => words.paints ? layer : striped(layer, blank(), INKS[n], n);
    held.layers.forEach((layer, n) => pen.drawImage(seen(layer, n), 0, 0));
  };
  const levels = (layer) => layer.getContext("2d").getImageData(0, 0, words.width, words.height);
  const anything = (layer) => levels(layer).data.some((level) => level);
  const show = () => {
    draw();
    find(".undo").disabled = !held.past.length;
    find(".redo").disabled = !held.future.length;
    find(".clear").disabled = !held.layers.some(anything);
    find(".invert").disabled = held.chosen === ERASER;
  };
  const tell = () => {
    show();
    held.told = words.styles;
    const masks = held.layers.map((layer) => asMask(layer, blank));
    setStateValue("painted", { image: words.image, styles: words.styles, masks });
  };
  const copies = () => new Map([...held.paint].map(([name, layer]) => {
    const copy = blank();
    copy.getContext("2d").drawImage(layer, 0, 0);
    return [name, copy];
  }));
  const remember = () => {
    held.past = [...held.past, copies()].slice(-MOST_UNDONE);
    held.future = [];
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
  // Gives the chosen style, or none, the places where `here` says so; what it had elsewhere stays.
  const set = (here) => held.paint.forEach((layer, name) => {
    const pixels = levels(layer), mine = name === held.chosen;
    for (let at = 0; at < here.length; at++) if (here[at]) pixels.data[4 * at + 3] = mine ? 255 : 0;
    layer.getContext("2d").putImageData(pixels, 0, 0);
  });
  const change = (make) => { remember(); make(); lay(); tell(); };
  const labels = () => {
    const found = new Int8Array(words.width * words.height).fill(BARE);
    held.layers.forEach((layer, n) => {
      const { data } = levels(layer);
      for (let at = 0; at < found.length; at++) if (data[4 * at + 3] >= SEEN) found[at] = n;
    });
    return found;
  };
  const fill = (point) => change(() => {
    const x = within(Math.floor(point[0]), words.width - 1);
    const y = within(Math.floor(point[1]), words.height - 1);
    const found = alike(labels(), words.width, y * words.width + x);
    set(grown(grown(found, words.width), words.width));
  });
  const invert = () => change(() => {
    const n = words.styles.indexOf(held.chosen), was = labels();
    const pixels = levels(held.layers[n]);
    for (let at = 0; at < was.length; at++) pixels.data[4 * at + 3] = was[at] === BARE ? 255 : 0;
    held.layers[n].getContext("2d").putImageData(pixels, 0, 0);
  });
  const begin = (point) => {
    held.place = point;
    if (held.filling) return fill(point);
    remember(); held.last = point; go(point);
  };
  const go = (point) => {
    held.place = point;
    hover(point);
    if (!held.last) return;
    stroke(held.last, point);
    held.last = point;
    draw();
  };
  const end = () => { if (held.last) { held.last = null; tell(); } };
  // One finger paints; two move and zoom the photo, and what the first had begun to paint is taken back.
  const view = find(".view"), fingers = new Map();
  const zoom = (wanted, at) => {
    const before = held.zoom || 1, box = view.getBoundingClientRect();
    const [x, y] = at ? [at[0] - box.left, at[1] - box.top] : [box.width / 2, box.height / 2];
    const [left, top] = [(view.scrollLeft + x) / before, (view.scrollTop + y) / before];
    held.zoom = Math.min(Math.max(wanted, 1), MOST_ZOOM);
    find(".stage").style.setProperty("--zoom", held.zoom);
    find(".zoom").textContent = Math.round(100 * held.zoom) + " %";
    find(".out").disabled = held.zoom <= 1;
    find(".in").disabled = held.zoom >= MOST_ZOOM;
    view.scrollLeft = left * held.zoom - x;
    view.scrollTop = top * held.zoom - y;
  };
  canvas.onpointerdown = (event) => {
    if (event.pointerType === "touch") fingers.set(event.pointerId, [event.clientX, event.clientY]);
    canvas.setPointerCapture(event.pointerId);
    if (fingers.size < 2) return begin(at(event));
    if (held.last) { held.last = null; held.paint = held.past.pop(); lay(); show(); }
    held.pinch = { ...spread(fingers), zoom: held.zoom || 1 };
  };
  canvas.onpointermove = (event) => {
    if (fingers.has(event.pointerId)) fingers.set(event.pointerId, [event.clientX, event.clientY]);
    if (fingers.size < 2) return held.pinch ? undefined : go(at(event));
    const { far, middle } = spread(fingers);
    view.scrollLeft -= middle[0] - held.pinch.middle[0];
    view.scrollTop -= middle[1] - held.pinch.middle[1];
    held.pinch.middle = middle;
    zoom(held.pinch.zoom * far / Math.max(held.pinch.far, 1), middle);
  };
  canvas.onpointerup = canvas.onpointercancel = (event) => {
    fingers.delete(event.pointerId);
    if (!fingers.size) held.pinch = null;
    end();
  };
  find(".in").onclick = () => zoom((held.zoom || 1) * 1.5);
  find(".out").onclick = () => zoom((held.zoom || 1) / 1.5);
  zoom(held.zoom || 1);
  const press = (name, on) => find(name).setAttribute("aria-pressed", Boolean(on));
  const masks = !words.paints;  // a drawing is not filled: what it means lies in its strokes
  for (const name of [".fill", ".invert"]) find(name).style.display = masks ? "" : "none";
  find(".fill").onclick = () => { held.filling = !held.filling; press(".fill", held.filling); };
  press(".fill", held.filling);
  find(".invert").onclick = invert;
  // The top layer of the browser: nothing of the page lies above it, wherever the brush stands.
  const brush = find(".brush"), large = () => brush.hasAttribute("popover");
  const enlarge = (on) => {
    if (on) {
      brush.setAttribute("popover", "manual");
      brush.showPopover();
      const rest = find(".tools").getBoundingClientRect().height + 40;
      const fits = `calc((100dvh - ${rest}px) * ${words.width / words.height})`;
      find(".stage").style.setProperty("--fits", fits);
    } else if (large()) { brush.hidePopover(); brush.removeAttribute("popover"); }
    press(".full", large());
    find(".full").textContent = large() ? "Done" : "Full size";
    zoom(1);
  };
  find(".full").onclick = () => enlarge(!large());
  brush.onkeydown = (event) => {
    if (event.key !== "Escape" || !large()) return;
    enlarge(false);
    find(".full").focus();
  };
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
    else if (!held.last && !(held.filling && event.repeat)) begin(held.place);
  };
  canvas.onkeyup = (event) => { if (event.key === " ") end(); };
  const become = (paint) => { held.paint = paint; lay(); tell(); };
  const restore = (from, to) => {
    if (!from.length || held.last) return;
    to.push(held.paint);
    become(from.pop());
  };
  const undo = () => restore(held.past, held.future), redo = () => restore(held.future, held.past);
  find(".undo").onclick = undo;
  find(".redo").onclick = redo;
  onShortcut(parentElement, canvas, { undo, redo });
  find(".clear").onclick = () => { remember(); become(new Map()); };

  const names = [...words.styles, ERASER];
  const buttons = names.map((name, n) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = made.title = name || "Eraser";
    made.setAttribute("role", "radio");
    made.style.setProperty("--ink", name === ERASER ? GRAY : words.marks ? words.marks[n] : INKS[n]);
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
  const choose = (n) => { held.chosen = names[n]; mark(); find(".invert").disabled = names[n] === ERASER; };
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
