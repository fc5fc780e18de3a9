/* The secretary's page of a sitting: keys, what others do within seconds, the clock of the item at hand, and measures
 * entered one after the other. Without this every link and form of the page works by itself. Texts are saved by
 * autosave.js; who is there is marked by live_attendance.js. */

const page = document.querySelector("[data-live]");
const words = page.dataset;
const say = document.querySelector("[data-say]");
const takenLine = page.querySelector("[data-taken-line]");

const EVERY = 4_000;
const PATIENCE = 10_000;
const TICK = 5_000;
// So long after a key one is told to be writing.
const WRITES = 8_000;

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name] ?? "");
const write = (element, text) => {
  // The same words again would be read aloud again.
  if (element && element.textContent !== text) element.textContent = text;
};

/* --- Keys ---------------------------------------------------------------------------------------------------- */

// Fields by the end of their names: one place has one of each.
const FIELDS = { K: ["-discussion", "-opening", "-closing"], S: ["-agreed"], R: ["-dissent"], T: ["-text"] };

const focusOn = (element) => {
  if (!element) return false;
  for (let fold = element.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block: "center" });
  return true;
};

const DOES = {
  L: () => focusOn(page.querySelector("[data-live-panel] :is(input:not([type=hidden]), button):not([hidden])") ?? page.querySelector("[data-live-panel] a")),
  A: () => focusOn(page.querySelector(".live-agenda [aria-current]") ?? page.querySelector("#asialista")),
};

addEventListener("keydown", (event) => {
  // AltGr tells itself as Ctrl and Alt together on some systems: it writes letters, and is left alone.
  if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.getModifierState("AltGraph")) return;
  const key = event.code.startsWith("Key") ? event.code.slice(3) : "";
  const button = key && document.querySelector(`[data-key="${key}"]`);
  const field = key in FIELDS && FIELDS[key].map((end) => page.querySelector(`textarea[name$="${end}"]`)).find(Boolean);
  if (!button && !field && !(key in DOES)) return;
  event.preventDefault();
  if (event.repeat) return;
  if (button) button.click(); else if (field) focusOn(field); else DOES[key]();
});

/* --- The clock of the item at hand --------------------------------------------------------------------------- */

// When the page, or the piece in which the time stands, was drawn.
const drawnAt = new WeakMap();
const tick = () => {
  for (const time of document.querySelectorAll("[data-time][data-running]")) {
    if (!drawnAt.has(time)) drawnAt.set(time, performance.now());
    const used = Number(time.dataset.used) + (performance.now() - drawnAt.get(time)) / 1_000;
    write(time.querySelector("[data-minutes]"), String(Math.ceil(used / 60)));
    const planned = Number(time.dataset.planned) * 60;
    time.classList.toggle("live-time--over", Boolean(planned) && used > planned);
  }
};
tick();
setInterval(tick, TICK);

/* --- What others do ------------------------------------------------------------------------------------------ */

let tag = "", isAway = false, timer = 0, isAsking = false;
let atHandUrl = document.querySelector("[data-piece=now] a")?.href ?? "";
let wroteAt = 0, wroteIn = "";
addEventListener("input", ({ target }) => {
  if (/^(item|part)-\d+-/.test(target.name ?? "")) { wroteAt = Date.now(); wroteIn = target.name; }
});

const pieceOf = (key) => page.querySelector(`[data-piece="${key}"]`) ?? document.querySelector(`[data-piece="${key}"]`);

