/* The shared board of a workshop. What phones post and what others arrange comes to the page within seconds, and moves
 * nothing that one reads, types or drags: what stays as it was stays the same element, and the page is scrolled by as
 * much as something above has grown. Notes are dragged under headings, or chosen and moved with the bar; without this
 * the bar and the buttons are plain forms. On the wall nothing can be changed and only the polling is left. */

const root = document.querySelector("[data-workshop-board]");
const shown = root.querySelector("[data-shown]");
const words = root.dataset;
const bar = root.querySelector("#lapputoimet");
const headings = root.querySelector("#otsikkotoimet");
const loud = root.querySelector("[data-loud]");
const quiet = root.querySelector("[data-quiet]");
const takeBack = root.querySelector("[data-take-back]");
const token = bar?.querySelector("input[name=csrfmiddlewaretoken]").value;

const EVERY = 3_000;
const PATIENCE = 10_000;
const shout = (text) => { loud.textContent = text; };
const say = (text) => { if (quiet) quiet.textContent = text; };

/* --- Asking the server ---------------------------------------------------------------------------------------- */

let isAway = false, isOver = false;
const ask = async (url, options = {}) => {
  try {
    const response = await fetch(url, { redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(PATIENCE), ...options });
    // What leads elsewhere leads to signing in.
    if (response.type === "opaqueredirect" || response.status === 401) { isOver = true; shout(words.signedOut); return null; }
    if (response.status >= 500) throw new Error(response.statusText);
    if (isAway) { isAway = false; shout(""); say(words.returned); }
    return response;
  } catch {
    isAway = true;
    shout(words.away);
    return null;
  }
};

/* --- Drawn anew ----------------------------------------------------------------------------------------------- */

const keyed = (parent) => [...parent.children].filter((child) => child.dataset.key);
// What somebody has done to an element and the server does not know: a tick, an opened list.
const keepDone = (now, next) => {
  if (now.open !== undefined) next.toggleAttribute("open", now.open);
  const tick = now.querySelector?.(":scope > label input"), nextTick = next.querySelector?.(":scope > label input");
  if (tick && nextTick) nextTick.checked = tick.checked;
};
// Make the children of one element those of another, the same ones where they are the same.
const reconcile = (now, next) => {
  const had = new Map(keyed(now).map((child) => [child.dataset.key, child]));
  let last = null;
  for (const child of keyed(next)) {
    const own = had.get(child.dataset.key);
    had.delete(child.dataset.key);
    let stays = child;
    if (own) {
      keepDone(own, child);
      const list = own.querySelector(":scope > [data-list]"), nextList = child.querySelector(":scope > [data-list]");
      child.classList.toggle("is-chosen", own.classList.contains("is-chosen"));
      if (own.isEqualNode(child)) stays = own;
      else if (list && nextList) {
        // A heading stays what it is, with its notes inside; what is before its list is drawn anew.
        reconcile(list, nextList);
        nextList.replaceWith(list);
        own.replaceChildren(...child.childNodes);
        stays = own;
      } else own.replaceWith(child);
    }
    const place = last ? last.nextSibling : now.firstChild;
    if (place !== stays) now.insertBefore(stays, place);
    last = stays;
  }
  for (const gone of had.values()) gone.remove();
};

// What is on top of the window and stays: it is kept where it is.
const anchor = () => {
  for (const note of shown.querySelectorAll(".wnote")) {
    const { top, bottom } = note.getBoundingClientRect();
    if (bottom > 0 && top < innerHeight) return { key: note.id, top };
  }
  return null;
};
const focused = () => {
  const at = document.activeElement;
  const note = shown.contains(at) ? at.closest(".wnote") : null;
  return note ? { id: note.id, number: [...note.querySelectorAll("a, button, input")].indexOf(at) } : null;
};

const draw = (columns) => {
  const was = anchor(), focus = focused();
  for (const [id, html] of Object.entries(columns)) {
    const column = shown.querySelector(`[data-column="${CSS.escape(id)}"]`);
    // A column that has come since the page was opened: the page is opened again by whoever needs it.
    if (!column) continue;
    const next = document.createElement("div");
    next.innerHTML = html;
    reconcile(column, next);
  }
  const still = was && document.getElementById(was.key);
  if (still) scrollBy({ top: still.getBoundingClientRect().top - was.top, behavior: "instant" });
  if (focus && !shown.contains(document.activeElement)) {
    const note = document.getElementById(focus.id);
    const stops = note ? [...note.querySelectorAll("a, button, input")] : [];
    (stops[focus.number] ?? stops[0])?.focus({ preventScroll: true });
  }
  refreshPlaces();
  countChosen();
};

/* --- Polling -------------------------------------------------------------------------------------------------- */

let etag = `"${words.etag}"`, later = null, drag = null, isLooking = false;
const look = async () => {
  if (isOver || document.hidden || isLooking) return;
  isLooking = true;
  try {
    const response = await ask(words.state, { headers: { "If-None-Match": etag } });
    if (response?.status !== 200) return;
    const state = await response.json();
    etag = response.headers.get("ETag") ?? "";
    root.querySelector("[data-count]").textContent = state.count;
    // While something is being dragged the board stands still; it is drawn when it has been dropped.
    if (drag) later = state.columns;
    else draw(state.columns);
  } finally { isLooking = false; }
};
setInterval(look, EVERY);
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });

