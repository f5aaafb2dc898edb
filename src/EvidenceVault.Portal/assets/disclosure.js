// How far a bundle has come, as it comes. Without scripts the page is loaded again by hand.
import { size } from '../../EvidenceVault.VerifyPage/page/words.js';

const making = document.getElementById('making');
if (making) {
  const events = new EventSource(making.dataset.progress);
  let lastTenth = 0;
  events.addEventListener('progress', ({ data }) => {
    const { written, total } = JSON.parse(data);
    if (total === 0) return;
    document.getElementById('bar').value = Math.floor((written / total) * 1000);
    document.getElementById('words').textContent = `${size(written)} of ${size(total)} written.`;
    const tenth = Math.floor((written / total) * 10); // said aloud ten times in all
    if (tenth > lastTenth) {
      lastTenth = tenth;
      document.getElementById('live').textContent = `${tenth * 10} per cent written`;
    }
  });
  events.addEventListener('end', () => {
    events.close();
    location.reload();
  });
}
