// Images dropped or pasted anywhere on a page go to its first upload widget that takes images.
export default function ({ text }) {
  const hint = Object.assign(document.createElement("div"), { className: "drop-hint", textContent: text });
  const WIDGETS = '[class*="st-key-dropped-"] input[type=file], [data-testid=stMain] input[type=file][accept*=".webp"]';
  const findInput = () =>
    document.querySelector("dialog[open], [data-testid=stDialog]") ? null : document.querySelector(WIDGETS);
  // As if the user had chosen the files in the widget: all of its checks and limits apply.
  const upload = (input, files) => {
    const transfer = new DataTransfer();
    for (const file of input.multiple ? files : [files[0]]) transfer.items.add(file);
    input.files = transfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  // A run that is still going on may replace the widget and lose its files: after a dialog, or on a slow machine.
  const isRunning = () => document.querySelector("[data-testid=stApp]")?.dataset.testScriptState !== "notRunning";
  const PAUSE_MS = 50, MAX_TRIES = 1200;  // a minute
  const uploadAtRest = (files, tries = MAX_TRIES) => {
    if (tries && isRunning()) { setTimeout(uploadAtRest, PAUSE_MS, files, tries - 1); return; }
    const input = findInput();
    if (input) upload(input, files);
  };
  addEventListener("paste", (event) => {
    const { files, types } = event.clipboardData, input = files.length && findInput();
    const isTyping = event.composedPath()[0].closest?.("input, textarea, [contenteditable]");
    if (!input || event.defaultPrevented || isTyping && types.includes("text/plain")) return;
    event.preventDefault();
    uploadAtRest([...files]);  // the list is emptied after the event
  });

  let isOwnDrag = false;  // of an image or a link of the page itself
  addEventListener("dragstart", () => { isOwnDrag = true; });
  addEventListener("dragend", () => { isOwnDrag = false; });
  const hasFiles = (event) => !isOwnDrag && event.dataTransfer.types.includes("Files");
  const isOnWidget = (event) => event.composedPath().some((element) => element.matches?.("[data-testid=stFileUploaderDropzone]"));
  addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    const input = findInput();
    if (input) document.body.append(hint);
    if (isOnWidget(event)) return;
    event.preventDefault();  // else the browser would leave the page to open the file
    event.dataTransfer.dropEffect = input ? "copy" : "none";
  });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) hint.remove(); });
  addEventListener("drop", (event) => {
    hint.remove();
    if (!hasFiles(event) || isOnWidget(event)) return;
    event.preventDefault();
    const { files } = event.dataTransfer;
    if (findInput() && files.length) uploadAtRest([...files]);
  });
}
