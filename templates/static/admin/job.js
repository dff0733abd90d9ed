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
  say(".rs-log", status.log);
  setTimeout(update, 1000);
}

// Only what changed: a screen reader would read it again, and a selection would be lost. The log follows its end.
function say(place, words) {
  const element = job.querySelector(place);
  if (element.textContent === words) return;
  element.textContent = words;
  element.scrollTop = element.scrollHeight;
}

if (job) job.querySelector(".rs-log").scrollTop = 1e9;
if (job && ["queued", "running"].includes(job.dataset.state)) setTimeout(update, 500);
