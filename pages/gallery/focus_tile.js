// Moves the focus to a tile as soon as the tile exists, so that keyboard users continue where they were.
export default function ({ widget, index }) {
  const end = Date.now() + 3000;
  const focusTile = () => {
    const tile = document.querySelectorAll(`.${widget} [data-testid="stButtonGroup"] button`)[index];
    if (tile) tile.focus();
    else if (Date.now() < end) requestAnimationFrame(focusTile);
  };
  focusTile();
}
