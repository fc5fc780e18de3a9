/* Long lists to tick: the municipalities of a group at once, and a field that finds in the list.
 * The form works without this: the server ticks a group, and the whole list is there to read. */

for (const button of document.querySelectorAll("[data-tick-all]")) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    const boxes = button.closest(".ticks").querySelectorAll("input[type=checkbox]");
    boxes.forEach((box) => { box.checked = true; });
    boxes[0].dispatchEvent(new Event("change", { bubbles: true }));
    boxes[0].focus();
  });
}

for (const field of document.querySelectorAll("[data-filter-of]")) {
  field.hidden = false;
  const search = field.querySelector("input");
  const told = field.querySelector("[role=status]");
  const lists = [...field.parentElement.querySelectorAll(`.${field.dataset.filterOf}`)];
  const atFirst = new Map(lists.map((list) => [list, list.open]));
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLocaleLowerCase();
    let found = 0;
    for (const list of lists) {
      let here = 0;
      for (const label of list.querySelectorAll("label")) {
        const fits = label.textContent.toLocaleLowerCase().includes(wanted);
        label.parentElement.hidden = !fits;
        here += fits;
      }
      list.hidden = !here;
      list.open = wanted ? here > 0 : atFirst.get(list);
      found += here;
    }
    told.textContent = found ? "" : told.dataset.none;
  });
  // Enter would send the form, unfinished.
  search.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
}
