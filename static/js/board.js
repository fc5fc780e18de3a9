/* The planning board: cards are dragged to places with a mouse or a finger, or chosen and placed by keyboard. Without
 * this every card and every free time leads to a plain form. What others change comes to the page within seconds; what
 * has changed under one's hands is refused by the server, and said. */

const root = document.querySelector("[data-board]");
const shown = root.querySelector("[data-shown]");
const words = root.dataset;
const bar = root.querySelector(".board-bar");
const loud = root.querySelector("[data-loud]");
const quiet = root.querySelector("[data-quiet]");
const takeBack = root.querySelector("[data-take-back]");
const token = root.querySelector("input[name=csrfmiddlewaretoken]").value;

const EVERY = 3_000;
const PATIENCE = 10_000;
// A press that moves less than this is a click.
const SLACK = 6;
// So near to the edge of the window the page scrolls under a dragged card, this much a frame.
const EDGE = 70, SCROLLED = 14;
const TOLD = 3;
// How many places are coloured before the page may do something else.
const AT_A_TIME = 40;
// So narrow a window shows one place at a time: there the plain forms are the way.
const narrow = matchMedia("(max-width: 29.99rem)");

const say = (text) => { if (quiet) quiet.textContent = text; };
const shout = (text) => { if (loud) loud.textContent = text; };
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name] ?? "");

/* --- What there is ------------------------------------------------------------------------------------------- */

const cardOf = (id) => shown.querySelector(`[data-card="${id}"]`);
const placeOf = (id) => shown.querySelector(`[data-place="${id}"]`);
const placeHolding = (card) => card.closest("[data-place], .board-place");
const slotOf = (card) => card.closest("[data-place]")?.dataset.place ?? "";
const isUnplaced = (card) => Boolean(card.closest('[data-place=""]'));
const choiceOf = (card) => card?.querySelector("[data-choose]");
// What has the focus in a place: its card's title, or the free place itself.
const stopOf = (place) => place.querySelector("[data-choose], [data-target]:not([hidden]), .board-card__title a");

let chosen = null;
let fits = null;
let isBusy = false;
let isAway = false;
let drag = null, pressed = null;
const undone = [];

/* --- Asking the server --------------------------------------------------------------------------------------- */

const ask = async (url, options = {}) => {
  try {
    const response = await fetch(url, { redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(PATIENCE), ...options });
    // What leads elsewhere leads to signing in.
    if (response.type === "opaqueredirect" || response.status === 401) { shout(words.signedOut); return null; }
    if (response.status >= 500) throw new Error(response.statusText);
    if (isAway) { isAway = false; shout(""); say(words.returned); root.classList.remove("is-away"); }
    return response;
  } catch {
    isAway = true;
    root.classList.add("is-away");
    shout(words.away);
    return null;
  }
};

const post = (url, values) => {
  const body = new FormData();
  body.append("csrfmiddlewaretoken", token);
  for (const [name, value] of Object.entries(values)) body.append(name, value);
  return ask(url, { method: "POST", body, headers: { Accept: "application/json" } });
};

/* --- Drawn anew ---------------------------------------------------------------------------------------------- */

const whereAll = () => new Map([...shown.querySelectorAll("[data-card]")].map((card) => [
  card.dataset.card,
  { title: card.dataset.title, slot: slotOf(card), when: placeHolding(card)?.dataset.when ?? "" },
]));

const changesIn = (before, after, mine) => {
  const told = [];
  for (const [id, now] of after) {
    const was = before.get(id);
    if (!was || mine.has(id) || (was.slot === now.slot && was.when === now.when)) continue;
    told.push(now.when ? fill(words.moved, now) : fill(words.off, now));
  }
  return told;
};

// Where the focus is, so that it is there again in what takes its place.
const focused = () => {
  const at = document.activeElement;
  if (!shown.contains(at)) return null;
  const card = at.closest("[data-card]"), place = at.closest("[data-place]");
  return { card: card?.dataset.card, place: place?.dataset.place, isChoice: at.matches("[data-choose]") };
};
const focusAgain = (was) => {
  if (!was || shown.contains(document.activeElement)) return;
  const card = was.card && cardOf(was.card);
  const place = was.place !== undefined && placeOf(was.place);
  (card ? choiceOf(card) ?? card : place ? stopOf(place) : null)?.focus({ preventScroll: true });
};

const newWeek = (key) => {
  const week = document.createElement("li");
  week.className = "board-week";
  week.dataset.piece = key;
  return week;
};

