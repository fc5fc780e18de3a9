/* Copying: what stands in a <template> goes to the clipboard, as HTML for word processors and as plain text for the rest.
 * The button is hidden without this: the Word file has the same. */

const written = (id) => {
  const html = document.getElementById(id);
  const text = document.getElementById(`${id}-text`);
  return { "text/html": html.innerHTML.trim(), "text/plain": text.content.textContent.trim() };
};

// Works also where there is no secure connection, as on a machine of one's own.
const copyByEvent = (kinds) => {
  const put = (event) => {
    for (const [kind, content] of Object.entries(kinds)) event.clipboardData.setData(kind, content);
    event.preventDefault();
  };
  document.addEventListener("copy", put, { once: true });
  const done = document.execCommand("copy");
  document.removeEventListener("copy", put);
  return done;
};

const copy = async (kinds) => {
  if (copyByEvent(kinds)) return true;
  const blobs = Object.entries(kinds).map(([kind, content]) => [kind, new Blob([content], { type: kind })]);
  await navigator.clipboard.write([new ClipboardItem(Object.fromEntries(blobs))]);
  return true;
};

for (const button of document.querySelectorAll("[data-copies]")) {
  const id = button.dataset.copies;
  const told = document.querySelector(`[data-copied-from="${id}"]`);
  button.hidden = false;
  button.addEventListener("click", async () => {
    // Said anew each time, so that it is heard again.
    told.textContent = "";
    const done = await copy(written(id)).catch(() => false);
    told.textContent = done ? told.dataset.done : told.dataset.failed;
  });
}
