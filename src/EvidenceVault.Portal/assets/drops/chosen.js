// Files as they were chosen: by a field, or dragged here, folders and all.

const entriesOf = async (reader) => {
  const all = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
};

const walk = async (entry, found) => {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    found.push({ name: entry.fullPath.replace(/^\//, ''), file });
    return;
  }
  for (const below of await entriesOf(entry.createReader())) await walk(below, found);
};

export const fromField = (field) => [...field.files].map((file) => ({ name: file.webkitRelativePath || file.name, file }));

export const fromDrag = async (transfer) => {
  // To be asked for at once: after the first wait there is nothing there any more.
  const entries = [...transfer.items].filter((item) => item.kind === 'file').map((item) => item.webkitGetAsEntry());
  const found = [];
  for (const entry of entries) if (entry) await walk(entry, found);
  return found;
};
