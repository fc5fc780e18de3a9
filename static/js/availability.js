/* Times that suit: a button that marks all of them, or those still open, and how many are open.
 * The page works without this: the server fills the form when a button is pressed. */

for (const form of document.querySelectorAll("[data-suits]")) {
  const slots = [...form.querySelectorAll("[role=radiogroup]")];
  const told = form.querySelector("[data-open]");
  const isOpen = (slot) => !slot.querySelector("input:checked");

  const tell = () => {
    const open = slots.filter(isOpen).length;
    const { none, one, many } = told.dataset;
    told.textContent = open > 1 ? many.replace("{n}", open) : open ? one : none;
  };

  for (const button of form.querySelectorAll("[data-fill]")) {
    button.addEventListener("click", (event) => {
      event.preventDefault();
      for (const slot of slots) {
        if (button.dataset.fill === "all" || isOpen(slot)) slot.querySelector("input[value=yes]").checked = true;
      }
      form.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }

  form.addEventListener("change", tell);
  tell();
}
