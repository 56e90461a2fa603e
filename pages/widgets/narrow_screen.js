// On a narrow screen, shows the result after Start and when a job ends, because it is below the form there, and
// closes the sidebar after a click on a link.
export default function () {
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
  // A sidebar that covers the page stays open after a click on a link in it, and would hide the job that it opens.
  addEventListener("click", (event) => {
    const isLink = event.target.closest?.('[data-testid="stSidebar"] [data-testid="stPageLink"] a');
    if (isLink && matchMedia("(max-width: 768px)").matches) document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
  });
  let workingPage = "";  // whose running job is in view
  new MutationObserver(() => {
    if (workingPage === location.pathname && !isWorking()) show();
    workingPage = isWorking() ? location.pathname : "";
  }).observe(document.body, { childList: true, subtree: true });
}
