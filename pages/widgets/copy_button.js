const REFUSED = "The browser did not allow it. Download the image instead.";
const INSECURE = "Browsers copy images only on localhost and https. Download the image instead.";
export default function (component) {
  const { data, parentElement } = component;
  const status = parentElement.querySelector("p");
  status.textContent = "";
  const readImage = async () => {
    const response = await fetch(data.url);
    if (!response.ok) throw new Error(response.statusText);
    return response.blob();
  };
  parentElement.querySelector("button").onclick = async () => {
    if (!window.ClipboardItem || !navigator.clipboard) { status.textContent = INSECURE; return; }
    try {
      // The promise itself: Safari accepts no item that is made after the click has been handled.
      await navigator.clipboard.write([new window.ClipboardItem({ "image/png": readImage() })]);
      status.textContent = "Copied.";
    } catch {
      status.textContent = REFUSED;
    }
  };
}
