export default function ({ parameters }) {
  const push = history.pushState.bind(history), replace = history.replaceState.bind(history);
  const readStep = (url) => parameters.map((name) => url.searchParams.getAll(name).join()).join(";");
  let drawnUrl = location.href;  // when the page was last complete
  let editedUrl = location.href;  // with the user's changes since then
  let isLoading = true;  // the page is not complete yet, so nothing in it is a step
  let isStepNew = false;  // the last entry is a step that was added since the user's last input
  let lightbox = null;  // the open one, whose entry is the last
  let lightboxUrl = "";  // of the page under it, which may show another image now
  let isPopping = false;  // Back to the page's own entry is under way, because the lightbox was closed
  const settle = () => { drawnUrl = editedUrl = location.href; };
  const replaceEntry = (state, title, url) => {
    replace(state, title, url);
    lightboxUrl = location.href;
  };
  history.replaceState = (state, title, url) => {  // a widget was changed
    replaceEntry(state, title, url);
    editedUrl = location.href;
  };
  history.pushState = (state, title, url) => {
    const current = new URL(location.href), next = new URL(url, location.href);
    const isSamePage = next.pathname === current.pathname;
    const isStep = readStep(next) !== readStep(current) && !isLoading && !lightbox?.isConnected;
    if (isSamePage && !isStep) return replaceEntry(state, title, url);
    if (!isSamePage && isStepNew) {  // it was no step of the user: st.switch_page had cleared the address first
      replace(state, title, url);
    } else {
      replace(history.state, "", isSamePage ? drawnUrl : editedUrl);
      push(state, title, url);
    }
    isStepNew = isSamePage;
    settle();
    isLoading = !isSamePage;
  };
  // An open lightbox is an entry, so Back closes it. The page under it stays as it is.
  addEventListener("lightbox", ({ detail: dialog }) => {
    lightbox = dialog;
    lightboxUrl = location.href;
    if (!isPopping) push(history.state, "", lightboxUrl);
    dialog.addEventListener("close", () => {
      if (lightbox !== dialog) return;  // Back closed it
      lightbox = null;
      isPopping = true;
      history.back();
    });
  });
  window.closeLightboxOnBack = (event) => {  // called by the head of the page, before Streamlit gets the event
    if (!isPopping && !lightbox?.isConnected) return;
    event.stopImmediatePropagation();
    replace(history.state, "", lightboxUrl);
    if (!isPopping) lightbox.close();
    else if (lightbox) push(history.state, "", lightboxUrl);  // opened again meanwhile
    if (!isPopping) lightbox = null;
    isPopping = false;
  };
  window.addEventListener("popstate", () => { settle(); isLoading = true; isStepNew = false; });
  for (const input of ["pointerdown", "keydown"]) {
    addEventListener(input, () => { isLoading = isStepNew = false; }, true);
  }
  new MutationObserver(() => {
    if (document.querySelector("[data-testid=stApp]")?.dataset.testScriptState !== "notRunning") return;
    settle();
    isLoading = false;
  }).observe(document.body, { subtree: true, attributes: true, attributeFilter: ["data-test-script-state"] });
}
