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

/** Starts LiteRT.js from its embedded script and WebAssembly. */
async function loadLiteRt() {
  const bytes = await unpack("runtime");
  const end = bytes.indexOf(0);
  const script = document.createElement("script");
  script.textContent = new TextDecoder().decode(bytes.subarray(0, end));
  document.head.append(script);
  return globalThis.createLiteRt(bytes.slice(end + 1));
}

/** Loads the embedded networks by name: functions from arrays to an array, with the `shapes` of their inputs. */
async function loadNetworks() {
  const elements = [...document.querySelectorAll('script[id^="network-"]')];
  const library = elements.length ? await loadLiteRt() : null;
  const networks = {};
  for (const { id } of elements) {
    const model = await library.loadAndCompile(joinBytes(await unpack(id)), { accelerator: "wasm" });
    const shapes = model.getInputDetails().map((details) => [...details.shape]);
    const run = async (...arrays) => {
      const inputs = arrays.map((array, n) => new library.Tensor(array, shapes[n]));
      const outputs = await model.run(inputs);
      const result = outputs[0].toTypedArray().slice();
      [...inputs, ...outputs].forEach((tensor) => tensor.delete());
      return result;
    };
    Object.assign(run, { shapes });
    networks[id.replace("network-", "")] = run;
  }
  return networks;
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

/** Draws an image, `height * width * channels` values of 0 to 255, on a canvas of its size. */
function drawPixels(canvas, values, width, height) {
  const channels = values.length / (width * height);
  const pixels = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let n = 0; n < width * height; n++) {
    for (let channel = 0; channel < 3; channel++) {
      pixels[4 * n + channel] = values[n * channels + Math.min(channel, channels - 1)];
    }
  }
  canvas.width = width;
  canvas.height = height;
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

/** Loads the model, then shows its page. */
export async function start(show) {
  const status = document.getElementById("status");
  const say = (text) => (status.textContent = text);
  try {
    if (!globalThis.DecompressionStream) throw new Error("This browser is too old. Use one from 2023 or later.");
    const data = JSON.parse(document.getElementById("data").textContent);
    const networks = await loadNetworks();
    const app = document.getElementById("app");
    const photos = { closeCamera, createPhotoButton, openCamera, readImage };
    await show({ app, create, createRandom, createSaveButton, data, drawPixels, networks, photos, say, unpack });
    say("");
  } catch (error) {
    say(`The model could not be started. ${error.message ?? error}`);
  }
}
