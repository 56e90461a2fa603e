// Keys of all pages: Enter starts the form, the arrows show the neighbors of a gallery item, ? lists the keys.
// Each presses a button of the page. Ctrl+Enter is a shortcut of Streamlit, and canvases have keys of their own.
export default function ({ buttons }) {
  const ENTRIES = "input, textarea, select, [contenteditable]";
  const ARROW_CONTROLS = `${ENTRIES}, [role=radio], [role=toolbar], [role=tab], [role=slider], [tabindex]:not(button, a)`;
  const CONTROLS = `${ARROW_CONTROLS}, button, a, summary`;
  // Where the focus is on a control, Enter and the arrows that it uses belong to it; a field takes every key.
  const isBusy = (event) => {
    const controls = { "?": ENTRIES, Enter: CONTROLS }[event.key] ?? ARROW_CONTROLS;
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
  // Tiles and other buttons keep each Enter to themselves, so Streamlit's shortcut does not get it from them.
  addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.repeat) return;
    if (!event.target.closest("button") || document.querySelector("[role=dialog], dialog[open]")) return;
    const button = document.querySelector(`.${buttons.Enter} button:enabled`);
    if (!button) return;
    event.preventDefault();
    event.stopPropagation();
    button.click();
  }, true);
}
