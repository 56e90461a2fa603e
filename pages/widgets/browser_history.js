export default function ({ parameters }) {
  const push = history.pushState.bind(history), replace = history.replaceState.bind(history);
  const readStep = (url) => parameters.map((name) => url.searchParams.getAll(name).join()).join(";");
  let drawnUrl = location.href;  // when the page was last complete
  let editedUrl = location.href;  // with the user's changes since then
  let isLoading = true;  // the page is not complete yet, so nothing in it is a step
  const settle = () => { drawnUrl = editedUrl = location.href; };
  history.replaceState = (state, title, url) => {  // a widget was changed
    replace(state, title, url);
    editedUrl = location.href;
  };
  history.pushState = (state, title, url) => {
    const current = new URL(location.href), next = new URL(url, location.href);
    const isSamePage = next.pathname === current.pathname;
    if (isSamePage && (isLoading || readStep(next) === readStep(current))) return replace(state, title, url);
    replace(history.state, "", isSamePage ? drawnUrl : editedUrl);
    push(state, title, url);
    settle();
    isLoading = !isSamePage;
  };
  window.addEventListener("popstate", () => { settle(); isLoading = true; });
  for (const input of ["pointerdown", "keydown"]) addEventListener(input, () => { isLoading = false; }, true);
  new MutationObserver(() => {
    if (document.querySelector("[data-testid=stApp]")?.dataset.testScriptState !== "notRunning") return;
    settle();
    isLoading = false;
  }).observe(document.body, { subtree: true, attributes: true, attributeFilter: ["data-test-script-state"] });
}
