// The page of a classifier: probabilities of a photo, or of the camera a few times per second.

const INTERVAL_MS = 200; // between two images of the camera
const LOBES = 3; // of the Lanczos filter, as in Pillow
const MAX_SIDE = 4096; // px of a crop; phones have no larger canvas
const PREVIEW_SIDE = 640; // px
const FEW_CLASSES = 6; // up to which bars of the camera keep their order, because swapping bars are hard to read
const FIRST_CLASSES = 10; // shown before the user asks for all

/** Returns for each of `size` new pixels the first pixel and the weights of a Lanczos filter. */
function findTaps(length, size) {
  const sinc = (x) => (x ? Math.sin(Math.PI * x) / (Math.PI * x) : 1);
  const step = length / size;
  const reach = Math.max(step, 1);
  return Array.from({ length: size }, (_, n) => {
    const center = (n + 0.5) * step;
    const first = Math.max(0, Math.trunc(center - LOBES * reach + 0.5));
    const end = Math.min(length, Math.trunc(center + LOBES * reach + 0.5));
    const weights = Float64Array.from({ length: end - first }, (_, k) => {
      const distance = (first + k + 0.5 - center) / reach;
      return Math.abs(distance) < LOBES ? sinc(distance) * sinc(distance / LOBES) : 0;
    });
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

/** Resizes lines of pixels, RGBA of 0 to 255, to lines of `size` pixels. Rounds and clips, as Pillow does. */
function resizeLines(pixels, lines, length, size) {
  const result = new Uint8ClampedArray(4 * lines * size);
  findTaps(length, size).forEach(({ first, weights }, n) => {
    for (let line = 0; line < lines; line++) {
      let [red, green, blue] = [0, 0, 0];
      for (let k = 0, from = 4 * (line * length + first); k < weights.length; k++, from += 4) {
        red += weights[k] * pixels[from];
        green += weights[k] * pixels[from + 1];
        blue += weights[k] * pixels[from + 2];
      }
      const to = 4 * (n * lines + line); // transposed, for the other direction
      result[to] = red;
      result[to + 1] = green;
      result[to + 2] = blue;
    }
  });
  return result;
}

/** Returns the largest center crop of an image that has the aspect ratio of the network. */
function findCrop(width, height, size) {
  const step = Math.min(height / size.height, width / size.width);
  const rows = Math.max(1, Math.round(step * size.height));
  const columns = Math.max(1, Math.round(step * size.width));
  return { left: Math.floor((width - columns) / 2), top: Math.floor((height - rows) / 2), rows, columns };
}

export default async function show({ app, cameras, create, data, networks, photos, say }) {
  const { classes, threshold, independent } = data;
  const [, height, width] = networks.network.shapes[0];
  const size = { height, width };
  const canvas = create("canvas", { ...size, role: "img", "aria-label": "The classified part of the photo" });
  const video = create("video", { autoplay: true, muted: true, playsInline: true, className: "hidden", "aria-label": "The camera" });
  video.style.aspectRatio = `${width} / ${height}`;
  const crop = document.createElement("canvas");
  const verdict = create("p", { className: "verdict", role: "status", textContent: "Choose a photo or start the camera." });
  const bars = classes.map((name) => {
    const fill = create("div", {});
    const share = create("span", {}, "–");
    const row = create("li", {}, create("span", {}, name), share, create("div", { className: "bar", "aria-hidden": "true" }, fill));
    return { fill, row, share };
  });
  const list = create("ol", { className: "bars", "aria-label": "Probabilities" }, ...bars.map(({ row }) => row));
  const camera = create("button", { type: "button", textContent: "Start the camera" });
  const other = create("button", { type: "button", textContent: "Other camera", className: "hidden" });
  let running = Promise.resolve(); // ends when the network has run, because it runs one at a time
  let requests = 0;
  let isOn = false; // whether the camera should be on
  let choice = { facingMode: "environment" };

  /** Returns the input of the network: the center crop of an image in its size, RGB of 0 to 255. */
  function prepare(source, imageWidth, imageHeight) {
    const { left, top, rows, columns } = findCrop(imageWidth, imageHeight, size);
    const scale = Math.min(1, MAX_SIDE / Math.max(rows, columns));
    crop.width = Math.round(columns * scale);
    crop.height = Math.round(rows * scale);
    const context = crop.getContext("2d", { willReadFrequently: true });
    context.fillStyle = "white"; // behind transparent pixels
    context.fillRect(0, 0, crop.width, crop.height);
    context.drawImage(source, left, top, columns, rows, 0, 0, crop.width, crop.height);
    const { data: pixels } = context.getImageData(0, 0, crop.width, crop.height);
    const wide = resizeLines(pixels, crop.height, crop.width, width);
    return Float32Array.from(resizeLines(wide, width, crop.height, height).filter((_, n) => n % 4 < 3));
  }

  /** Shows probabilities as bars, the most probable class first. */
  function showProbabilities(probabilities, isLive) {
    const order = classes.map((_, n) => n).sort((one, two) => probabilities[two] - probabilities[one]);
    const format = (n) => `${(100 * probabilities[n]).toFixed(1)}%`;
    bars.forEach(({ fill, row, share }, n) => {
      share.textContent = format(n);
      fill.style.width = format(n);
      row.classList.toggle("top", independent ? probabilities[n] >= threshold : n === order[0]);
    });
    const rows = isLive && classes.length <= FEW_CLASSES ? bars : order.map((n) => bars[n]);
    if (rows.some(({ row }, n) => list.children[n] !== row)) list.append(...rows.map(({ row }) => row));
    verdict.setAttribute("aria-live", isLive ? "off" : "polite"); // a screen reader could not keep up
    // An image can have any number of independent classes.
    const candidates = independent ? order : order.slice(0, 1);
    const predicted = candidates.filter((n) => probabilities[n] >= threshold);
    verdict.textContent = predicted.map((n) => `${classes[n]}, ${format(n)}`).join("; ") || "None of these";
    list.probabilities = Array.from(probabilities);
  }

  /** Classifies an image, or not if a later request waits. */
  function classify(source, imageWidth, imageHeight, isLive) {
    const request = ++requests;
    const work = async () => {
      if (request !== requests) return;
      const probabilities = await networks.network(prepare(source, imageWidth, imageHeight));
      if (request === requests) showProbabilities(probabilities, isLive);
    };
    return (running = running.then(work, work));
  }

  /** Classifies an image file. */
  async function open(file) {
    stop();
    say("Classifying ...");
    await new Promise((resolve) => setTimeout(resolve, 30)); // lets the browser show it
    try {
      const image = await photos.readImage(file);
      drawPreview(image, image.width, image.height);
      await classify(image, image.width, image.height, false);
      image.close();
      say("");
    } catch (error) {
      say(error.message);
    }
  }

  /** Draws the part of an image that is classified. */
  function drawPreview(image, imageWidth, imageHeight) {
    const { left, top, rows, columns } = findCrop(imageWidth, imageHeight, size);
    const scale = Math.min(1, PREVIEW_SIDE / Math.max(rows, columns));
    canvas.width = Math.max(1, Math.round(columns * scale));
    canvas.height = Math.max(1, Math.round(rows * scale));
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(image, left, top, columns, rows, 0, 0, canvas.width, canvas.height);
    canvas.isDrawn = true;
    refresh();
  }

  /** Shows the buttons and the video as the camera is. */
  function refresh() {
    video.classList.toggle("hidden", !video.srcObject);
    canvas.classList.toggle("hidden", Boolean(video.srcObject) || !canvas.isDrawn);
    camera.textContent = isOn ? "Stop the camera" : "Start the camera";
    if (!isOn) other.classList.add("hidden");
  }

  /** Stops the camera. Its last image and the bars stay. */
  function stop() {
    isOn = false;
    requests++;
    if (video.srcObject && video.videoWidth) drawPreview(video, video.videoWidth, video.videoHeight);
    cameras.closeCamera(video);
    refresh();
  }

  /** Starts the camera of `choice`, and classifies its images until it stops. */
  async function start() {
    isOn = true;
    camera.disabled = other.disabled = true;
    say("Allow the camera in your browser.");
    try {
      cameras.closeCamera(video);
      await cameras.openCamera(video, choice);
      if (!isOn) cameras.closeCamera(video); // a photo was opened meanwhile
    } catch (error) {
      isOn = false;
      say(error.message);
    }
    if (isOn) {
      say("");
      other.classList.toggle("hidden", !(await cameras.hasOtherCamera()));
      video.classList.toggle("mirrored", cameras.isMirrored(video));
    }
    camera.disabled = other.disabled = false;
    refresh();
    if (isOn) watch(video.srcObject).catch((error) => say(error.message));
  }

  /** Classifies images of a stream, a few per second, while it is shown. */
  async function watch(stream) {
    while (video.srcObject === stream) {
      const next = new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
      if (!document.hidden && video.videoWidth) await classify(video, video.videoWidth, video.videoHeight, true);
      await next;
    }
  }

  /** Starts the other camera. */
  async function chooseOther() {
    choice = await cameras.findOtherCamera(video);
    await start();
  }

  camera.addEventListener("click", () => (isOn ? stop() : start()));
  other.addEventListener("click", chooseOther);
  const all = create("button", { type: "button", textContent: `Show all ${classes.length} classes` });
  all.addEventListener("click", () => {
    list.classList.remove("short");
    all.remove();
  });
  if (classes.length > FIRST_CLASSES) list.classList.add("short");
  canvas.classList.add("hidden");
  app.append(
    create("div", { className: "row" }, photos.createPhotoButton(open), ...(navigator.mediaDevices ? [camera, other] : [])),
    ...cameras.explainNoCamera(),
    create(
      "div",
      { className: "columns" },
      create("div", { className: "large photo" }, video, canvas),
      create("div", {}, verdict, list, ...(classes.length > FIRST_CLASSES ? [all] : [])),
    ),
  );
}
