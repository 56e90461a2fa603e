const MAX_ZOOM = 6, MAX_UNDO_STEPS = 20, UNPAINTED = -1;
const PAINTED_ALPHA = 128;  // alpha from which a pixel counts as painted
// Returns a tile of stripes in two tones, one of which is visible on any photo; each style has its direction.
const makeStripes = (ink, n) => {
  const tile = document.createElement("canvas"), pen = tile.getContext("2d");
  tile.width = tile.height = 12;
  pen.fillStyle = ink;
  pen.fillRect(0, 0, 12, 12);
  pen.strokeStyle = "#fff";
  pen.lineWidth = 2.5;
  const directions = [[[-3, 3, 3, -3], [-3, 15, 15, -3], [9, 15, 15, 9]],
                      [[-3, 9, 3, 15], [-3, -3, 15, 15], [9, -3, 15, 3]], [[-3, 6, 15, 6]], [[6, -3, 6, 15]]];
  for (const [startX, startY, endX, endY] of directions[n % 4]) {
    pen.beginPath();
    pen.moveTo(startX, startY);
    pen.lineTo(endX, endY);
    pen.stroke();
  }
  return tile;
};
// Draws a layer in stripes on an empty canvas, and returns that canvas.
const drawStriped = (layer, canvas, ink, n) => {
  const pen = canvas.getContext("2d");
  pen.drawImage(layer, 0, 0);
  pen.globalCompositeOperation = "source-in";
  pen.fillStyle = pen.createPattern(makeStripes(ink, n), "repeat");
  pen.fillRect(0, 0, canvas.width, canvas.height);
  return canvas;
};
// Returns the distance of two fingers in px, and the point between them.
const measurePinch = (fingers) => {
  const [a, b] = [...fingers.values()];
  return { distance: Math.hypot(a[0] - b[0], a[1] - b[1]), center: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] };
};
// Returns a mask of the pixels connected with one of them and of its label. Pixels are in row order.
const findConnected = (labels, width, start) => {
  const mask = new Uint8Array(labels.length), label = labels[start], stack = [start];
  mask[start] = 1;
  while (stack.length) {
    const pixel = stack.pop(), x = pixel % width;
    for (const [neighbor, isInside] of [[pixel - 1, x > 0], [pixel + 1, x < width - 1], [pixel - width, true],
                                        [pixel + width, true]])
      if (isInside && labels[neighbor] === label && !mask[neighbor]) {
        mask[neighbor] = 1;
        stack.push(neighbor);
      }
  }
  return mask;
};
// Returns a mask with the neighbors of its pixels, to include the soft edges of strokes.
const dilate = (mask, width) => {
  const dilated = mask.slice();
  for (let pixel = 0; pixel < mask.length; pixel++)
    if (mask[pixel]) {
      if (pixel % width) dilated[pixel - 1] = 1;
      if ((pixel + 1) % width) dilated[pixel + 1] = 1;
      if (pixel >= width) dilated[pixel - width] = 1;
      if (pixel + width < mask.length) dilated[pixel + width] = 1;
    }
  return dilated;
};
// Returns a layer as a mask, a data URL: white where it is painted, on black.
const encodeMask = (layer, makeLayer) => {
  const white = makeLayer(), mask = makeLayer();
  let pen = white.getContext("2d");
  pen.drawImage(layer, 0, 0);
  pen.globalCompositeOperation = "source-in";
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, white.width, white.height);
  pen = mask.getContext("2d");
  pen.fillStyle = "#000";
  pen.fillRect(0, 0, mask.width, mask.height);
  pen.drawImage(white, 0, 0);
  return mask.toDataURL("image/png");
};
// Ctrl+Z undoes and Shift+Ctrl+Z or Ctrl+Y redoes wherever the focus is, except in a text field, which has an
// undo of its own. Removes the listener of an earlier run, and that of a canvas that left the page.
const listenForShortcuts = (owner, canvas, { undo, redo }) => {
  window.removeEventListener("keydown", owner.onShortcut);
  owner.onShortcut = (event) => {
    if (!canvas.isConnected) return window.removeEventListener("keydown", owner.onShortcut);
    const key = event.key.toLowerCase(), target = event.composedPath()[0];
    const isTyping = target.matches?.(
      "input:not([type=range]):not([type=checkbox]), textarea, [contenteditable]");
    if (!(event.ctrlKey || event.metaKey) || event.altKey || isTyping || event.defaultPrevented) return;
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    if (key === "y" || event.shiftKey) redo(); else undo();
  };
  window.addEventListener("keydown", owner.onShortcut);
};

