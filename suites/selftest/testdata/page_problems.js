(() => {
  const problems = new Set();
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth) {
    const wide = [...document.body.querySelectorAll("*")].find(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll"));
    problems.add(`the page is ${root.scrollWidth} px wide in a window of ${innerWidth} px: ${wide ? wide.outerHTML.slice(0, 200) : "?"}`);
  }

  const parse = color => {
    const canvas = parse.canvas ||= new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    if (!(color in parse.known)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
      parse.known[color] = [r, g, b, a / 255];
    }
    return parse.known[color];
  };
  parse.known = {};
  const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const backgrounds = new Map();
  const background = e => {
    if (!e) return matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18, 1] : [255, 255, 255, 1];
    if (!backgrounds.has(e)) {
      const own = parse(getComputedStyle(e).backgroundColor);
      backgrounds.set(e, own[3] === 1 ? own : over(own, background(e.parentElement)));
    }
    return backgrounds.get(e);
  };
  const luminance = c => {
    const [r, g, b] = c.slice(0, 3).map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let texts = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  for (let node; (node = walker.nextNode());) {
    const e = node.parentElement;
    if (seen.has(e) || !node.data.trim() || !e.checkVisibility({ visibilityProperty: true }) || e.closest("script, style, .away")) continue;
    seen.add(e);
    texts++;
    const behind = background(e);
    const ink = over(parse(getComputedStyle(e).color), behind);
    const [a, b] = [luminance(ink), luminance(behind)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) problems.add(`contrast ${ratio.toFixed(2)} of <${e.tagName.toLowerCase()} class="${e.className}">`);
  }
  if (texts < 20) problems.add(`only ${texts} texts were looked at`);
  return [...problems].slice(0, 10);
})()
