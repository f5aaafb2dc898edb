// Shows how something stands that takes its time, as the portal tells it; the page has a link to look again without.
const work = document.getElementById('work');
if (work?.dataset.state === 'running') {
  const events = new EventSource(work.dataset.events);
  events.addEventListener('message', (event) => {
    const now = JSON.parse(event.data);
    if (now.state !== 'running') {
      events.close();
      location.reload();
      return;
    }
    document.getElementById('step').textContent = now.step;
    document.getElementById('percent').textContent = now.percent;
    document.getElementById('progress').value = now.percent;
  });
}
