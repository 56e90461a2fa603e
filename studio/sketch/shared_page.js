// The page of an avatar network: a canvas to draw on, and the avatar of the drawing.

const PEN_SHARE = 1 / 64; // width of the pen as a share of the side

/** Draws a face of simple shapes, to start with. */
function drawExample(context, side) {
  const at = (share) => share * side;
  const trace = (draw) => {
    context.beginPath();
    draw();
    context.stroke();
  };
  trace(() => context.ellipse(at(0.5), at(0.5), at(0.24), at(0.3), 0, 0, 2 * Math.PI));
  for (const x of [0.41, 0.59]) trace(() => context.ellipse(at(x), at(0.48), at(0.045), at(0.03), 0, 0, 2 * Math.PI));
  trace(() => context.ellipse(at(0.5), at(0.62), at(0.09), at(0.05), 0, 0.1 * Math.PI, 0.9 * Math.PI));
  trace(() => context.ellipse(at(0.5), at(0.42), at(0.27), at(0.28), 0, Math.PI, 2 * Math.PI));
  trace(() => context.ellipse(at(0.5), at(0.46), at(0.2), at(0.16), 0, 1.1 * Math.PI, 1.9 * Math.PI));
  trace(() => context.ellipse(at(0.5), at(1.02), at(0.36), at(0.18), 0, 1.05 * Math.PI, 1.95 * Math.PI));
}

/** Returns the input of the network: lines widened, white on black, averaged to its size; null if empty. */
function prepare(pixels, isNight, data) {
  const { side, size } = data;
  const block = side / size;
  const radius = (data.line_width - 1) / 2;
  let ink = Float32Array.from({ length: side * side }, (_, n) => 255 - pixels[4 * n]);
  const darkest = ink.reduce((most, value) => Math.max(most, value), 0);
  const lightest = ink.reduce((least, value) => Math.min(least, value), 255);
  if (darkest - lightest < 24) return null;
  ink = ink.map((value) => Math.trunc(((value - lightest) * 255) / (darkest - lightest)));
  for (const stride of [1, side]) {
    const before = ink;
    ink = before.map((_, n) => {
      const position = stride === 1 ? n % side : Math.floor(n / side);
      const start = n - position * stride;
      let most = 0;
      for (let other = Math.max(0, position - radius); other <= Math.min(side - 1, position + radius); other++) {
        most = Math.max(most, before[start + other * stride]);
      }
      return most;
    });
  }
  const condition = [...data.kind, Number(isNight)];
  const planes = 3 + condition.length;
  const result = new Float32Array(size * size * planes);
  for (let n = 0; n < size * size; n++) {
    const [row, column] = [Math.floor(n / size), n % size];
    let sum = 0;
    for (let m = 0; m < block * block; m++) {
      sum += ink[(row * block + Math.floor(m / block)) * side + column * block + (m % block)];
    }
    const level = Math.round(sum / block ** 2) / 255;
    result.set([level, level, level, ...condition], n * planes);
  }
  return result;
}

/** Returns for each position of the larger side four taps of a cubic B-spline: indices and weights. */
function findTaps(size, side) {
  return Array.from({ length: side }, (_, n) => {
    const position = ((n + 0.5) * size) / side - 0.5;
    return [-1, 0, 1, 2].map((offset) => {
      const index = Math.floor(position) + offset;
      const distance = Math.abs(position - index);
      const weight = distance <= 1 ? 0.5 * distance ** 3 - distance ** 2 + 2 / 3 : (2 - distance) ** 3 / 6;
      return [Math.min(size - 1, Math.max(0, index)), weight];
    });
  });
}

/** Enlarges layers, `(size, size, count)`, to `(side, side, count)`. */
function enlarge(layers, size, side, count) {
  const taps = findTaps(size, side);
  const wide = new Float32Array(size * side * count);
  const result = new Float32Array(side * side * count);
  for (let row = 0; row < size; row++) {
    for (let x = 0; x < side; x++) {
      for (const [column, weight] of taps[x]) {
        for (let c = 0; c < count; c++) wide[(row * side + x) * count + c] += weight * layers[(row * size + column) * count + c];
      }
    }
  }
  for (let y = 0; y < side; y++) {
    for (const [row, weight] of taps[y]) {
      for (let n = 0; n < side * count; n++) result[y * side * count + n] += weight * wide[row * side * count + n];
    }
  }
  return result;
}

