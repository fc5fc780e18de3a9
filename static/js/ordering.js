/* Lists put in order: <ol data-order="address" data-order-name="…"> of <li data-line="…">. A line is dragged by its
 * handle, with a mouse or a finger; by keyboard its buttons (name "do", value "up:…" or "down:…") move it, which
 * without this they do by sending their form. The order is sent by itself; what could not be saved is put back. */

// Those of templates/parts/autosave_state.html.
const words = document.querySelector("[data-autosave-state]")?.dataset ?? {};
const PATIENCE = 20_000;

const post = async (url, lines) => {
  const body = new FormData();
  body.append("csrfmiddlewaretoken", document.querySelector("input[name=csrfmiddlewaretoken]")?.value ?? "");
  body.append("do", "order");
  body.append("lines", lines.map((line) => line.dataset.line).join(","));
  const response = await fetch(url, {
    method: "POST",
    body,
    headers: { Accept: "application/json" },
    redirect: "manual",
    signal: AbortSignal.timeout(PATIENCE),
  });
  const told = await response.json().catch(() => null);
  return response.ok && told ? "" : told?.message ?? words.orderFailed;
};

const makeHandle = (line) => {
  const handle = document.createElement("span");
  handle.className = "making__handle";
  handle.dataset.handle = "";
  line.prepend(handle);
  return handle;
};

const dress = (list) => {
  const lines = () => [...list.querySelectorAll(":scope > [data-line]")];
  const isSame = (some, others) => some.every((line, place) => line === others[place]);
  const status = document.createElement("p");
  status.className = "order-state";
  status.setAttribute("role", "status");
  list.after(status);

  const say = (text, isLoud = false) => {
    status.classList.toggle("order-state--loud", isLoud);
    status.textContent = text;
  };
  const buttonOf = (line, way) => line.querySelector(`button[name=do][value="${way}:${line.dataset.line}"]`);
  // What names a place, such as "line 2", is of the place and not of the line.
  const named = (line) => [...line.querySelectorAll("label, button[name=do]")];
  const names = lines().map((line) => named(line).map((element) => element.innerHTML));
  const rename = (line, place) => {
    for (const [number, element] of named(line).entries()) {
      const name = names[place][number];
      if (name !== undefined && element.innerHTML !== name) element.innerHTML = name;
    }
  };
  // The first can go no further up. The button that has the focus keeps it, and says where the line is.
  const mind = () => {
    const all = lines();
    for (const [place, line] of all.entries()) {
      rename(line, place);
      for (const [way, isEnd] of [["up", place === 0], ["down", place === all.length - 1]]) {
        const button = buttonOf(line, way);
        if (button) button.disabled = isEnd && button !== document.activeElement;
      }
    }
  };

  let saved = lines();
  let isSaving = false;
  // One order is on its way at a time, and after it the last.
  const save = async () => {
    if (isSaving) return;
    isSaving = true;
    while (!isSame(lines(), saved)) {
      const order = lines();
      const problem = await post(list.dataset.order, order).catch(() => words.orderFailed);
      if (!problem) { saved = order; continue; }
      const focused = document.activeElement;
      list.append(...saved);
      if (list.contains(focused)) focused.focus();
      say(problem, true);
    }
    isSaving = false;
    mind();
  };
  const told = (line) => {
    const all = lines();
    const place = all.indexOf(line) + 1;
    say(words.orderMoved.replace("{place}", place).replace("{count}", all.length));
  };

  list.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=do]");
    const line = button?.closest("[data-line]");
    if (line?.parentElement !== list) return;
    const isUp = button.value === `up:${line.dataset.line}`;
    if (!isUp && button.value !== `down:${line.dataset.line}`) return;
    event.preventDefault();
    const all = lines();
    const other = all[all.indexOf(line) + (isUp ? -1 : 1)];
    // The other line is moved past this one: what has the focus stays where it is.
    if (other && isUp) line.after(other);
    else if (other) line.before(other);
    button.focus();
    told(line);
    mind();
    save();
  });
  list.addEventListener("focusout", () => setTimeout(mind));

  for (const line of lines()) {
    const handle = line.querySelector("[data-handle]") ?? makeHandle(line);
    // Not for the keyboard or a screen reader: the buttons say the same better.
    handle.setAttribute("aria-hidden", "true");
    // Its sign is drawn by the style sheet: a script adds no text to the page.
    handle.textContent = "";
    handle.title ||= document.documentElement.dataset.drag ?? "";
    handle.hidden = false;

    handle.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      const before = lines();
      line.classList.add("making__item--dragged");

      const follow = (moved) => {
        const next = lines().find((other) => {
          const box = other.getBoundingClientRect();
          return other !== line && moved.clientY < box.top + box.height / 2;
        });
        if (next !== (line.nextElementSibling ?? undefined)) list.insertBefore(line, next ?? null);
      };
      const stop = () => {
        document.removeEventListener("pointermove", follow);
        document.removeEventListener("pointerup", drop);
        document.removeEventListener("pointercancel", giveUp);
        line.classList.remove("making__item--dragged");
      };
      const giveUp = () => { stop(); list.append(...before); };
      const drop = () => {
        stop();
        if (isSame(lines(), before)) return;
        told(line);
        mind();
        save();
      };
      // On the document: a line that is moved in the list would lose the capture of the pointer.
      document.addEventListener("pointermove", follow);
      document.addEventListener("pointerup", drop);
      document.addEventListener("pointercancel", giveUp);
    });
  }
  mind();
};

for (const list of document.querySelectorAll("[data-order]")) dress(list);
