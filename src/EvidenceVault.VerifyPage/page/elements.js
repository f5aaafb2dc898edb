// Elements of the page. Text is only ever set as text.

export const byId = id => document.getElementById(id);

/** An element with attributes and children; strings become text. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : value);
  made.append(...children.flat().filter(child => child !== null && child !== undefined));
  return made;
}

export function button(text, act, secondary = true) {
  const made = el('button', { type: 'button', class: secondary ? 'button secondary' : 'button' }, text);
  made.addEventListener('click', act);
  return made;
}
