// What a person drops or picks, as a list of files. A browser gives folders in three ways; each is tried in turn.

const MOST_FILES = 200_000;
const DEEPEST = 64;

/** Said to the person as it is. */
export class Unusable extends Error {}

const tooMany = () =>
  new Unusable(
    'That folder holds far more files than a disclosure bundle. Choose the folder of the bundle itself: it has a file named bagit.txt in it.',
  );

/** {name, files: [{path, file}], folders} of a folder picked with the button. */
export function fromPickedFolder(list) {
  if (list.length > MOST_FILES) throw tooMany();
  const files = [...list].map(file => ({ path: file.webkitRelativePath.slice(file.webkitRelativePath.indexOf('/') + 1), file }));
  return { name: files.length > 0 ? list[0].webkitRelativePath.split('/')[0] : 'folder', files, folders: [] };
}

/**
 * What was dropped: {file} for one file, else {name, files, folders}. The browser takes its drop back when the event is over, so
 * everything is asked of it before the first wait.
 */
export function fromDrop(transfer) {
  const items = [...transfer.items].filter(item => item.kind === 'file');
  const handles = items.map(item => (item.getAsFileSystemHandle ? item.getAsFileSystemHandle().catch(() => null) : null));
  const entries = items.map(item => item.webkitGetAsEntry?.() ?? null);
  const plain = items.map(item => item.getAsFile());
  return gather(handles, entries, plain);
}

async function gather(handles, entries, plain) {
  const resolved = await Promise.all(handles);
  if (plain.length === 0) throw new Unusable('Nothing that can be checked was dropped. Drop the folder of the bundle, or its zip.');
  const isFolder = i => (resolved[i] ? resolved[i].kind === 'directory' : entries[i]?.isDirectory === true);
  if (plain.length === 1 && !isFolder(0)) return { file: plain[0] };

  const found = { name: plain.length === 1 ? (resolved[0]?.name ?? entries[0].name) : 'the dropped files', files: [], folders: [] };
  for (const i of plain.keys()) {
    const start = plain.length === 1 ? '' : `${resolved[i]?.name ?? entries[i]?.name ?? plain[i].name}`;
    if (!isFolder(i)) add(found, start, plain[i]);
    else await walkFolder(found, resolved[i], entries[i], start);
  }
  return found;
}

async function walkFolder(found, handle, entry, start) {
  const before = { files: found.files.length, folders: found.folders.length };
  try {
    if (handle) return await walkHandle(found, handle, start, 0);
  } catch (fault) {
    if (fault instanceof Unusable || !entry) throw unreadable(fault);
    found.files.length = before.files;
    found.folders.length = before.folders;
  }
  try {
    await walkEntry(found, entry, start, 0);
  } catch (fault) {
    throw unreadable(fault);
  }
}

const unreadable = fault =>
  fault instanceof Unusable
    ? fault
    : new Unusable(
        'The browser does not let this page read a folder that is dropped. Use the button “Choose a folder”, and choose the same folder there.',
      );

function add(found, path, file) {
  if (found.files.length >= MOST_FILES) throw tooMany();
  found.files.push({ path, file });
}

const below = (start, name) => (start === '' ? name : `${start}/${name}`);

// File System Access: Chrome and Edge.
async function walkHandle(found, folder, path, depth) {
  if (depth > DEEPEST) throw tooMany();
  let isEmpty = true;
  for await (const [name, handle] of folder.entries()) {
    isEmpty = false;
    if (handle.kind === 'directory') await walkHandle(found, handle, below(path, name), depth + 1);
    else add(found, below(path, name), await handle.getFile());
  }
  if (isEmpty) found.folders.push(path);
}

// File and Directory Entries: Firefox.
async function walkEntry(found, folder, path, depth) {
  if (depth > DEEPEST) throw tooMany();
  const reader = folder.createReader();
  let isEmpty = true;
  while (true) {
    const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) break;
    isEmpty = false;
    for (const entry of batch) {
      if (entry.isDirectory) await walkEntry(found, entry, below(path, entry.name), depth + 1);
      else add(found, below(path, entry.name), await new Promise((resolve, reject) => entry.file(resolve, reject)));
    }
  }
  if (isEmpty) found.folders.push(path);
}
