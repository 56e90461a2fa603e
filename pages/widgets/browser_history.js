export default function ({ steps: names }) {
  if (window.studioHistory) return;
  window.studioHistory = true;
  const push = history.pushState.bind(history), replace = history.replaceState.bind(history);
  const steps = (url) => names.map((name) => url.searchParams.getAll(name).join()).join(";");
  let settled = location.href;  // when the page last stood still
  let left = location.href;  // the same, with what the user has changed since
  let arriving = true;  // the page is not complete yet, so nothing in it is a step
  const settle = () => { settled = left = location.href; };
  history.replaceState = (state, title, url) => {  // a widget was changed
    replace(state, title, url);
    left = location.href;
  };
  history.pushState = (state, title, url) => {
    const now = new URL(location.href), next = new URL(url, location.href);
    const stays = next.pathname === now.pathname;
    if (stays && (arriving || steps(next) === steps(now))) return replace(state, title, url);
    replace(history.state, "", stays ? settled : left);
    push(state, title, url);
    settle();
    arriving = !stays;
  };
  window.addEventListener("popstate", () => { settle(); arriving = true; });
  for (const input of ["pointerdown", "keydown"]) addEventListener(input, () => { arriving = false; }, true);
  new MutationObserver(() => {
    if (document.querySelector("[data-testid=stApp]")?.dataset.testScriptState !== "notRunning") return;
    settle();
    arriving = false;
  }).observe(document.body, { subtree: true, attributes: true, attributeFilter: ["data-test-script-state"] });
}
