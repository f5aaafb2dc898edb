// The portal's own addresses, and patience: what fails for a passing reason is tried again until it works.

/** Something that does not pass by itself, as the portal told it. */
export class Trouble extends Error {
  constructor({ title, detail, meaning, next, status }) {
    super(detail ?? title);
    Object.assign(this, { title, what: detail ?? '', meaning: meaning ?? '', next: next ?? '', status });
  }
}

const token = () => document.querySelector('meta[name="form-token"]').content;

export const post = async (path, body) => {
  const answer = await fetch(path, {
    method: 'POST',
    headers: { 'X-Form-Token': token(), 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify(body ?? {}),
  });
  if (answer.ok) return answer.json();
  if (answer.status === 429 || answer.status === 503 || answer.status === 502 || answer.status === 504) throw new Error('The portal or the store is out of reach.');
  if (answer.status === 401)
    throw new Trouble({ title: 'Your session has ended', detail: 'You are no longer signed in.', meaning: 'What was sent is kept.', next: 'Sign in again in another tab, then come back here and choose “Go on”.', status: 401 });
  throw new Trouble({ title: 'Something went wrong', status: answer.status, ...(await answer.json().catch(() => ({}))) });
};

const most = 30_000;

// A network that came back is used at once.
const pause = (milliseconds) =>
  new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    function done() {
      clearTimeout(timer);
      window.removeEventListener('online', done);
      resolve();
    }
    window.addEventListener('online', done);
  });

/** Does it until it works. `waiting` is told when it has to wait, and with null when it goes on. */
export const patiently = async (work, waiting) => {
  for (let tries = 0; ; tries += 1) {
    try {
      const result = await work();
      if (tries > 0) waiting(null);
      return result;
    } catch (error) {
      if (error instanceof Trouble) throw error;
      waiting(error);
      await pause(Math.min(most, 1000 * 2 ** tries));
    }
  }
};
