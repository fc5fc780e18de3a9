/* Attendance beside the live view: each press is sent by itself and the panel drawn again from the answer. Without
 * this the same forms work one page at a time.
 *
 * A press is shown at once. What cannot be sent for want of a connection waits, in the tab, and is sent in order once
 * the connection is back. What others mark comes to the panel within seconds. */

const EVERY = 8_000;
const AGAIN = 3_000;
const PATIENCE = 10_000;
const ASKED_AFTER = 200;
const HEADERS = { "Live-Panel": "1" };
const KEYS = { l: "present", e: "remote", p: "absent" };

let panel = document.querySelector("[data-live-panel]");
const url = panel?.dataset.url;
const KEPT = `hyte-attendance:${url}`;

const stored = () => {
  try { return JSON.parse(sessionStorage.getItem(KEPT)) ?? []; } catch { return []; }
};
const store = (queue) => {
  // A full or forbidden store must not keep anyone from marking.
  try {
    if (queue.length) sessionStorage.setItem(KEPT, JSON.stringify(queue));
    else sessionStorage.removeItem(KEPT);
  } catch { /* it still waits on this page */ }
};

const queue = url ? stored() : [];
let isSending = false;
let sought = "";
let asked = 0;

const find = (selector) => panel.querySelector(selector);
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name] ?? "");
const tell = (text) => { const line = find("[data-waiting-line]"); if (line) line.textContent = text; };

/* --- The panel is drawn anew, and whoever is at it stays where they were --------------------------------------- */

// What one has in hand: where the focus is, which parts are open, what has been typed and not sent.
const atHand = () => {
  const focus = document.activeElement;
  const isHere = panel.contains(focus);
  return {
    id: isHere ? focus.id : "",
    mark: isHere && focus.name === "mark" ? focus.value : "",
    caret: isHere && typeof focus.selectionStart === "number" ? focus.selectionStart : null,
    open: [...panel.querySelectorAll("details[open]")].map((one) => one.id),
    typed: [...panel.querySelectorAll(".here__more :is(input:not([type=hidden]), select)")]
      .filter((field) => (field.type === "checkbox" ? field.checked !== field.defaultChecked : field.value !== servedIn(field)))
      .map((field) => [field.id, field.type === "checkbox" ? field.checked : field.value]),
  };
};

const servedIn = (field) =>
  field instanceof HTMLSelectElement ? ([...field.options].find((one) => one.defaultSelected) ?? field.options[0])?.value ?? "" : field.defaultValue;

const draw = (html, sentForm = null) => {
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("[data-live-panel]");
  if (!fresh) return;
  const was = atHand();
  // What was sent with a form is in the answer, or no longer wanted.
  const settled = sentForm ? new Set([...sentForm.elements].map((field) => field.id)) : new Set();
  const refused = Boolean(fresh.querySelector(".here__refused"));
  panel.replaceWith(fresh);
  panel = fresh;
  for (const id of was.open) {
    const part = document.getElementById(id);
    if (part && (refused || part !== sentForm?.closest("details") || id === "lasnaolo-lukumaarat")) part.open = true;
  }
  for (const [id, value] of was.typed) {
    const field = document.getElementById(id);
    if (!field || settled.has(id)) continue;
    if (field.type === "checkbox") field.checked = value;
    else field.value = value;
  }
  prepare();
  const back = was.mark ? find(`[name=mark][value="${was.mark}"]`) : was.id && document.getElementById(was.id);
  const next = refused ? find("[aria-invalid]") ?? find(".here__refused a") : back || (sentForm && find("summary"));
  if (was.mark || was.id || sentForm) {
    next?.focus({ preventScroll: true });
    if (was.caret !== null && typeof next?.setSelectionRange === "function" && next.id === was.id) {
      try { next.setSelectionRange(was.caret, was.caret); } catch { /* a field without a caret */ }
    }
  }
  show();
};

// What the script adds to a panel as the server drew it.
const prepare = () => {
  for (const one of panel.querySelectorAll("[data-find], [data-keys], [data-substitute]")) one.hidden = false;
  const field = find("[data-find] input");
  if (field && sought) { field.value = sought; filter(); }
};

// Marks that wait to be sent are shown as they will be.
const show = () => {
  for (const body of queue) {
    const mark = new Map(body).get("mark");
    if (mark) press(find(`[name=mark][value="${mark}"]`));
  }
  if (!queue.length) return;
  if (panel.classList.contains("is-away")) tell(fill(panel.dataset.waiting, { count: queue.length }));
};

const press = (button) => {
  const group = button?.closest("[role=group]");
  if (!group) return;
  for (const one of group.querySelectorAll("[name=mark]")) {
    one.setAttribute("aria-pressed", String(one === button));
  }
};

/* --- Sending --------------------------------------------------------------------------------------------------- */

const bodyOf = (form, submitter) => {
  const data = new FormData(form, submitter);
  data.delete("csrfmiddlewaretoken");
  return [...data].filter(([, value]) => typeof value === "string");
};

