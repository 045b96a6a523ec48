// What can be seen without touching anything: nothing sticks out, plots show once, links
// lead somewhere, text has contrast to its background.

export async function checkLook(page, expect) {
  await checkWidth(page, expect, "as opened");
  await checkFigures(page, expect);
  await checkLinks(page, expect);
  await checkContrast(page, expect);
  await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
  await checkWidth(page, expect, "with all details open");
  await checkContrast(page, expect);
  await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = false; }));
}

export async function checkWidth(page, expect, when) {
  const { wide, room, culprits } = await page.evaluate(() => {
    const room = document.documentElement.clientWidth;
    const inScroller = (element) => element.parentElement.closest(".scroll, pre, svg");
    const out = [...document.body.querySelectorAll("*")]
      .filter((element) => element.getBoundingClientRect().right > room + 1 && !inScroller(element));
    return {
      wide: document.scrollingElement.scrollWidth, room,
      culprits: out.slice(0, 3).map((element) => `${element.tagName}.${element.className}`),
    };
  });
  expect(wide <= room, `${when}, the page is ${wide} px wide in ${room}: ${culprits}`);
  expect(culprits.length === 0, `${when}, sticks out: ${culprits}`);
}

async function checkFigures(page, expect) {
  const figures = await page.evaluate(() => [...document.querySelectorAll("figure")].map((figure) => {
    const drawings = [...figure.querySelectorAll("svg")]
      .map((svg) => ({ svg, box: svg.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 0 && box.height > 0);
    // On a narrow screen a drawing scrolls in its box.
    const inside = [...figure.querySelectorAll(".drawing")].map((drawing) => drawing.getBoundingClientRect())
      .every((box) => box.left >= 0 && box.right <= innerWidth + 0.5);
    const cut = drawings.flatMap(({ svg, box }) => [...svg.querySelectorAll("text")].filter((text) => {
      const { left, right } = text.getBoundingClientRect();
      return left < box.left - 2 || right > box.right + 2;
    })).map((text) => text.textContent);
    return { id: figure.id, shown: drawings.length, inside, cut };
  }));
  for (const { id, shown, inside, cut } of figures) {
    expect(cut.length === 0, `figure ${id} cuts off "${cut[0]}"`);
    expect(shown === 1, `figure ${id} shows ${shown} drawings`);
    expect(inside, `figure ${id} sticks out`);
  }
}

async function checkLinks(page, expect) {
  const { ids, dead, outside, unnamed } = await page.evaluate(() => {
    const all = [...document.querySelectorAll("[id]")].map(({ id }) => id);
    const links = [...document.querySelectorAll("a[href]")].map((link) => link.getAttribute("href"));
    const named = (element) => element.textContent.trim() || element.getAttribute("aria-label");
    return {
      ids: all.filter((id, at) => all.indexOf(id) !== at),
      dead: links.filter((link) => link.startsWith("#") && !document.getElementById(link.slice(1))),
      outside: links.filter((link) => !/^(#|data:)/.test(link)),
      unnamed: [...document.querySelectorAll("a, button, summary, [role=region]")].filter((one) => !named(one)).length,
    };
  });
  expect(ids.length === 0, `ids that are there twice: ${ids}`);
  expect(dead.length === 0, `links that lead nowhere: ${dead}`);
  expect(outside.length === 0, `links that leave the page: ${outside}`);
  expect(unnamed === 0, `${unnamed} controls without a name`);
}

/** WCAG AA: 4.5 to 1, or 3 to 1 for large text. Grounds are plain here, but may be translucent. */
async function checkContrast(page, expect) {
  const poor = await page.evaluate(() => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    const known = new Map();
    const rgba = (color) => {
      if (!known.has(color)) {
        pen.clearRect(0, 0, 1, 1);
        pen.fillStyle = color;
        pen.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
        known.set(color, [r, g, b, a / 255]);
      }
      return known.get(color);
    };
    const over = (top, below) => [0, 1, 2].map((at) => top[at] * top[3] + below[at] * (1 - top[3])).concat(1);
    const background = (element) => {
      const own = rgba(getComputedStyle(element).backgroundColor);
      if (own[3] === 1) return own;
      return over(own, element.parentElement ? background(element.parentElement) : rgba("Canvas"));
    };
    const light = (color) => {
      const [r, g, b] = color.slice(0, 3).map((value) => value / 255)
        .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const found = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let seen = 0; walker.nextNode() && seen < 6000; seen += 1) {
      const element = walker.currentNode.parentElement;
      if (!walker.currentNode.data.trim() || element.closest("svg, script, style, option")) continue;
      if (!element.checkVisibility()) continue;
      const style = getComputedStyle(element);
      const below = background(element);
      const pair = [light(over(rgba(style.color), below)), light(below)].sort((a, b) => b - a);
      const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
      const size = parseFloat(style.fontSize);
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      if (ratio < (large ? 3 : 4.5)) found.add(`${element.tagName}.${element.className} ${ratio.toFixed(2)}`);
    }
    return [...found].slice(0, 5);
  });
  expect(poor.length === 0, `contrast too low: ${poor.join("; ")}`);
}
