/* Nothing typed is lost: leaving a page with unsaved text warns, and what could not be saved is offered back.
 *
 * A draft is kept in the tab (sessionStorage: it goes with the tab, and no other user of the machine sees it) until
 * the server has said that it is saved (see saved.js). All of this works on top of forms that work without it. */

const words = document.documentElement.dataset;
const KEY = "hyte-draft:";
const SENT = "hyte-sent";

const stored = (key) => {
  try { return JSON.parse(sessionStorage.getItem(key)); } catch { return null; }
};
const store = (key, value) => {
  // A full or forbidden store must not keep anyone from typing.
  try { sessionStorage.setItem(key, JSON.stringify(value)); } catch { /* the warning on leaving remains */ }
};
const forget = (key) => {
  try { sessionStorage.removeItem(key); } catch { /* nothing was kept */ }
};

const SKIPPED = new Set(["csrfmiddlewaretoken", "seen"]);
const valuesOf = (form) =>
  [...new FormData(form)].filter(([name, value]) => !SKIPPED.has(name) && typeof value === "string");
const written = (form) => JSON.stringify(valuesOf(form));

const fill = (form, values) => {
  const byName = new Map();
  for (const [name, value] of values) byName.set(name, [...(byName.get(name) ?? []), value]);
  for (const field of form.elements) {
    if (!field.name || SKIPPED.has(field.name) || field.type === "file" || field.type === "submit") continue;
    const kept = byName.get(field.name) ?? [];
    if (field.type === "checkbox" || field.type === "radio") field.checked = kept.includes(field.value);
    // A field that the draft knows nothing of has come to the page since, such as a row of another negotiation.
    else if (!field.multiple && !byName.has(field.name)) continue;
    else if (field.multiple) for (const option of field.options) option.selected = kept.includes(option.value);
    else if (field.type !== "hidden") field.value = kept.length > 1 ? kept.shift() : (kept[0] ?? "");
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
};

const offer = (form, key, draft, watch) => {
  const box = document.createElement("div");
  box.className = "hds-notification hds-notification--alert draft";
  box.setAttribute("role", "status");
  const content = document.createElement("div");
  content.className = "hds-notification__content";
  const text = document.createElement("p");
  text.className = "hds-notification__body";
  text.textContent = words.draftFound;
  const buttons = document.createElement("div");
  buttons.className = "buttons";
  const make = (label, act) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "hds-button hds-button--secondary hds-button--small";
    button.textContent = label;
    button.addEventListener("click", () => { act(); box.remove(); form.querySelector("input:not([type=hidden]), textarea, select")?.focus(); });
    buttons.append(button);
  };
  make(words.draftRestore, () => {
    // A form whose rows come and go makes room for what is brought back.
    form.dispatchEvent(new CustomEvent("restore", { detail: draft }));
    fill(form, draft);
    watch();
  });
  make(words.draftDiscard, () => forget(key));
  content.append(text, buttons);
  box.append(content);
  form.before(box);
};

// As the server sent it: a browser that goes back puts the text of before into the form by itself.
const served = (form) => {
  const copy = form.cloneNode(true);
  copy.reset();
  return written(copy);
};

document.querySelectorAll("form[data-guard]").forEach((form, number) => {
  const key = `${KEY}${location.pathname}#${form.getAttribute("action") ?? number}`;
  const atFirst = served(form);
  // A form that comes back with errors holds what was typed: it is unsaved from the start.
  const refused = Boolean(form.querySelector(".hds-text-input--invalid") || document.querySelector(".error-summary"));
  let unsaved = refused;
  let sending = false;

  const watch = () => {
    const now = written(form);
    unsaved = refused || now !== atFirst;
    if (unsaved) store(key, valuesOf(form)); else forget(key);
  };
  form.addEventListener("input", watch);
  form.addEventListener("change", watch);
  form.addEventListener("submit", (event) => {
    if (sending) { event.preventDefault(); return; }
    sending = true;
    store(key, valuesOf(form));
    store(SENT, key);
  });
  addEventListener("beforeunload", (event) => {
    if (unsaved && !sending) event.preventDefault();
  });
  // A form that goes on from the one before it, at the same address, holds the same text: nothing is offered.
  let draft = form.dataset.guard === "continues" ? null : stored(key);
  // A browser that goes back has put the text in by now, if it does; and the button works again.
  addEventListener("pageshow", () => {
    sending = false;
    const now = written(form);
    unsaved = refused || now !== atFirst;
    if (draft && JSON.stringify(draft) !== now) offer(form, key, draft, watch);
    draft = null;
  });
});
