const REFUSED = "The browser did not allow it. Use Download instead.";
const INSECURE = "Browsers copy only on localhost and https. Use Download instead.";
export default function (component) {
  const { data, parentElement } = component;
  const status = parentElement.querySelector("p");
  status.textContent = "";
  const readImage = async () => {
    const response = await fetch(data.url);
    if (!response.ok) throw new Error(response.statusText);
    return response.blob();
  };
  // The promise itself: Safari accepts no item that is made after the click has been handled.
  const copyImage = () => navigator.clipboard.write([new window.ClipboardItem({ "image/png": readImage() })]);
  parentElement.querySelector("button").onclick = async () => {
    if (!window.ClipboardItem || !navigator.clipboard) { status.textContent = INSECURE; return; }
    try {
      await (data.text === undefined ? copyImage() : navigator.clipboard.writeText(data.text));
      status.textContent = "Copied.";
    } catch {
      status.textContent = REFUSED;
    }
  };
}
