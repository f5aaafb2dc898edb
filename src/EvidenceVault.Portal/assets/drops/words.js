// Sizes and times as people read them.

const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];

export const size = (bytes) => {
  let [value, unit] = [bytes, 0];
  for (; value >= 1000 && unit < units.length - 1; unit += 1) value /= 1000;
  return unit === 0 ? `${value} ${value === 1 ? 'byte' : 'bytes'}` : `${value.toFixed(1)} ${units[unit]}`;
};

export const left = (seconds) => {
  if (!Number.isFinite(seconds)) return 'time left not known yet';
  if (seconds < 60) return 'less than a minute left';
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `about ${minutes} ${minutes === 1 ? 'minute' : 'minutes'} left` : `about ${Math.round(minutes / 60)} hours left`;
};

export const files = (count) => `${count} ${count === 1 ? 'file' : 'files'}`;
