// Steps 3 and 4 of a drop: its files are chosen, reviewed and sent.
import { fromDrag, fromField } from './drops/chosen.js';
import { Trouble, patiently, post } from './drops/portal-api.js';
import { Hasher, sendFile } from './drops/send-file.js';
import { Speed } from './drops/speed.js';
import { files, left, size } from './drops/words.js';

const lanes = 3;
const listedAtOnce = 500;
const mostRows = 200;
const spokenEvery = 20_000;

const by = (id) => document.getElementById(id);
const root = by('send');
const { drop, worker } = root.dataset;
const chosen = new Map();
const hashers = [];

const cell = (row, text, kind = 'td') => {
  const made = document.createElement(kind);
  made.className = kind === 'th' ? 'govuk-table__header ev-break ev-name' : 'govuk-table__cell';
  if (kind === 'th') made.scope = 'row';
  made.textContent = text;
  row.append(made);
  return made;
};

const show = (section) => {
  for (const id of ['choose', 'review', 'sending']) by(id).hidden = id !== section;
  by(`${section}-title`).focus();
};

const tell = (error) => {
  by('trouble').hidden = !error;
  if (!error) return;
  by('trouble-title').textContent = error.title ?? 'Something went wrong';
  by('trouble-what').textContent = error.what ?? error.message;
  by('trouble-meaning').textContent = error.meaning ?? 'What was sent is kept.';
  by('trouble-next').textContent = error.next ?? 'Load the page again and choose the same files.';
  by('trouble').focus();
};

const total = () => [...chosen.values()].reduce((sum, file) => sum + file.size, 0);

const list = () => {
  const some = chosen.size > 0;
  by('chosen').textContent = some ? `${files(chosen.size)}, ${size(total())}${chosen.size > mostRows ? `; the first ${mostRows} are shown` : ''}.` : 'Nothing chosen yet.';
  [by('chosen-list').hidden, by('clear').hidden] = [!some, !some];
  by('chosen-rows').replaceChildren(
    ...[...chosen].slice(0, mostRows).map(([name, file]) => {
      const row = document.createElement('tr');
      row.className = 'govuk-table__row';
      cell(row, name, 'th');
      cell(row, size(file.size)).classList.add('govuk-table__cell--numeric');
      return row;
    }),
  );
};

const add = (found) => {
  for (const { name, file } of found) chosen.set(name, file);
  tell(null);
  list();
};

// ---- Sending ----

class Board {
  #rows = new Map();
  #speed = new Speed();
  #done = 0;
  #total;
  #spokenAt = 0;
  #waiting = new Set();

