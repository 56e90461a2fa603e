// Keys of all pages: Enter starts the form, the arrows show the neighbors of a gallery item, ? lists the keys.
// Each presses a button of the page. Ctrl+Enter is a shortcut of Streamlit, and canvases have keys of their own.
export default function ({ buttons }) {
  const ENTRIES = "input, textarea, select, [contenteditable]";
  const CONTROLS = `${ENTRIES}, button, a, summary, [tabindex], [role=slider]`;
  // Where the focus is on a control, Enter and the arrows belong to it; a field takes every key.
  const isBusy = (event) => {
    const controls = event.key === "?" ? ENTRIES : CONTROLS;
    return document.querySelector("[role=dialog], dialog[open]") ||
      event.composedPath().some((element) => element !== document.body && element.matches?.(controls) &&
        element.getAttribute("data-testid") !== "stMain");
  };
  addEventListener("keydown", (event) => {
    const className = buttons[event.key];
    if (!className || event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isBusy(event)) return;
    const button = document.querySelector(`.${className} button:enabled`);
    if (!button) return;
    event.preventDefault();
    button.click();
  });
}
