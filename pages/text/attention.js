export default function (component) {
  const { data, parentElement } = component;
  const box = parentElement.querySelector(".text"), summary = parentElement.querySelector(".summary");
  const characters = Array.from(data.text), topCount = 5, maxShade = 80;
  const describe = (character) => ({ " ": "space", "\n": "line break" })[character] || "\u201c" + character + "\u201d";
  const spans = characters.map((character, n) => {
    const span = document.createElement("span");
    span.textContent = character === "\n" ? "\u23ce\n" : character;
    span.dataset.at = n;
    return span;
  });
  box.replaceChildren(...spans);
  let pinned = Math.min(data.selected, characters.length - 1);
  const show = (at) => {
    const row = data.rows[at];
    spans.forEach((span, n) => {
      const share = n <= at ? row[n] / data.scale : 0;
      span.style.setProperty("--share", Math.round(maxShade * Math.sqrt(share)) + "%");
      span.className = n === at ? "selected" : n > at ? "later" : "";
    });
    const order = row.map((weight, n) => [weight, n]).sort((a, b) => b[0] - a[0]).slice(0, topCount);
    const targets = order.filter(([weight]) => weight > 0).map(([weight, n]) => {
      const place = n === at ? "itself" : describe(characters[n]) + " " + (at - n) + " back";
      return place + " " + Math.round((100 * weight) / data.scale) + "%";
    });
    summary.textContent = describe(characters[at]) + " attends to " + targets.join(", ") + ".";
    box.setAttribute("aria-valuemax", characters.length);
    box.setAttribute("aria-valuenow", at + 1);
    box.setAttribute("aria-valuetext", summary.textContent);
  };
  const findCharacter = (event) => {
    const at = event.target.dataset ? event.target.dataset.at : undefined;
    return at === undefined ? null : Number(at);
  };
  box.onpointermove = (event) => show(findCharacter(event) ?? pinned);
  box.onpointerleave = () => show(pinned);
  box.onclick = (event) => { pinned = findCharacter(event) ?? pinned; show(pinned); };
  box.onkeydown = (event) => {
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10,
      Home: -characters.length, End: characters.length };
    if (!(event.key in steps)) return;
    event.preventDefault();
    pinned = Math.max(0, Math.min(characters.length - 1, pinned + steps[event.key]));
    show(pinned);
  };
  show(pinned);
}
