export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const table = parentElement.querySelector("table");
  const makeElement = (tag, text, parent) => {
    const element = document.createElement(tag);
    element.textContent = text;
    if (parent) parent.append(element);
    return element;
  };
  const addHeader = (scope, text, row) => {
    const header = makeElement("th", "", row);
    header.scope = scope;
    header.title = text;
    makeElement("span", text, header);
  };
  table.style.setProperty("--columns", data.classes.length);
  table.className = data.classes.length > 6 ? "many" : "";
  const head = document.createElement("thead"), body = document.createElement("tbody");
  const headRow = makeElement("tr", "", head);
  addHeader("col", "true \u2193  predicted \u2192", headRow);
  data.classes.forEach((name) => addHeader("col", name, headRow));
  data.counts.forEach((counts, truth) => {
    const row = makeElement("tr", "", body);
    addHeader("row", data.classes[truth], row);
    const total = counts.reduce((sum, count) => sum + count, 0);
    counts.forEach((count, guess) => {
      const cell = makeElement("td", count ? "" : "\u00b7", row);
      if (!count) { cell.className = "none"; return; }
      const button = makeElement("button", count, cell), share = count / total;
      button.className = (truth === guess ? "right" : "wrong") + (share > 0.6 ? " full" : "");
      button.style.setProperty("--share", truth === guess ? share : Math.max(share, 0.25));
      const result = truth === guess ? "classified correctly" : "classified as " + data.classes[guess];
      button.setAttribute("aria-label", data.classes[truth] + " " + result + ": " + count + " of " + total);
      button.title = button.getAttribute("aria-label");
      const isSelected = data.selected && data.selected[0] === truth && data.selected[1] === guess;
      button.setAttribute("aria-pressed", isSelected ? "true" : "false");
      button.onclick = () => setTriggerValue("cell", isSelected ? [-1, -1] : [truth, guess]);
    });
  });
  const focused = [...table.querySelectorAll("td")].indexOf(table.querySelector("td:has(:focus)"));
  table.replaceChildren(head, body);
  table.querySelectorAll("td")[focused]?.querySelector("button")?.focus({ preventScroll: true });
}
