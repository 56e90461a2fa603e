// Moves the focus to a tile as soon as it is there, so that the keyboard goes on where it was.
export default function ({ widget, index }) {
  const end = Date.now() + 3000;
  const look = () => {
    const tile = document.querySelectorAll(`.${widget} [data-testid="stButtonGroup"] button`)[index];
    if (tile) tile.focus();
    else if (Date.now() < end) requestAnimationFrame(look);
  };
  look();
}
