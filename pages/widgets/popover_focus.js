// Moves the focus into a popover that a key opened, and back to its button when Esc closes it: the popover is the last
// element of the page, so Tab would reach its contents only after everything else.
export default function () {
  let pressed = null;  // the button that a key pressed, until its popover is there
  let opener = null;  // the button of the open popover
  const getBody = () => document.querySelector("[data-testid=stPopoverBody]");
  addEventListener("keydown", (event) => {
    const button = event.target.closest?.("[data-testid=stPopover] button");
    pressed = button && !getBody() && (event.key === "Enter" || event.key === " ") ? button : null;
  }, true);
  addEventListener("pointerdown", () => { pressed = opener = null; }, true);
  new MutationObserver(() => {
    const body = getBody();
    if (body && pressed) {
      [opener, pressed] = [pressed, null];
      body.tabIndex = -1;
      body.focus({ preventScroll: true });
    } else if (!body && opener) {
      if (document.activeElement === document.body) opener.focus();
      opener = null;
    }
  }).observe(document.body, { subtree: true, childList: true });
}
