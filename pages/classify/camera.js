const WAIT_MS = 20000;  // after which images that nobody answered are sent once more
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const find = (name) => parentElement.querySelector(name);
  const video = find("video"), go = find(".go"), told = find("output");
  const held = parentElement.held ||= { waiting: [], number: 0, visit: Math.random().toString(36).slice(2) };
  const watching = data.mode === "watch";
  const say = (text) => { if (told.textContent !== text) told.textContent = text; };

  const image = () => {
    const scale = Math.min(1, data.longest / Math.max(video.videoWidth, video.videoHeight));
    const sheet = document.createElement("canvas");
    sheet.width = Math.max(1, Math.round(video.videoWidth * scale));
    sheet.height = Math.max(1, Math.round(video.videoHeight * scale));
    sheet.getContext("2d").drawImage(video, 0, 0, sheet.width, sheet.height);
    return sheet.toDataURL("image/jpeg", 0.9);
  };
  const tell = () => {
    held.at = Date.now();
    held.tell("images", held.sent);
  };
  const send = () => {
    if (held.sent || !held.waiting.length || document.hidden) return;
    held.sent = { burst: held.visit + "-" + ++held.number, images: held.waiting.splice(0, data.most) };
    tell();
  };
  const tick = () => {
    if (!parentElement.isConnected) return close();
    if (held.sent && Date.now() - held.at > WAIT_MS) tell();
    if (!held.on || document.hidden || !video.videoWidth) return send();
    if (!watching) {
      held.waiting.push(image());
      held.taken += 1;
      say(held.taken === 1 ? "1 image" : held.taken + " images");
      if (held.taken >= data.room) stop();
    } else if (!held.sent) held.waiting = [image()];
    send();
  };
  const start = () => {
    if (held.on || go.disabled) return;
    held.on = true;
    held.taken = 0;
    go.setAttribute("aria-pressed", "true");
    if (watching) { go.textContent = data.stop; say(""); }
    held.tick();
  };
  const stop = () => {
    if (!held.on) return;
    held.on = false;
    go.setAttribute("aria-pressed", "false");
    if (watching) { go.textContent = data.label; held.waiting = []; }
  };
  const close = () => {
    clearInterval(held.timer);
    held.closed = true;
    if (held.stream) held.stream.getTracks().forEach((track) => track.stop());
  };
  const open = async () => {
    go.disabled = true;
    say("Allow the camera in your browser.");
    try {
      if (!navigator.mediaDevices) throw new DOMException("", "SecurityError");
      const wanted = { video: { facingMode: "environment", width: { ideal: 1280 } }, audio: false };
      const stream = await navigator.mediaDevices.getUserMedia(wanted);
      if (held.closed) return stream.getTracks().forEach((track) => track.stop());
      held.stream = stream;
      video.srcObject = stream;
      const facing = stream.getVideoTracks()[0].getSettings().facingMode;
      if (facing === "environment") video.style.transform = "none";
      go.disabled = false;
      say("");
    } catch (error) {
      const why = {
        NotFoundError: "No camera was found. Connect one and open the camera again.",
        NotReadableError: "Another program is using the camera. Close that program and open the camera again.",
        SecurityError: "Browsers allow the camera only on HTTPS pages and on localhost. Open the page at such an address.",
      };
      say(why[error.name] || "The browser blocks the camera. Allow it in the browser and open the camera again.");
    }
  };

  held.tell = setTriggerValue;
  held.tick = tick;
  held.stop = stop;
  video.setAttribute("aria-label", data.alt);
  if (held.sent && data.seen === held.sent.burst) held.sent = null;
  if (data.halt && data.halt !== held.halted) { held.halted = data.halt; stop(); }
  go.textContent = watching && held.on ? data.stop : data.label;
  go.setAttribute("aria-pressed", held.on ? "true" : "false");
  if (watching) {
    go.onclick = () => (held.on ? held.stop() : start());
  } else {
    go.onpointerdown = (event) => {
      if (event.button) return;
      go.setPointerCapture(event.pointerId);
      start();
    };
    go.onpointerup = go.onpointercancel = go.onblur = () => held.stop();
    go.oncontextmenu = (event) => event.preventDefault();
    go.onkeydown = (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      if (!event.repeat) start();
    };
    go.onkeyup = () => held.stop();
  }
  if (!held.timer) {
    held.timer = setInterval(() => held.tick(), data.every);
    open();
  }
  return () => close();
}
