// How far a growing text is scrolled. Kept here, because the finished text is drawn in a new element.
let position = null;

export default function (component) {
  const { data, parentElement } = component;
  const sheet = parentElement.querySelector(".sheet"), body = sheet.querySelector("div");
  const legend = parentElement.querySelector(".legend"), copy = sheet.querySelector(".copy");
  const shadeOf = (nats) => data.levels.filter((level) => nats >= level).length;
  const formatProbability = (nats) => "1 in " + Math.max(1, Math.round(Math.exp(nats))).toLocaleString();
  // Returns the CSS class and the tooltip of a character from its nats in one or two models.
  const describeCharacter = (nats, otherNats) => {
    if (!data.language_models.length) {
      const probability = formatProbability(nats);
      return ["s" + shadeOf(nats), nats.toFixed(2) + " nats: a chance of about " + probability];
    }
    if (nats === null) return ["none", "counts for neither"];
    const side = otherNats > nats ? "a" : "b", [first, second] = data.language_models;
    return [
      side + shadeOf(Math.abs(otherNats - nats)),
      first + ": " + formatProbability(nats) + ", " + second + ": " + formatProbability(otherNats),
    ];
  };
  const makeElement = (className, text, tag = "span") => {
    const element = document.createElement(tag);
    element.className = className;
    element.textContent = text;
    return element;
  };
  const isAtEnd = sheet.scrollHeight - sheet.scrollTop - sheet.clientHeight < 60;
  // Follow the newest text until the user scrolls up. A new text may continue one that shows its beginning.
  const isNewGrowth = data.is_growing && sheet.getAttribute("aria-busy") !== "true";
  const characters = Array.from(data.text), markedCount = Math.min(characters.length, data.nats.length);
  const elements = [makeElement("before", data.before)];
  for (let n = 0; n < markedCount; n += 1) {
    const [className, tooltip] = describeCharacter(data.nats[n], data.other_nats[n]);
    const element = makeElement(className, characters[n], "i");
    element.title = tooltip;
    elements.push(element);
  }
  elements.push(makeElement("after", characters.slice(markedCount).join("")));
  if (data.is_growing) elements.push(makeElement("caret", ""));
  if (data.hint) elements.push(makeElement("hint", data.hint));
  body.replaceChildren(...elements);
  body.setAttribute("aria-hidden", markedCount > 0);
  copy.textContent = markedCount > 0 ? data.before + data.text : "";
  sheet.setAttribute("aria-busy", data.is_growing);
  const follow = () => { sheet.scrollTop = sheet.scrollHeight; };
  if (data.is_growing) {
    if (isAtEnd || isNewGrowth) follow();
    position = { top: sheet.scrollTop, isAtEnd: isAtEnd || isNewGrowth };
  } else if (position) {
    if (position.isAtEnd) follow();
    else sheet.scrollTop = position.top;
    position = null;
  }
  // Fade the last lines while more text follows, because scroll bars may be hidden.
  const hasMoreBelow = () => sheet.scrollHeight - sheet.scrollTop - sheet.clientHeight > 8;
  sheet.onscroll = () => sheet.classList.toggle("more", hasMoreBelow());
  sheet.onscroll();
  legend.hidden = markedCount === 0;
  legend.replaceChildren(...data.legend.map((label, n) => {
    const row = document.createElement("span");
    row.append(makeElement(data.shades[n], "abc", "i"), label);
    return row;
  }));
}
