// On a narrow screen, shows the result after Start and when a job ends: it is below the form there.
export default function () {
  if (window.studioResultScroll) return;
  window.studioResultScroll = true;
  const DRAW_MS = 400;  // until the page has reacted to the click
  const show = () => {
    // A running job is in view anyway.
    if (!matchMedia("(max-width: 640px)").matches || document.querySelector(".st-key-working")) return;
    document.querySelector(".st-key-stage")?.scrollIntoView({ behavior: "smooth" });
  };
  addEventListener("click", (event) => {
    if (event.target.closest?.('.st-key-start [data-testid="stBaseButton-primary"]')) setTimeout(show, DRAW_MS);
  }, true);
  let workingPage = "";  // whose running job is in view
  new MutationObserver(() => {
    const isWorking = document.querySelector(".st-key-working") !== null;
    if (workingPage === location.pathname && !isWorking) show();
    workingPage = isWorking ? location.pathname : "";
  }).observe(document.body, { childList: true, subtree: true });
}
