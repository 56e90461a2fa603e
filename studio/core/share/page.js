// What the pages of all models share: unpacking files, running networks, elements and images.

/** Returns the bytes of an embedded file, which is a gzip in Base64. */
async function unpack(id) {
  const packed = Uint8Array.from(atob(document.getElementById(id).textContent), (char) => char.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Returns the bytes of a file whose even bytes are stored first, then its odd ones. */
function joinBytes(halves) {
  const middle = Math.ceil(halves.length / 2);
  return halves.map((_, n) => halves[n % 2 ? middle + (n - 1) / 2 : n / 2]);
}

/** Returns the embedded LiteRT.js: its script, which defines `createLiteRt`, and its WebAssembly. */
async function unpackLiteRt() {
  const bytes = await unpack("runtime");
  const end = bytes.indexOf(0);
  return { script: new TextDecoder().decode(bytes.subarray(0, end)), wasm: bytes.slice(end + 1) };
}

/** Starts LiteRT.js. */
async function loadLiteRt() {
  const { script, wasm } = await unpackLiteRt();
  const element = document.createElement("script");
  element.textContent = script;
  document.head.append(element);
  return globalThis.createLiteRt(wasm);
}

/** Returns the LiteRT file of an embedded network. */
async function unpackNetwork(name) {
  return joinBytes(await unpack(`network-${name}`));
}

/** Compiles a LiteRT file: returns a function from arrays to an array, with the `shapes` of its inputs. */
async function compileNetwork(library, bytes) {
  const model = await library.loadAndCompile(bytes, { accelerator: "wasm" });
  const shapes = model.getInputDetails().map((details) => [...details.shape]);
  const run = async (...arrays) => {
    const inputs = arrays.map((array, n) => new library.Tensor(array, shapes[n]));
    const outputs = await model.run(inputs);
    const result = outputs[0].toTypedArray().slice();
    [...inputs, ...outputs].forEach((tensor) => tensor.delete());
    return result;
  };
  return Object.assign(run, { shapes });
}

/** Loads the embedded networks by name, see `compileNetwork`. */
async function loadNetworks() {
  const names = [...document.querySelectorAll('script[id^="network-"]')].map(({ id }) => id.replace("network-", ""));
  const library = names.length ? await loadLiteRt() : null;
  const networks = {};
  for (const name of names) networks[name] = await compileNetwork(library, await unpackNetwork(name));
  return networks;
}

/** Answers the messages of a worker with a function of the network and the message. Runs in the worker. */
function serveNetwork(answer) {
  globalThis.onmessage = async ({ data: { wasm, bytes } }) => {
    const network = await compileNetwork(await globalThis.createLiteRt(wasm), bytes);
    globalThis.onmessage = async ({ data }) => postMessage(await answer(network, data));
    postMessage("ready");
  };
}

/**
 * Starts a worker that runs a network on another core.
 *
 * `bytes` are the LiteRT file. `answer` is a function of the network and a message, `helpers` are the functions
 * that it calls; all run in the worker. Returns a function that sends a message and resolves to its answer.
 */
async function startWorker(bytes, answer, ...helpers) {
  const { script, wasm } = await unpackLiteRt();
  const code = [compileNetwork, serveNetwork, ...helpers, `serveNetwork(${answer});`].join("\n");
  const address = URL.createObjectURL(new Blob([script, code], { type: "text/javascript" }));
  const worker = new Worker(address);
  const ask = (message) =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message: reason }) => reject(new Error(reason || "The network could not be started."));
      worker.postMessage(message);
    });
  await ask({ wasm, bytes });
  URL.revokeObjectURL(address);
  return ask;
}

/** Creates an element with properties, attributes (of names with a dash, or role) and children. */
function create(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

/** Returns a function of the next uniform random number in (0, 1), the same for the same seed. */
function createRandom(seed) {
  let state = Number(seed) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return (((bits ^ (bits >>> 14)) >>> 0) + 0.5) / 4294967296;
  };
}

/** Returns a function of the next sample of a standard normal distribution (Box and Muller 1958). */
function createNormal(random) {
  return () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
}

/** Draws an image, `height * width * channels` values of 0 to 255, on a canvas of its size. */
function drawPixels(canvas, values, width, height) {
  const channels = values.length / (width * height);
  const pixels = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let n = 0; n < width * height; n++) {
    for (let channel = 0; channel < 3; channel++) {
      pixels[4 * n + channel] = values[n * channels + Math.min(channel, channels - 1)];
    }
  }
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
}