// Only the pieces that have changed are drawn anew: what has the focus is most often in none of them.
const redraw = (pieces, mine) => {
  const was = focused(), before = whereAll();
  const weeks = shown.querySelector("[data-weeks]");
  const there = new Map([...shown.querySelectorAll("[data-piece]")].map((piece) => [piece.dataset.piece, piece]));
  let next = weeks.firstElementChild;
  for (const [key, hash, html] of pieces) {
    const piece = there.get(key) ?? newWeek(key);
    there.delete(key);
    if (piece.dataset.hash !== hash) {
      piece.innerHTML = html;
      piece.dataset.hash = hash;
    }
    if (piece === next) next = next.nextElementSibling;
    else if (!piece.isConnected) weeks.insertBefore(piece, next);
  }
  for (const gone of there.values()) gone.remove();
  dress();
  focusAgain(was);
  return changesIn(before, whereAll(), mine);
};

// The button in the list of those without a time: for a chosen card that has one.
const offerOff = (card) => {
  for (const element of shown.querySelectorAll("[data-scripted]")) element.hidden = !card || isUnplaced(card);
};

const dress = () => {
  const card = chosen && cardOf(chosen);
  offerOff(card);
  if (chosen && !card?.matches("[data-movable]")) giveUp({ silently: true });
  else if (card) mark(card);
};

// Asks whether anything has changed. `mine` are the cards that one has moved oneself, of which `message` tells already.
const look = async ({ mine = new Set(), message = "" } = {}) => {
  const response = await ask(`${words.state}?d=${encodeURIComponent(words.digest)}`);
  if (!response) return;
  const digest = response.headers.get("Board-Digest");
  if (response.status === 200 && digest) {
    const { pieces } = await response.json();
    if (drag) return;
    words.digest = digest;
    const changes = redraw(pieces, mine);
    if (chosen) askFits();
    if (changes.length) {
      const rest = changes.length > TOLD ? ` ${fill(words.more, { count: changes.length - TOLD })}` : "";
      say(`${message} ${fill(words.updated, { changes: changes.slice(0, TOLD).join("; ") + rest })}`.trim());
    } else if (!mine.size) say(words.updatedOther);
  } else if (response.status === 204 && digest) words.digest = digest;
};

let timer = 0;
const goOn = () => {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(round, EVERY);
};
const round = async () => {
  if (!isBusy && !drag && !document.hidden) await look();
  goOn();
};
document.addEventListener("visibilitychange", () => { if (document.hidden) clearTimeout(timer); else round(); });
window.addEventListener("offline", () => { isAway = true; root.classList.add("is-away"); shout(words.away); });
window.addEventListener("online", round);

/* --- Choosing ------------------------------------------------------------------------------------------------ */

const mark = (card) => {
  root.classList.add("is-choosing");
  card.classList.add("is-chosen");
  const choice = choiceOf(card);
  choice?.setAttribute("aria-current", "true");
  if (fits) showFits();
};

const showFit = (place, own) => {
  const [tone, word, more] = fits[place.dataset.place] ?? [];
  const told = place.querySelector("[data-fit-words]"), there = place.querySelector("[data-card]");
  // Where nothing is known nothing is said; and nothing goes where a card stays.
  if (!told || !tone || tone === "unknown" || there === own || (there && !there.matches("[data-movable]"))) return;
  const text = tone === "blocked" || !more ? [word, more].filter(Boolean).join(": ") : more;
  place.dataset.fit = tone;
  told.hidden = false;
  told.textContent = there ? fill(words.swap, { fit: text }) : text;
};

// A few at a time: with hundreds of places the page goes on answering.
const showFits = async () => {
  const shownFor = fits, places = [...shown.querySelectorAll("[data-place]")];
  while (places.length) {
    const own = cardOf(chosen);
    for (const place of places.splice(0, AT_A_TIME)) showFit(place, own);
    if (places.length) await new Promise((go) => { setTimeout(go); });
    if (fits !== shownFor) return;
  }
};

const askFits = async () => {
  const asked = chosen;
  const response = await ask(`${words.fits}?kortti=${asked}`);
  if (!response?.ok) return;
  const found = (await response.json()).fits;
  if (chosen !== asked) return;
  fits = found;
  showFits();
};

const clear = () => {
  root.classList.remove("is-choosing");
  const card = chosen && cardOf(chosen);
  card?.classList.remove("is-chosen");
  choiceOf(card)?.removeAttribute("aria-current");
  for (const place of shown.querySelectorAll("[data-fit]")) {
    delete place.dataset.fit;
    const told = place.querySelector("[data-fit-words]");
    told.hidden = true;
    told.textContent = "";
  }
  chosen = fits = null;
  offerOff(null);
};

const giveUp = ({ silently = false } = {}) => {
  const card = chosen && cardOf(chosen);
  clear();
  if (silently) return;
  say(words.givenUp);
  choiceOf(card)?.focus();
};

const choose = (card, { silently = false } = {}) => {
  if (chosen) clear();
  chosen = card.dataset.card;
  offerOff(card);
  mark(card);
  shout("");
  if (!silently) say(fill(words.chosen, { title: card.dataset.title }));
  askFits();
};

