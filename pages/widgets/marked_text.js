export default function (component) {
  const { data, parentElement } = component;
  const sheet = parentElement.querySelector(".sheet"), body = sheet.querySelector("div");
  const legend = parentElement.querySelector(".legend"), copy = sheet.querySelector(".copy");
  const shade = (nats) => data.levels.filter((level) => nats >= level).length;
  const chance = (nats) => "1 in " + Math.max(1, Math.round(Math.exp(nats))).toLocaleString();
  const mark = (mine, other) => {
    if (!data.language_models.length) {
      return ["s" + shade(mine), mine.toFixed(2) + " nats: a chance of about " + chance(mine)];
    }
    if (mine === null) return ["none", "counts for neither"];
    const side = other > mine ? "a" : "b";
    return [
      side + shade(Math.abs(other - mine)),
      data.language_models[0] + ": " + chance(mine) + ", " + data.language_models[1] + ": " + chance(other),
    ];
  };
  const piece = (name, text, tag = "span") => {
    const made = document.createElement(tag);
    made.className = name;
    made.textContent = text;
    return made;
  };
  const atEnd = sheet.scrollHeight - sheet.scrollTop - sheet.clientHeight < 60;
  const letters = Array.from(data.text), marked = Math.min(letters.length, data.nats.length);
  const parts = [piece("before", data.before)];
  for (let n = 0; n < marked; n += 1) {
    const [shown, told] = mark(data.nats[n], data.others[n]);
    const made = piece(shown, letters[n], "i");
    made.title = told;
    parts.push(made);
  }
  parts.push(piece("after", letters.slice(marked).join("")));
  if (data.writing) parts.push(piece("caret", ""));
  if (data.hint) parts.push(piece("hint", data.hint));
  body.replaceChildren(...parts);
  body.setAttribute("aria-hidden", marked > 0);
  copy.textContent = marked > 0 ? data.before + data.text : "";
  sheet.setAttribute("aria-busy", data.writing);
  if (data.writing && atEnd) sheet.scrollTop = sheet.scrollHeight;
  // That there is more below must be seen even where scroll bars hide themselves.
  const more = () => sheet.scrollHeight - sheet.scrollTop - sheet.clientHeight > 8;
  sheet.onscroll = () => sheet.classList.toggle("more", more());
  sheet.onscroll();
  legend.hidden = marked === 0;
  legend.replaceChildren(...data.words.map((words, n) => {
    const row = document.createElement("span");
    row.append(piece(data.shades[n], "abc", "i"), words);
    return row;
  }));
}
