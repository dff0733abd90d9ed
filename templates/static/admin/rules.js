// The rows of a draft. A rule shows the fields that its "Then" takes, and is moved or deleted; whoever fills the last row
// gets another one. Everything is sent by the form: what stands here stays a draft until it is saved.
const form = document.querySelector(".rs-rules").form;
const rules = form.querySelector(".rs-rules[data-takes]");
const takes = JSON.parse(rules.dataset.takes);
const how = new Set(Object.values(takes).flat());
const most = 51;

const rows = () => [...rules.querySelectorAll(".rs-rule")];
const fields = (row) => [...row.querySelectorAll("input, select, textarea")];
const nameOf = (field) => field.name.replace(/^rule-\d+-/, "");
const named = (row, name) => fields(row).find((field) => nameOf(field) === name);
const verbOf = (row) => named(row, "does").value;
const changed = (field) => field.dispatchEvent(new Event("change", { bubbles: true }));

// What is hidden is not sent, and comes back as it was when "Then" is changed back. The order is what the arrows say.
function show(row) {
  const verb = verbOf(row);
  for (const field of fields(row)) {
    const name = nameOf(field);
    const fits = name === "does" || (verb && (!how.has(name) || takes[verb].includes(name)));
    const said = field.closest(".rs-field").querySelector(".rs-error");
    field.disabled = !fits && !said;
    field.closest(".rs-field").hidden = field.disabled || (name === "order" && !said);
  }
  row.parentElement.querySelector(".rs-row-acts").hidden = !verb && !row.dataset.deleted;
}

function blank(row, number) {
  const holder = document.createElement("template");
  holder.innerHTML = row.parentElement.outerHTML.replace(/rule-\d+/g, `rule-${number}`).replace(/rule \d+/g, `rule ${number}`);
  const made = holder.content.firstElementChild;
  made.querySelector(".rs-rule").open = false;
  made.querySelector(".rs-row-number").textContent = `${number}.`;
  made.querySelector(".rs-row-words").textContent = "Another rule …";
  for (const said of made.querySelectorAll(".rs-error, .rs-rule > .rs-cell-note")) said.remove();
  const preset = { order: number, time_zone: "UTC" };
  for (const field of fields(made)) {
    for (const option of field.options || []) option.defaultSelected = false;
    field.value = preset[nameOf(field)] ?? "";
  }
  return made;
}

function offerAnother() {
  // Who may only look has no rows to edit.
  if (!rows().length) return;
  const last = rows().find((row) => named(row, "does").name === `rule-${rows().length}-does`);
  const number = rows().length + 1;
  if (!verbOf(last) || number > most) return;
  const made = blank(last, number);
  rules.append(made);
  rules.querySelector("[name=rule_rows]").value = number;
  window.htmx?.process(made);
  show(made.querySelector(".rs-rule"));
  numberThem();
}

function numberThem() {
  rows().forEach((row, place) => {
    named(row, "order").value = place + 1;
    row.querySelector(".rs-row-number").textContent = `${place + 1}.`;
    row.parentElement.querySelector("[data-act=up]").disabled = place === 0;
    row.parentElement.querySelector("[data-act=down]").disabled = place >= rows().length - 2;
  });
}

// A deleted row stays in sight until the draft is saved, and can be put back.
function remove(button, row) {
  const field = row.matches(".rs-rule") ? named(row, "does") : row.querySelector("input");
  const kept = row.dataset.deleted;
  if (kept) delete row.dataset.deleted; else row.dataset.deleted = field.value;
  field.value = kept ?? "";
  row.classList.toggle("rs-gone", !kept);
  button.textContent = kept ? "Delete" : "Put back";
  changed(field);
}

form.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (!button) return;
  const holder = button.closest(".rs-ruled"), row = holder.querySelector(".rs-row");
  if (button.dataset.act === "delete") return remove(button, row);
  if (button.dataset.act === "up") holder.previousElementSibling.before(holder);
  else holder.nextElementSibling.after(holder);
  numberThem();
  button.focus();
  changed(named(row, "order"));
});

rules.addEventListener("change", (event) => {
  const row = event.target.closest(".rs-rule");
  if (nameOf(event.target) !== "does") return;
  // A sentence about a field that is gone with "Then" would keep it.
  for (const said of row.querySelectorAll(".rs-error")) said.remove();
  show(row);
  if (!row.dataset.deleted) offerAnother();
});

// Whoever names a person means that person.
const subject = form.querySelector("[name=subject]"), subjectId = form.querySelector("[name=subject_id]");
subjectId?.addEventListener("change", () => { if (subjectId.value) subject.value = "chosen"; });
subject?.addEventListener("change", () => { if (subject.value !== "chosen") subjectId.value = ""; });

for (const row of form.querySelectorAll(".rs-filter")) {
  row.parentElement.querySelector(".rs-row-acts").hidden = !row.querySelector("input").value;
}
rows().forEach(show);
numberThem();
offerAnother();
