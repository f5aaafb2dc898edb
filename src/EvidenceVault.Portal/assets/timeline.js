// Moves along the timeline without loading the whole page: links, keys, dragging, and the wheel with Ctrl. The portal draws; each window is a look of its own in the custody log.
let under = document.getElementById('timeline');
let asked = 0;

const goTo = async (address, focus) => {
  const mine = ++asked;
  const answer = await fetch(address, { headers: { Accept: 'text/html' } }).catch(() => null);
  if (!answer?.ok || answer.redirected) {
    location.assign(address); // what went wrong is told by the page itself
    return;
  }
  const next = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('timeline');
  if (mine !== asked || !next) return;
  under.replaceWith(next);
  under = next;
  history.replaceState(null, '', address);
  ready();
  if (focus) under.querySelector(focus)?.focus();
};

const windowOf = (from, to) => {
  const all = new URL(under.querySelector('[data-move=all]').href);
  all.searchParams.set('from', new Date(from).toISOString());
  all.searchParams.set('to', new Date(to).toISOString());
  return all.pathname + all.search;
};

const ready = () => {
  const area = under.querySelector('.ev-timeline'), from = Number(under.dataset.from), to = Number(under.dataset.to);
  for (const link of under.querySelectorAll('[data-move]')) {
    link.addEventListener('click', (event) => {
      event.preventDefault();
      goTo(link.getAttribute('href'), `[data-move=${link.dataset.move}]`);
    });
  }
  const move = (name) => goTo(under.querySelector(`[data-move=${name}]`).getAttribute('href'), '.ev-timeline');
  area.addEventListener('keydown', (event) => {
    const name = { ArrowLeft: 'earlier', ArrowRight: 'later', '+': 'in', '=': 'in', '-': 'out', Home: 'all' }[event.key];
    if (!name || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    move(name);
  });
  area.addEventListener('wheel', (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const box = under.querySelector('svg')?.getBoundingClientRect();
    if (!box) return;
    const at = from + ((event.clientX - box.left) / box.width) * (to - from), by = event.deltaY < 0 ? 0.6 : 1.6;
    goTo(windowOf(at - (at - from) * by, at + (to - at) * by), '.ev-timeline');
  }, { passive: false });
  let start = null;
  area.addEventListener('pointerdown', (event) => { start = event.clientX; });
  area.addEventListener('pointerup', (event) => {
    const box = under.querySelector('svg')?.getBoundingClientRect(), by = start === null || !box ? 0 : (start - event.clientX) / box.width;
    start = null;
    if (Math.abs(by) < 0.02) return;
    area.addEventListener('click', (click) => click.preventDefault(), { once: true, capture: true });
    goTo(windowOf(from + by * (to - from), to + by * (to - from)), '.ev-timeline');
  });
  area.addEventListener('dragstart', (event) => event.preventDefault());
};

if (under) ready();
