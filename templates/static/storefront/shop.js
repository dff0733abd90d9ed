// Shelves for mouse and keyboard: arrow buttons, arrow keys between covers; and a word when something couldn't be saved.
// Without this file the shelves scroll and tab as usual.
(() => {
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const along = (row, direction) =>
    row.scrollBy({ left: direction * row.clientWidth * 0.8, behavior: calm.matches ? "auto" : "smooth" });

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
    new ResizeObserver(update).observe(row);
  };

  document.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const card = event.target.closest?.(".row .card");
    if (!step || !card || event.altKey || event.ctrlKey || event.metaKey) return;
    const cards = [...card.closest(".row").querySelectorAll(".card")];
    const next = cards[cards.indexOf(card) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });

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
