const RESEND_MS = 20000;  // after which unconfirmed images are sent again
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const find = (name) => parentElement.querySelector(name);
  const video = find("video"), button = find(".go"), output = find("output");
  const state = parentElement.camera ||= { queue: [], number: 0, visit: Math.random().toString(36).slice(2) };
  const isWatching = data.mode === "watch";
  const showText = (text) => { if (output.textContent !== text) output.textContent = text; };

  const takeImage = () => {
    const scale = Math.min(1, data.longest / Math.max(video.videoWidth, video.videoHeight));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(video.videoWidth * scale));
    canvas.height = Math.max(1, Math.round(video.videoHeight * scale));
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/jpeg", 0.9);
  };
  const send = () => {
    state.sendTime = Date.now();
    state.setTriggerValue("images", state.unconfirmed);
  };
  const sendNext = () => {
    if (state.unconfirmed || !state.queue.length || document.hidden) return;
    state.unconfirmed = { burst: state.visit + "-" + ++state.number, images: state.queue.splice(0, data.most) };
    send();
  };
  const tick = () => {
    if (!parentElement.isConnected) return close();
    if (state.unconfirmed && Date.now() - state.sendTime > RESEND_MS) send();
    if (!state.isOn || document.hidden || !video.videoWidth) return sendNext();
    if (!isWatching) {
      state.queue.push(takeImage());
      state.count += 1;
      showText(state.count === 1 ? "1 image" : state.count + " images");
      if (state.count >= data.room) stop();
    } else if (!state.unconfirmed) state.queue = [takeImage()];
    sendNext();
  };
  const start = () => {
    if (state.isOn || button.disabled) return;
    state.isOn = true;
    state.count = 0;
    button.setAttribute("aria-pressed", "true");
    if (isWatching) { button.textContent = data.stop; showText(""); }
    state.tick();
  };
  const stop = () => {
    if (!state.isOn) return;
    state.isOn = false;
    button.setAttribute("aria-pressed", "false");
    if (isWatching) { button.textContent = data.label; state.queue = []; }
  };
  const close = () => {
    clearInterval(state.timer);
    state.isClosed = true;
    if (state.stream) state.stream.getTracks().forEach((track) => track.stop());
  };
  const open = async () => {
    button.disabled = true;
    showText("Allow the camera in your browser.");
    try {
      if (!navigator.mediaDevices) throw new DOMException("", "SecurityError");
      const constraints = { video: { facingMode: "environment", width: { ideal: 1280 } }, audio: false };
      const stream = await navigator.mediaDevices.getUserMedia(constraints);
      if (state.isClosed) return stream.getTracks().forEach((track) => track.stop());
      state.stream = stream;
      video.srcObject = stream;
      const facing = stream.getVideoTracks()[0].getSettings().facingMode;
      if (facing === "environment") video.style.transform = "none";
      button.disabled = false;
      showText("");
    } catch (error) {
      const messages = {
        NotFoundError: "No camera was found. Connect one and open the camera again.",
        NotReadableError: "Another program is using the camera. Close that program and open the camera again.",
        SecurityError: "Browsers allow the camera only on HTTPS pages and on localhost. Open the page at such an address.",
      };
      showText(messages[error.name] || "The browser blocks the camera. Allow it in the browser and open the camera again.");
    }
  };

  state.setTriggerValue = setTriggerValue;
  state.tick = tick;
  state.stop = stop;
  video.setAttribute("aria-label", data.alt);
  if (state.unconfirmed && data.confirmed === state.unconfirmed.burst) state.unconfirmed = null;
  if (data.halt && data.halt !== state.halt) { state.halt = data.halt; stop(); }
  button.textContent = isWatching && state.isOn ? data.stop : data.label;
  button.setAttribute("aria-pressed", state.isOn ? "true" : "false");
  if (isWatching) {
    button.onclick = () => (state.isOn ? state.stop() : start());
  } else {
    button.onpointerdown = (event) => {
      if (event.button) return;
      button.setPointerCapture(event.pointerId);
      start();
    };
    button.onpointerup = button.onpointercancel = button.onblur = () => state.stop();
    button.oncontextmenu = (event) => event.preventDefault();
    button.onkeydown = (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      if (!event.repeat) start();
    };
    button.onkeyup = () => state.stop();
  }
  if (!state.timer) {
    state.timer = setInterval(() => state.tick(), data.every);
    open();
  }
  return () => close();
}
