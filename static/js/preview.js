/* A form whose result is shown beside it as one writes: the server draws it from what is written, and saves nothing.
 * Rows are added and removed without a new page. The form works without this: it has buttons for all of it. */

const WAIT = 350;

const form = document.querySelector("form[data-preview]");
const place = form.querySelector("[data-preview-here]");
const status = form.querySelector("[data-preview-status]");
const list = form.querySelector("[data-rows]");
const blank = form.querySelector("[data-blank]");

/* --- The preview --- */

let timer;
let asked;

const answersIn = (region) =>
  [...region.querySelectorAll("input[type=radio]:checked")].map((radio) => [radio.name, radio.value]);

const show = (html) => {
  const fresh = new DOMParser().parseFromString(html, "text/html").body;
  const wrong = fresh.querySelector("[data-wrong]");
  if (wrong) { warn(wrong); return; }
  // What has been answered while the server was drawing stays answered; what was opened stays open.
  const answers = answersIn(place);
  const at = place.contains(document.activeElement) ? document.activeElement.id : "";
  const wasOpen = Boolean(place.querySelector("details[open]"));
  place.replaceChildren(...fresh.childNodes);
  for (const [name, value] of answers) {
    const radio = place.querySelector(`input[name="${CSS.escape(name)}"][value="${CSS.escape(value)}"]`);
    if (radio) radio.checked = true;
  }
  offerAll();
  const details = place.querySelector("details");
  if (details && wasOpen) details.open = true;
  if (at) document.getElementById(at)?.focus();
  status.textContent = place.querySelector("[data-summary]")?.textContent ?? "";
};

// What is wrong stands above the calendar of before: half a word need not empty the page.
const warn = (wrong) => {
  place.querySelector("[data-wrong]")?.remove();
  (place.querySelector("h3") ?? place.firstElementChild).after(wrong);
};

const draw = async () => {
  clearTimeout(timer);
  asked?.abort();
  asked = new AbortController();
  const mine = asked;
  try {
    const answer = await fetch(form.dataset.preview, {
      method: "POST", body: new FormData(form), headers: { "X-Requested-With": "XMLHttpRequest" }, signal: mine.signal,
    });
    // A page to sign in on, or of an error, is no preview.
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    const html = await answer.text();
    if (mine === asked) show(html);
  } catch (error) {
    if (error.name !== "AbortError" && mine === asked) warn(failed());
  }
};

const failed = () => {
  const note = document.createElement("p");
  note.className = "slots__errors";
  note.dataset.wrong = "";
  note.textContent = form.dataset.previewFailed;
  return note;
};

const soon = () => { clearTimeout(timer); timer = setTimeout(draw, WAIT); };

form.addEventListener("input", (event) => { if (!place.contains(event.target)) soon(); });
form.addEventListener("change", (event) => { if (!place.contains(event.target)) soon(); });

/* --- The same for all negotiations whose time goes --- */

const offerAll = () => { for (const box of place.querySelectorAll("[data-scripted]")) box.hidden = false; };

place.addEventListener("click", (event) => {
  const button = event.target.closest("[data-all]");
  if (!button) return;
  for (const radio of place.querySelectorAll(`input[type=radio][value="${CSS.escape(button.dataset.all)}"]`)) {
    radio.checked = true;
  }
  form.dispatchEvent(new Event("change", { bubbles: true }));
});

offerAll();

/* --- Rows --- */

// What the kind chosen does not ask is neither shown nor sent.
const fit = (row) => {
  const kind = row.querySelector("[data-kind]").value;
  for (const box of row.querySelectorAll("[data-for]")) {
    const asks = !kind ? box.dataset.for !== "swap" : box.dataset.for.split(" ").includes(kind);
    box.hidden = !asks;
    for (const input of box.querySelectorAll("input")) input.disabled = !asks;
  }
};

const number = () => {
  [...list.children].forEach((row, index) => {
    for (const place_ of row.querySelectorAll("[data-place]")) place_.textContent = String(index + 1);
  });
};

const numberOf = (row) => row.querySelector("[data-kind]").name.split("-")[1];

const add = (its) => {
  const copy = blank.content.cloneNode(true);
  for (const element of copy.querySelectorAll("[id], [name], [for], [value]")) {
    for (const name of ["id", "name", "for", "value"]) {
      const value = element.getAttribute(name);
      if (value?.includes("__")) element.setAttribute(name, value.replace("__", its));
    }
  }
  const row = copy.querySelector("[data-row]");
  list.append(copy);
  fit(row);
  number();
  return row;
};

const next = () => String(Math.max(-1, ...[...list.children].map((row) => Number(numberOf(row)))) + 1);

const remove = (row) => {
  const other = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  number();
  (other?.querySelector("select") ?? form.querySelector("[data-add]")).focus();
  form.dispatchEvent(new Event("change", { bubbles: true }));
};

form.addEventListener("click", (event) => {
  const button = event.target.closest?.("button");
  // The calendar may be far from the button: on a narrow screen it is below the form.
  if (button?.matches("[data-preview-button]")) { event.preventDefault(); draw().then(() => place.focus()); }
  if (button?.matches("[data-add]")) { event.preventDefault(); add(next()).querySelector("select").focus(); }
  if (button?.matches("[data-remove]")) { event.preventDefault(); remove(button.closest("[data-row]")); }
});
list.addEventListener("change", (event) => {
  if (event.target.matches("[data-kind]")) fit(event.target.closest("[data-row]"));
});
// Text that is brought back may be of rows that the page has not, or lack rows that it has.
form.addEventListener("restore", (event) => {
  const written = new Set(event.detail.map(([name]) => /^exceptions-(\d+)-kind$/.exec(name)?.[1]).filter(Boolean));
  for (const row of [...list.children]) if (!written.delete(numberOf(row))) row.remove();
  for (const its of written) add(its);
  number();
});
for (const row of list.children) fit(row);
