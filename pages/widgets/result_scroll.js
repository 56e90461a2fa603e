// On a narrow screen, shows the result after Start and when a job ends: it is below the form there.
export default function () {
  if (window.studioResultScroll) return;
  window.studioResultScroll = true;
  const DRAW_MS = 400;  // until the page has reacted to the click
  const isWorking = () => document.querySelector(".st-key-working") !== null;
  const isRunning = () => document.querySelector("[data-testid=stApp]")?.dataset.testScriptState !== "notRunning";
  const show = () => {
    if (isWorking()) return;  // a running job is in view anyway
    if (!matchMedia("(max-width: 640px)").matches) return;
    document.querySelector(".st-key-stage")?.scrollIntoView({ behavior: "smooth" });
  };
  // Only the end of the run shows whether a job was started: its panel stands above the form, not below.
  const showAtRest = () => { if (isRunning()) setTimeout(showAtRest, DRAW_MS); else show(); };
  addEventListener("click", (event) => {
    if (event.target.closest?.('.st-key-start [data-testid="stBaseButton-primary"]')) setTimeout(showAtRest, DRAW_MS);
  }, true);
  let workingPage = "";  // whose running job is in view
  new MutationObserver(() => {
    if (workingPage === location.pathname && !isWorking()) show();
    workingPage = isWorking() ? location.pathname : "";
  }).observe(document.body, { childList: true, subtree: true });
}
