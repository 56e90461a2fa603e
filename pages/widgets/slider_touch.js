// Lets a finger scroll the page over a slider of Streamlit, which would change its value at the first touch. It gets
// the touch only when the finger moves sideways or lifts; after a vertical move, the browser scrolls and cancels it.
export default function () {
  const SLACK = 8;  // px that a finger moves before it drags
  let touch = null;  // a pointerdown that the slider has not got yet
  const isOnSlider = (event) => event.target.closest?.('[data-testid="stSlider"] [role=group] > *') && event.isTrusted;
  const handOver = () => {
    const { target } = touch, copy = new PointerEvent("pointerdown", touch);
    touch = null;
    target.dispatchEvent(copy);
  };
  addEventListener("pointerdown", (event) => {
    touch = null;
    if (event.pointerType !== "touch" || !isOnSlider(event)) return;
    event.stopPropagation();
    event.preventDefault();  // no mouse events after a tap, as the slider itself wants it
    touch = event;
  }, true);
  addEventListener("touchstart", (event) => { if (isOnSlider(event)) event.stopPropagation(); }, true);
  addEventListener("pointermove", (event) => {
    if (event.pointerId !== touch?.pointerId) return;
    const [across, along] = [event.clientX - touch.clientX, event.clientY - touch.clientY].map(Math.abs);
    if (Math.max(across, along) < SLACK) return;
    if (across > along) handOver(); else touch = null;
  }, true);
  addEventListener("pointerup", (event) => { if (event.pointerId === touch?.pointerId) handOver(); }, true);
  addEventListener("pointercancel", () => { touch = null; }, true);
}
