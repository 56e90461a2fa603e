// Gives the focus a near place when a run of the page removes or disables what has it, e.g. a pressed button: else
// Tab would start again at the top. It leaves alone a user who points, or who has pressed a key since.
export default function () {
  const FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex]";
  const OVERLAYS = "[role=dialog], dialog, [data-testid=stPopoverBody]";  // the focus returns to what opened them
  let path = [];  // what has the focus, and the elements around it, from the inside out
  let address = "";  // of the page that they are in
  let isPointing = false;  // the last input was not a key
  let isWaiting = false;  // for the frames before `move`
  const canFocus = (element) => element.isConnected && element.matches(FOCUSABLE) && element.tabIndex >= 0 &&
    !element.disabled && element.checkVisibility({ visibilityProperty: true });
  const remember = (event) => {
    const elements = event.composedPath();
    if (isPointing || event.target === document.body || elements.some((element) => element.matches?.(OVERLAYS))) return;
    [path, address] = [elements.filter((element) => element instanceof Element), location.pathname];
  };
  const isBeforeLost = (element) => path[0].isConnected &&
    element.compareDocumentPosition(path[0]) & Node.DOCUMENT_POSITION_FOLLOWING;
  // A run may draw a container with a key again, as another element.
  const findPlace = (element) => {
    const name = [...element.classList].find((name) => name.startsWith("st-key-"));
    return element.isConnected || !name ? element : document.querySelector(`.${name}`);
  };
  const findTarget = () => {
    if (canFocus(path[0])) return path[0];
    const end = path.findIndex((element) => element.matches("[data-testid=stMain], [data-testid=stSidebar]"));
    const places = address === location.pathname ? path.slice(1, end).map(findPlace) : [];
    for (const place of places) {
      const targets = place?.isConnected ? [...place.querySelectorAll(FOCUSABLE)].filter(canFocus) : [];
      const target = targets.findLast(isBeforeLost) ?? targets[0];
      if (target) return target;
    }
    const heading = document.querySelector("[data-testid=stMain] h1");
    if (heading) heading.tabIndex = -1;
    return heading;
  };
  const isLost = () => path.length && document.activeElement === document.body &&
    document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "notRunning" &&
    !document.querySelector(OVERLAYS);
  const move = () => {
    isWaiting = false;
    if (isLost()) findTarget()?.focus({ preventScroll: matchMedia("(max-width: 640px)").matches });
  };
  addEventListener("focusin", remember, true);
  addEventListener("keydown", (event) => {
    isPointing = false;
    if (event.target === document.body && !event.repeat) path = [];
    remember(event);
  }, true);
  addEventListener("pointerdown", () => { [path, isPointing] = [[], true]; }, true);
  // Two frames later: a disabled element loses the focus then, and a script of the page may know a better place.
  const moveLater = () => {
    if (isWaiting || !path.length) return;
    isWaiting = true;
    requestAnimationFrame(() => requestAnimationFrame(move));
  };
  new MutationObserver(moveLater)
    .observe(document.body, { subtree: true, childList: true, attributeFilter: ["data-test-script-state", "disabled"] });
}