/* --- Moving -------------------------------------------------------------------------------------------------- */

// One after another: what is done while a move is on its way waits for it, and is made on what the board shows then.
let last = Promise.resolve();
const inTurn = (action) => { last = last.then(action, action); return last; };

const send = async (url, values, mine) => {
  isBusy = true;
  shout("");
  say(words.moving);
  const response = await post(url, values);
  let answer = null;
  if (response) {
    answer = await response.json().catch(() => null);
    if (response.ok && answer) say(answer.message);
    else {
      say("");
      shout(answer?.message ?? (response.status === 404 ? words.gone : words.failed));
      answer = null;
    }
  } else say("");
  if (!isAway) await look({ mine, message: answer?.message });
  isBusy = false;
  return answer;
};

// What has no time and comes after a card in the list, or before it where it is the last.
const nextUnplaced = (card) => {
  const all = [...placeOf("").querySelectorAll("[data-movable]")];
  return all[all.indexOf(card) + 1] ?? all.findLast((other) => other !== card);
};

const move = (card, place, { goesOn = false } = {}) => {
  if (isAway) { clear(); shout(words.away); return; }
  if (card.closest("[data-place]") === place) { giveUp(); return; }
  const id = card.dataset.card, to = place.dataset.place;
  const there = to === "" ? null : place.querySelector("[data-card]");
  // Without dragging one goes on from card to card: the way back past all the times would be long.
  const next = goesOn && isUnplaced(card) && to !== "" ? nextUnplaced(card)?.dataset.card : null;
  clear();
  card.classList.add("is-moving");
  inTurn(async () => {
    const now = cardOf(id);
    if (!now) { shout(words.gone); return; }
    const mine = new Set([id, there?.dataset.card]);
    const answer = await send(words.placeUrl, {
      negotiation: id,
      slot: to === "" ? "pois" : to,
      expected: slotOf(now),
      occupant: there?.dataset.card ?? "",
    }, mine);
    cardOf(id)?.classList.remove("is-moving");
    if (answer) { undone.push({ token: answer.undo, mine }); if (takeBack) takeBack.hidden = false; }
    if (chosen || drag) return;
    const goOn = answer && next && choiceOf(cardOf(next));
    if (goOn) goOn.focus();
    else choiceOf(cardOf(id))?.focus({ preventScroll: true });
  });
};

const undo = () => inTurn(async () => {
  if (!undone.length) return;
  if (isAway) { shout(words.away); return; }
  if (chosen) clear();
  const { token: back, mine } = undone.at(-1);
  await send(words.undo, { token: back }, mine);
  // What could not be undone now will not be later; without a connection nobody has been asked.
  if (!isAway) undone.pop();
  const hadFocus = document.activeElement === takeBack;
  takeBack.hidden = undone.length === 0;
  if (hadFocus && takeBack.hidden) stopOf(shown)?.focus({ preventScroll: true });
});
takeBack?.addEventListener("click", undo);

/* --- By keyboard and by click -------------------------------------------------------------------------------- */

const choosing = (place) => chosen && place && cardOf(chosen) && move(cardOf(chosen), place, { goesOn: true });

shown.addEventListener("click", (event) => {
  const lead = event.target.closest("[data-to-card]");
  if (lead) {
    const card = cardOf(lead.dataset.toCard);
    if (!card) return;
    event.preventDefault();
    card.scrollIntoView({ block: "center" });
    (choiceOf(card) ?? card).focus({ preventScroll: true });
    return;
  }
  if (event.ctrlKey || event.metaKey || event.shiftKey || narrow.matches) return;
  const choice = event.target.closest("[data-choose]");
  if (choice) {
    event.preventDefault();
    const card = choice.closest("[data-card]");
    // By keyboard a second card is where the first one goes; a click chooses it instead.
    if (chosen === card.dataset.card) giveUp();
    else if (chosen && event.detail === 0) choosing(card.closest("[data-place]"));
    else choose(card);
    return;
  }
  if (!chosen) return;
  const place = event.target.closest("[data-place]");
  const card = event.target.closest("[data-card]");
  // A card that stays where it is: by keyboard it is a place as others are, and the server says why it is not free.
  const isTitle = event.detail === 0 && event.target.closest(".board-card__title a");
  if (!place || (card && !isTitle)) return;
  if (place.dataset.place === "" && !event.target.closest("[data-target]")) return;
  event.preventDefault();
  choosing(place);
});

