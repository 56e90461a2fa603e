export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const table = parentElement.querySelector("table");
  const make = (tag, text, inside) => {
    const made = document.createElement(tag);
    made.textContent = text;
    if (inside) inside.append(made);
    return made;
  };
  const headed = (scope, text, row) => {
    const th = make("th", "", row);
    th.scope = scope;
    th.title = text;
    make("span", text, th);
  };
  table.style.setProperty("--columns", data.classes.length);
  table.className = data.classes.length > 6 ? "many" : "";
  const head = document.createElement("thead"), body = document.createElement("tbody");
  const top = make("tr", "", head);
  headed("col", "true \u2193  predicted \u2192", top);
  data.classes.forEach((name) => headed("col", name, top));
  data.counts.forEach((counts, truth) => {
    const row = make("tr", "", body);
    headed("row", data.classes[truth], row);
    const whole = counts.reduce((sum, count) => sum + count, 0);
    counts.forEach((count, guess) => {
      const place = make("td", count ? "" : "\u00b7", row);
      if (!count) { place.className = "none"; return; }
      const cell = make("button", count, place), share = count / whole;
      cell.className = (truth === guess ? "right" : "wrong") + (share > 0.6 ? " full" : "");
      cell.style.setProperty("--share", truth === guess ? share : Math.max(share, 0.25));
      const said = truth === guess ? "classified correctly" : "classified as " + data.classes[guess];
      cell.setAttribute("aria-label", data.classes[truth] + " " + said + ": " + count + " of " + whole);
      cell.title = cell.getAttribute("aria-label");
      const chosen = data.chosen && data.chosen[0] === truth && data.chosen[1] === guess;
      cell.setAttribute("aria-pressed", chosen ? "true" : "false");
      cell.onclick = () => setTriggerValue("cell", chosen ? [-1, -1] : [truth, guess]);
    });
  });
  table.replaceChildren(head, body);
}
