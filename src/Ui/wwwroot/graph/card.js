// A node's card: its shape and title, and below them its word and note. It is a picture, so that each part has a colour and weight of its own.
export const family = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

const Longest = 34, Height = 46, Line = 13;
const Tones = { warning: 'warn', simulated: 'sim' };
const ruler = document.createElement('canvas').getContext('2d');

export const widthOf = (text, font) => { ruler.font = `${font} ${family}`; return ruler.measureText(text).width; };
export const cut = (text, longest = Longest) => text.length > longest ? `${text.slice(0, longest - 1)}…` : text;

/** @param leaving How many lines with words leave it: each needs a line of its own. */
export const measure = (node, leaving) => {
  const [title, note, word] = [cut(node.title), cut(node.note), node.word ?? ''];
  const noteAt = word ? widthOf(word, '600 11px') + 8 : 0;
  return { title, note, word, noteAt, height: Math.max(Height, leaving * Line + 8), width: Math.ceil(Math.max(widthOf(title, '600 13px') + (node.shape ? 18 : 0), noteAt + widthOf(note, '11px'))) + 26 };
};

export const toneOf = (node, color) => color(`--fs-${Tones[node.tone] ?? node.tone ?? 'dim'}`);

export const picture = (node, card, color) => {
  const tone = toneOf(node, color);
  const shape = node.shape?.replaceAll('currentColor', tone).replaceAll('var(--fs-cut)', color('--fs-cut'));
  const middle = card.height / 2;
  return `data:image/svg+xml,${encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${card.width}" height="${card.height}" viewBox="0 0 ${card.width} ${card.height}">`
    + (shape ? `<svg x="12" y="${middle - 13.5}" width="12" height="12" viewBox="0 0 12 12">${shape}</svg>` : '')
    + text(shape ? 30 : 12, middle - 3, 13, 600, color('--fs-text'), card.title)
    + text(12, middle + 13, 11, 600, tone, card.word)
    + text(12 + card.noteAt, middle + 13, 11, 400, color('--fs-dim'), card.note)
    + '</svg>')}`;
};

const text = (x, y, size, weight, fill, said) =>
  `<text x="${x}" y="${y}" font-family="${escape(family)}" font-size="${size}" font-weight="${weight}" fill="${fill}">${escape(said)}</text>`;

const escape = (said) => said.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
