/* On every page: the one that follows a sending tells by its message that it was saved. Then the draft that editing.js
 * keeps in the tab has done its work; after any other page, as one to sign in on, it is still needed. */

const SENT = "hyte-sent";

try {
  const sent = JSON.parse(sessionStorage.getItem(SENT));
  sessionStorage.removeItem(SENT);
  if (sent && document.querySelector(".messages .hds-notification--success")) sessionStorage.removeItem(sent);
} catch { /* no store, no draft */ }