const send = async (form = null) => {
  if (isSending || !queue.length) return;
  isSending = true;
  let wasAway = false;
  while (queue.length) {
    const body = new URLSearchParams(queue[0]);
    body.set("csrfmiddlewaretoken", find("input[name=csrfmiddlewaretoken]").value);
    let response = null;
    try {
      response = await fetch(url, { method: "POST", body, headers: HEADERS, redirect: "manual", signal: AbortSignal.timeout(PATIENCE) });
      if (response.status >= 500) response = null;
    } catch { /* it is tried again below */ }
    const isOut = response && (response.type === "opaqueredirect" || response.status === 401 || response.status === 403);
    if (!response || isOut) {
      wasAway = true;
      panel.classList.add("is-away");
      tell(fill(isOut ? panel.dataset.signedOut : panel.dataset.waiting, { count: queue.length }));
      await new Promise((done) => { setTimeout(done, AGAIN); });
      continue;
    }
    queue.shift();
    store(queue);
    const html = await response.text();
    // Only the last answer is drawn: what was pressed meanwhile is on its way.
    if (!queue.length || response.status >= 400) draw(html, form);
    form = null;
  }
  panel.classList.remove("is-away");
  tell("");
  const said = find("[data-said]");
  if (wasAway && said) said.textContent = panel.dataset.sent;
  isSending = false;
};

const enqueue = (body, form = null) => {
  queue.push(body);
  store(queue);
  show();
  send(form);
};

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!panel?.contains(form) || !form.matches("[data-live-form]")) return;
  event.preventDefault();
  const button = event.submitter;
  if (button?.name === "mark") press(button);
  enqueue(bodyOf(form, button), button?.name === "mark" ? null : form);
});

/* --- Keys ------------------------------------------------------------------------------------------------------ */

const rows = () => [...panel.querySelectorAll("[data-row]:not([hidden])")];
const marksOf = (row) => [...row.querySelectorAll("[role=group] [name=mark]")];

const go = (from, step) => {
  const all = rows();
  const column = Math.max(0, marksOf(from).indexOf(document.activeElement));
  const next = all[all.indexOf(from) + step];
  if (next) marksOf(next)[column].focus();
};

document.addEventListener("keydown", (event) => {
  const row = panel?.contains(event.target) && event.target.closest?.("[data-row]");
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const key = event.key.toLowerCase();
  // From the field in which one seeks, to the first of those who were found.
  if (panel?.contains(event.target) && event.target.closest("[data-find]") && (key === "arrowdown" || key === "enter")) {
    event.preventDefault();
    const [first] = rows();
    if (first) marksOf(first)[0].focus();
    return;
  }
  if (!row) return;
  if (key === "arrowdown" || key === "arrowup") { event.preventDefault(); go(row, key === "arrowdown" ? 1 : -1); }
  else if (key === "s") { const other = row.querySelector("[data-substitute]"); if (other) { event.preventDefault(); other.click(); } }
  else if (KEYS[key]) {
    event.preventDefault();
    const button = marksOf(row).find((one) => one.value.endsWith(`-${KEYS[key]}`));
    if (!button) return;
    button.click();
    go(row, 1);
  }
});

document.addEventListener("click", (event) => {
  const button = panel?.contains(event.target) && event.target.closest?.("[data-substitute]");
  if (!button) return;
  const part = document.getElementById("lasnaolo-sijainen");
  part.open = true;
  document.getElementById("id_substitute-substitutes").value = button.dataset.substitute;
  document.getElementById("id_substitute-name").focus();
});

/* --- Finding, and names of the register ------------------------------------------------------------------------ */

const filter = () => {
  const words = sought.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of panel.querySelectorAll("[data-row]")) {
    const text = row.querySelector(".here__who").textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
  }
  for (const group of panel.querySelectorAll("[data-group]")) group.hidden = !group.querySelector("[data-row]:not([hidden])");
  const line = find("[data-found-line]");
  if (line) line.textContent = words.length ? fill(panel.dataset.found, { count: rows().length }) : "";
};

let suggesting = 0;
const suggest = (field) => {
  clearTimeout(suggesting);
  const typed = field.value.trim();
  if (typed.length < 2) return;
  suggesting = setTimeout(async () => {
    try {
      const response = await fetch(`${url}?${new URLSearchParams({ nimi: typed })}`, { headers: HEADERS, redirect: "manual", signal: AbortSignal.timeout(PATIENCE) });
      if (!response.ok) return;
      const { people } = await response.json();
      find("#lasnaolo-rekisteri").replaceChildren(...people.map((words) => { const one = document.createElement("option"); one.value = words; return one; }));
    } catch { /* a name can be typed */ }
  }, ASKED_AFTER);
};

document.addEventListener("input", (event) => {
  if (!panel?.contains(event.target)) return;
  if (event.target.closest("[data-find]")) { sought = event.target.value; filter(); }
  else if (event.target.matches("[data-suggests]")) suggest(event.target);
});

/* --- What others mark ------------------------------------------------------------------------------------------ */

const refresh = async () => {
  if (document.hidden || isSending || queue.length || Date.now() - asked < EVERY / 2) return;
  asked = Date.now();
  try {
    const response = await fetch(url, {
      headers: { ...HEADERS, "If-None-Match": `"${panel.dataset.digest}"` }, cache: "no-store", redirect: "manual", signal: AbortSignal.timeout(PATIENCE),
    });
    if (response.status !== 200 || isSending || queue.length) return;
    draw(await response.text());
  } catch { /* the next time */ }
};

if (panel) {
  prepare();
  show();
  send();
  setInterval(refresh, EVERY);
  document.addEventListener("visibilitychange", refresh);
  addEventListener("online", () => { send(); });
  // Marks that wait are in the tab, but somebody who closes it is warned.
  addEventListener("beforeunload", (event) => { if (queue.length) event.preventDefault(); });
}
