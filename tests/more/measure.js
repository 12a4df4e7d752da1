// What a page looks like in its frame: widths, what sticks out, contrast, plots, and what a thumb can hit.
// The frames hold the reports as they were written; only this page around them has a script.

const round = (number) => Math.round(number * 100) / 100;
const told = (element) => `${element.tagName.toLowerCase()}.${element.getAttribute("class") || ""} ${
  element.textContent.trim().slice(0, 40)}`;

function luminance([red, green, blue]) {
  const [r, g, b] = [red, green, blue].map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function ratio(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const colour = (text) => text.match(/[\d.]+/g).map(Number);

function behind(view, element) {
  for (let at = element; at; at = at.parentElement) {
    const found = colour(view.getComputedStyle(at).backgroundColor);
    if (found.length === 3 || found[3] === 1) return found;
  }
  return [255, 255, 255];
}

function texts(root) {
  const walker = root.createTreeWalker(root.body, NodeFilter.SHOW_TEXT);
  const found = new Set();
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() && !parent.closest("title, desc, caption, style")) found.add(parent);
  }
  return [...found];
}

function contrasts(view, root) {
  return texts(root).map((element) => {
    const style = view.getComputedStyle(element);
    const ink = colour(element.closest("svg") ? style.fill : style.color);
    return { what: told(element), ratio: round(ratio(ink, behind(view, element))) };
  }).sort((one, other) => one.ratio - other.ratio);
}

function sticking(root) {
  const edge = root.documentElement.clientWidth + 0.5;
  const out = [...root.body.querySelectorAll("*")].filter((element) => !element.closest(".scroll, caption, svg *"));
  return out.filter((element) => {
    const wide = element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0;
    return element.getBoundingClientRect().right > edge || (wide && !element.closest("svg"));
  }).map(told);
}

function hidden(view, root) {
  // what is wider than its frame must be reached by keys too
  return [...root.querySelectorAll(".scroll")].filter((element) =>
    element.scrollWidth > element.clientWidth + 1 && element.tabIndex !== 0).map(told);
}

function cells(root) {
  // a word that is broken because its column is starved
  return [...root.querySelectorAll("td, th")].filter((cell) => {
    const range = root.createRange();
    range.selectNodeContents(cell);
    const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size;
    return lines > 12;
  }).map(told);
}

function letters(svg, text) {
  const view = svg.ownerDocument.defaultView;
  return parseFloat(view.getComputedStyle(text).fontSize) * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
}

function plots(root) {
  return [...root.querySelectorAll("svg.plot")].map((svg) => {
    const box = svg.getBoundingClientRect();
    const words = [...svg.querySelectorAll("text")].map((text) => text.getBoundingClientRect());
    return {
      what: svg.getAttribute("aria-label"), width: round(box.width), height: round(box.height),
      letters: round(Math.min(...[...svg.querySelectorAll("text")].map((text) => letters(svg, text)))),
      inside: words.every((word) => word.left >= box.left - 1 && word.right <= box.right + 1 &&
        word.top >= box.top - 1 && word.bottom <= box.bottom + 1),
    };
  });
}

function links(root) {
  return [...root.querySelectorAll("a")].map((link) => {
    const box = link.getBoundingClientRect();
    return { what: told(link), size: round(Math.min(box.width, box.height)) };
  });
}

function measure(frame) {
  const view = frame.contentWindow;
  const root = view.document;
  return {
    page: frame.dataset.page, width: view.innerWidth, title: root.title,
    dark: view.matchMedia("(prefers-color-scheme: dark)").matches,
    scrollWidth: root.documentElement.scrollWidth, background: behind(view, root.body),
    sticking: sticking(root), hidden: hidden(view, root), starved: cells(root), plots: plots(root), links: links(root),
    contrast: contrasts(view, root),
  };
}

addEventListener("load", () => {
  const found = [...document.querySelectorAll("iframe")].map(measure);
  document.querySelector("pre").textContent = JSON.stringify(found);
});