  constructor(queue) {
    this.#total = queue.reduce((sum, one) => sum + one.file.size, 0);
    by('sending-rows').replaceChildren(
      ...queue.slice(0, mostRows).map(({ listed, file }) => {
        const row = document.createElement('tr');
        row.className = 'govuk-table__row';
        cell(row, listed.name, 'th');
        const bar = document.createElement('progress');
        bar.className = 'ev-progress--row';
        [bar.max, bar.value] = [Math.max(1, file.size), 0];
        bar.setAttribute('aria-label', `${listed.name}, sent`);
        cell(row, '').append(bar);
        this.#rows.set(listed.number, { bar, words: cell(row, 'waiting'), speed: new Speed(), size: file.size, done: 0 });
        return row;
      }),
    );
    this.#draw();
    this.timer = setInterval(() => this.#draw(), 500);
  }

  progress(number, bytes, wasSent) {
    this.#done += bytes;
    if (wasSent) this.#speed.add(bytes);
    const row = this.#rows.get(number);
    if (!row) return;
    row.done += bytes;
    if (wasSent) row.speed.add(bytes);
    row.bar.value = row.done;
    const { now } = row.speed;
    row.words.textContent = row.done >= row.size ? 'being delivered' : `${size(row.done)} of ${size(row.size)}${now > 0 ? `, ${size(now)} a second, ${left((row.size - row.done) / now)}` : ''}`;
  }

  finished(number) {
    const row = this.#rows.get(number);
    if (row) [row.words.textContent, row.bar.value] = ['delivered', row.bar.max];
  }

  waiting(number, error) {
    if (error) this.#waiting.add(number);
    else this.#waiting.delete(number);
    by('waiting').textContent = this.#waiting.size > 0 ? 'The network or the store is out of reach. What was sent is kept; it goes on by itself as soon as it can.' : '';
  }

  #draw() {
    const { now } = this.#speed;
    const part = this.#total > 0 ? this.#done / this.#total : 0;
    by('all').value = part;
    const words = `${size(this.#done)} of ${size(this.#total)}${now > 0 ? `, ${size(now)} a second, ${left((this.#total - this.#done) / now)}` : ''}`;
    by('all-words').textContent = words;
    // Not chatty: who listens hears it now and then.
    if (performance.now() - this.#spokenAt < spokenEvery) return;
    this.#spokenAt = performance.now();
    by('spoken').textContent = `${Math.floor(part * 100)} percent sent${now > 0 ? `, ${left((this.#total - this.#done) / now)}` : ''}`;
  }

  close() {
    clearInterval(this.timer);
    this.#draw();
  }
}

const listAll = async (waiting) => {
  const names = [...chosen];
  const queue = [];
  for (let from = 0; from < names.length; from += listedAtOnce) {
    const some = names.slice(from, from + listedAtOnce);
    const listed = await patiently(() => post(`/api/drops/${drop}/files`, { files: some.map(([name, file]) => ({ name, bytes: file.size })) }), waiting);
    listed.forEach((one, i) => queue.push({ listed: one, file: some[i][1] }));
  }
  return queue;
};

const stay = (event) => event.preventDefault();

const send = async () => {
  tell(null);
  by('again').hidden = true;
  show('sending');
  window.addEventListener('beforeunload', stay);
  let board = null;
  try {
    const queue = await listAll((error) => {
      by('waiting').textContent = error ? 'The portal is out of reach. It goes on by itself as soon as it can.' : '';
    });
    board = new Board(queue);
    const waiting = [...queue];
    const lane = async (hasher) => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const { listed, file } = next;
        await sendFile(drop, listed, file, hasher, {
          progress: (bytes, wasSent) => board.progress(listed.number, bytes, wasSent),
          waiting: (error) => board.waiting(listed.number, error),
        });
        board.finished(listed.number);
      }
    };
    while (hashers.length < Math.min(lanes, queue.length)) hashers.push(new Hasher(worker));
    const outcomes = await Promise.allSettled(hashers.slice(0, Math.min(lanes, queue.length)).map(lane));
    const bad = outcomes.find((outcome) => outcome.status === 'rejected');
    if (bad) throw bad.reason;
    await patiently(() => post(`/api/drops/${drop}/completion`), (error) => board.waiting(0, error));
    window.removeEventListener('beforeunload', stay);
    location.reload();
  } catch (error) {
    window.removeEventListener('beforeunload', stay);
    tell(error);
    by('again').hidden = false;
  } finally {
    board?.close();
  }
};

// ---- The page ----

[by('needs-script').hidden, by('without-script').hidden] = [false, true];
for (const id of ['files', 'folder']) {
  by(id).addEventListener('change', ({ target }) => {
    add(fromField(target));
    // The same again must be a change too.
    target.value = '';
  });
}
const zone = by('zone');
const over = (on) => (event) => {
  event.preventDefault();
  zone.classList.toggle('ev-dropzone--over', on);
};
zone.addEventListener('dragover', over(true));
zone.addEventListener('dragleave', over(false));
zone.addEventListener('drop', async (event) => {
  over(false)(event);
  try {
    add(await fromDrag(event.dataTransfer));
  } catch (error) {
    tell(new Trouble({ title: 'What was dragged cannot be read', detail: String(error.message ?? error), meaning: 'Nothing was sent.', next: 'Choose the folder or the files with the buttons instead.' }));
  }
});
by('clear').addEventListener('click', () => {
  chosen.clear();
  list();
  by('folder').focus();
});
by('to-review').addEventListener('click', () => {
  if (chosen.size === 0) {
    tell(new Trouble({ title: 'There is a problem', detail: 'Choose at least one file.', meaning: 'Nothing was sent.', next: 'Choose a folder or files, or drag them here.' }));
    return;
  }
  tell(null);
  by('review-files').textContent = `${files(chosen.size)}, ${size(total())}`;
  show('review');
});
by('to-choose').addEventListener('click', () => show('choose'));
by('start').addEventListener('click', send);
by('again').addEventListener('click', send);