const go = (ways) => {
  const weeks = [...shown.querySelectorAll(".board-places")].map((week) => [...week.querySelectorAll("[data-place]")]).filter((week) => week.length);
  const at = document.activeElement.closest("[data-place]");
  const row = weeks.findIndex((week) => week.includes(at));
  if (!weeks.length) return;
  if (row < 0) { stopOf(weeks[0][0])?.focus(); return; }
  const column = weeks[row].indexOf(at);
  const flat = weeks.flat();
  const next = ways.across
    ? flat[flat.indexOf(at) + ways.across]
    : weeks[row + ways.down]?.[Math.min(column, weeks[row + ways.down].length - 1)];
  if (next) stopOf(next)?.focus();
};
const WAYS = { ArrowRight: { across: 1 }, ArrowLeft: { across: -1 }, ArrowDown: { down: 1 }, ArrowUp: { down: -1 } };

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !isTyping && undone.length) {
    event.preventDefault();
    undo();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
  if (event.key === "Escape") {
    if (drag) drop(null);
    else if (chosen) giveUp();
    return;
  }
  const at = event.target.closest("[data-choose], [data-target]");
  if (event.key === " " && at?.matches("a")) { event.preventDefault(); at.click(); return; }
  if (event.key === "Delete") {
    const card = chosen ? cardOf(chosen) : event.target.closest("[data-movable]");
    const side = placeOf("");
    if (card && side && !isUnplaced(card)) { event.preventDefault(); move(card, side); }
    return;
  }
  if (chosen && WAYS[event.key]) { event.preventDefault(); go(WAYS[event.key]); }
});

/* --- Dragging ------------------------------------------------------------------------------------------------ */

const begin = (card, event) => {
  getSelection()?.removeAllRanges();
  const box = card.getBoundingClientRect();
  const ghost = card.cloneNode(true);
  ghost.removeAttribute("id");
  for (const element of ghost.querySelectorAll("[id]")) element.removeAttribute("id");
  ghost.setAttribute("aria-hidden", "true");
  ghost.classList.add("board-ghost");
  ghost.style.width = `${box.width}px`;
  drag = { card, ghost, dx: event.clientX - box.left, dy: event.clientY - box.top, x: event.clientX, y: event.clientY, over: null, frame: 0 };
  document.body.append(ghost);
  root.classList.add("is-dragging");
  choose(card, { silently: true });
  drag.frame = requestAnimationFrame(step);
};

// One reading and at most two writings a frame, whatever the pointer does between.
const step = () => {
  if (!drag) return;
  const under = document.elementFromPoint(drag.x, drag.y)?.closest("[data-place]") ?? null;
  if (under !== drag.over) {
    drag.over?.classList.remove("is-over");
    under?.classList.add("is-over");
    drag.over = under;
  }
  drag.ghost.style.transform = `translate(${drag.x - drag.dx}px, ${drag.y - drag.dy}px)`;
  if (drag.y < EDGE) window.scrollBy(0, -SCROLLED);
  else if (drag.y > window.innerHeight - EDGE) window.scrollBy(0, SCROLLED);
  drag.frame = requestAnimationFrame(step);
};

const drop = (place) => {
  const { card, ghost, over, frame } = drag;
  cancelAnimationFrame(frame);
  drag = pressed = null;
  ghost.remove();
  over?.classList.remove("is-over");
  root.classList.remove("is-dragging");
  document.removeEventListener("pointermove", follow);
  document.removeEventListener("pointerup", release);
  document.removeEventListener("pointercancel", cancel);
  if (place) move(card, place);
  else giveUp();
};

// The click that follows a drag chooses nothing.
const swallow = (click) => { click.preventDefault(); click.stopPropagation(); };

const follow = (event) => {
  if (pressed && !drag) {
    if (Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) < SLACK) return;
    begin(pressed.card, pressed.event);
  }
  if (drag) { drag.x = event.clientX; drag.y = event.clientY; }
};
const release = (event) => {
  if (!drag) { cancel(); return; }
  const under = document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-place]");
  drop(under && under !== drag.card.closest("[data-place]") ? under : null);
  window.addEventListener("click", swallow, { capture: true });
  setTimeout(() => window.removeEventListener("click", swallow, { capture: true }));
};
const cancel = () => {
  pressed = null;
  if (drag) { drop(null); return; }
  document.removeEventListener("pointermove", follow);
  document.removeEventListener("pointerup", release);
  document.removeEventListener("pointercancel", cancel);
};

shown.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || drag) return;
  const card = event.target.closest("[data-movable]");
  if (!card || event.target.closest(".board-card a:not([data-choose])")) return;
  // A finger scrolls the page, except on the handle.
  const isHandle = Boolean(event.target.closest("[data-handle]"));
  if (event.pointerType === "touch" && !isHandle) return;
  if (isHandle) event.preventDefault();
  pressed = { card, x: event.clientX, y: event.clientY, event };
  document.addEventListener("pointermove", follow);
  document.addEventListener("pointerup", release);
  document.addEventListener("pointercancel", cancel);
});
shown.addEventListener("dragstart", (event) => event.preventDefault());

root.classList.add("is-dressed");
if (bar) bar.hidden = false;
goOn();
