// What was given: a folder as a browser hands it over, or a zip; both as one list of files.

import { NotZip, readZip, slices } from './zip.js';

/** A folder's files: [{path, file: Blob}], paths from the folder given; `folders` are its empty ones, where the browser tells. */
export function folderContainer(name, list, folders = []) {
  const files = list.map(({ path, file }) => ({ path, size: file.size, pieces: () => slices(file) }));
  return { name, isZip: false, ...settled(files, folders), differences: new Set(), fault: null };
}

/** A zip; what cannot be read has `fault`, a sentence, `faultyFile` where it is about one, and no files. */
export async function zipContainer(name, blob) {
  try {
    const { files, folders, differences } = await readZip(blob);
    const empty = folders.filter(folder => ![...files.map(file => file.path), ...folders].some(path => path.startsWith(`${folder}/`)));
    return { name, isZip: true, ...settled(files, empty), differences, fault: null };
  } catch (fault) {
    const why = fault instanceof NotZip ? fault.message : 'the browser could not read it';
    return {
      name,
      isZip: true,
      files: new Map(),
      folders: [],
      differences: new Set(),
      fault: why,
      faultyFile: fault instanceof NotZip ? fault.path : null,
    };
  }
}

// The bag is at the root, or in the one folder that holds all there is.
function settled(files, folders) {
  const [first] = files;
  const top = first?.path.slice(0, first.path.indexOf('/') + 1) ?? '';
  const within = top !== '' && [...files.map(file => file.path), ...folders].every(path => path.startsWith(top));
  const isBag = within && files.some(file => file.path === `${top}bagit.txt`);
  const strip = path => (isBag ? path.slice(top.length) : path);
  return {
    files: new Map(files.map(file => [strip(file.path), { ...file, path: strip(file.path) }])),
    folders: folders.map(strip),
  };
}

/** Whether it looks like a disclosure bundle at all, rather than some folder or zip. */
export const looksLikeBag = container => ['bagit.txt', 'manifest-sha256.txt', 'data/bundle.json'].some(path => container.files.has(path));
