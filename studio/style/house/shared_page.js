// The page of a network of house styles: paints a photo, or live the images of a camera, in a style.

const MAX_WORKERS = 3; // each takes a core and its own memory
const SHOWN_MS = 2000; // over which frames per second are counted
// The first is read by most programs. The studio reads MP4 of both kinds.
const VIDEO_TYPES = ["video/mp4;codecs=avc1.42E01E", "video/mp4", "video/webm"];
const VIDEO_BITS = 4_000_000; // per second: brush strokes are hard to compress

/** Averages a plane over windows of an odd side, mirrored at the borders, in one direction. */
function averageRows(plane, side, window, step, stride) {
  const radius = (window - 1) / 2;
  const mirror = (n) => (n < 0 ? -n - 1 : n >= side ? 2 * side - n - 1 : n);
  const result = new Float64Array(plane.length);
  for (let line = 0; line < side; line++) {
    let sum = 0;
    for (let n = -radius; n <= radius; n++) sum += plane[line * stride + mirror(n) * step];
    for (let n = 0; n < side; n++) {
      result[line * stride + n * step] = sum / window;
      sum += plane[line * stride + mirror(n + radius + 1) * step] - plane[line * stride + mirror(n - radius) * step];
    }
  }
  return result;
}

/** Adds grain to the flat parts of a photo, `side * side * 3` values in [0, 1], as the studio does. */
function addGrain(photo, grain, data) {
  const side = Math.sqrt(photo.length / 3);
  const { grain_window: window } = data;
  const average = (plane) => averageRows(averageRows(plane, side, window, side, 1), side, window, 1, side);
  const gray = Float64Array.from({ length: side * side }, (_, n) => (photo[3 * n] + photo[3 * n + 1] + photo[3 * n + 2]) / 3);
  const mean = average(gray);
  const square = average(gray.map((value) => value * value));
  return photo.map((value, n) => {
    const pixel = Math.floor(n / 3);
    const row = Math.floor(pixel / side) % data.grain_side;
    const column = (pixel % side) % data.grain_side;
    const deviation = Math.sqrt(Math.max(0, square[pixel] - mean[pixel] ** 2));
    const flatness = Math.min(1, Math.max(0, 1 - deviation / data.photo_noise));
    const change = flatness * data.grain_scale * grain[3 * (row * data.grain_side + column) + (n % 3)];
    return Math.min(1, Math.max(0, value + change));
  });
}

/** Paints a photo, `side * side * 3` values of 0 to 255, in a mix of styles. Returns values in [0, 1]. */
function paintSquare(network, { photo, shares, grain, data }) {
  // `Float32Array.from` with a function would take seven times as long.
  return network(addGrain(new Float32Array(photo).map((value) => value / 255), grain, data), shares);
}

/** Returns the center square of an image, `side * side * 3` values of 0 to 255; `scratch` is a canvas. */
function readSquare(source, width, height, side, scratch, isMirrored = false) {
  Object.assign(scratch, { width: side, height: side });
  const context = scratch.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  if (isMirrored) context.setTransform(-1, 0, 0, 1, side, 0);
  const shorter = Math.min(width, height);
  context.drawImage(source, (width - shorter) / 2, (height - shorter) / 2, shorter, shorter, 0, 0, side, side);
  const { data: pixels } = context.getImageData(0, 0, side, side);
  const values = new Uint8ClampedArray(3 * side * side);
  for (let n = 0; n < values.length; n++) values[n] = pixels[Math.floor(n / 3) * 4 + (n % 3)];
  return values;
}

