// The player: steps by frame, goes from motion to motion, shows both clocks and what the storyboard has. The page works without; the element's own controls stay.
const player = document.getElementById('player');
const video = player?.querySelector('video');
const byId = (id) => document.getElementById(id);

if (video) {
  const zero = Number(player.dataset.zero), rate = Number(player.dataset.rate) || 25, seconds = Number(player.dataset.seconds);
  const position = byId('position'), preview = byId('preview'), play = byId('play');
  const length = () => Number.isFinite(video.duration) && video.duration > 0 ? video.duration : seconds;
  const pts = () => video.currentTime + zero;
  const goTo = (time) => { video.currentTime = Math.min(Math.max(0, time), length()); };
  player.querySelector('.ev-player__tools').hidden = false;

  // Clocks.
  const zone = player.dataset.zone, first = Number(player.dataset.first);
  const inUtc = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 });
  let inZone = null;
  try { if (zone && !/^(UTC|Etc\/UTC)$/.test(zone)) inZone = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'short' }); } catch { /* a zone that this browser does not know is not shown */ }
  const parts = (format, moment) => Object.fromEntries(format.formatToParts(moment).map((p) => [p.type, p.value]));
  const moment = (started, at) => {
    const when = new Date(Number(started) + (at - first) * 1000), p = parts(inUtc, when);
    return `${p.year}-${p.month}-${p.day} ${p.hour}:${p.minute}:${p.second}.${p.fractionalSecond} UTC${inZone ? ` (${inZone.format(when)})` : ''}`;
  };
  const clock = (time) => {
    const ms = Math.round(Math.abs(time) * 1000), pad = (n, w) => String(n).padStart(w, '0'), hours = Math.floor(ms / 3600000);
    return `${time < 0 ? '-' : ''}${hours ? `${hours}:${pad(Math.floor(ms / 60000) % 60, 2)}` : Math.floor(ms / 60000) % 60}:${pad(Math.floor(ms / 1000) % 60, 2)}.${pad(ms % 1000, 3)}`;
  };
  const show = () => {
    const at = shown ?? pts();
    byId('clock-pts').textContent = clock(at);
    if (player.dataset.started) byId('clock-camera').textContent = moment(player.dataset.started, at);
    if (player.dataset.corrected) byId('clock-corrected').textContent = moment(player.dataset.corrected, at) + (player.dataset.uncertainty ? ` ± ${player.dataset.uncertainty} s` : '');
    if (document.activeElement !== position || !scrubbing) position.value = String(video.currentTime);
    position.setAttribute('aria-valuetext', clock(at));
    play.textContent = video.paused ? 'Play' : 'Pause';
    const note = byId('note-here');
    if (note) note.href = `${note.pathname}?t=${at.toFixed(3)}`;
  };

  // The picture that is shown, as the browser tells it: more exact than the player's position.
  let shown = null, scrubbing = false;
  if ('requestVideoFrameCallback' in video) {
    const seen = (_, frame) => {
      shown = frame.mediaTime + zero;
      player.dataset.shown = String(shown);
      show();
      video.requestVideoFrameCallback(seen);
    };
    video.requestVideoFrameCallback(seen);
  }
  video.addEventListener('seeking', () => { shown = null; });
  for (const event of ['timeupdate', 'play', 'pause', 'loadedmetadata', 'seeked']) video.addEventListener(event, show);
  video.addEventListener('loadedmetadata', () => { position.max = String(length()); });

  // Steps by the times of frames that the packet index has; by the average where it has none.
  let times = [], asked = null;
  const timesAround = async (at) => {
    const covered = times.length > 2 && times[1] <= at && at <= times[times.length - 2];
    if (covered || !player.dataset.frames || asked === at) return times;
    asked = at;
    const answer = await fetch(`${player.dataset.frames}?at=${at}`);
    if (answer.ok) times = await answer.json();
    return times;
  };
  const step = async (direction) => {
    video.pause();
    const at = shown ?? pts(), known = await timesAround(at), near = 0.4 / rate;
    let next = direction > 0 ? known.find((t) => t > at + Math.min(near, 0.002)) : known.findLast((t) => t < at - Math.min(near, 0.002));
    next ??= at + direction / rate;
    const after = known.find((t) => t > next + 0.0005);
    // Into the frame, not onto its edge: a rounding would show the one before.
    goTo(next - zero + Math.min(0.4 / rate, after ? (after - next) / 3 : 1));
  };
  const marks = [...document.querySelectorAll('.ev-bar a[data-pts]')].map((a) => Number(a.dataset.pts)).sort((a, b) => a - b);
  const jump = (direction) => {
    const at = shown ?? pts(), to = direction > 0 ? marks.find((m) => m > at + 0.05) : marks.findLast((m) => m < at - 0.5);
    if (to !== undefined) goTo(to - zero);
  };
  const toggle = () => (video.paused ? video.play() : video.pause());
  byId('back').addEventListener('click', () => step(-1));
  byId('forward').addEventListener('click', () => step(1));
  byId('previous').addEventListener('click', () => jump(-1));
  byId('next').addEventListener('click', () => jump(1));
  play.addEventListener('click', toggle);
  byId('speed').addEventListener('change', (event) => { video.playbackRate = Number(event.target.value); });
  player.querySelector('.ev-player__buttons').addEventListener('keydown', (event) => {
    const act = { ',': () => step(-1), '.': () => step(1), k: toggle, '[': () => jump(-1), ']': () => jump(1) }[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === 'SELECT') return;
    event.preventDefault();
    act();
  });
  for (const link of document.querySelectorAll('a[data-pts]')) {
    link.addEventListener('click', (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      goTo(Number(link.dataset.pts) - zero);
      video.scrollIntoView({ block: 'nearest' });
    });
  }
  for (const mark of document.querySelectorAll('[data-mark]')) {
    mark.hidden = false;
    mark.addEventListener('click', () => { byId(mark.dataset.mark).value = clock(shown ?? pts()); });
  }

  // The storyboard, while one drags or types along the range.
  const sheets = new Map([...document.querySelectorAll('[data-storyboard]')].map((e) => [e.dataset.storyboard, e.dataset.address]));
  const list = [...sheets].find(([name]) => name.endsWith('.vtt'));
  const images = new Map();
  let cues = null;
  const stamp = (text) => text.split(':').reduce((all, part) => all * 60 + Number(part), 0);
  const load = async () => {
    if (cues || !list) return;
    cues = [];
    const answer = await fetch(list[1]);
    if (!answer.ok) return;
    for (const block of (await answer.text()).split(/\n\n+/)) {
      const cue = /^([\d:.]+) --> ([\d:.]+)\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)/m.exec(block);
      if (cue) cues.push({ from: stamp(cue[1]), to: stamp(cue[2]), sheet: cue[3], box: cue.slice(4).map(Number) });
    }
  };
  const draw = async (time) => {
    await load();
    const cue = cues?.find((c) => time >= c.from && time < c.to) ?? cues?.at(-1);
    if (!cue || !sheets.has(cue.sheet)) return;
    if (!images.has(cue.sheet)) {
      const image = new Image();
      image.src = sheets.get(cue.sheet);
      images.set(cue.sheet, image.decode().then(() => image));
    }
    const image = await images.get(cue.sheet).catch(() => null);
    if (!image || !scrubbing) return;
    const [x, y, width, height] = cue.box;
    Object.assign(preview, { width, height, hidden: false });
    preview.getContext('2d').drawImage(image, x, y, width, height, 0, 0, width, height);
    player.dataset.preview = cue.sheet;
  };
  position.addEventListener('input', () => {
    scrubbing = true;
    draw(Number(position.value));
    goTo(Number(position.value));
  });
  position.addEventListener('keydown', (event) => {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[event.key];
    if (!by) return;
    event.preventDefault();
    position.value = String(Math.min(Math.max(0, video.currentTime + by), length()));
    position.dispatchEvent(new Event('input'));
  });
  for (const event of ['change', 'blur']) position.addEventListener(event, () => { scrubbing = false; preview.hidden = true; });

  // What the browser cannot play, and what stopped.
  const trouble = (why) => {
    for (const text of player.querySelectorAll('[data-why]')) text.hidden = text.dataset.why !== why;
    byId('again').href = `${location.pathname}?t=${pts().toFixed(3)}`;
    byId('trouble').hidden = false;
  };
  const broken = async () => {
    // Whether it was the portal that gave nothing, or the browser that could make nothing of it.
    const answer = await fetch(video.currentSrc || video.src, { method: 'HEAD' }).catch(() => null);
    trouble(answer?.ok && video.error?.code !== MediaError.MEDIA_ERR_NETWORK && video.readyState === 0 ? 'format' : 'network');
  };
  video.addEventListener('error', broken);
  if (video.error) broken();
  if (player.dataset.at && video.readyState > 0) goTo(Number(player.dataset.at));
  show();
}
