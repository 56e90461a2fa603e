"""Parts of the JavaScript of the brush: stripes that are seen on any photo, and what hangs together."""

JS = """
const MOST_ZOOM = 6, MOST_UNDONE = 20, BARE = -1, SEEN = 128;  // level from which a place counts as painted
// Two tones, one of which is seen on any photo, and a direction of its own for each style.
const stripes = (ink, n) => {
  const made = document.createElement("canvas"), pen = made.getContext("2d");
  made.width = made.height = 12;
  pen.fillStyle = ink;
  pen.fillRect(0, 0, 12, 12);
  pen.strokeStyle = "#fff";
  pen.lineWidth = 2.5;
  const ways = [[[-3, 3, 3, -3], [-3, 15, 15, -3], [9, 15, 15, 9]],
                [[-3, 9, 3, 15], [-3, -3, 15, 15], [9, -3, 15, 3]], [[-3, 6, 15, 6]], [[6, -3, 6, 15]]];
  for (const [x, y, u, v] of ways[n % 4]) {
    pen.beginPath();
    pen.moveTo(x, y);
    pen.lineTo(u, v);
    pen.stroke();
  }
  return made;
};
const striped = (layer, made, ink, n) => {
  const pen = made.getContext("2d");
  pen.drawImage(layer, 0, 0);
  pen.globalCompositeOperation = "source-in";
  pen.fillStyle = pen.createPattern(stripes(ink, n), "repeat");
  pen.fillRect(0, 0, made.width, made.height);
  return made;
};
// How far two fingers are from each other, and what lies between them.
const spread = (fingers) => {
  const [a, b] = [...fingers.values()];
  return { far: Math.hypot(a[0] - b[0], a[1] - b[1]), middle: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] };
};
// The places that hang together with one of them and are painted alike, row by row.
const alike = (labels, width, start) => {
  const found = new Uint8Array(labels.length), wanted = labels[start], open = [start];
  found[start] = 1;
  while (open.length) {
    const at = open.pop(), x = at % width;
    for (const [near, inside] of [[at - 1, x > 0], [at + 1, x < width - 1], [at - width, true],
                                  [at + width, true]])
      if (inside && labels[near] === wanted && !found[near]) { found[near] = 1; open.push(near); }
  }
  return found;
};
// The same and what touches them: the soft edges of strokes, which count as painted and are not quite.
const grown = (found, width) => {
  const wide = found.slice();
  for (let at = 0; at < found.length; at++)
    if (found[at]) {
      if (at % width) wide[at - 1] = 1;
      if ((at + 1) % width) wide[at + 1] = 1;
      if (at >= width) wide[at - width] = 1;
      if (at + width < found.length) wide[at + width] = 1;
    }
  return wide;
};
// A layer as a mask: white where it is painted, on black.
const asMask = (layer, blank) => {
  const white = blank(), made = blank();
  let pen = white.getContext("2d");
  pen.drawImage(layer, 0, 0);
  pen.globalCompositeOperation = "source-in";
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, white.width, white.height);
  pen = made.getContext("2d");
  pen.fillStyle = "#000";
  pen.fillRect(0, 0, made.width, made.height);
  pen.drawImage(white, 0, 0);
  return made.toDataURL("image/png");
};
// Ctrl+Z undoes and Shift+Ctrl+Z or Ctrl+Y redoes wherever the focus is, except in a text field, which has an
// undo of its own. The listener of an earlier run goes, and so does that of a canvas that left the page.
const onShortcut = (owner, canvas, { undo, redo }) => {
  window.removeEventListener("keydown", owner.shortcut);
  owner.shortcut = (event) => {
    if (!canvas.isConnected) return window.removeEventListener("keydown", owner.shortcut);
    const key = event.key.toLowerCase(), at = event.composedPath()[0];
    const typing = at.matches?.("input:not([type=range]):not([type=checkbox]), textarea, [contenteditable]");
    if (!(event.ctrlKey || event.metaKey) || event.altKey || typing || event.defaultPrevented) return;
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    if (key === "y" || event.shiftKey) redo(); else undo();
  };
  window.addEventListener("keydown", owner.shortcut);
};
"""
