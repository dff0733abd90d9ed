// Shelves for mouse and keyboard: arrow buttons, one tab stop with arrow keys; titles that leave every shelf at once; what
// came into view; suggestions that go away; and a word when something couldn't be saved. Without this file the shelves scroll and tab as usual.
(() => {
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const along = (row, direction) =>
    row.scrollBy({ left: direction * row.clientWidth * 0.8, behavior: calm.matches ? "auto" : "smooth" });
  const PARTS = ".card, summary, .card-act, .gone button";

  // One tab stop: of all that can be pressed on a shelf only the last one used can be tabbed to.
  const parts = (slot) => [...slot.querySelectorAll(PARTS)].filter((part) => part.getClientRects().length);
  const rove = (row, chosen) => {
    for (const part of row.querySelectorAll(PARTS)) part.tabIndex = part === chosen ? 0 : -1;
  };
  const settle = (row) => {
    const last = [...row.querySelectorAll(PARTS)].find((part) => part.tabIndex === 0 && part.getClientRects().length);
    rove(row, last ?? row.querySelector(".card"));
  };

  const equip = (shelf) => {
    const row = shelf.querySelector(".row");
    const arrows = shelf.querySelector(".shelf-arrows");
    const [back, on] = arrows.querySelectorAll("button");
    const update = () => {
      arrows.hidden = row.scrollWidth <= row.clientWidth + 1;
      back.disabled = row.scrollLeft <= 1;
      on.disabled = row.scrollLeft + row.clientWidth >= row.scrollWidth - 1;
    };
    arrows.addEventListener("click", (event) => {
      const button = event.target.closest("[data-move]");
      if (button) along(row, Number(button.dataset.move));
    });
    row.addEventListener("scroll", update, { passive: true });
    row.addEventListener("focusin", (event) => rove(row, event.target.closest(PARTS)));
    new ResizeObserver(update).observe(row);
    rove(row, row.querySelector(".card"));
  };

  const beside = (row, slot, key) => {
    const slots = [...row.children];
    const at = { ArrowLeft: slots.indexOf(slot) - 1, ArrowRight: slots.indexOf(slot) + 1, Home: 0, End: slots.length - 1 }[key];
    return slots[at] && parts(slots[at])[0];
  };
  document.addEventListener("keydown", (event) => {
    const slot = event.target.closest?.(".row .slot");
    if (!slot || event.altKey || event.ctrlKey || event.metaKey) return;
    const own = parts(slot);
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const next = step ? own[own.indexOf(event.target) + step] : beside(slot.parentElement, slot, event.key);
    if (!next) return;
    event.preventDefault();
    next.focus();
  });

  // A title that left one shelf stands on no other; taken back, it is where it was, and has the focus.
  let pressed = null;
  const twins = (slot) =>
    [...document.querySelectorAll(".slot")].filter((one) => one !== slot && one.dataset.item === slot.dataset.item);
  document.addEventListener("htmx:beforeRequest", (event) => {
    pressed = event.target.closest?.(".slot") ?? null;
  });
  const attend = (event) => {
    // What was pressed may have left the page with its answer, so it is remembered from before.
    if (!pressed) return;
    const isGone = pressed.querySelector(".gone") !== null;
    // Undo gets the focus once it works without loading the page anew.
    if (isGone && event.type !== "htmx:afterSettle") return;
    for (const twin of twins(pressed)) twin.hidden = isGone;
    settle(pressed.parentElement);
    (isGone ? pressed.querySelector(".gone button") : pressed.querySelector(".card")).focus();
    pressed = null;
  };
  document.addEventListener("htmx:afterRequest", attend);
  document.addEventListener("htmx:afterSettle", attend);

  // What came into view, where its placement counts that as shown.
  const seen = new Map();
  let sending = 0;
  const send = () => {
    sending = 0;
    const token = document.querySelector("#acts [name=csrfmiddlewaretoken]")?.value;
    for (const [list, { source, places }] of seen) {
      const fields = new URLSearchParams({ rec: list, from: source, csrfmiddlewaretoken: token });
      for (const [item, place] of places) fields.append("item", `${place} ${item}`);
      fetch("/seen", { method: "POST", body: fields, keepalive: true });
    }
    seen.clear();
  };
  const watch = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      watch.unobserve(target);
      const { list, source } = target.parentElement.dataset;
      if (!seen.has(list)) seen.set(list, { source, places: [] });
      const place = new URL(target.querySelector(".card").href).searchParams.get("at");
      seen.get(list).places.push([target.dataset.item, place]);
      sending ||= setTimeout(send, 1000);
    }
  }, { threshold: 0.5 });
  document.querySelectorAll(".row[data-list] > .slot").forEach((slot) => watch.observe(slot));
  addEventListener("pagehide", () => sending && send());

  // What the search suggests while somebody types goes with Escape, and when the focus goes elsewhere.
  const find = document.querySelector(".find");
  const close = () => document.getElementById("suggestions")?.replaceChildren();
  find?.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    close();
    find.querySelector("input").focus();
  });
  document.addEventListener("pointerdown", (event) => find?.contains(event.target) || close());
  document.addEventListener("focusin", (event) => find?.contains(event.target) || close());

  const tell = (sentence) => {
    const span = document.createElement("span");
    span.textContent = sentence;
    document.getElementById("said").replaceChildren(span);
  };
  for (const fault of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(fault, () => tell("That didn't reach the shop. Try again in a moment."));
  }

  document.querySelectorAll(".shelf").forEach(equip);
})();