const redraw = (key, hash, html) => {
  const piece = pieceOf(key);
  if (!piece || piece.dataset.hash === hash) return;
  // Where one stands in the list of links one stands afterwards.
  const focus = piece.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  piece.innerHTML = html;
  piece.dataset.hash = hash;
  if (focus) piece.querySelector(`a[href="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
  tick();
};

const showWriting = (writing) => {
  for (const line of page.querySelectorAll("[data-writing]")) {
    const who = writing[line.dataset.writing];
    write(line, who ? fill(words.writes, { who }) : "");
  }
  for (const mark of page.querySelectorAll("[data-stop-writing]")) mark.remove();
  for (const [field, who] of Object.entries(writing)) {
    const facts = page.querySelector(`[data-stop="${field.replace(/-[a-z]+$/, "")}"] .live-stop__facts`);
    if (!facts) continue;
    const mark = document.createElement("span");
    mark.className = "live-stop__writing";
    mark.dataset.stopWriting = "";
    mark.textContent = fill(words.writesShort, { who });
    facts.append(mark);
  }
};

const tellTaken = (atHand) => {
  const url = atHand ? new URL(atHand.url, location.href).href : "";
  if (url === atHandUrl) return;
  atHandUrl = url;
  takenLine.replaceChildren();
  if (!atHand || url === location.href.replace(location.hash, "")) return;
  const [before, after] = words.taken.split("{item}");
  const link = document.createElement("a");
  link.href = atHand.url;
  link.textContent = atHand.label;
  takenLine.append(before, link, after ?? "");
};

const away = (isNow) => {
  if (isAway !== isNow) write(say, isNow ? words.away : words.returned);
  isAway = isNow;
  page.classList.toggle("is-away", isNow);
};

const ask = async () => {
  clearTimeout(timer);
  if (isAsking) return;
  isAsking = true;
  const askedAt = performance.now();
  const query = new URLSearchParams(words.place);
  const isWriting = Date.now() - wroteAt < WRITES && document.activeElement?.name === wroteIn;
  if (isWriting) query.set("kirjoitan", wroteIn);
  try {
    const response = await fetch(`${words.state}?${query}`, {
      headers: { Accept: "application/json", ...(tag && { "If-None-Match": tag }) },
      cache: "no-store",
      redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (response.type === "opaqueredirect" || [401, 403].includes(response.status)) write(say, words.signedOut);
    else if (response.ok || response.status === 304) away(false);
    if (response.ok) {
      tag = response.headers.get("ETag") ?? "";
      const told = await response.json();
      for (const [key, [hash, html]] of Object.entries(told.pieces)) redraw(key, hash, html);
      showWriting(told.writing);
      tellTaken(told.atHand);
      document.dispatchEvent(new CustomEvent("autosave:brought", { detail: { texts: told.texts, askedAt } }));
    }
  } catch {
    away(true);
  }
  isAsking = false;
  timer = setTimeout(ask, EVERY);
};
timer = setTimeout(ask, EVERY);
addEventListener("online", ask);
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") ask(); });
document.addEventListener("autosave:shown", ({ target }) => {
  const line = page.querySelector(`[data-writing="${target.name}"]`);
  write(line, words.brought);
});

/* --- Measures ------------------------------------------------------------------------------------------------ */

const form = page.querySelector("form[data-measure]");
const text = form?.elements.namedItem("toimenpide-text");
const KEPT = form ? `hyte-measure:${form.getAttribute("action")}` : "";
const keep = () => {
  try {
    if (text.value.trim()) sessionStorage.setItem(KEPT, text.value); else sessionStorage.removeItem(KEPT);
  } catch { /* the text is still in the form */ }
};

const problem = (name, error) => {
  const control = form.elements.namedItem(name);
  const box = control?.closest?.(".field") ?? form;
  const element = document.createElement("div");
  element.className = "hds-text-input__error-text";
  element.id = `${name}_problem`;
  element.textContent = error;
  box.append(element);
  if (!control) return;
  box.classList.add("hds-text-input--invalid");
  control.setAttribute("aria-invalid", "true");
  control.setAttribute("aria-describedby", element.id);
};
const noProblems = () => {
  for (const element of form.querySelectorAll(".hds-text-input__error-text")) element.remove();
  for (const box of form.querySelectorAll(".hds-text-input--invalid")) box.classList.remove("hds-text-input--invalid");
  for (const control of form.querySelectorAll("[aria-invalid]")) {
    control.removeAttribute("aria-invalid");
    control.removeAttribute("aria-describedby");
  }
};

let isEntering = false;
const enter = async () => {
  if (isEntering) return;
  isEntering = true;
  const said = form.querySelector("[data-measure-said]");
  const sent = text.value;
  write(said, "");
  noProblems();
  let told = null, status = 0;
  try {
    const response = await fetch(form.action, {
      method: "POST",
      body: new FormData(form),
      headers: { Accept: "application/json" },
      redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE),
    });
    status = response.status;
    told = await response.json().catch(() => null);
  } catch { /* told below */ }
  isEntering = false;
  if (status === 200 && told) {
    const piece = pieceOf("measures");
    piece.innerHTML = told.measures;
    // The next answer draws it again as it is then.
    piece.dataset.hash = "";
    form.elements.namedItem("toimenpide-key").value = `${Date.now()}-${Math.random()}`.slice(0, 30);
    if (text.value === sent) text.value = "";
    form.elements.namedItem("toimenpide-indicator").value = "";
    keep();
    write(said, told.said);
    text.focus();
  } else if (told?.errors) {
    for (const [name, error] of Object.entries(told.errors)) problem(name, error);
    form.querySelector("[aria-invalid]")?.focus();
  } else problem("", told?.message ?? words.measureKept);
};

if (form) {
  try {
    if (!text.value) text.value = sessionStorage.getItem(KEPT) ?? "";
  } catch { /* nothing was kept */ }
  text.addEventListener("input", keep);
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  // Before autosave.js hears of it: the page stays.
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    enter();
  });
  // Another form takes the page away: what is in this one is in the tab, and comes back with the page.
}

/* --- Where one comes to ---------------------------------------------------------------------------------------- */

// The field in which one goes on is in sight: so is what it is of, from the title on, where there is room for both.
addEventListener("load", () => requestAnimationFrame(() => {
  const field = document.activeElement, column = field?.closest(".live-middle");
  if (!column) return;
  const down = field.getBoundingClientRect().top - column.getBoundingClientRect().top + column.scrollTop;
  if (down + 96 < column.clientHeight) column.scrollTop = 0;
}));
