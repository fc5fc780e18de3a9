/* Lists put in order by dragging. Each item has a form that moves it ([data-move]); a drag sends the same form with
 * the number of the new place. By keyboard, and without this, the form's own buttons do it. */

const makeHandle = (item) => {
  const handle = document.createElement("span");
  handle.className = "making__handle";
  // Not for the keyboard or a screen reader: the buttons say the same better.
  handle.setAttribute("aria-hidden", "true");
  handle.title = document.documentElement.dataset.drag;
  item.prepend(handle);
  return handle;
};

for (const list of document.querySelectorAll("[data-sortable]")) {
  const items = () => [...list.children];
  if (items().length < 2) continue;
  for (const item of items()) {
    const handle = makeHandle(item);
    const form = item.querySelector("form[data-move]");

    handle.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      const before = items();
      item.classList.add("making__item--dragged");

      const follow = (moved) => {
        const next = items().find((other) => {
          const box = other.getBoundingClientRect();
          return other !== item && moved.clientY < box.top + box.height / 2;
        });
        if (next !== item.nextElementSibling) list.insertBefore(item, next ?? null);
      };
      const stop = () => {
        document.removeEventListener("pointermove", follow);
        document.removeEventListener("pointerup", drop);
        document.removeEventListener("pointercancel", giveUp);
        item.classList.remove("making__item--dragged");
      };
      const giveUp = () => { stop(); list.append(...before); };
      const drop = () => {
        stop();
        const place = items().indexOf(item);
        if (place === before.indexOf(item)) return;
        const number = document.createElement("input");
        number.type = "hidden";
        number.name = "number";
        number.value = place + 1;
        form.append(number);
        form.submit();
      };
      // On the document: an item that is moved in the list would lose the capture of the pointer.
      document.addEventListener("pointermove", follow);
      document.addEventListener("pointerup", drop);
      document.addEventListener("pointercancel", giveUp);
    });
  }
}