/* --- Choosing ------------------------------------------------------------------------------------------------- */

const ticked = () => [...shown.querySelectorAll("input[name=note]:checked")];
function countChosen() {
  const place = bar?.querySelector("[data-chosen]");
  if (!place) return;
  const count = ticked().length;
  const text = count === 1 ? words.chosenOne : count ? words.chosenMany.replace("{count}", count) : words.noneChosen;
  if (place.textContent !== text) place.textContent = text;
  for (const tick of shown.querySelectorAll("input[name=note]")) tick.closest(".wnote").classList.toggle("is-chosen", tick.checked);
}
// The headings that notes can be moved under, as the board shows them now.
function refreshPlaces() {
  const select = bar?.querySelector("select[name=place]");
  if (!select) return;
  const chosen = select.value;
  const groups = [...shown.querySelectorAll(".wtheme")].map((theme) => {
    const group = document.createElement("optgroup");
    group.label = theme.querySelector("h2").textContent;
    for (const column of theme.querySelectorAll(".wcolumn")) {
      const title = column.querySelector("h3").textContent;
      group.append(new Option(title, column.querySelector("[data-column]").dataset.column));
      for (const heap of column.querySelectorAll("[data-place*='.']")) {
        group.append(new Option(`${title}: ${heap.querySelector("h4").textContent}`, heap.dataset.place));
      }
    }
    return group;
  });
  const next = [select.options[0], ...groups];
  select.replaceChildren(...next);
  select.value = chosen;
  if (select.selectedIndex < 0) select.selectedIndex = 0;
}

/* --- Changing ------------------------------------------------------------------------------------------------- */

let undoing = "";
const change = async (url, body) => {
  body.set("csrfmiddlewaretoken", token);
  const response = await ask(url, { method: "POST", body, headers: { Accept: "application/json" } });
  if (!response) return false;
  const answer = await response.json().catch(() => ({}));
  shout(response.ok ? "" : answer.message ?? "");
  say(response.ok ? answer.message : "");
  if (response.ok) {
    undoing = answer.undo ?? "";
    takeBack.hidden = !undoing;
  }
  await look();
  return response.ok;
};
const clearTicks = () => { for (const tick of ticked()) tick.checked = false; countChosen(); };

if (bar) {
  const undoUrl = bar.action.replace(/laput\/$/, "kumoa/");
  countChosen();
  shown.addEventListener("change", countChosen);
  bar.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = new FormData(bar, event.submitter);
    const one = body.get("do")?.includes(":");
    if (await change(bar.action, body) && !one) clearTicks();
  });
  takeBack.addEventListener("click", () => { change(undoUrl, new URLSearchParams({ token: undoing })); });
  headings.addEventListener("submit", async (event) => {
    event.preventDefault();
    const field = document.activeElement?.name?.startsWith("title_") ? document.activeElement : null;
    const column = field ? field.name.replace("title_", "") : event.submitter?.value;
    const title = headings.elements[`title_${column}`];
    if (await change(headings.action, new URLSearchParams({ column, [`title_${column}`]: title.value }))) {
      title.value = "";
      title.focus();
    }
  });

  /* --- Dragged ------------------------------------------------------------------------------------------------ */

  // What the server sends can't be dragged yet: the attribute would make it another than what is on the page.
  shown.addEventListener("pointerdown", (event) => {
    const note = event.target.closest(".wnote[data-note]");
    if (note && event.pointerType === "mouse" && !event.target.closest("a, button, input")) note.draggable = true;
  });
  shown.addEventListener("pointerup", (event) => event.target.closest(".wnote")?.removeAttribute("draggable"));
  const placeAt = (event) => event.target.closest?.("[data-place]");
  const unmark = () => { for (const place of shown.querySelectorAll(".is-over")) place.classList.remove("is-over"); };
  shown.addEventListener("dragstart", (event) => {
    const note = event.target.closest?.(".wnote[data-note]");
    if (!note) return;
    const tick = note.querySelector("input[name=note]");
    // One that is chosen takes the others that are chosen along.
    drag = tick.checked ? ticked().map((one) => one.value) : [tick.value];
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", note.querySelector(".wnote__text").textContent);
    for (const id of drag) document.getElementById(`lappu-${id}`)?.classList.add("is-dragged");
  });
  shown.addEventListener("dragover", (event) => {
    const place = drag && placeAt(event);
    if (!place) return;
    event.preventDefault();
    if (!place.classList.contains("is-over")) { unmark(); place.classList.add("is-over"); }
  });
  shown.addEventListener("drop", async (event) => {
    const place = drag && placeAt(event);
    if (!place) return;
    event.preventDefault();
    const body = new URLSearchParams({ do: "move", place: place.dataset.place });
    for (const id of drag) body.append("note", id);
    endDrag();
    if (await change(bar.action, body)) clearTicks();
  });
  const endDrag = () => {
    drag = null;
    unmark();
    for (const note of shown.querySelectorAll(".is-dragged, [draggable]")) {
      note.classList.remove("is-dragged");
      note.removeAttribute("draggable");
    }
    if (later) { draw(later); later = null; }
  };
  shown.addEventListener("dragend", endDrag);
}
