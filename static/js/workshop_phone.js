/* A phone in a workshop. A note that is sent waits on the phone until the server has said that it has it: with the
 * connection away it is sent again by itself, and its key keeps it from being had twice. Without this the fields are
 * plain forms. Nothing but the group's unsent notes and unfinished texts is kept, and nothing tells one phone from
 * another. */

const root = document.querySelector("[data-phone]");
const words = root.dataset;
const loud = root.querySelector("[data-loud]");
const quiet = root.querySelector("[data-quiet]");
const undo = root.querySelector("[data-undo]");
const pattern = root.querySelector("[data-note-template]");

const EVERY = 5_000;
const PATIENCE = 10_000;
const SAID = 4_000;

const tell = (place, text) => { place.textContent = text; place.hidden = !text; };
const shout = (text) => tell(loud, text);
let silence = 0;
const say = (text) => {
  tell(quiet, text);
  clearTimeout(silence);
  silence = setTimeout(() => tell(quiet, ""), SAID);
};

/* --- What waits to be sent ------------------------------------------------------------------------------------ */

// Of the workshop, not of the address: joined again with a new code, the phone sends what it still has.
const WAITING = `hyte-workshop-${words.workshop}`;
const DRAFT = (column) => `hyte-workshop-draft-${column}`;
// A browser that keeps nothing still sends what the page has.
const memory = new Map();
const storeOf = (name) => { try { return window[name]; } catch { return null; } };
const kept = storeOf("localStorage"), drafts = storeOf("sessionStorage");
const readFrom = (store, key) => { try { return store?.getItem(key) ?? memory.get(key) ?? null; } catch { return memory.get(key) ?? null; } };
const writeTo = (store, key, text) => {
  memory.set(key, text);
  try { store.setItem(key, text); memory.delete(key); } catch { /* in memory */ }
};
const dropFrom = (store, key) => { memory.delete(key); try { store.removeItem(key); } catch { /* was not there */ } };

const waiting = () => { try { return JSON.parse(readFrom(kept, WAITING)) ?? []; } catch { return []; } };
const keep = (notes) => (notes.length ? writeTo(kept, WAITING, JSON.stringify(notes)) : dropFrom(kept, WAITING));
const keepAlso = (note) => keep([...waiting(), note]);
const drop = (key) => keep(waiting().filter((note) => note.key !== key));

// Without https, as in a rehearsal on a local address, a browser has no randomUUID.
const newKey = () => {
  if (crypto.randomUUID) return crypto.randomUUID();
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, "$1-$2-4$3-a$4-$5");
};

/* --- Notes on the page ---------------------------------------------------------------------------------------- */

const listOf = (column) => root.querySelector(`[data-notes="${CSS.escape(String(column))}"]`);
const rowOf = (name, value) => root.querySelector(`[data-${name}="${CSS.escape(String(value))}"]`);

