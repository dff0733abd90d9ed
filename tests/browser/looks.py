"""Scripts that look at a page as it is drawn, and return what is wrong with it."""

FAINT = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const rgba = (colour) => {
    if (!known.has(colour)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
      known.set(colour, [red, green, blue, alpha / 255]);
    }
    return known.get(colour);
  };
  const over = (top, below) => [0, 1, 2].map((place) => top[place] * top[3] + below[place] * (1 - top[3])).concat(1);
  const behind = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) {
      layers.push(rgba(getComputedStyle(one).backgroundColor));
      if (layers.at(-1)[3] === 1) break;
    }
    return layers.reduceRight((below, top) => over(top, below), [255, 255, 255, 1]);
  };
  const luminance = (colour) => colour.slice(0, 3).map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const faint = [];
  while (texts.nextNode()) {
    const words = texts.currentNode.data.trim(), element = texts.currentNode.parentElement;
    if (!words || element.closest("script, style, noscript, option, :disabled")) continue;
    if (element.closest(".vh, .skip, .material-symbols-outlined, [aria-hidden=true]")) continue;
    if (!element.getClientRects().length) continue;
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const ground = behind(element), style = getComputedStyle(element);
    const [one, other] = [over(rgba(style.color), ground), ground].map(luminance);
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    const size = parseFloat(style.fontSize), isLarge = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if (contrast < (isLarge ? 3 : 4.5)) faint.push(`${words}: ${contrast.toFixed(2)}`);
  }
  return [...new Set(faint)];
}"""
"""Every text with less contrast than WCAG AA asks for: 4.5 to 1, or 3 to 1 where it is large. None is on a picture."""

BROKEN = """() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const broken = [];
  while (texts.nextNode()) {
    const node = texts.currentNode;
    if (node.parentElement.closest("script, style, noscript, option, pre")) continue;
    for (const { 0: word, index } of node.data.matchAll(/\\S+/g)) {
      if (word.length > LONGEST) continue;
      const tops = [...word].map((_, place) => {
        const range = document.createRange();
        range.setStart(node, index + place);
        range.setEnd(node, index + place + 1);
        return Math.round(range.getBoundingClientRect().top);
      });
      const ends = tops.flatMap((top, place) => place && top !== tops[place - 1] ? [word[place - 1]] : []);
      const isWrapped = !/[0-9]/.test(word) && ends.every((end) => "-–/".includes(end));
      if (ends.length && !isWrapped) broken.push(word);
    }
  }
  return broken;
}""".replace("LONGEST", "40")
"""Every word and number that goes on in the next line, but for words without digits that wrap after a hyphen.

A word of more than 40 letters (a hash, a path) may be longer than a line of a phone, so it may be broken.
"""

LABELLED = """() => [...document.querySelectorAll("td[data-label], th[data-label]")]
  .filter((cell) => cell.getClientRects().length && getComputedStyle(cell, "::before").display !== "none")
  .map((cell) => cell.dataset.label)"""
"""The heading of every cell that shows it before its value, as a card on a phone does."""
