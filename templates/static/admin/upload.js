// Sends a file in pieces, so that no limit of a request holds for it, and goes on where it broke off. Without this script the
// same form sends the file as a whole.
const form = document.querySelector(".rs-upload");
const tries = 5;
const wait = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));

async function post(query, body) {
  const answer = await fetch(`${form.dataset.upload}?${new URLSearchParams(query)}`, {
    method: "POST",
    body,
    headers: {
      Accept: "application/json",
      "Content-Type": "application/octet-stream",
      "X-CSRFToken": form.querySelector("[name=csrfmiddlewaretoken]").value,
    },
  });
  // What is no JSON is a page: of an error, as of a server that restarts, or the one that asks to sign in.
  const said = await answer.json().catch(() => ({
    status: answer.status === 403 ? 403 : 0,
    message: answer.redirected ? "Sign in again, then choose the same file: it goes on." : `The server answered ${answer.status}.`,
  }));
  return { status: answer.status, ...said };
}

// Several attempts at one piece; a server that has other bytes than we think says from where to go on.
async function piece(file, number, offset) {
  const end = offset + Number(form.dataset.piece);
  for (let attempt = 1; ; attempt++) {
    const said = await post({ file: number, offset }, file.slice(offset, end)).catch(() => null);
    if (said?.status === 200 || said?.status === 409) return said;
    if (said?.status === 422 || said?.status === 403 || attempt === tries) {
      throw new Error(said?.message || "The server can't be reached. Choose the same file again: it goes on.");
    }
    await wait(attempt);
  }
}

async function send(file) {
  const begun = await post({ name: file.name, size: file.size, mark: file.lastModified }, "");
  if (begun.status !== 200) throw new Error(begun.message);
  const started = performance.now();
  const before = begun.received;
  let received = before;
  while (received < file.size) {
    received = (await piece(file, begun.file, received)).received;
    show(received, file.size, (received - before) / (performance.now() - started));
  }
  location.assign(begun.page);
}

function show(received, size, bytesEachMillisecond) {
  const left = Math.ceil((size - received) / bytesEachMillisecond / 1000);
  form.querySelector("progress").value = received / size;
  say(`${Math.floor((100 * received) / size)} % sent${received < size && Number.isFinite(left) ? `, ${left} s left` : ""}.`);
}

function say(words) {
  form.querySelector("[role=status]").textContent = words;
}

function lock(isSending) {
  form.querySelector("progress").hidden = !isSending;
  form.querySelector("button").disabled = isSending;
}

// The theme looks for a box of text beside its own boxes for files, which this one doesn't have.
form?.addEventListener("change", (event) => event.stopPropagation(), true);
form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const [file] = form.querySelector("[type=file]").files;
  if (!file) return;
  lock(true);
  try {
    await send(file);
  } catch (fault) {
    lock(false);
    say(fault.message);
  }
});