/** Renders layers, logits of color roles and the depth of shade, as an image of 0 to 255. */
function render(layers, colors, sky, data) {
  const { side, size } = data;
  const roles = colors.length - 1; // the last color is the moon's
  const large = enlarge(layers, size, side, roles + 1);
  const image = new Float32Array(side * side * 3);
  for (let n = 0; n < side * side; n++) {
    const pixel = large.subarray(n * (roles + 1), (n + 1) * (roles + 1));
    const depth = data.max_depth / (1 + Math.exp(-pixel[roles]));
    let most = -Infinity;
    for (let role = 0; role < roles; role++) most = Math.max(most, pixel[role]);
    const shares = Array.from({ length: roles }, (_, role) => Math.exp(data.sharpness * (pixel[role] - most)));
    const total = shares.reduce((sum, share) => sum + share, 0);
    for (let channel = 0; channel < 3; channel++) {
      let face = 0;
      for (let role = 1; role < roles; role++) face += colors[role][channel] * shares[role];
      const ground = colors[0][channel] + (sky[n] / 255) * (colors[roles][channel] - colors[0][channel]);
      const value = (face * (1 - data.shade[channel] * depth) + shares[0] * ground) / total;
      image[3 * n + channel] = 255 * Math.min(1, Math.max(0, value));
    }
  }
  return image;
}

export default async function show({ app, create, createSaveButton, data, drawPixels, networks, say, unpack }) {
  const { side } = data;
  const sky = await unpack("file-sky");
  const drawing = create("canvas", { width: side, height: side, className: "paper", role: "img", "aria-label": "Your drawing" });
  const avatar = create("canvas", { width: side, height: side, role: "img", "aria-label": "The avatar" });
  const night = create("input", { type: "checkbox" });
  const context = drawing.getContext("2d", { willReadFrequently: true });
  let coloring = 0;
  let undo = []; // earlier drawings
  let running = Promise.resolve();
  let requests = 0;

  /** Paints the avatar of the drawing. */
  async function paint() {
    const input = prepare(context.getImageData(0, 0, side, side).data, night.checked, data);
    if (!input) return say("Draw a face in the box.");
    const layers = await networks.network(input);
    drawPixels(avatar, render(layers, data.colors[coloring][Number(night.checked)], sky, data), side, side);
    say("");
  }

  /** Paints, unless a later request waits. */
  function refresh() {
    const request = ++requests;
    const work = () => (request === requests ? paint() : undefined);
    return (running = running.then(work, work));
  }

  function clear() {
    context.fillStyle = "white";
    context.fillRect(0, 0, side, side);
  }

  /** Keeps the drawing for Undo. */
  const keep = () => (undo = [...undo, context.getImageData(0, 0, side, side)].slice(-20));

  /** Returns where on the canvas a pointer is. */
  function locate(event) {
    const box = drawing.getBoundingClientRect();
    return [((event.clientX - box.left) * side) / box.width, ((event.clientY - box.top) * side) / box.height];
  }

  function drawLine(event) {
    context.lineTo(...locate(event));
    context.stroke();
    context.beginPath();
    context.moveTo(...locate(event));
  }

  drawing.addEventListener("pointerdown", (event) => {
    drawing.setPointerCapture(event.pointerId);
    keep();
    context.beginPath();
    context.moveTo(...locate(event));
    drawLine(event);
  });
  drawing.addEventListener("pointermove", (event) => {
    if (drawing.hasPointerCapture(event.pointerId)) drawLine(event);
  });
  drawing.addEventListener("pointerup", refresh);
  const button = (text, act, className = "") => create("button", { type: "button", textContent: text, onclick: act, className });
  const undoLast = () => {
    if (undo.length) context.putImageData(undo.pop(), 0, 0);
    refresh();
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "z" && (event.ctrlKey || event.metaKey)) undoLast();
  });
  night.addEventListener("change", refresh);
  const recolor = () => {
    coloring = (coloring + 1) % data.colors.length;
    refresh();
  };
  const startAgain = () => {
    keep();
    clear();
    refresh();
  };
  app.append(
    create(
      "div",
      { className: "row" },
      button("Clear", startAgain, "main"),
      button("Undo", undoLast),
      button("Other colors", recolor),
      create("label", {}, night, " Night"),
    ),
    create("div", { className: "columns large" }, drawing, avatar),
    create("div", { className: "row" }, createSaveButton(avatar, "avatar.png")),
  );
  clear();
  Object.assign(context, { lineWidth: side * PEN_SHARE, lineCap: "round", lineJoin: "round", strokeStyle: "black" });
  drawExample(context, side);
  await refresh();
}
