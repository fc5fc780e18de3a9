/* The room's view follows the sitting: drawn anew within seconds when something changes, its clock goes on meanwhile. */

const room = document.querySelector("[data-room]");
const away = document.querySelector("[data-away]");
const EVERY = 3_000;
const PATIENCE = 10_000;

let tag = "", drawnAt = performance.now();

const tick = () => {
  for (const time of room.querySelectorAll("[data-time][data-running]")) {
    const used = Number(time.dataset.used) + (performance.now() - drawnAt) / 1_000;
    const minutes = String(Math.ceil(used / 60));
    const shown = time.querySelector("[data-minutes]");
    if (shown.textContent !== minutes) shown.textContent = minutes;
    const planned = Number(time.dataset.planned) * 60;
    time.classList.toggle("live-time--over", Boolean(planned) && used > planned);
    const bar = room.querySelector("[data-bar]");
    if (bar) bar.value = Math.ceil(used / 60);
  }
};

const ask = async () => {
  try {
    const response = await fetch(room.dataset.room, {
      headers: tag ? { "If-None-Match": tag } : {},
      cache: "no-store",
      redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (response.ok) {
      tag = response.headers.get("ETag") ?? "";
      room.innerHTML = await response.text();
      drawnAt = performance.now();
    }
    away.textContent = response.ok || response.status === 304 ? "" : away.dataset.away;
  } catch {
    away.textContent = away.dataset.away;
  }
  tick();
  setTimeout(ask, EVERY);
};
setTimeout(ask, EVERY);
setInterval(tick, 1_000);
