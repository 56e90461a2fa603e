// On a narrow screen, shows the result when a job ends: it is below the form there. A running job stays in view.
export default function () {
  if (window.studioResultScroll) return;
  window.studioResultScroll = true;
  let workingPage = "";  // whose running job is in view
  new MutationObserver(() => {
    const isWorking = document.querySelector(".st-key-working") !== null;
    if (workingPage === location.pathname && !isWorking && matchMedia("(max-width: 640px)").matches) {
      document.querySelector(".st-key-stage")?.scrollIntoView({ behavior: "smooth" });
    }
    workingPage = isWorking ? location.pathname : "";
  }).observe(document.body, { childList: true, subtree: true });
}
