// The page of a network of house styles: paints a photo in a style.

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
  const { side, grain_window: window } = data;
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

/** Returns the center square of an image or a video, `side * side * 3` values of 0 to 255. */
function readSquare(source, width, height, side, create) {
  const canvas = create("canvas", { width: side, height: side });
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  const shorter = Math.min(width, height);
  context.drawImage(source, (width - shorter) / 2, (height - shorter) / 2, shorter, shorter, 0, 0, side, side);
  return context.getImageData(0, 0, side, side).data.filter((_, n) => n % 4 < 3);
}

export default async function show({ app, create, createSaveButton, data, drawPixels, networks, photos, say, unpack }) {
  const grain = new Int8Array((await unpack("file-grain")).buffer);
  const canvas = create("canvas", { width: data.side, height: data.side, role: "img", "aria-label": "The painted photo" });
  const styles = create("select", {}, ...data.styles.map((name, n) => create("option", { value: n }, name.replaceAll("_", " "))));
  const video = create("video", { autoplay: true, muted: true, playsInline: true, className: "hidden" });
  const camera = create("button", { type: "button", textContent: "Camera" });
  let photo = null; // values of 0 to 255
  let running = Promise.resolve();
  let requests = 0;

  /** Paints the photo in the chosen style; `canvas.photo` is the photo painted last. */
  async function paint() {
    say("Painting ...");
    await new Promise((resolve) => setTimeout(resolve, 30)); // lets the browser show it
    const shares = Float32Array.from(data.styles, (_, n) => Number(n === Number(styles.value)));
    const current = photo;
    const output = await networks.network(addGrain(Float32Array.from(current, (value) => value / 255), grain, data), shares);
    drawPixels(canvas, output.map((value) => 255 * value), data.side, data.side);
    canvas.photo = current;
    say("");
  }

  /** Paints, unless a later request waits. */
  function refresh() {
    const request = ++requests;
    const work = () => (request === requests ? paint() : undefined);
    return (running = running.then(work, work));
  }

  /** Paints an image file. */
  async function open(file) {
    try {
      const image = await photos.readImage(file);
      photo = readSquare(image, image.width, image.height, data.side, create);
    } catch (error) {
      say(error.message);
      return;
    }
    await refresh();
  }

  /** Shows the camera; the next click takes the photo. */
  async function toggleCamera() {
    if (video.srcObject) {
      photo = readSquare(video, video.videoWidth, video.videoHeight, data.side, create);
      photos.closeCamera(video);
      refresh();
    } else {
      await photos.openCamera(video, { facingMode: "environment" }).catch((error) => say(error.message));
    }
    video.classList.toggle("hidden", !video.srcObject);
    camera.textContent = video.srcObject ? "Take the photo" : "Camera";
  }

  camera.addEventListener("click", toggleCamera);
  styles.addEventListener("change", refresh);
  app.append(
    create(
      "div",
      { className: "row" },
      photos.createPhotoButton(open),
      ...(navigator.mediaDevices ? [camera] : []),
      create("label", {}, "Style ", styles),
    ),
    video,
    create("div", { className: "large" }, canvas),
    create("div", { className: "row" }, createSaveButton(canvas, "painted.png")),
  );
  await open(new Blob([await unpack("file-photo")], { type: "image/webp" }));
}
