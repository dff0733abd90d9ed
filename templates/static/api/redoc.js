// Redoc takes fonts and the picture of its maker from other hosts: the fonts are the reader's own, the picture is left out.
const isOurs = (address) => ["data:", "blob:"].includes(new URL(address, location).protocol) || new URL(address, location).origin === location.origin;
const { setAttribute } = Element.prototype;
Element.prototype.setAttribute = function (name, value) {
  if (name !== "src" || isOurs(value)) setAttribute.call(this, name, value);
};
const source = Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, "src");
Object.defineProperty(HTMLImageElement.prototype, "src", { ...source, set(address) { if (isOurs(address)) source.set.call(this, address); } });

const container = document.getElementById("redoc-container");
const fontFamily = "system-ui, sans-serif";
Redoc.init(container.dataset.schema, { theme: { typography: { fontFamily, headings: { fontFamily } } } }, container);
