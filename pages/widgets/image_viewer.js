const MAX_SCALE = 16, ZOOM_STEP = 1.25, PAN_STEP = 80, SWIPE = 60, SLACK = 8;  // the last three in px
const SHARP_SCALE = 3;  // from here on, pixels are shown as squares
const make = (name, properties, ...children) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
};
const makeButton = (className, label, text, onclick) => {
  const button = make("button", { className, type: "button", title: label, onclick }, text);
  button.setAttribute("aria-label", label);
  return button;
};
// Returns the options and the images, of which the first may be empty.
const unpack = (data) => {
  const bytes = new Uint8Array(data);
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0);
  const options = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const start = 4 + length, middle = start + options.before;
  return { options, images: [bytes.subarray(start, middle), bytes.subarray(middle)] };
};
// Zooms and pans the images of a view. `size` is that of the image in px of the file; one px of the file is
// `scale` px of the page, and `left` and `top` say where the image begins.
const makeMap = (view, images, onChange) => {
  let size = [1, 1], scale = 1, left = 0, top = 0, isFitted = true;
  const fittingScale = () => Math.min(view.clientWidth / size[0], view.clientHeight / size[1]);
  const clamp = (offset, room, length) =>
    length <= room ? (room - length) / 2 : Math.min(0, Math.max(room - length, offset));
  const draw = () => {
    left = clamp(left, view.clientWidth, size[0] * scale);
    top = clamp(top, view.clientHeight, size[1] * scale);
    for (const image of images) {
      image.style.width = `${size[0] * scale}px`;
      image.style.height = `${size[1] * scale}px`;
      image.style.transform = `translate(${left}px, ${top}px)`;
      image.classList.toggle("sharp", !isFitted && scale * devicePixelRatio >= SHARP_SCALE);
    }
    onChange();
  };
  // Keeps the point of the image at x, y, in px of the view, where it is.
  const setScale = (wanted, x = view.clientWidth / 2, y = view.clientHeight / 2) => {
    const limits = [Math.min(fittingScale(), 1 / devicePixelRatio), MAX_SCALE / devicePixelRatio];
    const next = Math.min(Math.max(wanted, limits[0]), Math.max(limits[1], fittingScale()));
    left = x - (x - left) * next / scale;
    top = y - (y - top) * next / scale;
    scale = next;
    isFitted = false;
    draw();
  };
  const fit = () => {
    isFitted = true;
    scale = fittingScale();
    draw();
  };
  return {
    fit,
    refit: () => isFitted ? fit() : draw(),
    resize: (next) => { size = next; fit(); },
    zoom: (factor, x, y) => setScale(scale * factor, x, y),
    showPixels: (x, y) => setScale(1 / devicePixelRatio, x, y),
    pan: (x, y) => { left += x; top += y; draw(); },
    isFitted: () => isFitted,
    canPan: () => size[0] * scale > view.clientWidth + 1 || size[1] * scale > view.clientHeight + 1,
    percent: () => Math.round(100 * scale * devicePixelRatio),
    // Returns where the visible part of the image begins and ends, in px of the view.
    edges: () => [Math.max(0, left), Math.min(view.clientWidth, left + size[0] * scale)],
  };
};
// Pans with one pointer, zooms with two or with the wheel, and calls `swipe` where there is nothing to pan.
const listenForPointers = (view, map, swipe) => {
  const pointers = new Map();
  let start = null;
  const place = (event) => {
    const box = view.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  view.onpointerdown = (event) => {
    if (event.button) return;
    view.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, place(event));
    start = pointers.size === 1 ? place(event) : null;
  };
  view.onpointermove = (event) => {
    const last = pointers.get(event.pointerId), now = place(event);
    if (!last) return;
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    pointers.set(event.pointerId, now);
    if (!other) { map.pan(now[0] - last[0], now[1] - last[1]); return; }
    const distance = ([x, y]) => Math.max(1, Math.hypot(x - other[0], y - other[1]));
    map.zoom(distance(now) / distance(last), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    map.pan((now[0] - last[0]) / 2, (now[1] - last[1]) / 2);
  };
  view.onpointerup = view.onpointercancel = (event) => {
    const across = start && event.type === "pointerup" ? place(event)[0] - start[0] : 0;
    if (Math.abs(across) > SWIPE && map.isFitted()) swipe(across < 0 ? "next" : "previous");
    pointers.delete(event.pointerId);
    start = null;
  };
  view.ondblclick = (event) => map.isFitted() ? map.showPixels(...place(event)) : map.fit();
  view.addEventListener("wheel", (event) => {
    event.preventDefault();
    map.zoom(Math.exp(-event.deltaY / 400), ...place(event));
  }, { passive: false });
};
// Arrow keys pan; where there is nothing to pan, they show the next image.
const listenForKeys = (dialog, range, map, move, toggleFullScreen) => {
  const keys = {
    "+": () => map.zoom(ZOOM_STEP), "=": () => map.zoom(ZOOM_STEP), "-": () => map.zoom(1 / ZOOM_STEP),
    0: map.fit, 1: () => map.showPixels(), f: toggleFullScreen,
    PageUp: () => move("previous"), PageDown: () => move("next"),
    ArrowLeft: () => map.canPan() ? map.pan(PAN_STEP, 0) : move("previous"),
    ArrowRight: () => map.canPan() ? map.pan(-PAN_STEP, 0) : move("next"),
    ArrowUp: () => map.pan(0, PAN_STEP), ArrowDown: () => map.pan(0, -PAN_STEP),
  };
  dialog.onkeydown = (event) => {
    event.stopPropagation();  // the page has keys of its own
    const isOfRange = event.target === range && /^(Arrow|Page)/.test(event.key);
    if (event.ctrlKey || event.metaKey || event.altKey || isOfRange) return;
    const act = keys[event.key];
    if (act) { event.preventDefault(); act(); }
  };
};
// Opens the lightbox. Its elements exist only while it is open, so that no text is on the page twice.
const openLightbox = (root, move) => {
  const before = make("img", { alt: "" }), after = make("img", { alt: "", className: "after" });
  const layer = make("div", { className: "layer" }, before), line = make("span", { className: "line" });
  const tags = ["left", "right"].map((side) => make("span", { className: `tag ${side}` }));
  const range = make("input", { type: "range", min: 0, max: 100, step: 0.5, value: 0 });
  const compare = make("label", { className: "compare" }, "Before and after", range);
  const view = make("div", { className: "view", tabIndex: 0 }, after, layer, line, ...tags);
  view.setAttribute("role", "application");
  const percent = make("output"), details = make("p");
  const previous = makeButton("previous", "Previous image", "\u2039", () => move("previous"));
  const next = makeButton("next", "Next image", "\u203a", () => move("next"));
  const map = makeMap(view, [before, after], () => {
    percent.textContent = `${map.percent()}%`;
    view.classList.toggle("pannable", map.canPan());
    moveLine();
  });
  // The line is in px of the view, so it stays in sight however far the image is zoomed in.
  const moveLine = () => {
    const [start, end] = map.edges();
    view.style.setProperty("--at", `${start + (end - start) * range.value / 100}px`);
    tags[0].hidden = range.value <= 12;
    tags[1].hidden = range.value >= 88;
    line.hidden = Number(range.value) === 0;
  };
  range.oninput = () => {
    range.setAttribute("aria-valuetext", `${Math.round(range.value)}% ${before.alt}`);
    moveLine();
  };
  const room = make("div", { className: "room" });
  const toggleFullScreen = () => root.fullscreenElement ? document.exitFullscreen() : room.requestFullscreen();
  const fullScreen = makeButton("full", "Full screen", "\u2922", toggleFullScreen);
  fullScreen.hidden = !document.fullscreenEnabled;
  const dialog = make("dialog", {}, room);
  room.append(
    make("div", { className: "bar" }, details, make("span", { className: "buttons" },
      makeButton("out", "Zoom out", "\u2212", () => map.zoom(1 / ZOOM_STEP)), percent,
      makeButton("in", "Zoom in", "+", () => map.zoom(ZOOM_STEP)),
      makeButton("fit", "Fit to the window", "Fit", map.fit),
      makeButton("pixels", "100%: one pixel of the image on one of the screen", "100%", () => map.showPixels()),
      fullScreen, makeButton("close", "Close", "\u2715", () => dialog.close()))),
    make("div", { className: "middle" }, view, previous, next), compare);
  listenForKeys(dialog, range, map, move, () => fullScreen.hidden || toggleFullScreen());
  listenForPointers(view, map, move);
  root.append(dialog);
  dialog.showModal();
  dispatchEvent(new CustomEvent("lightbox", { detail: dialog }));  // to browser_history.js: Back closes it
  view.focus();
  new ResizeObserver(() => map.refit()).observe(view);
  const show = ({ options, urls }) => {
    const [name, result] = options.names, hasBefore = options.before > 0;
    dialog.setAttribute("aria-label", `${result}, large`);
    view.setAttribute("aria-label", `${result}: arrow keys pan it when it is larger than the window`);
    details.textContent = [`${options.size[0]} \u00d7 ${options.size[1]} px`, options.caption, options.details]
      .filter(Boolean).join(" \u00b7 ");
    [tags[0].textContent, tags[1].textContent] = options.names;
    layer.hidden = compare.hidden = !hasBefore;
    for (const tag of tags) tag.classList.toggle("unused", !hasBefore);
    range.value = 0;
    if (hasBefore) before.src = urls[0];
    after.src = urls[1];
    after.alt = options.caption || result;
    before.alt = name;
    [previous.hidden, next.hidden] = (options.neighbors || [false, false]).map((exists) => !exists);
    map.resize(options.size);
    range.oninput();
    if (!options.url) return;
    const file = make("img", { src: options.url });
    file.decode().then(() => { if (after.src === urls[1]) after.src = options.url; }).catch(() => {});
  };
  return { dialog, show };
};
// Moves the line to a tap and with a finger that moves sideways. On a touch screen the range gets no pointers,
// because it would jump at the first touch of a finger that scrolls the page.
const listenForFingers = (stage, range) => {
  let start = null, isDragged = false;
  const isOnStage = (event) => !event.target.closest("input, button");
  const move = (event) => {
    const box = stage.getBoundingClientRect();
    range.value = 100 * (event.clientX - box.left) / box.width;
    range.oninput();
  };
  stage.onpointerdown = (event) => {
    start = isOnStage(event) ? event : null;
    isDragged = false;
    if (start) stage.setPointerCapture(event.pointerId);
  };
  stage.onpointermove = (event) => {
    if (event.pointerId !== start?.pointerId) return;
    const across = Math.abs(event.clientX - start.clientX), along = Math.abs(event.clientY - start.clientY);
    isDragged ||= across > SLACK && across > along;
    if (isDragged) move(event);
  };
  stage.onpointerup = stage.onpointercancel = () => { start = null; };
  stage.onclick = (event) => { if (isOnStage(event)) move(event); };
};
const showFigure = (find, { options, urls }) => {
  const [name, result] = options.names, hasBefore = options.before > 0 && options.isSplit;
  const stage = find(".stage"), range = find("input"), before = find(".before"), after = find(".after");
  stage.style.setProperty("--ratio", (options.size[0] / options.size[1]).toFixed(4));
  stage.classList.toggle("single", !hasBefore);
  if (hasBefore) before.src = urls[0];
  after.src = urls[1];
  before.alt = name;
  after.alt = hasBefore ? result : options.caption || result;
  find(".left").textContent = name;
  find(".right").textContent = result;
  find("figcaption").textContent = options.caption;
  range.setAttribute("aria-label", `Compare ${name} on the left with ${result} on the right`);
  find(".open").title = `View ${result} large`;
  find(".open").setAttribute("aria-label", `View ${result} large`);
  range.oninput = () => {
    const percent = Number(range.value);
    stage.style.setProperty("--at", percent + "%");
    range.setAttribute("aria-valuetext", Math.round(percent) + " % " + name);
    find(".left").style.opacity = percent < 12 ? 0 : 1;
    find(".right").style.opacity = percent > 88 ? 0 : 1;
  };
  range.oninput();
  listenForFingers(stage, range);
};
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const { options, images } = unpack(data);
  const find = (name) => parentElement.querySelector(name);
  (parentElement.urls || []).forEach((url) => URL.revokeObjectURL(url));
  const urls = images.map((image) => URL.createObjectURL(new Blob([image], { type: "image/webp" })));
  parentElement.urls = urls;
  showFigure(find, { options, urls });
  // Images of one series find each other here, because each is a component of its own.
  const series = options.series ? (window.imageSeries ??= {})[options.series] ??= [] : null;
  if (series) series[options.number] = { options, urls, root: parentElement };
  let shown = options.number;
  const moveInSeries = (where) => {
    const neighbor = series[shown + (where === "next" ? 1 : -1)];
    if (!neighbor?.root.isConnected) return;
    shown = neighbor.options.number;
    parentElement.lightbox.show(neighbor);
  };
  const move = (where) => {
    if (series) moveInSeries(where);
    else if (options.neighbors && options.neighbors[where === "next" ? 1 : 0]) setTriggerValue("move", where);
  };
  parentElement.move = move;  // that of the image shown now, also in a lightbox that is open already
  parentElement.lightbox?.show({ options, urls });
  const open = () => {
    const lightbox = openLightbox(parentElement, (where) => parentElement.move(where));
    parentElement.lightbox = lightbox;
    shown = options.number;
    lightbox.show({ options, urls });
    lightbox.dialog.onclose = () => { lightbox.dialog.remove(); parentElement.lightbox = null; };
  };
  find(".open").onclick = open;
  find(".stage").ondblclick = (event) => { if (!event.target.closest("button")) open(); };
  return () => urls.forEach((url) => URL.revokeObjectURL(url));
}
