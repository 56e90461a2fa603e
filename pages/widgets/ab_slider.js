export default function (component) {
  const { data, parentElement } = component;
  const bytes = new Uint8Array(data);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const labelsLength = view.getUint32(0), beforeLength = view.getUint32(4);
  const labels = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + labelsLength)));
  const start = 8 + labelsLength, middle = start + beforeLength;
  (parentElement.urls || []).forEach((url) => URL.revokeObjectURL(url));
  const urls = [bytes.subarray(start, middle), bytes.subarray(middle)].map(
    (image) => URL.createObjectURL(new Blob([image], { type: "image/webp" })));
  parentElement.urls = urls;
  const find = (name) => parentElement.querySelector(name);
  const stage = find(".stage"), range = find("input");
  const before = find(".before"), after = find(".after");
  stage.style.setProperty("--ratio", labels.ratio);
  before.src = urls[0];
  after.src = urls[1];
  before.alt = labels.before;
  after.alt = labels.after;
  find(".left").textContent = labels.before;
  find(".right").textContent = labels.after;
  find("figcaption").textContent = labels.caption;
  range.setAttribute("aria-label", `Compare ${labels.before} on the left with ${labels.after} on the right`);
  const moveLine = () => {
    const percent = Number(range.value);
    stage.style.setProperty("--at", percent + "%");
    range.setAttribute("aria-valuetext", Math.round(percent) + " % " + labels.before);
    find(".left").style.opacity = percent < 12 ? 0 : 1;
    find(".right").style.opacity = percent > 88 ? 0 : 1;
  };
  range.oninput = moveLine;
  moveLine();
  return () => urls.forEach((url) => URL.revokeObjectURL(url));
}