const INKS = ["#3046b0", "#c2781e", "#1f8a5b", "#a8325e"], GRAY = "#5a5f6a";
const ERASER = "";  // no style has this name
export default function (component) {
  const { data, parentElement, setStateValue } = component;
  const bytes = new Uint8Array(data);
  const optionsLength = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0);
  const options = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + optionsLength)));
  const inkOf = (n) => options.colors ? options.colors[n] : INKS[n];
  const find = (name) => parentElement.querySelector(name);
  const image = find("img"), canvas = find("canvas"), size = find(".size input"), tip = find(".tip");
  const makeLayer = () => {
    const layer = document.createElement("canvas");
    layer.width = options.width; layer.height = options.height;
    return layer;
  };
  // Paint survives a rerun of the page until another image is chosen. Then empty masks are sent: otherwise
  // the page would restore the paint of the earlier image when the user chooses that again.
  const isOtherImage = parentElement.brush && parentElement.brush.image !== options.image;
  const isNew = !parentElement.brush || isOtherImage;
  if (isNew && options.brush) size.value = options.brush;
  // Another drawing on the same canvas is a step that can be undone.
  const past = isOtherImage && options.can_undo_image
    ? [...parentElement.brush.past, parentElement.brush.paint] : [];
  if (isNew)
    parentElement.brush = { image: options.image, paint: new Map(), past: past.slice(-MAX_UNDO_STEPS),
                            future: [], selected: options.styles[0], pickedColors: [] };
  const state = parentElement.brush;
  // Any other color is one more style, whose name is the color. A run that began before does not have it.
  const addColor = (color) => {
    if (options.styles.includes(color)) return;
    options.styles.push(color);
    options.colors.push(color);
    options.button_colors.push(GRAY);
  };
  state.pickedColors.forEach(addColor);
  // Masks of other styles are outdated: the paint must be sent again.
  const areMasksOutdated = () =>
    state.sentStyles && state.sentStyles.join("\n") !== options.styles.join("\n");
  const mustSendAgain = areMasksOutdated();
  // Paint belongs to the name of a style, not to its position; paint of an absent style is kept.
  const updateLayers = () => {
    state.layers = options.styles.map((name, n) => {
      if (!state.paint.has(name)) state.paint.set(name, makeLayer());
      const pen = state.paint.get(name).getContext("2d");
      pen.globalCompositeOperation = "source-in";
      pen.fillStyle = inkOf(n);
      pen.fillRect(0, 0, options.width, options.height);
      return state.paint.get(name);
    });
  };
  updateLayers();
  if (state.selected !== ERASER && !options.styles.includes(state.selected))
    state.selected = options.styles[0];
  if (parentElement.url) URL.revokeObjectURL(parentElement.url);
  const webp = bytes.subarray(4 + optionsLength);
  parentElement.url = URL.createObjectURL(new Blob([webp], { type: "image/webp" }));
  image.src = parentElement.url;
  image.alt = options.alt;
  canvas.width = options.width; canvas.height = options.height;
  canvas.style.opacity = options.colors ? 1 : "";
  if (options.label) canvas.setAttribute("aria-label", options.label);
  find(".view").style.setProperty("--ratio", options.width / options.height);

  const draw = () => {
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, canvas.width, canvas.height);
    state.layers.forEach((layer, n) =>
      pen.drawImage(options.colors ? layer : drawStriped(layer, makeLayer(), INKS[n], n), 0, 0));
  };
  const readPixels = (layer) => layer.getContext("2d").getImageData(0, 0, options.width, options.height);
  const hasPaint = (layer) => readPixels(layer).data.some((level) => level);
  const refresh = () => {
    draw();
    find(".undo").disabled = !state.past.length;
    find(".redo").disabled = !state.future.length;
    find(".clear").disabled = !state.layers.some(hasPaint);
    find(".invert").disabled = state.selected === ERASER;
  };
  const sendMasks = () => {
    refresh();
    state.sentStyles = options.styles;
    const masks = state.layers.map((layer) => encodeMask(layer, makeLayer));
    setStateValue("painted", { image: options.image, styles: options.styles, masks });
  };
  const copyPaint = () => new Map([...state.paint].map(([name, layer]) => {
    const copy = makeLayer();
    copy.getContext("2d").drawImage(layer, 0, 0);
    return [name, copy];
  }));
  const addUndoStep = () => {
    state.past = [...state.past, copyPaint()].slice(-MAX_UNDO_STEPS);
    state.future = [];
  };
  const pointOf = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width * canvas.width,
            (event.clientY - box.top) / box.height * canvas.height];
  };
  // Returns a mask, a data URL, as a layer whose paint is the white of the mask.
  const readMask = async (text) => {
    const mask = new Image(), layer = makeLayer(), pen = layer.getContext("2d");
    mask.src = text;
    await mask.decode();
    pen.drawImage(mask, 0, 0, options.width, options.height);
    const pixels = pen.getImageData(0, 0, options.width, options.height);
    for (let i = 0; i < pixels.data.length; i += 4) pixels.data[i + 3] = pixels.data[i];
    pen.putImageData(pixels, 0, 0);
    return layer;
  };
  // Restores paint of an earlier visit from its masks.
  const restorePaint = async () => {
    for (const [n, name] of options.saved.styles.entries()) {
      const layer = await readMask(options.saved.masks[n]), pen = layer.getContext("2d");
      pen.globalCompositeOperation = "source-over";
      if (state.paint.has(name)) pen.drawImage(state.paint.get(name), 0, 0);
      state.paint.set(name, layer);
    }
    state.sentStyles = options.saved.styles;
    updateLayers();
    if (areMasksOutdated()) sendMasks(); else refresh();
  };
  const drawStroke = (from, to) => state.paint.forEach((layer, name) => {
    const pen = layer.getContext("2d");
    pen.globalCompositeOperation = name === state.selected ? "source-over" : "destination-out";
    pen.strokeStyle = inkOf(options.styles.indexOf(state.selected));
    pen.lineWidth = Number(size.value);
    pen.lineCap = pen.lineJoin = "round";
    pen.beginPath();
    pen.moveTo(from[0], from[1]);
    pen.lineTo(to[0] + 0.01, to[1]);
    pen.stroke();
  });
  const moveTip = (point) => {
    const diameter = Number(size.value) / canvas.width * canvas.getBoundingClientRect().width;
    tip.style.display = "block";
    tip.style.width = tip.style.height = diameter + "px";
    tip.style.left = 100 * point[0] / canvas.width + "%";
    tip.style.top = 100 * point[1] / canvas.height + "%";
  };
  // Paints the pixels of a mask with the selected style, or erases them.
  const paintMask = (mask) => state.paint.forEach((layer, name) => {
    const pixels = readPixels(layer), alpha = name === state.selected ? 255 : 0;
    for (let pixel = 0; pixel < mask.length; pixel++) if (mask[pixel]) pixels.data[4 * pixel + 3] = alpha;
    layer.getContext("2d").putImageData(pixels, 0, 0);
  });
  const applyChange = (change) => { addUndoStep(); change(); updateLayers(); sendMasks(); };
  // Returns the index of the style that each pixel is painted with.
  const labelPixels = () => {
    const labels = new Int8Array(options.width * options.height).fill(UNPAINTED);
    state.layers.forEach((layer, n) => {
      const { data } = readPixels(layer);
      for (let pixel = 0; pixel < labels.length; pixel++)
        if (data[4 * pixel + 3] >= PAINTED_ALPHA) labels[pixel] = n;
    });
    return labels;
  };
  const fill = (point) => applyChange(() => {
    const x = clamp(Math.floor(point[0]), options.width - 1);
    const y = clamp(Math.floor(point[1]), options.height - 1);
    const area = findConnected(labelPixels(), options.width, y * options.width + x);
    paintMask(dilate(dilate(area, options.width), options.width));
  });
  const invert = () => applyChange(() => {
    const n = options.styles.indexOf(state.selected), labels = labelPixels();
    const pixels = readPixels(state.layers[n]);
    for (let pixel = 0; pixel < labels.length; pixel++)
      pixels.data[4 * pixel + 3] = labels[pixel] === UNPAINTED ? 255 : 0;
    state.layers[n].getContext("2d").putImageData(pixels, 0, 0);
  });
  // Asks the page to select a part of the photo; the answer is among the options of a later run.
  const requestSelection = (what) => {
    state.request = Date.now();
    find(".message").textContent = "Selecting";
    setStateValue("wanted", { image: options.image, what, id: state.request });
  };
  // Replaces the area of the chosen style by a selection; with the eraser, removes the selection.
  const applySelection = async ({ id, mask, error }) => {
    if (id !== state.request) return;
    state.request = null;
    find(".message").textContent = error || "";
    if (error) return;
    const selection = await readMask(mask);
    applyChange(() => state.paint.forEach((layer, name) => {
      const pen = layer.getContext("2d");
      if (name === state.selected) pen.clearRect(0, 0, options.width, options.height);
      pen.globalCompositeOperation = name === state.selected ? "source-over" : "destination-out";
      pen.drawImage(selection, 0, 0);
    }));
  };
  const beginStroke = (point) => {
    state.position = point;
    if (state.isFilling) return fill(point);
    addUndoStep(); state.strokeEnd = point; moveBrush(point);
  };
  const moveBrush = (point) => {
    state.position = point;
    moveTip(point);
    if (!state.strokeEnd) return;
    drawStroke(state.strokeEnd, point);
    state.strokeEnd = point;
    draw();
  };
  const endStroke = () => { if (state.strokeEnd) { state.strokeEnd = null; sendMasks(); } };
  // One finger paints; two move and zoom the photo, and the stroke of the first one is undone.
  const view = find(".view"), fingers = new Map();
  const setZoom = (zoom, center) => {
    const previous = state.zoom || 1, box = view.getBoundingClientRect();
    const [x, y] = center ? [center[0] - box.left, center[1] - box.top] : [box.width / 2, box.height / 2];
    const [left, top] = [(view.scrollLeft + x) / previous, (view.scrollTop + y) / previous];
    state.zoom = Math.min(Math.max(zoom, 1), MAX_ZOOM);
    find(".stage").style.setProperty("--zoom", state.zoom);
    find(".zoom").textContent = Math.round(100 * state.zoom) + "%";
    find(".out").disabled = state.zoom <= 1;
    find(".in").disabled = state.zoom >= MAX_ZOOM;
    view.scrollLeft = left * state.zoom - x;
    view.scrollTop = top * state.zoom - y;
  };
  canvas.onpointerdown = (event) => {
    if (event.pointerType === "touch") fingers.set(event.pointerId, [event.clientX, event.clientY]);
    canvas.setPointerCapture(event.pointerId);
    if (fingers.size < 2) return beginStroke(pointOf(event));
    if (state.strokeEnd) {
      state.strokeEnd = null;
      state.paint = state.past.pop();
      updateLayers();
      refresh();
    }
    state.pinch = { ...measurePinch(fingers), zoom: state.zoom || 1 };
  };
  canvas.onpointermove = (event) => {
    if (fingers.has(event.pointerId)) fingers.set(event.pointerId, [event.clientX, event.clientY]);
    if (fingers.size < 2) return state.pinch ? undefined : moveBrush(pointOf(event));
    const { distance, center } = measurePinch(fingers);
    view.scrollLeft -= center[0] - state.pinch.center[0];
    view.scrollTop -= center[1] - state.pinch.center[1];
    state.pinch.center = center;
    setZoom(state.pinch.zoom * distance / Math.max(state.pinch.distance, 1), center);
  };
  canvas.onpointerup = canvas.onpointercancel = (event) => {
    fingers.delete(event.pointerId);
    if (!fingers.size) state.pinch = null;
    endStroke();
  };
  find(".in").onclick = () => setZoom((state.zoom || 1) * 1.5);
  find(".out").onclick = () => setZoom((state.zoom || 1) / 1.5);
  setZoom(state.zoom || 1);
  const setPressed = (name, isPressed) => find(name).setAttribute("aria-pressed", Boolean(isPressed));
  // A drawing cannot be filled: only its strokes count.
  for (const name of [".fill", ".invert"]) find(name).style.display = options.colors ? "none" : "";
  find(".fill").onclick = () => { state.isFilling = !state.isFilling; setPressed(".fill", state.isFilling); };
  setPressed(".fill", state.isFilling);
  find(".invert").onclick = invert;
  find(".selections").style.display = options.can_select ? "" : "none";
  for (const button of parentElement.querySelectorAll(".selections button"))
    button.onclick = () => requestSelection(button.dataset.what);
  if (isOtherImage) { state.request = null; find(".message").textContent = ""; }
  // A popover is in the browser's top layer, above everything in the page.
  const brush = find(".brush"), isFullSize = () => brush.hasAttribute("popover");
  const setFullSize = (isOn) => {
    if (isOn) {
      brush.setAttribute("popover", "manual");
      brush.showPopover();
      const toolsHeight = find(".tools").getBoundingClientRect().height + 40;
      const width = `calc((100dvh - ${toolsHeight}px) * ${options.width / options.height})`;
      find(".stage").style.setProperty("--fitting-width", width);
    } else if (isFullSize()) { brush.hidePopover(); brush.removeAttribute("popover"); }
    setPressed(".full", isFullSize());
    find(".full").textContent = isFullSize() ? "Done" : "Full size";
    setZoom(1);
  };
  find(".full").onclick = () => setFullSize(!isFullSize());
  brush.onkeydown = (event) => {
    if (event.key !== "Escape" || !isFullSize()) return;
    setFullSize(false);
    find(".full").focus();
  };
  canvas.onpointerleave = () => { if (!find("canvas:focus-visible")) tip.style.display = "none"; };

  // By keyboard the brush continues at its last position, at first in the center. Holding Space draws a line.
  state.position = state.position || [canvas.width / 2, canvas.height / 2];
  const keyDirections = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const clamp = (value, maximum) => Math.min(Math.max(value, 0), maximum);
  canvas.onfocus = () => { if (find("canvas:focus-visible")) moveTip(state.position); };
  canvas.onblur = () => { tip.style.display = "none"; endStroke(); };
  canvas.onkeydown = (event) => {
    const direction = keyDirections[event.key], distance = Number(size.value) * (event.shiftKey ? 1 : 0.25);
    if (!direction && event.key !== " ") return;
    event.preventDefault();
    if (direction)
      moveBrush([clamp(state.position[0] + distance * direction[0], canvas.width),
                 clamp(state.position[1] + distance * direction[1], canvas.height)]);
    else if (!state.strokeEnd && !(state.isFilling && event.repeat)) beginStroke(state.position);
  };
  canvas.onkeyup = (event) => { if (event.key === " ") endStroke(); };
  const setPaint = (paint) => { state.paint = paint; updateLayers(); sendMasks(); };
  const moveStep = (from, to) => {
    if (!from.length || state.strokeEnd) return;
    to.push(state.paint);
    setPaint(from.pop());
  };
  const undo = () => moveStep(state.past, state.future), redo = () => moveStep(state.future, state.past);
  find(".undo").onclick = undo;
  find(".redo").onclick = redo;
  listenForShortcuts(parentElement, canvas, { undo, redo });
  find(".clear").onclick = () => { addUndoStep(); setPaint(new Map()); };

  const names = [...options.styles, ERASER];
  const buttons = names.map((name, n) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = button.title = name || "Eraser";
    button.setAttribute("role", "radio");
    const color = options.button_colors ? options.button_colors[n] : INKS[n];
    button.style.setProperty("--ink", name === ERASER ? GRAY : color);
    if (options.colors && n < options.colors.length) button.style.setProperty("--swatch", options.colors[n]);
    if ((options.colors || []).length > 1 && name !== ERASER) button.classList.add("swatch");
    button.onclick = () => select(n);
    button.onkeydown = (event) => {
      if (!keyDirections[event.key]) return;
      event.preventDefault();
      const step = event.key === "ArrowRight" || event.key === "ArrowDown" ? 1 : -1;
      select((n + step + names.length) % names.length);
      buttons[names.indexOf(state.selected)].focus();
    };
    return button;
  });
  const select = (n) => {
    state.selected = names[n];
    updateButtons();
    find(".invert").disabled = names[n] === ERASER;
  };
  const updateButtons = () => buttons.forEach((button, n) => {
    button.setAttribute("aria-checked", names[n] === state.selected);
    button.tabIndex = names[n] === state.selected ? 0 : -1;  // one stop of Tab for all, as radios have
  });
  const pickColor = (color) => {
    if (options.styles.includes(color)) return select(options.styles.indexOf(color));
    state.pickedColors.push(color);
    addColor(color);
    state.selected = color;
    updateLayers();
    sendMasks();  // the next run of the page brings its button
  };
  find(".other").style.display = options.styles.length < (options.max_colors || 0) ? "" : "none";
  find(".other input").onchange = (event) => pickColor(event.target.value);
  const hadFocus = find(".styles button:focus");
  find(".styles").replaceChildren(...buttons);
  updateButtons();
  if (hadFocus) buttons[names.indexOf(state.selected)].focus();
  if (isNew && options.saved) restorePaint();
  else if (mustSendAgain || isOtherImage) sendMasks();
  else refresh();
  if (options.selection) applySelection(options.selection);
}
