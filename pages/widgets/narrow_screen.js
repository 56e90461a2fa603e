// On a narrow screen, shows the result after Start, when a job ends and when its link is chosen, because it is below
// the form there, hides that link while the result is in view, and closes the sidebar after a click on a link. On a wide
// screen, shows the top of the result after Start and when a job ends, if only a lower part is in view.
export default function () {
  const DRAW_MS = 400;  // until the page has reacted to the click
  const isWorking = () => document.querySelector(".st-key-working") !== null;
  const isRunning = () => document.querySelector("[data-testid=stApp]")?.dataset.testScriptState !== "notRunning";
  const findStage = () => document.querySelector(".st-key-stage");
  const scrollToStage = () => findStage()?.scrollIntoView({ behavior: "smooth" });
  const isNarrow = () => matchMedia("(max-width: 640px)").matches;
  const isTopHidden = () => findStage()?.getBoundingClientRect().top < 0 && document.body.classList.contains("has-stage-in-view");
  const show = () => {
    if (isNarrow() ? !isWorking() : isTopHidden()) scrollToStage();  // on a narrow screen, a running job is in view anyway
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
  addEventListener("click", (event) => {
    if (!event.target.closest?.('a[href="#result"]')) return;
    event.preventDefault();  // "#result" in the address would be an entry of the history
    scrollToStage();
  }, true);
  const watcher = new IntersectionObserver((entries) => {
    document.body.classList.toggle("has-stage-in-view", entries.at(-1).isIntersecting);
  }, { rootMargin: "0px 0px -25%" });  // a strip at the bottom is not enough to see
  let watchedStage = null;
  const watchStage = () => {
    const stage = findStage();
    if (stage === watchedStage) return;
    watcher.disconnect();
    watchedStage = stage;
    if (stage) watcher.observe(stage);
  };
  let workingPage = "";  // whose running job is in view
  new MutationObserver(() => {
    watchStage();
    if (workingPage === location.pathname && !isWorking()) {
      if (isNarrow()) show(); else setTimeout(showAtRest, DRAW_MS);  // a wide screen's result is not drawn yet
    }
    workingPage = isWorking() ? location.pathname : "";
  }).observe(document.body, { childList: true, subtree: true });
}
