// The page of a generator: a grid of images, two of which can be chosen and interpolated.

/** Samples a latent vector: from the mixture of the model, else from a standard normal distribution. */
function sampleLatent(data, random, normal) {
  const noise = Float64Array.from({ length: data.latent_dim }, normal);
  if (!data.density) return Float32Array.from(noise);
  const { weights, means, variances, factors } = data.density;
  let share = random() * weights.reduce((sum, weight) => sum + weight, 0);
  const found = weights.findIndex((weight) => (share -= weight) < 0);
  const component = found < 0 ? weights.length - 1 : found;
  const mean = means[component];
  if (variances) return Float32Array.from(mean, (value, n) => value + Math.sqrt(variances[component][n]) * noise[n]);
  const lower = factors[component]; // rows of the lower triangle, one after the other
  return Float32Array.from(mean, (value, row) => {
    for (let column = 0; column <= row; column++) value += lower[(row * (row + 1)) / 2 + column] * noise[column];
    return value;
  });
}

/** Interpolates between two latents along an arc, and linearly in length (White 2016, arXiv:1609.04468). */
function slerp(first, second, t) {
  const length = (vector) => Math.hypot(...vector);
  const lengths = [length(first), length(second)];
  const dot = first.reduce((sum, value, n) => sum + value * second[n], 0) / (lengths[0] * lengths[1]);
  const angle = Math.acos(Math.min(1, Math.max(-1, dot)));
  if (!(angle > 1e-4 && angle < Math.PI - 1e-4)) return first.map((value, n) => (1 - t) * value + t * second[n]);
  const scale = ((1 - t) * lengths[0] + t * lengths[1]) / Math.sin(angle);
  const shares = [(Math.sin((1 - t) * angle) * scale) / lengths[0], (Math.sin(t * angle) * scale) / lengths[1]];
  return first.map((value, n) => shares[0] * value + shares[1] * second[n]);
}

/** Interpolates between two latents: by `slerp`, and linearly between the one-hot classes at their ends. */
function interpolate(first, second, t, length) {
  const z = slerp(first.subarray(0, length), second.subarray(0, length), t);
  const label = first.subarray(length).map((value, n) => (1 - t) * value + t * second[length + n]);
  return Float32Array.of(...z, ...label);
}

export default async function show({ app, create, createNormal, createRandom, createSampling, createSaveButton, data, drawPixels, networks, say }) {
  /** Draws the image of a latent vector; `canvas.latent` is the last one drawn. */
  async function draw(canvas, latent) {
    const output = await networks.decoder(latent);
    drawPixels(canvas, output.map((value) => data.scale * value + data.offset), data.size, data.size);
    canvas.latent = latent;
  }

  const tiles = Array.from({ length: data.count }, (_, n) => {
    const canvas = create("canvas", { width: data.size, height: data.size });
    const button = create("button", { type: "button", "aria-label": `Image ${n + 1}`, "aria-pressed": "false" }, canvas);
    button.addEventListener("click", () => choose(n));
    return { button, canvas };
  });
  const large = create("canvas", { width: data.size, height: data.size, role: "img", "aria-label": "The chosen image" });
  const position = create("input", { type: "range", min: 0, max: 1, step: "any", value: 0 });
  const moves = data.directions.map(({ title, vector }) => ({
    title,
    vector,
    slider: create("input", { type: "range", min: -3, max: 3, step: "any", value: 0 }),
  }));
  const { classes, latent_dim: length } = data;
  const { seed, classChoice, row } = createSampling(classes, () => queue(sample));
  let chosen = [0, 1]; // the last two, the first of which is at the left end of the slider
  let running = Promise.resolve(); // ends when all drawings have ended, because the network runs one at a time
  let requests = 0;

  /** Runs a function after those that run. */
  const queue = (work) => (running = running.then(work, work));

  /** Draws the large image: the position of the slider between the chosen images, moved along the directions. */
  function drawLarge() {
    const latents = chosen.map((n) => tiles[n].canvas.latent);
    let latent = latents.length > 1 ? interpolate(...latents, Number(position.value), length) : latents[0];
    for (const { vector, slider } of moves) {
      const amount = Number(slider.value);
      latent = latent.map((value, n) => value + amount * (vector[n] ?? 0));
    }
    return draw(large, latent);
  }

  /** Draws the large image, unless a later request waits: a slider moves faster than the network draws. */
  function refresh() {
    const request = ++requests;
    queue(() => (request === requests ? drawLarge() : undefined));
  }

  /** Chooses an image: the last two chosen are the ends of the slider. */
  function choose(number) {
    chosen = [...chosen.filter((n) => n !== number), number].slice(-2);
    tiles.forEach(({ button }, n) => button.setAttribute("aria-pressed", String(chosen.includes(n))));
    position.value = 1; // shows the image that was just chosen
    refresh();
  }

  /** Returns the one-hot class of an image of the grid: the chosen one, or one after the other. */
  function encodeClass(number) {
    const label = classChoice.value === "" ? number % classes.length : Number(classChoice.value);
    return classes.map((_, n) => (n === label ? 1 : 0));
  }

  /** Draws the grid of the seed. */
  async function sample() {
    const random = createRandom(seed.value);
    const normal = createNormal(random);
    say("Drawing ...");
    for (const [number, { canvas }] of tiles.entries()) {
      await draw(canvas, Float32Array.of(...sampleLatent(data, random, normal), ...encodeClass(number)));
      await new Promise((resolve) => setTimeout(resolve)); // lets the browser show it
    }
    await drawLarge();
    say("");
  }

  position.addEventListener("input", refresh);
  moves.forEach(({ slider }) => slider.addEventListener("input", refresh));

  const reset = create("button", { type: "button", textContent: "Reset" });
  reset.addEventListener("click", () => {
    moves.forEach(({ slider }) => (slider.value = 0));
    refresh();
  });
  const sliders = moves.map(({ title, slider }) => create("label", { className: "field" }, title, slider));
  const directions = create("details", {}, create("summary", {}, "Directions"), ...sliders, reset);
  app.append(
    row,
    create(
      "div",
      { className: "columns" },
      create("div", {}, create("div", { className: "grid" }, ...tiles.map(({ button }) => button))),
      create(
        "div",
        { className: "large" },
        large,
        create("label", { className: "field" }, "Interpolation between the two chosen images", position),
        ...(moves.length ? [directions] : []),
        create("div", { className: "row" }, createSaveButton(large, "image.png")),
      ),
    ),
  );
  tiles.forEach(({ button }, n) => button.setAttribute("aria-pressed", String(chosen.includes(n))));
  await queue(sample);
}