/** Returns a button that saves a canvas as a PNG. */
function createSaveButton(canvas, name) {
  const save = () =>
    canvas.toBlob((blob) => {
      const link = create("a", { href: URL.createObjectURL(blob), download: name });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    });
  return create("button", { type: "button", textContent: "Save image", onclick: save });
}

/** Returns the controls of a grid of samples, which run `sample`: the seed, the class ("" for all), and a row with both. */
function createSampling(classes, sample) {
  const seed = create("input", { type: "number", min: 0, max: 4294967295, step: 1, value: 1 });
  const classChoice = create(
    "select",
    {},
    create("option", { value: "", textContent: "All" }),
    ...classes.map((name, n) => create("option", { value: n, textContent: name })),
  );
  const another = create("button", { type: "button", className: "main", textContent: "New images" });
  another.addEventListener("click", () => {
    seed.value = (Number(seed.value) + 1) % 4294967296;
    sample();
  });
  for (const input of [seed, classChoice]) input.addEventListener("change", () => sample());
  const choice = classes.length ? [create("label", {}, "Class ", classChoice)] : [];
  return { seed, classChoice, row: create("div", { className: "row" }, another, create("label", {}, "Seed ", seed), ...choice) };
}

/** Returns a button that passes a chosen file to `open`, as do a drop and a paste. */
function createPhotoButton(open) {
  const input = create("input", { type: "file", accept: "image/*", className: "covered", "aria-label": "Choose a photo" });
  const openFirst = (files) => [...files].slice(0, 1).forEach(open);
  input.addEventListener("change", () => {
    openFirst(input.files);
    input.value = ""; // so that the same photo can be chosen again
  });
  document.addEventListener("paste", (event) => openFirst(event.clipboardData.files));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    openFirst(event.dataTransfer.files);
  });
  return create("label", { className: "button main" }, "Choose a photo", input);
}

/** Returns the decoded image of a file. */
async function readImage(file) {
  try {
    return await createImageBitmap(file);
  } catch {
    throw new Error("This file is not an image that the browser can read. Choose a JPEG, PNG or WebP.");
  }
}

/** Returns what to show in place of the buttons of a camera; nothing where cameras work. */
function explainNoCamera() {
  const text = "The camera works only at an address that begins with https, and on localhost.";
  return navigator.mediaDevices ? [] : [create("p", {}, text)];
}

/** Shows a camera in a video element; `constraints` are those of its video track. */
async function openCamera(video, constraints) {
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: constraints });
  } catch (error) {
    const messages = {
      NotFoundError: "There is no camera. Choose a photo instead.",
      NotReadableError: "Another program is using the camera. Close that program, or choose a photo.",
    };
    throw new Error(messages[error.name] ?? "The browser blocks the camera. Allow it, or choose a photo instead.");
  }
}

/** Ends what `openCamera` began. */
function closeCamera(video) {
  video.srcObject?.getTracks().forEach((track) => track.stop());
  video.srcObject = null;
}

const listCameras = async () => (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "videoinput");
const readCamera = (video) => video.srcObject.getVideoTracks()[0].getSettings();

/** Returns whether an open camera faces the user, who expects a mirror. */
const isMirrored = (video) => readCamera(video).facingMode !== "environment";

/** Returns whether there is another camera than the open one. */
const hasOtherCamera = async () => (await listCameras()).length > 1;

/** Returns the constraints of the camera on the other side of a phone, or else of the next camera. */
async function findOtherCamera(video) {
  const { deviceId, facingMode } = readCamera(video);
  if (facingMode) return { facingMode: facingMode === "environment" ? "user" : "environment" };
  const cameras = await listCameras();
  const position = cameras.findIndex((camera) => camera.deviceId === deviceId);
  return { deviceId: { exact: cameras[(position + 1) % cameras.length].deviceId } };
}

/** Loads the model, then shows its page. */
export async function start(show) {
  const status = document.getElementById("status");
  const say = (text) => (status.textContent = text);
  if (window !== parent) document.body.classList.add("embedded");
  try {
    if (!globalThis.DecompressionStream) throw new Error("This browser is too old. Use one from 2023 or later.");
    const data = JSON.parse(document.getElementById("data").textContent);
    const networks = await loadNetworks();
    const app = document.getElementById("app");
    const cameras = { closeCamera, explainNoCamera, findOtherCamera, hasOtherCamera, isMirrored, openCamera };
    const photos = { createPhotoButton, readImage };
    const workers = { startWorker, unpackNetwork };
    const draw = { createNormal, createRandom, createSampling, createSaveButton, drawPixels };
    await show({ app, cameras, create, ...draw, data, networks, photos, say, unpack, workers });
    say("");
  } catch (error) {
    say(`The model could not be started. ${error.message ?? error}`);
  }
}