const newRow = (text) => {
  const row = pattern.content.firstElementChild.cloneNode(true);
  row.querySelector(".note__text").textContent = text;
  row.querySelector("button .visually-hidden").textContent = `: ${text.slice(0, 60)}`;
  return row;
};
const isSent = (row, id) => {
  delete row.dataset.waiting;
  row.dataset.note = id;
  row.classList.remove("note--waiting");
  row.querySelector(".note__state").textContent = "";
  const form = row.querySelector("form");
  form.hidden = false;
  form.action = form.action.replace(/\/laput\/\d+\//, `/laput/${id}/`);
};
const showWaiting = ({ key, column, text }) => {
  const list = listOf(column);
  if (!list || rowOf("waiting", key)) return;
  const row = newRow(text);
  row.dataset.waiting = key;
  row.classList.add("note--waiting");
  row.querySelector(".note__state").textContent = words.waiting;
  row.querySelector("form").hidden = true;
  list.prepend(row);
};
const showSent = ({ id, column, text }, key) => {
  const there = rowOf("note", id), mine = key && rowOf("waiting", key);
  if (there) { mine?.remove(); return; }
  const list = listOf(column);
  if (!list) return;
  const row = mine || newRow(text);
  isSent(row, id);
  // The newest first, right under the field that it was written into.
  if (!mine) list.insertBefore(row, [...list.querySelectorAll("[data-note]")].find((one) => Number(one.dataset.note) < id) ?? null);
};

/* --- Asking the server ---------------------------------------------------------------------------------------- */

let isAway = false, isOver = false, etag = words.etag ? `"${words.etag}"` : "";

const away = () => { if (!isAway) { isAway = true; shout(words.away); } };
const back = () => { if (isAway) { isAway = false; shout(""); say(words.returned); } };
const over = (message) => {
  isOver = true;
  shout(message);
  // What has been written can still be copied; nothing can be sent any more.
  for (const field of root.querySelectorAll("[data-write] textarea")) field.readOnly = true;
  for (const button of root.querySelectorAll("[data-write] button")) button.disabled = true;
  root.querySelector("[data-join]").hidden = false;
};

// The answer; nothing where there is no connection, or the server can't answer just now.
const ask = async (url, options = {}) => {
  try {
    const response = await fetch(url, { cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(PATIENCE), ...options });
    if (response.status >= 500 || response.status === 429) throw new Error(response.statusText);
    back();
    if (response.status === 404 || response.status === 410) {
      const { message } = await response.json().catch(() => ({}));
      over(message ?? words.away);
      return null;
    }
    return response;
  } catch {
    away();
    return null;
  }
};
const JSON_ONLY = { Accept: "application/json" };

let isSending = false;
const send = async () => {
  if (isSending || isOver) return;
  isSending = true;
  try {
    for (let note = waiting()[0]; note && !isOver; note = waiting()[0]) {
      const response = await ask(words.post, {
        method: "POST", body: JSON.stringify(note), headers: { ...JSON_ONLY, "Content-Type": "application/json" },
      });
      if (!response) return;
      const answer = await response.json().catch(() => null);
      if (response.ok && answer) {
        drop(note.key);
        showSent({ ...note, id: answer.id }, note.key);
        say(words.sent);
      } else {
        // What can't be taken goes back into its field.
        drop(note.key);
        rowOf("waiting", note.key)?.remove();
        giveBack(note, answer?.message ?? "");
      }
    }
  } finally { isSending = false; }
};

const look = async () => {
  if (isOver || document.hidden) return;
  const response = await ask(words.state, { headers: { ...JSON_ONLY, ...(etag ? { "If-None-Match": etag } : {}) } });
  if (response?.status === 200) {
    const state = await response.json().catch(() => null);
    if (state) {
      etag = response.headers.get("ETag") ?? "";
      root.querySelector("[data-group]").textContent = state.group;
      const ids = new Set(state.notes.map((note) => String(note.id)));
      for (const row of root.querySelectorAll("[data-note]")) if (!ids.has(row.dataset.note)) row.remove();
      for (const note of state.notes) showSent(note);
    }
  }
  if (response) send();
};

/* --- Writing -------------------------------------------------------------------------------------------------- */

const formOf = (column) => root.querySelector(`[data-write="${CSS.escape(String(column))}"]`);
const refuse = (form, message) => {
  tell(form.querySelector("[data-error]"), message);
  form.text.toggleAttribute("aria-invalid", Boolean(message));
  if (message) form.text.setAttribute("aria-invalid", "true");
};
const giveBack = ({ column, text }, message) => {
  const form = formOf(column);
  if (!form) { shout(`${message} ${text}`); return; }
  form.text.value = [text, form.text.value].filter(Boolean).join("\n");
  refuse(form, message);
  count(form);
};
const count = (form) => {
  form.querySelector(".write__left").textContent = words.left.replace("{count}", words.most - form.text.value.length);
};

for (const form of root.querySelectorAll("[data-write]")) {
  const column = form.dataset.write;
  const text = form.text;
  if (!text.value) text.value = readFrom(drafts, DRAFT(column)) ?? "";
  text.addEventListener("input", () => {
    refuse(form, "");
    count(form);
    writeTo(drafts, DRAFT(column), text.value);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const written = text.value.trim();
    if (!written) { text.focus(); return; }
    if (!isAway && !isOver) shout("");
    const note = { key: newKey(), column: Number(column), text: written };
    keepAlso(note);
    showWaiting(note);
    text.value = "";
    dropFrom(drafts, DRAFT(column));
    refuse(form, "");
    count(form);
    text.focus();
    send();
  });
  count(form);
}

/* --- Taken back ----------------------------------------------------------------------------------------------- */

const post = (form, what) => ask(form.action, { method: "POST", body: new URLSearchParams({ do: what }), headers: JSON_ONLY });

root.addEventListener("submit", async (event) => {
  const form = event.target, row = form.closest("[data-note]");
  if (!row) return;
  event.preventDefault();
  const response = await post(form, "take_back");
  if (!response) return;
  if (!response.ok) { shout((await response.json().catch(() => ({}))).message ?? ""); return; }
  if (!isAway) shout("");
  const list = row.parentElement, field = formOf(list.dataset.notes)?.text;
  row.remove();
  // What was said of sending it is true no more.
  say("");
  undo.replaceChildren(words.taken);
  const button = document.createElement("button");
  button.className = "quiet-button";
  button.type = "button";
  button.textContent = words.putBack;
  button.addEventListener("click", async () => {
    if (!(await post(form, "put_back"))?.ok) return;
    undo.hidden = true;
    field?.focus();
    look();
  });
  undo.append(" ", button);
  undo.hidden = false;
  button.focus();
});

/* --- Themes, one at a time ------------------------------------------------------------------------------------ */

const links = [...root.querySelectorAll(".themes a")];
const themes = [...root.querySelectorAll(".theme")];
const choose = (id) => {
  for (const theme of themes) theme.hidden = theme.id !== id;
  for (const link of links) {
    if (link.hash === `#${id}`) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
};
if (links.length) {
  const wanted = location.hash && document.getElementById(location.hash.slice(1))?.closest(".theme");
  choose((wanted || themes[0]).id);
  for (const link of links) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      choose(link.hash.slice(1));
      history.replaceState(null, "", link.hash);
    });
  }
}

waiting().forEach(showWaiting);
send();
setInterval(look, EVERY);
addEventListener("online", () => { look(); });
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
