/* Saves each field by itself while one writes: forms with [data-autosave].
 *
 * What is not saved yet is kept in the tab (sessionStorage: it goes with the tab) until the server has said that it is
 * saved, with what the field was when it was seen; after a reload it is put back and sent by itself. One request is
 * under way at a time. What another has saved meanwhile is never overwritten: both texts are shown, to be settled.
 * A page that hears of it by itself tells so by an event ("autosave:brought"): a field in which nobody writes shows it.
 * Text in a field that has the focus, or has changed since it was sent, is never replaced. All of this works on top of
 * forms that work without it. Fields are text fields, text areas and selects; each stands in an element `.field`. */

const AFTER_A_KEY = 1_000;
const WHILE_TYPING = 5_000;
const PATIENCE = 20_000;
const BEFORE_LEAVING = 4_000;
const FIRST_RETRY = 2_000;
const LAST_RETRY = 30_000;
// An answer quicker than this is not announced beforehand.
const UNTOLD = 600;
// A request that outlives its page may not be larger (the browser's own limit is 64 KiB).
const OUTLIVING = 50_000;
const KEY = "hyte-autosave:";
const MOST_TRIED = 10;
// The digest of nothing that the server has.
const UNKNOWN = "unknown";

const line = document.querySelector("[data-autosave-state]");
const words = line?.dataset ?? {};
const quiet = line?.querySelector("[data-quiet]");
const loud = line?.querySelector("[data-loud]");
const show = line?.querySelector("[data-show]");
const signIn = line?.querySelector("[data-sign-in]");

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

// As the server compares texts.
const plain = (text) => text.replaceAll("\r\n", "\n").trim();

// What the server has put into the field, whatever the browser has put there since.
const servedIn = (control) => {
  if (control instanceof HTMLSelectElement) {
    return ([...control.options].find((option) => option.defaultSelected) ?? control.options[0])?.value ?? "";
  }
  const copy = control.cloneNode();
  copy.value = control.defaultValue;
  return copy.value;
};

const make = (tag, className, text = "") => {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
};

const describe = (control, id, isToDescribe) => {
  const ids = new Set((control.getAttribute("aria-describedby") ?? "").split(/\s+/).filter(Boolean));
  if (isToDescribe) ids.add(id); else ids.delete(id);
  if (ids.size) control.setAttribute("aria-describedby", [...ids].join(" "));
  else control.removeAttribute("aria-describedby");
};

/* --- A field ------------------------------------------------------------------------------------------------- */

class Field {
  constructor(control, form) {
    this.control = control;
    this.form = form;
    this.name = control.name;
    this.seenInput = form.elements.namedItem(`seen:${control.name}`);
    this.box = control.closest(".field") ?? control.parentElement;
    this.key = `${KEY}${new URL(form.action).pathname}:${control.name}`;
    // What the server has, as far as is known; and how it has written it, where that differs.
    this.saved = servedIn(control);
    this.tidied = null;
    // Values that were sent and of which nothing was heard: the server may have them.
    this.tried = [];
    // A value that the server has refused is not sent again before it is changed.
    this.refused = null;
    this.conflict = null;
    // What another is heard to have saved, to be shown once nobody writes here; and when the server last answered.
    this.brought = null;
    this.answeredAt = 0;
  }

  get value() { return this.control.value; }
  get seen() { return this.seenInput?.value ?? null; }
  set seen(digest) { if (this.seenInput) this.seenInput.value = digest; }
  get isUnsaved() { return this.value !== this.saved || this.tried.length > 0; }
  get isToSend() { return this.isUnsaved && !this.conflict && this.value !== this.refused; }
  get isProblem() { return Boolean(this.conflict) || (this.refused !== null && this.value === this.refused); }

  keep(more = {}) {
    if (this.isUnsaved) store(this.key, { value: this.value, seen: this.seen, tried: this.tried, ...more });
    else forget(this.key);
  }

