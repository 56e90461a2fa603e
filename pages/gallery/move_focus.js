// Moves the focus to an element once what had the focus is gone, so that keyboard users continue where they were.
export default function ({ selector, index = 0 }) {
  const end = Date.now() + 3000;
  const moveFocus = () => {
    const element = document.querySelectorAll(selector)[index];
    if (element && document.activeElement === document.body) element.focus();
    else if (Date.now() < end) requestAnimationFrame(moveFocus);
  };
  moveFocus();
}
