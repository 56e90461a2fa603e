// The page of a diffusion model: a grid of images, and the denoising steps of the chosen one.

export default async function show({ app, create, createNormal, createRandom, createSampling, createSaveButton, data, drawPixels, networks, say, unpack }) {
  const { classes, condition_length: length, size, steps } = data;
  const conditions = new Float32Array((await unpack("file-conditions")).buffer); // of each step and class
  const valueCount = size * size * data.channels;

  /** Returns the velocity of a noisy image before a step, for a class; `classes.length` stands for none. */
  async function predict(noisy, step, label) {
    const start = (step * (classes.length + 1) + label) * length;
    const row = new Float32Array(valueCount + length);
    row.set(noisy);
    row.set(conditions.subarray(start, start + length), valueCount);
    return networks.network(row);
  }

  /** Returns the velocity with classifier-free guidance (Ho and Salimans 2022, arXiv:2207.12598). */
  async function guide(noisy, step, label, guidance) {
    const conditional = await predict(noisy, step, label);
    if (guidance === 1 || label === classes.length) return conditional;
    const unconditional = await predict(noisy, step, classes.length);
    return conditional.map((value, n) => unconditional[n] + guidance * (value - unconditional[n]));
  }

  const draw = (canvas, values) => drawPixels(canvas, values.map((value) => 127.5 * (value + 1)), size, size);
  const createCanvas = (label) => create("canvas", { width: size, height: size, role: "img", "aria-label": label });

  const tiles = Array.from({ length: data.count }, (_, n) => {
    const canvas = create("canvas", { width: size, height: size });
    const button = create("button", { type: "button", "aria-label": `Image ${n + 1}`, "aria-pressed": "false" }, canvas);
    button.addEventListener("click", () => choose(n));
    return { button, canvas, stages: [] };
  });
  const noisyCanvas = createCanvas("The noisy image");
  const predictedCanvas = createCanvas("The image that the network predicts");
  const position = create("input", { type: "range", min: 0, max: steps, step: 1, value: steps });
  const guidance = create("input", { type: "range", min: 1, max: 8, step: 0.25, value: data.guidance });
  const { seed, classChoice, row } = createSampling(classes, () => sample());
  let chosen = 0;
  let requests = 0;
  let running = Promise.resolve(); // ends when the drawing has ended, because the network runs one at a time

  /** Draws the chosen image before the step of the slider, as far as it has been denoised. */
  function drawChosen() {
    const { stages } = tiles[chosen];
    if (!stages.length) return;
    const { noisy, predicted } = stages[Math.min(Number(position.value), stages.length - 1)];
    draw(noisyCanvas, noisy);
    draw(predictedCanvas, predicted);
  }

  function choose(number) {
    chosen = number;
    tiles.forEach(({ button }, n) => button.setAttribute("aria-pressed", String(n === number)));
    drawChosen();
  }

  /** Denoises one image by Euler's method and draws what the network predicts at each step. */
  async function denoise(number, noise, label, scale, isCurrent) {
    const tile = tiles[number];
    tile.stages = [];
    tile.canvas.latent = noise;
    let noisy = noise;
    for (let step = 0; step <= steps && isCurrent(); step++) {
      const velocity = step < steps ? await guide(noisy, step, label, scale) : noisy.map(() => 0);
      const predicted = noisy.map((value, n) => value + (1 - step / steps) * velocity[n]);
      tile.stages.push({ noisy, predicted });
      draw(tile.canvas, predicted);
      if (number === chosen) drawChosen();
      noisy = noisy.map((value, n) => value + velocity[n] / steps);
      await new Promise((resolve) => setTimeout(resolve)); // lets the browser show it
    }
  }

  /** Draws the grid; a later request ends it. */
  function sample() {
    const request = ++requests;
    const isCurrent = () => request === requests;
    running = running.then(async () => {
      const normal = createNormal(createRandom(seed.value));
      const label = classChoice.value === "" ? classes.length : Number(classChoice.value);
      for (let n = 0; n < tiles.length && isCurrent(); n++) {
        say(`Denoising image ${n + 1} of ${tiles.length} ...`);
        await denoise(n, Float32Array.from({ length: valueCount }, normal), label, Number(guidance.value), isCurrent);
      }
      if (isCurrent()) say("");
    });
    return running;
  }

  guidance.addEventListener("change", sample);
  position.addEventListener("input", drawChosen);

  app.append(
    row,
    create(
      "div",
      { className: "columns" },
      create(
        "div",
        {},
        create("div", { className: "grid" }, ...tiles.map(({ button }) => button)),
        ...(classes.length ? [create("label", { className: "field" }, "Guidance", guidance)] : []),
      ),
      create(
        "div",
        { className: "large" },
        create(
          "div",
          { className: "pair" },
          create("figure", {}, noisyCanvas, create("figcaption", {}, "Noisy image")),
          create("figure", {}, predictedCanvas, create("figcaption", {}, "Predicted image")),
        ),
        create("label", { className: "field" }, "Denoising step", position),
        create("div", { className: "row" }, createSaveButton(predictedCanvas, "image.png")),
      ),
    ),
  );
  choose(0);
  await sample();
}