  // The page as it came, with what the tab has kept of it.
  begin() {
    const draft = stored(this.key);
    const theirs = this.box.querySelector(".conflict__text");
    if (theirs) {
      // A page that tells of a conflict: its digest is of what the other has saved, which is to be chosen first.
      const text = this.#written(theirs.innerText.trim());
      const seen = this.seen;
      this.saved = text;
      this.seen = draft?.seen ?? UNKNOWN;
      this.contest(text, seen);
    } else if (this.box.querySelector(".hds-text-input__error-text")) {
      // A page that tells of an error: it shows what was typed and not saved.
      this.refused = this.saved;
      this.saved = null;
      this.seen = draft?.seen ?? this.seen;
    } else if (draft && plain(draft.value) !== plain(this.saved)) {
      this.control.value = draft.value;
      // A choice that there is no more cannot be made again.
      if (this.control.value !== draft.value) { this.control.value = this.saved; forget(this.key); return; }
      this.seen = draft.seen;
      this.tried = draft.tried;
      this.keep();
    } else forget(this.key);
  }

  // A value that a page shows in words.
  #written(text) {
    const options = [...this.control.options ?? []];
    const option = options.find((one) => one.value === text) ?? options.find((one) => one.text === text);
    return option?.value ?? (text === "–" ? "" : text);
  }

  trying(value) {
    this.tried = [...this.tried.filter((one) => one !== value), value].slice(-MOST_TRIED);
    this.keep();
  }

  // Takes the answer to a value that was sent, and returns whether what is in the field is to be sent at once again.
  answered(sent, answer) {
    this.answeredAt = performance.now();
    this.brought = null;
    const wasOurs = this.tried.map(plain);
    const isFree = this.value === sent && document.activeElement !== this.control;
    let isAgain = false;
    if (answer.error) {
      // What was seen stays as it was: the next value must not overwrite what another has saved.
      this.tried = this.tried.filter((one) => one !== sent);
      this.refused = sent;
      if (this.value === sent) this.#refuse(answer.error);
    } else if ((answer.theirs !== null || answer.merged) && wasOurs.includes(plain(answer.theirs ?? answer.value))) {
      // The other is this page: it was saved, and the answer was lost.
      this.tried = [];
      this.saved = answer.theirs ?? answer.value;
      this.seen = answer.seen;
      isAgain = true;
    } else if (answer.theirs !== null) {
      this.tried = [];
      this.contest(answer.theirs, answer.seen);
    } else if (answer.merged) {
      this.tried = [];
      this.saved = sent;
      if (isFree) { this.put(answer.value); this.seen = answer.seen; }
      this.#clear();
    } else {
      this.tried = [];
      this.refused = null;
      this.saved = sent;
      this.tidied = answer.value;
      this.seen = answer.seen;
      if (isFree) this.tidy();
      this.#clear();
    }
    this.keep();
    return isAgain;
  }

  // Shows a text of the server's.
  put(text) {
    this.saved = text;
    this.tidied = null;
    if (this.value !== text) this.control.value = text;
  }

  // Hears what the server had when it was asked; what was asked before the last answer is older than that.
  bring({ value, seen }, askedAt) {
    if (askedAt < this.answeredAt || seen === this.seen) return;
    this.brought = { value, seen };
    this.showBrought();
  }

  // Shows what another has saved, unless somebody writes here. What is sent meanwhile is settled by the server.
  showBrought() {
    if (!this.brought || this.isUnsaved || this.conflict || document.activeElement === this.control) return;
    const { value, seen } = this.brought;
    this.brought = null;
    const isOther = plain(value) !== plain(this.value);
    this.put(value);
    this.seen = seen;
    if (isOther) this.control.dispatchEvent(new CustomEvent("autosave:shown", { bubbles: true }));
  }

  // Shows what was saved as the server has written it, once nobody is writing in the field.
  tidy() {
    if (this.tidied !== null && this.value === this.saved && document.activeElement !== this.control) {
      this.put(this.tidied);
    }
  }

  /* --- What is shown below it --- */

  #clear() {
    for (const element of this.box.querySelectorAll(".hds-text-input__error-text, .conflict")) {
      describe(this.control, element.id, false);
      for (const part of element.querySelectorAll("[id]")) describe(this.control, part.id, false);
      element.remove();
    }
    this.box.classList.remove("hds-text-input--invalid");
    this.control.removeAttribute("aria-invalid");
  }

  #under(element) {
    this.#clear();
    this.box.append(element);
  }

  #refuse(error) {
    const element = make("div", "hds-text-input__error-text", error);
    element.id = `${this.name}_refused`;
    this.#under(element);
    this.box.classList.toggle("hds-text-input--invalid", this.box.classList.contains("hds-text-input"));
    this.control.setAttribute("aria-invalid", "true");
    describe(this.control, element.id, true);
  }

  // Another has saved something else meanwhile: both texts are shown, and one chooses.
  contest(theirs, seen) {
    this.conflict = { theirs, seen };
    const element = make("div", "conflict");
    element.setAttribute("role", "group");
    const what = make("p", "", words.conflictYours);
    what.id = `${this.name}_contested`;
    element.setAttribute("aria-labelledby", what.id);
    const isChoice = this.control instanceof HTMLSelectElement;
    const shown = isChoice ? [...this.control.options].find((one) => one.value === theirs)?.text ?? theirs : theirs;
    const buttons = make("div", "buttons conflict__buttons");
    const add = (label, act) => {
      const button = make("button", "hds-button hds-button--secondary hds-button--small", label);
      button.type = "button";
      button.addEventListener("click", act);
      buttons.append(button);
    };
    add(words.conflictKeep, () => this.#settle(this.value));
    add(words.conflictTake, () => this.#settle(theirs));
    if (this.control instanceof HTMLTextAreaElement && theirs && this.value) {
      add(words.conflictCombine, () => this.#settle(`${theirs}\n\n${this.value}`));
    }
    const text = make("p", "conflict__text conflict__text--lines", shown || words.conflictEmpty);
    element.append(make("p", "conflict__label", words.conflictTheirs), text, what, buttons);
    this.#under(element);
    describe(this.control, what.id, true);
    this.keep();
  }

  #settle(text) {
    const { theirs, seen } = this.conflict;
    this.conflict = this.refused = null;
    this.tried = [];
    this.seen = seen;
    this.put(theirs);
    this.control.value = text;
    this.#clear();
    this.keep();
    this.control.focus();
    this.control.dispatchEvent(new Event("input", { bubbles: true }));
    flush();
  }
}

/* --- When it is sent ----------------------------------------------------------------------------------------- */

const fields = [];
const fieldOf = new Map();
// The request under way, which never fails; whether another is due after it; whether it takes so long that it is told.
let under = null;
let isDue = false;
let isSlow = false;
let timer = 0;
let changedFirst = 0;
// What keeps from saving: "offline", "failed", "signedOut", or nothing; how often in a row; when it is tried again.
let trouble = "";
let failures = 0;
let retry = 0;
// Nothing can be saved any more: why.
let stopped = "";
let savedAt = "";
// The page is being left by a form of its own, which carries the fields.
let isLeaving = false;

const schedule = (delay) => {
  if (stopped || retry) return;
  changedFirst ||= Date.now();
  clearTimeout(timer);
  timer = setTimeout(flush, Math.max(0, Math.min(delay, changedFirst + WHILE_TYPING - Date.now())));
};

const tokens = () => [...document.querySelectorAll("input[name=csrfmiddlewaretoken]")];

const post = (form, sent) => {
  const body = new FormData();
  const token = form.elements.namedItem("csrfmiddlewaretoken") ?? tokens()[0];
  if (token) body.append("csrfmiddlewaretoken", token.value);
  for (const [field, value] of sent) {
    body.append(field.name, value);
    if (field.seen !== null) body.append(`seen:${field.name}`, field.seen);
  }
  // Of two bytes a letter at most, and what surrounds each field.
  const size = sent.reduce((sum, [, value]) => sum + 2 * value.length + 500, 0);
  return fetch(form.action, {
    method: "POST",
    body,
    headers: { Accept: "application/json" },
    // To the page to sign in on: nothing was saved.
    redirect: "manual",
    keepalive: document.visibilityState === "hidden" && size < OUTLIVING,
    signal: AbortSignal.timeout(PATIENCE),
  });
};

// Whoever signs in again gets a new token; the page of before has the old one.
const renewTokens = async () => {
  try {
    const response = await fetch(location.href, { redirect: "manual", signal: AbortSignal.timeout(PATIENCE) });
    if (!response.ok) return false;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const token = page.querySelector("input[name=csrfmiddlewaretoken]")?.value;
    if (!token) return false;
    for (const input of tokens()) input.value = token;
    return true;
  } catch {
    return false;
  }
};

const isSignedOut = (response) => response.type === "opaqueredirect" || [401, 403, 404].includes(response.status);

// Sends values of the fields of a form. Returns what the server has told, what is the trouble if any, and for how many
// seconds at least it wants to be left alone.
const send = async (form, sent) => {
  try {
    // Nothing is sent to a server that would only send us to sign in.
    if (trouble === "signedOut" && !(await renewTokens())) return { trouble: "signedOut" };
    let response = await post(form, sent);
    if (isSignedOut(response) && trouble !== "signedOut" && (await renewTokens())) response = await post(form, sent);
    if (isSignedOut(response)) return { trouble: "signedOut" };
    const told = await response.json().catch(() => null);
    if (response.status === 409 && told?.message) return { refusal: told.message };
    if (response.ok && told?.fields) return { told };
    return { trouble: "failed", pause: response.status === 429 ? Number(response.headers.get("Retry-After")) || 0 : 0 };
  } catch (error) {
    return { trouble: error instanceof TypeError ? "offline" : "failed" };
  }
};

// Sends what waits, or has it sent after the request that is under way. Returns when that request has been answered.
function flush() {
  clearTimeout(timer);
  timer = changedFirst = 0;
  if (under) { isDue = true; return under; }
  clearTimeout(retry);
  retry = 0;
  const waiting = stopped || isLeaving ? [] : fields.filter((field) => field.isToSend);
  if (!waiting.length) {
    if (!fields.some((field) => field.isUnsaved)) trouble = "";
    tell();
    return Promise.resolve();
  }
  const { form } = waiting[0];
  const sent = waiting.filter((field) => field.form.action === form.action).map((field) => [field, field.value]);
  for (const [field, value] of sent) field.trying(value);
  isDue = sent.length < waiting.length;
  const slow = setTimeout(() => { isSlow = true; tell(); }, UNTOLD);
  under = send(form, sent).then((outcome) => {
    clearTimeout(slow);
    under = null;
    isSlow = false;
    received(sent, outcome);
    if (trouble) {
      failures += 1;
      const pause = trouble === "signedOut" ? LAST_RETRY : FIRST_RETRY * 2 ** (failures - 1);
      retry = setTimeout(flush, Math.min(LAST_RETRY, Math.max(pause, (outcome.pause ?? 0) * 1_000)));
    } else {
      failures = 0;
      if (isDue) flush();
    }
    tell();
  });
  return under;
}

const received = (sent, { told, refusal = "", trouble: what = "" }) => {
  // What was written in the time of trouble has waited for its end.
  isDue ||= Boolean(trouble && !what);
  trouble = what;
  stopped = refusal;
  if (!told) return;
  savedAt = told.at;
  for (const [field, value] of sent) {
    const answer = told.fields[field.name] ?? { error: words.refused };
    if (field.answered(value, { error: "", theirs: null, merged: false, ...answer })) isDue = true;
  }
};

const wait = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

// Sends until nothing waits, for some seconds at most.
const flushed = async () => {
  const until = Date.now() + BEFORE_LEAVING;
  do await Promise.race([under ?? flush(), wait(until - Date.now())]);
  while (!trouble && !stopped && Date.now() < until && (under || fields.some((field) => field.isToSend)));
};

/* --- What is told -------------------------------------------------------------------------------------------- */

const write = (element, text) => {
  // The same words again would be read aloud again.
  if (element && element.textContent !== text) element.textContent = text;
};

function tell() {
  const problem = fields.find((field) => field.isProblem);
  const isUnsaved = fields.some((field) => field.isUnsaved);
  const what = trouble && (isUnsaved || !navigator.onLine) ? words[trouble] : "";
  const shout = stopped || what || (problem && (problem.conflict ? words.conflict : words.refused)) || "";
  write(loud, shout);
  if (show) show.hidden = !problem || Boolean(stopped || what);
  if (signIn) signIn.hidden = Boolean(stopped) || !what || trouble !== "signedOut";
  line?.classList.toggle("autosave--loud", Boolean(shout));
  line?.toggleAttribute("data-unsaved", isUnsaved);
  if (shout) write(quiet, "");
  else if (isSlow) write(quiet, words.saving);
  else if (savedAt) write(quiet, words.saved.replace("{time}", savedAt));
}

/* --- The forms ----------------------------------------------------------------------------------------------- */

const NOT_WRITTEN = new Set(["hidden", "submit", "button", "image", "reset", "checkbox", "radio", "file"]);
const isKept = (control) =>
  control.name && !control.name.startsWith("seen:") && !control.readOnly &&
  (control.matches("textarea, select:not([multiple])") ||
    (control.matches("input") && !NOT_WRITTEN.has(control.type)));

for (const form of document.querySelectorAll("form[data-autosave]")) {
  // What the browser would put into the fields of a page that is opened again, it would put beside a newer digest.
  form.autocomplete = "off";
  for (const control of form.elements) {
    if (!isKept(control)) continue;
    const field = new Field(control, form);
    fields.push(field);
    fieldOf.set(control, field);
  }
}
for (const button of document.querySelectorAll("[data-autosave-hide]")) button.hidden = true;

// What was kept of fields that the page has no more: shown, so that it can be copied.
const offerLeftovers = () => {
  const keys = new Set(fields.map((field) => field.key));
  const lost = [];
  for (const key of Object.keys(sessionStorage).filter((one) => one.startsWith(KEY + location.pathname))) {
    if (keys.has(key)) continue;
    const draft = stored(key);
    // A form that was saved and did not bring its field back has removed it, as somebody asked it to.
    if (!draft?.value.trim() || (draft.isPosted && fields.length)) forget(key);
    else lost.push([key, draft.value]);
  }
  if (!lost.length) return;
  const box = make("div", "hds-notification hds-notification--alert draft");
  box.setAttribute("role", "status");
  const content = make("div", "hds-notification__content");
  content.append(make("p", "hds-notification__body", words.leftover));
  for (const [, text] of lost) content.append(make("p", "conflict__text conflict__text--lines draft__text", text));
  const button = make("button", "hds-button hds-button--secondary hds-button--small", words.leftoverDiscard);
  button.type = "button";
  button.addEventListener("click", () => {
    for (const [key] of lost) forget(key);
    box.remove();
  });
  content.append(button);
  box.append(content);
  document.querySelector("main").prepend(box);
};

const changed = (event, delay) => {
  const field = fieldOf.get(event.target);
  if (!field) return;
  field.keep();
  if (field.isToSend) schedule(delay);
  tell();
};
addEventListener("input", (event) => changed(event, AFTER_A_KEY));
addEventListener("change", (event) => changed(event, 0));
addEventListener("focusout", (event) => {
  changed(event, 0);
  // Only now does the field no longer have the focus.
  setTimeout(() => {
    fieldOf.get(event.target)?.tidy();
    fieldOf.get(event.target)?.showBrought();
  });
});
document.addEventListener("autosave:brought", ({ detail }) => {
  for (const field of fields) if (detail.texts[field.name]) field.bring(detail.texts[field.name], detail.askedAt);
});
addEventListener("keydown", (event) => {
  // Enter would press the first button of the form, whatever it does.
  if (event.key !== "Enter" || event.isComposing || !(event.target instanceof HTMLInputElement)) return;
  if (!fieldOf.has(event.target)) return;
  event.preventDefault();
  changed(event, 0);
});
const atOnce = () => { if (trouble || fields.some((field) => field.isToSend)) flush(); };
addEventListener("online", atOnce);
addEventListener("offline", () => {
  if (fields.some((field) => field.isToSend)) trouble ||= "offline";
  tell();
});
document.addEventListener("visibilitychange", atOnce);
// Back from the window where one has signed in again.
addEventListener("focus", () => { if (trouble) flush(); });

show?.addEventListener("click", () => {
  const control = fields.find((field) => field.isProblem)?.control;
  if (!control) return;
  for (let fold = control.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  control.scrollIntoView({ block: "center" });
  control.focus({ preventScroll: true });
});

/* --- Leaving ------------------------------------------------------------------------------------------------- */

addEventListener("beforeunload", (event) => {
  if (!isLeaving && fields.some((field) => field.isUnsaved)) event.preventDefault();
});

const isBusy = () => Boolean(under) || fields.some((field) => field.isToSend);
// What need not wait any longer: a form or a link.
let passing = null;

const leave = (form) => {
  isLeaving = true;
  for (const field of fields.filter((one) => one.form === form)) {
    // What is to be mended or settled first stays in the tab: the rest of the form need not wait for it.
    if (field.isProblem) field.control.disabled = true;
    else if (field.isUnsaved) {
      field.trying(field.value);
      field.keep({ isPosted: true });
    }
  }
  // A file that comes as the answer leaves the page as it is.
  setTimeout(stay, PATIENCE);
};

const stay = () => {
  isLeaving = false;
  for (const { control } of fields) control.disabled = false;
  if (fields.some((field) => field.isToSend)) schedule(0);
};
addEventListener("pageshow", stay);

// Any form waits for what is on its way; one with [data-autosave-flush], such as one that sends the whole on, also for
// what must be settled. One of ours carries its fields itself.
addEventListener("submit", async (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.target === "_blank" || !fields.length) return;
  if (isBusy() && passing !== form) {
    event.preventDefault();
    if (passing || isLeaving) return;
    passing = form;
    await flushed();
    form.requestSubmit(event.submitter);
    passing = null;
    return;
  }
  if (isLeaving) event.preventDefault();
  else if (form.matches("[data-autosave-flush]") && fields.some((field) => field.isUnsaved)) {
    // What is sent on is what is saved: the line says why it is not, and the press is made again.
    event.preventDefault();
    if (fields.some((field) => field.isProblem)) show?.click();
    else { trouble ||= "failed"; tell(); }
  } else if (!navigator.onLine) {
    event.preventDefault();
    trouble = "offline";
    tell();
  } else leave(form);
});

// A link waits for what is on its way, rather than warn of it.
addEventListener("click", async (event) => {
  const link = event.target.closest?.("a[href]");
  const isPlain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  if (event.defaultPrevented || !link || !isPlain || link.target === "_blank" || link.hasAttribute("download")) return;
  if (link.origin !== location.origin || (link.hash && link.pathname === location.pathname)) return;
  if (trouble || stopped || !isBusy() || passing) return;
  event.preventDefault();
  passing = link;
  await flushed();
  link.click();
  passing = null;
});

for (const field of fields) field.begin();
if (line) offerLeftovers();
tell();
if (fields.some((field) => field.isToSend)) flush();
