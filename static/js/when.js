/* When: of the fields of a time, only those of the exactness chosen are shown, and a day is told with its weekday
 * and week. The form works without this: the server looks only at the fields of what was chosen. */

const WHEN = {
  minute: ["slot", "day", "starts", "ends"],
  day: ["day", "last_day"],
  month: ["first_month", "last_month"],
  unknown: [],
};
const ALL = [...new Set(Object.values(WHEN).flat())];
const { lang, dataset } = document.documentElement;

// The number of the ISO week: that of the Thursday of the week.
const weekOf = (day) => {
  const thursday = new Date(day);
  thursday.setUTCDate(day.getUTCDate() + 4 - (day.getUTCDay() || 7));
  return Math.ceil(((thursday - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / 86400000 + 1) / 7);
};

const tellWeekday = (input) => {
  const told = document.createElement("p");
  told.className = "field__hint field__weekday";
  told.setAttribute("role", "status");
  input.closest(".field").append(told);
  const tell = () => {
    const day = /^\d{4}-\d{2}-\d{2}$/.test(input.value) ? new Date(`${input.value}T00:00Z`) : null;
    // The field shows the day as the browser's own language has it, which may be another than the page's.
    const format = { weekday: "long", day: "numeric", month: "numeric", year: "numeric", timeZone: "UTC" };
    const words = day && new Intl.DateTimeFormat(lang === "sv" ? "sv-FI" : lang, format).format(day);
    told.textContent = day ? `${words}, ${dataset.week} ${weekOf(day)}` : "";
  };
  input.addEventListener("input", tell);
  input.addEventListener("change", tell);
  tell();
};

for (const form of document.querySelectorAll("form")) {
  form.querySelectorAll("input[type=date]").forEach(tellWeekday);
  const known = [...form.querySelectorAll("input[type=radio][name=known]")];
  if (!known.length) continue;
  const fieldOf = (name) => form.elements.namedItem(name)?.closest?.(".field");
  const show = () => {
    const shown = new Set(WHEN[known.find((radio) => radio.checked)?.value] ?? ALL);
    // A time of the round has its day and its clock times.
    if (shown.has("slot") && form.elements.namedItem("slot")?.value) ["day", "starts", "ends"].forEach((name) => shown.delete(name));
    for (const name of ALL) {
      const field = fieldOf(name);
      // What is wrong is never hidden.
      if (field) field.hidden = !shown.has(name) && !field.matches(".hds-text-input--invalid");
    }
  };
  form.addEventListener("change", show);
  show();
  // The bar of addresses may point at the choice.
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}
