// Asks once a second how far the job is, until it is over; then shows the page as it is.
const job = document.querySelector(".rs-job");

async function update() {
  let status;
  try {
    const answer = await fetch(job.dataset.status, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.statusText);
    status = await answer.json();
  } catch {
    // The server may be restarting: ask again, more slowly.
    setTimeout(update, 5000);
    return;
  }
  if (status.over) return location.reload();
  job.querySelector("progress").value = status.progress;
  say(".rs-state", status.state);
  say(".rs-job-message", status.message);
  say(".rs-job-clock", status.clock);
  say(".rs-log", status.log);
  show(status.steps);
  setTimeout(update, 1000);
}

// Only what changed: a screen reader would read it again, and a selection would be lost. The log follows its end.
function say(place, words) {
  const element = job.querySelector(place);
  if (element.textContent === words) return;
  element.textContent = words;
  element.scrollTop = element.scrollHeight;
}

// The names and numbers of steps, as the page has them. The time of the present step changes each second: it alone is written anew.
function show(steps) {
  const list = job.querySelector(".rs-steps");
  while (list.children.length > steps.length) list.lastElementChild.remove();
  steps.forEach((step, place) => {
    const line = list.children[place] ?? list.appendChild(document.createElement("li"));
    const parts = [["", step.name], ["rs-cell-note", step.detail], ["rs-step-took", step.took]].filter(([, words]) => words);
    if (line.textContent !== parts.map(([, words]) => words).join("")) line.replaceChildren(...parts.map(part));
    if (step.is_over) line.removeAttribute("aria-current");
    else line.setAttribute("aria-current", "step");
  });
}

function part([kind, words]) {
  const element = document.createElement("span");
  if (kind) element.className = kind;
  element.textContent = words;
  return element;
}

if (job) job.querySelector(".rs-log").scrollTop = 1e9;
if (job && ["queued", "running"].includes(job.dataset.state)) setTimeout(update, 500);
