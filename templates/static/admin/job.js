// Asks once a second how far the job is, until it is over; then shows the page as it is.
const job = document.querySelector(".rs-job");

async function update() {
  let answer;
  try {
    answer = await fetch(job.dataset.status, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.statusText);
  } catch {
    // The server may be restarting: ask again, more slowly.
    setTimeout(update, 5000);
    return;
  }
  const status = await answer.json();
  job.querySelector("progress").value = status.progress;
  job.querySelector(".rs-job-message").textContent = status.message || "Waiting for a worker.";
  job.querySelector(".rs-log").textContent = status.log;
  if (status.over) location.reload();
  else setTimeout(update, 1000);
}

if (job && ["queued", "running"].includes(job.dataset.state)) setTimeout(update, 500);
