export default function (component) {
  const { data, parentElement } = component;
  const bytes = new Uint8Array(data);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const head = view.getUint32(0), first = view.getUint32(4);
  const words = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + head)));
  const start = 8 + head;
  (parentElement.urls || []).forEach((url) => URL.revokeObjectURL(url));
  const urls = [bytes.subarray(start, start + first), bytes.subarray(start + first)].map(
    (part) => URL.createObjectURL(new Blob([part], { type: "image/webp" })));
  parentElement.urls = urls;
  const find = (name) => parentElement.querySelector(name);
  const stage = find(".stage"), range = find("input");
  const before = find(".before"), after = find(".after");
  stage.style.setProperty("--ratio", words.ratio);
  before.src = urls[0];
  after.src = urls[1];
  before.alt = words.before;
  after.alt = words.after;
  find(".left").textContent = words.before;
  find(".right").textContent = words.after;
  find("figcaption").textContent = words.caption;
  range.setAttribute("aria-label", `Compare ${words.before} on the left with ${words.after} on the right`);
  const move = () => {
    const at = Number(range.value);
    stage.style.setProperty("--at", at + "%");
    range.setAttribute("aria-valuetext", Math.round(at) + " % " + words.before);
    find(".left").style.opacity = at < 12 ? 0 : 1;
    find(".right").style.opacity = at > 88 ? 0 : 1;
  };
  range.oninput = move;
  move();
  return () => urls.forEach((url) => URL.revokeObjectURL(url));
}
