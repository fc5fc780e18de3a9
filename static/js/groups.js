/* Municipality groups: a municipality can be dragged to another group, and the groups follow the choices made in the
 * table. The form works without this; by keyboard the table is the way. Nothing is saved before the button. */

const form = document.querySelector("form[data-groups]");
const rows = new Map([...form.querySelectorAll("[data-group]")].map((row) => [row.dataset.group, row]));
const names = new Map([...form.querySelectorAll("[data-place]")].map((row) => [row.dataset.place, row.querySelector(".place-row__name").textContent]));
const order = [...names.keys()];
const selectsOf = (municipality) => [...form.querySelectorAll(`[data-place="${municipality}"] select`)];
const isOpen = (group) => Boolean(rows.get(group)?.querySelector("input:not([type=hidden])"));

const chip = (municipality) => {
  const item = document.createElement("li");
  item.className = "chip";
  item.dataset.municipality = municipality;
  item.textContent = names.get(municipality);
  return item;
};

// Shows in the groups what has been chosen in the table.
const draw = () => {
  for (const [group, row] of rows) {
    if (!isOpen(group)) continue;
    const members = order.filter((municipality) => selectsOf(municipality).some((select) => select.value === group));
    const list = row.querySelector("[data-members]");
    list.replaceChildren(...members.map(chip));
    for (const item of list.children) item.draggable = true;
  }
};

form.addEventListener("change", (event) => { if (event.target.matches("[data-place] select")) draw(); });

let dragged = null;
form.addEventListener("dragstart", (event) => {
  const item = event.target.closest?.(".chip");
  if (!item) return;
  dragged = { municipality: item.dataset.municipality, from: item.closest("[data-group]").dataset.group };
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", item.textContent);
});
form.addEventListener("dragend", () => {
  dragged = null;
  for (const row of rows.values()) row.classList.remove("group-row--over");
});
for (const [group, row] of rows) {
  if (!isOpen(group)) continue;
  row.addEventListener("dragover", (event) => {
    if (!dragged || dragged.from === group) return;
    event.preventDefault();
    row.classList.add("group-row--over");
  });
  row.addEventListener("dragleave", (event) => {
    if (!row.contains(event.relatedTarget)) row.classList.remove("group-row--over");
  });
  row.addEventListener("drop", (event) => {
    event.preventDefault();
    row.classList.remove("group-row--over");
    if (!dragged) return;
    const select = selectsOf(dragged.municipality).find((one) => one.value === dragged.from);
    if (!select) return;
    select.value = group;
    // Tells the guard of unsaved text, and draws.
    select.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

draw();
