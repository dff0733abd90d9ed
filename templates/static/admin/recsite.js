// The policy of pages forbids styles in them: htmx would write its own.
htmx.config.includeIndicatorStyles = false;

// A dialog that gets no answer says so: htmx on its own would leave everything as it is.
document.addEventListener("htmx:responseError", ({ detail: { xhr } }) => {
  const page = new DOMParser().parseFromString(xhr.responseText, "text/html");
  tell((page.querySelector(".rs-failure p") ?? page.querySelector("main p"))?.textContent || "The server could not do that. Reload the page and try again.");
});
document.addEventListener("htmx:sendError", () => tell("The server can't be reached. Try again in a moment."));

// Whoever was signed out meanwhile is asked to sign in, and comes back to this page.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (!new URL(event.detail.xhr.responseURL || location.href).pathname.endsWith("/login/")) return;
  event.detail.shouldSwap = false;
  location.reload();
});

// What renews itself rests while nobody sees it, and keeps open what was opened.
const renews = (element) => element?.matches?.("[hx-trigger^=every]");
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && renews(event.detail.elt)) event.preventDefault();
});
let opened = [];
document.addEventListener("htmx:beforeSwap", ({ target }) => {
  if (renews(target)) opened = [...target.querySelectorAll("details")].map((one) => one.open);
});
document.addEventListener("htmx:load", ({ detail: { elt } }) => {
  if (renews(elt)) elt.querySelectorAll("details").forEach((one, number) => { one.open ||= opened[number] ?? false; });
});

// "/" opens the search wherever nobody is writing (on lists the theme would go to the box of the list), Ctrl-K everywhere.
window.addEventListener("keydown", (event) => {
  const isSlash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey;
  const isWriting = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (!(isSlash && !isWriting) && !(event.key === "k" && (event.ctrlKey || event.metaKey))) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  window.dispatchEvent(new CustomEvent("opencommand"));
}, true);

// Icons are letters to readers of screens: "monitoring" before Results. What only an icon says has a label of its own.
function hideIcons(within) {
  for (const icon of within.querySelectorAll?.(".material-symbols-outlined:not([aria-hidden])") ?? []) {
    icon.setAttribute("aria-hidden", "true");
  }
}
document.addEventListener("DOMContentLoaded", () => hideIcons(document));
document.addEventListener("htmx:afterSwap", ({ target }) => hideIcons(target));

// What the theme leaves without a name gets one; what scrolls sideways does so by the keyboard as well.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelector("#searchbar-submit")?.setAttribute("aria-label", "Search this list");
  for (const link of document.querySelectorAll("a[href='#'].lg\\:hidden")) link.setAttribute("aria-label", "Actions");
  for (const table of document.querySelectorAll(".rs-scroll")) if (table.scrollWidth > table.clientWidth) table.tabIndex = 0;
});

function tell(words) {
  document.querySelector(".rs-said")?.remove();
  const said = document.createElement("p");
  said.className = "rs-panel rs-alert rs-said";
  said.setAttribute("role", "alert");
  said.textContent = words;
  const dialog = document.querySelector("#dialog-form");
  // A dialog that was closed is still there, out of sight.
  (dialog?.offsetParent ? dialog : document.querySelector("#content"))?.prepend(said);
}

// On a phone each row of a list is a card, whose labels begin as the columns do: with a large letter.
function nameLabels() {
  for (const { dataset } of document.querySelectorAll("#result_list [data-label]")) {
    dataset.label = dataset.label.charAt(0).toUpperCase() + dataset.label.slice(1);
  }
}
document.addEventListener("DOMContentLoaded", nameLabels);
document.addEventListener("htmx:afterSwap", nameLabels);

// The event stream moves by itself, until somebody pauses it to read.
document.addEventListener("DOMContentLoaded", () => {
  const pause = document.getElementById("pause");
  if (!pause) return;
  pause.hidden = false;
  const isPaused = () => pause.getAttribute("aria-pressed") === "true";
  pause.addEventListener("click", () => {
    pause.setAttribute("aria-pressed", String(!isPaused()));
    pause.textContent = isPaused() ? "Go on" : "Pause";
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.id === "stream" && isPaused()) event.preventDefault();
  });
});

// Copies what stands elsewhere on the page; where the browser doesn't let it, the text is marked, to be copied by hand.
document.addEventListener("click", async ({ target }) => {
  const button = target.closest?.("[data-copy]");
  if (!button) return;
  const text = document.getElementById(button.dataset.copy);
  const said = button.textContent;
  try {
    await navigator.clipboard.writeText(text.textContent.trim());
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(text);
    button.textContent = "Marked: press Ctrl-C";
  }
  setTimeout(() => { button.textContent = said; }, 2000);
});

// A field beside lines adds one of its own to them: the categories of an item.
document.addEventListener("change", ({ target }) => {
  const lines = document.getElementById(target.dataset?.addsTo), added = target.value?.trim();
  if (!lines || !added) return;
  const there = lines.value.split("\n").map((one) => one.trim()).filter(Boolean);
  lines.value = [...new Set([...there, added])].join("\n");
  target.value = "";
});
