import { measure, widthOf } from './card.js';

// Where all of a graph stands: dagre says which column and which row, and which rows a line takes past other columns; the columns' places and the lines'
// corners are set here, so that what is in a column begins at one edge, and no line runs under a card.
const Row = 16, Gap = 48, Turn = 18, Beside = 7, Apart = 8, Line = 13;

/** The cards by id, the lines in the order of the edges, and how large it all is. */
export const layOut = (dagre, { nodes, edges }) => {
  const references = Map.groupBy(edges.filter((e) => e.refers), (e) => e.from);
  const cards = new Map(nodes.map((n) => [n.id, measure(n, references.get(n.id)?.length ?? 0)]));
  const layers = new dagre.Graph().setGraph({ rankdir: 'LR', nodesep: Row, edgesep: Row, ranksep: 2 * Gap }).setDefaultEdgeLabel(() => ({}));
  nodes.forEach((n) => layers.setNode(n.id, { width: cards.get(n.id).width, height: cards.get(n.id).height }));
  edges.forEach((e) => layers.setEdge(e.from, e.to, { weight: e.refers ? 1 : 3 }));
  const steps = nodes.filter((n) => n.isStep);
  dagre.layout(layers, { constraints: steps.slice(1).map((s, i) => ({ left: steps[i].id, right: s.id })) });

  const columns = columnsOf(nodes, edges, layers, cards);
  for (const [id, card] of cards) {
    const column = columns.find((c) => c.rank === layers.node(id).rank);
    Object.assign(card, { column, x: column.left + card.width / 2, y: Math.round(layers.node(id).y) });
  }

  return {
    cards, lines: edges.map((e) => route(e, columns, cards, layers.edge(e.from, e.to).points, references.get(e.from) ?? [])),
    width: Math.max(0, ...columns.map((c) => c.left + c.width)), height: layers.graph().height,
  };
};

// A column is as wide as its widest card, and as far from the next as the words at the lines between them need.
const columnsOf = (nodes, edges, layers, cards) => {
  const ranks = [...new Set(nodes.map((n) => layers.node(n.id).rank))].sort((a, b) => a - b);
  let left = 0;
  return ranks.map((rank, index) => {
    const within = nodes.filter((n) => layers.node(n.id).rank === rank);
    const leaving = edges.filter((e) => e.refers && layers.node(e.from).rank === rank);
    const targets = [...new Set(leaving.map((e) => e.to))];
    const column = { rank, index, left, targets, width: Math.max(...within.map((n) => cards.get(n.id).width)), x: layers.node(within[0].id).x };
    left += column.width + Gap + Math.max(0, ...leaving.map((e) => widthOf(e.label, '10.5px'))) + targets.length * Beside;
    column.next = left;
    return column;
  });
};

// The corners of a line, from card to card: it turns in the gaps between columns alone, references to each target at a place of their own. Those of one
// card leave it one below the other, and arrive lower than what composes. Null for a line that leads back.
const route = (edge, columns, cards, points, siblings) => {
  const [from, to] = [cards.get(edge.from), cards.get(edge.to)];
  if (from.column.index >= to.column.index) { return null; }
  const leaves = edge.refers ? (siblings.indexOf(edge) - (siblings.length - 1) / 2) * Line : 0;
  const end = to.y + (edge.refers ? Apart : -Apart);
  const corners = [];
  let y = from.y + leaves;
  for (let i = from.column.index; i < to.column.index; i++) {
    const next = i + 1 === to.column.index ? end : points.reduce((a, b) => Math.abs(b.x - columns[i + 1].x) < Math.abs(a.x - columns[i + 1].x) ? b : a).y;
    const { targets, next: edgeOfNext } = columns[i];
    const x = edgeOfNext - Turn - Beside * (edge.refers ? Math.max(0, targets.indexOf(edge.to)) : targets.length);
    corners.push({ x, y }, { x, y: next });
    y = next;
  }

  return { leaves, corners };
};

/** Corners as Cytoscape takes them: their distances from the straight line between the two cards, and how far along it they are. */
export const segments = (from, to, { leaves, corners }) => {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy);
  return {
    leaves: `50% ${leaves}px`,
    weights: corners.map((c) => (dx * (c.x - from.x) + dy * (c.y - from.y)) / length ** 2),
    distances: corners.map((c) => (dx * (c.y - from.y) - dy * (c.x - from.x)) / length),
  };
};
