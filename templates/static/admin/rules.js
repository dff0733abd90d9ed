// A row of a rule shows the fields that its "Then" takes; whoever fills the last row gets another one.
const rules = document.querySelector(".rs-rules");
const takes = JSON.parse(rules.dataset.takes);
const how = new Set(Object.values(takes).flat());
const most = 51;

const rows = () => [...rules.querySelectorAll(".rs-rule")];
const fields = (row) => [...row.querySelectorAll("input, select, textarea")];
const nameOf = (field) => field.name.replace(/^rule-\d+-/, "");
const verbOf = (row) => fields(row).find((field) => nameOf(field) === "does").value;

// What is hidden is not sent, and comes back as it was when "Then" is changed back.
function show(row) {
  const verb = verbOf(row);
  for (const field of fields(row)) {
    const name = nameOf(field);
    const fits = name === "does" || (verb && (!how.has(name) || takes[verb].includes(name)));
    const said = field.closest(".rs-field").querySelector(".rs-error");
    field.disabled = !fits && !said;
    field.closest(".rs-field").hidden = field.disabled;
  }
}

function blank(row, number) {
  const holder = document.createElement("template");
  holder.innerHTML = row.outerHTML.replace(/rule-\d+-/g, `rule-${number}-`);
  const made = holder.content.firstElementChild;
  made.open = false;
  made.querySelector("summary").textContent = "Another rule …";
  for (const said of made.querySelectorAll(".rs-error")) said.remove();
  const preset = { order: number, time_zone: "UTC" };
  for (const field of fields(made)) {
    for (const option of field.options || []) option.defaultSelected = false;
    field.value = preset[nameOf(field)] ?? "";
  }
  return made;
}

function offerAnother() {
  const last = rows().at(-1);
  const number = rows().length + 1;
  if (!verbOf(last) || number > most) return;
  const made = blank(last, number);
  last.after(made);
  rules.querySelector("[name=rule_rows]").value = number;
  show(made);
}

rules.addEventListener("change", (event) => {
  const row = event.target.closest(".rs-rule");
  if (nameOf(event.target) !== "does") return;
  // A sentence about a field that is gone with "Then" would keep it.
  for (const said of row.querySelectorAll(".rs-error")) said.remove();
  show(row);
  offerAnother();
});

rows().forEach(show);
offerAnother();
