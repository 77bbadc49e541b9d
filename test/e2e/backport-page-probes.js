/** Runs in the page, before its own script. */
globalThis.probes = {
  shown,
  weight,
  grounds,
  isFocused,
  unnamed,
  over,
  cost,
  heights,
  isInSight,
  refused,
  contrasts,
};

function shown() {
  return [...document.querySelectorAll('tr[data-row]')]
    .filter((row) => row.checkVisibility())
    .map((row) => Number(row.dataset.row) + 1);
}

function rowOf(n) {
  return document.querySelector(`tr[data-row="${n - 1}"]`);
}

function weight(n) {
  return Number(getComputedStyle(rowOf(n).querySelector('.bp-subject a')).fontWeight);
}

function grounds() {
  return [...document.querySelectorAll('tr[data-row]')].map((row) => getComputedStyle(row).backgroundColor);
}

function isFocused(n) {
  return rowOf(n) === document.activeElement;
}

/** Controls that say nothing to who cannot see them. */
function unnamed() {
  return [...document.querySelectorAll('button, input, textarea, a')]
    .filter((one) => one.textContent.trim() === '' && !one.ariaLabel && one.labels?.length !== 1)
    .map((one) => one.outerHTML);
}

/** How far the page is wider than the window. */
function over() {
  return document.documentElement.scrollWidth - innerWidth;
}

/** How many rows have a height. */
function heights() {
  return [...document.querySelectorAll('tr[data-row]')].filter(
    (row) => row.getBoundingClientRect().height > 20,
  ).length;
}

function isInSight(n) {
  const { top, bottom } = rowOf(n).getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}

function painted() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve();
      port2.postMessage(0);
    });
  });
}

/** The median time, in ms, from an event until what it changed is painted. */
async function cost({ keys = '', texts = [] }) {
  const input = document.querySelector('#search');
  const value = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value');
  const press = (key) =>
    document.activeElement.dispatchEvent(
      new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }),
    );
  const type = (text) => {
    value.set.call(input, text);
    input.dispatchEvent(new Event('input', { bubbles: true }));
  };
  const acts = [...Array.from(keys, (key) => () => press(key)), ...texts.map((text) => () => type(text))];
  const times = [];
  for (const act of acts) {
    await painted();
    const from = performance.now();
    act();
    await painted();
    times.push(performance.now() - from);
  }
  return Math.round(times.sort((a, b) => a - b)[times.length >> 1] * 10) / 10;
}

/** What the page's policy says to a script and an image that somebody puts into it. */
function refused() {
  return new Promise((resolve) => {
    const violations = [];
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
      violations.push(effectiveDirective.replace('-elem', ''));
      if (violations.length === 2) resolve(violations.sort((a, b) => (a < b ? -1 : 1)));
    });
    const script = document.createElement('script');
    script.textContent = 'window.hacked = 1';
    const image = document.createElement('img');
    image.src = 'https://example.org/x.png';
    document.body.append(script, image);
  });
}

/** Texts with less than 4.5:1 to what is behind them. */
function contrasts() {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const colourOf = (css) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = css;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const lightOf = (rgb) => {
    const [r, g, b] = rgb.map((n) =>
      n / 255 <= 0.03928 ? n / 255 / 12.92 : ((n / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (one) => {
    for (let at = one; at !== null; at = at.parentElement) {
      const found = colourOf(getComputedStyle(at).backgroundColor);
      if (found[3] === 255) return found;
    }
    throw new Error('nothing is behind it');
  };
  const faint = [];
  for (const one of document.querySelectorAll('body *')) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '');
    if ((!own && !one.matches('.bp-calls input')) || !one.checkVisibility()) continue;
    if (one.matches('script, noscript, :disabled, .sr-only')) continue;
    const a = lightOf(colourOf(getComputedStyle(one).color));
    const b = lightOf(behind(one));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5)
      faint.push(`${one.className || one.tagName} '${one.textContent.slice(0, 30)}' ${ratio.toFixed(2)}`);
  }
  return faint;
}