export default async function show({ app, cameras, create, createSaveButton, data, drawPixels, networks, photos, say, unpack, workers }) {
  const grain = new Int8Array((await unpack("file-grain")).buffer);
  const canvas = create("canvas", { width: data.side, height: data.side, role: "img", "aria-label": "The painted photo" });
  const scratch = create("canvas");
  const styles = create("select", {}, ...data.styles.map((name, n) => create("option", { value: n }, name.replaceAll("_", " "))));
  const styleField = create("label", {}, "Style ", styles);
  // Covered, not hidden, and played by `start`: browsers pause a video that is not displayed or plays by itself.
  const video = create("video", { muted: true, playsInline: true, tabIndex: -1, className: "covered", "aria-hidden": "true" });
  const createButton = (text) => create("button", { type: "button", textContent: text });
  const [camera, other, take, record] = ["Start the camera", "Other camera", "Take a photo", "Record"].map(createButton);
  const chooser = photos.createPhotoButton(open);
  const saveVideo = create("a", { className: "button hidden", textContent: "Save video" });
  const note = create("p", { className: "note" });
  const canRecord = Boolean(globalThis.MediaRecorder && canvas.captureStream);
  let photo = null; // values of 0 to 255
  let running = Promise.resolve();
  let requests = 0;
  let choice = { facingMode: "environment" };
  let crew = null; // promises of the workers' functions
  let recorder = null;
  const live = { captured: 0, drawn: 0, frameMs: 0, nextTime: 0, times: [] }; // of the images of the camera

  /** Returns the share of each style. */
  const readShares = () => Float32Array.from(data.styles, (_, n) => Number(n === Number(styles.value)));

  /** Draws an output of the network; `canvas.photo` is the photo painted last. */
  function draw(output, side, current) {
    drawPixels(canvas, output.map((value) => 255 * value), side, side);
    canvas.photo = current;
  }

  /** Paints the photo in the chosen style. */
  async function paint() {
    say("Painting ...");
    await new Promise((resolve) => setTimeout(resolve, 30)); // lets the browser show it
    const current = photo;
    draw(await paintSquare(networks.network, { photo: current, shares: readShares(), grain, data }), data.side, current);
    say("");
  }

  /** Paints, unless a later request waits. */
  function refresh() {
    const request = ++requests;
    const work = () => (request === requests && !video.srcObject ? paint() : undefined);
    return (running = running.then(work, work));
  }

  /** Paints an image file. */
  async function open(file) {
    stop();
    try {
      const image = await photos.readImage(file);
      photo = readSquare(image, image.width, image.height, data.side, scratch);
    } catch (error) {
      say(error.message);
      return;
    }
    await refresh();
  }

  /** Returns the center square of the camera's image. */
  const readCamera = (side) => readSquare(video, video.videoWidth, video.videoHeight, side, scratch, cameras.isMirrored(video));

  /** Starts workers that paint at the size for the camera: the file of the network differs in its shapes. */
  async function startCrew() {
    const [bytes, difference] = await Promise.all([workers.unpackNetwork("network"), unpack("file-live")]);
    const liveBytes = bytes.map((byte, n) => byte ^ difference[n]);
    const count = Math.min(MAX_WORKERS, navigator.hardwareConcurrency || 1);
    return Array.from({ length: count }, () => workers.startWorker(liveBytes, paintSquare, addGrain, averageRows));
  }

  /** Waits until it is time for another image, so that those of all workers are evenly spaced. */
  async function waitForTurn() {
    const now = performance.now();
    const time = Math.max(now, live.nextTime);
    live.nextTime = time + (0.9 * live.frameMs) / crew.length; // 0.9, so that a fast worker does not wait
    await new Promise((resolve) => setTimeout(resolve, time - now));
  }

  /** Paints images of a stream with a worker, while the camera shows it. */
  async function watch(ask, stream) {
    while (video.srcObject === stream) {
      await waitForTurn();
      if (video.srcObject !== stream) return;
      if (!video.videoWidth) continue;
      const number = ++live.captured;
      const current = readCamera(data.live_side);
      const startTime = performance.now();
      const output = await ask({ photo: current, shares: readShares(), grain, data });
      live.frameMs = performance.now() - startTime;
      if (video.srcObject !== stream || number < live.drawn) continue; // a later image was faster
      live.drawn = number;
      draw(output, data.live_side, current);
      countFrame();
    }
  }

  /** Shows the frames per second, and how long the recording is. */
  function countFrame() {
    const now = performance.now();
    record.disabled = false;
    live.times = [...live.times.filter((time) => time > now - SHOWN_MS), now];
    if (live.times.length < 2) return;
    const rate = (1000 * (live.times.length - 1)) / (now - live.times[0]);
    const recorded = recorder ? `Recording ${Math.floor((now - recorder.startTime) / 1000)} s. ` : "";
    note.textContent = `${recorded}${rate.toFixed(1)} frames per second at ${data.live_side} px`;
  }

  /** Shows the buttons as camera and recorder are. */
  function showButtons() {
    const isOn = Boolean(video.srcObject);
    camera.textContent = isOn ? "Stop the camera" : "Start the camera";
    record.textContent = recorder ? "Stop recording" : "Record";
    take.classList.toggle("hidden", !isOn);
    record.classList.toggle("hidden", !isOn || !canRecord);
    if (!isOn) [other.className, note.textContent] = ["hidden", ""];
  }

  /** Starts the camera of `choice`, whose images are painted until it stops. */
  async function start() {
    stop();
    camera.disabled = other.disabled = true;
    say("Allow the camera in your browser.");
    try {
      await cameras.openCamera(video, choice);
      await video.play();
      say("Starting ...");
      const stream = video.srcObject;
      stream.getVideoTracks()[0].addEventListener("ended", () => fail(new Error("The camera was disconnected.")));
      crew ??= await startCrew();
      Object.assign(live, { nextTime: 0, times: [] });
      record.disabled = true; // until the canvas has the size of the video
      crew.forEach(async (starting) => watch(await starting, stream).catch(fail));
      other.classList.toggle("hidden", !(await cameras.hasOtherCamera()));
      await Promise.race(crew);
      say("");
    } catch (error) {
      fail(error);
    }
    camera.disabled = other.disabled = false;
    showButtons();
    if (document.hidden) stop();
  }

  /** Stops the camera after an error. */
  function fail(error) {
    stop();
    say(error.message);
  }

  /** Stops the camera. The image painted last stays; another style paints the camera's last image. */
  function stop() {
    if (!video.srcObject) return;
    if (video.videoWidth) photo = readCamera(data.side);
    if (recorder) recorder.stop();
    cameras.closeCamera(video);
    showButtons();
  }

  /** Starts a recording of the canvas, or ends it and offers the video. */
  function toggleRecording() {
    if (recorder) {
      recorder.stop();
      return;
    }
    const type = VIDEO_TYPES.find((name) => MediaRecorder.isTypeSupported(name));
    const parts = [];
    recorder = new MediaRecorder(canvas.captureStream(), { mimeType: type, videoBitsPerSecond: VIDEO_BITS });
    recorder.startTime = performance.now();
    recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
    recorder.addEventListener("stop", () => {
      recorder = null;
      URL.revokeObjectURL(saveVideo.href);
      const format = type.split(";")[0];
      saveVideo.href = URL.createObjectURL(new Blob(parts, { type: format }));
      saveVideo.download = `painted.${format.replace("video/", "")}`;
      saveVideo.classList.remove("hidden");
      showButtons();
    });
    recorder.start();
    showButtons();
  }

  /** Chooses the style that the address names. The studio does so, and has the choices of style and photo. */
  function followAddress() {
    const number = data.styles.indexOf(new URLSearchParams(location.hash.slice(1)).get("style"));
    if (number < 0) return;
    [chooser, styleField].forEach((element) => element.classList.add("hidden"));
    camera.classList.add("main");
    styles.value = number;
    if (photo) refresh();
  }

  camera.addEventListener("click", () => (video.srcObject ? stop() : start()));
  other.addEventListener("click", async () => {
    choice = await cameras.findOtherCamera(video);
    await start();
  });
  take.addEventListener("click", () => {
    stop();
    camera.focus(); // because the button of the click disappears
    refresh();
  });
  record.addEventListener("click", toggleRecording);
  styles.addEventListener("change", refresh);
  document.addEventListener("visibilitychange", () => document.hidden && stop());
  addEventListener("hashchange", followAddress);
  followAddress();
  showButtons();
  app.append(
    create("div", { className: "row" }, chooser, ...(navigator.mediaDevices ? [camera, other] : []), styleField),
    ...cameras.explainNoCamera(),
    video,
    create("div", { className: "large" }, canvas),
    note,
    create("div", { className: "row" }, take, record, createSaveButton(canvas, "painted.png"), saveVideo),
  );
  await open(new Blob([await unpack("file-photo")], { type: "image/webp" }));
}
