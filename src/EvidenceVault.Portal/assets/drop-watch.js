// Keeps the page of a drop that was sent as it stands: whenever something changes, what the portal would show is put in its place.

const events = new EventSource(`/api${location.pathname}/events${location.search}`);
let busy = false;
let again = false;

const draw = async () => {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
    if (answer.ok && !answer.redirected) {
      const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
      for (const now of fresh.querySelectorAll('[data-live]')) {
        const here = document.getElementById(now.id);
        if (here && here.innerHTML !== now.innerHTML) here.replaceChildren(...now.childNodes);
      }
    }
  } finally {
    busy = false;
    if (again) {
      again = false;
      await draw();
    }
  }
};

events.addEventListener('standing', async ({ data }) => {
  const { finished } = JSON.parse(data);
  if (finished) events.close();
  await draw();
});
events.onerror = () => {
  // The browser tries again by itself, but not where it was refused.
  if (events.readyState === EventSource.CLOSED) document.getElementById('lost').textContent = 'This page no longer follows the drop: your session may have ended. Load it again to see how it goes on.';
};
