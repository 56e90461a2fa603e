// On a narrow screen, scrolls to an element once the page's run has ended: until then, elements move.
export default function ({ selector }) {
  const PAUSE_MS = 100;
  const isRunning = () => document.querySelector("[data-testid=stApp]")?.dataset.testScriptState !== "notRunning";
  const scroll = () => {
    if (isRunning()) setTimeout(scroll, PAUSE_MS);
    else document.querySelector(selector)?.scrollIntoView({ behavior: "smooth" });
  };
  if (matchMedia("(max-width: 640px)").matches) setTimeout(scroll, PAUSE_MS);
}
